//! The figures of docs/reliability.md: tests and routines note them, `docs/reliability.json` keeps the last of each, and the page shows them by topic.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::step::{root, target};

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Figure {
    topic: String,
    what: String,
    figure: String,
    /// Adapters, compilers or files.
    on: String,
    /// The command that measures it anew.
    command: String,
    date: String,
}

/// Where notes are left: what runs under a routine is told by `PLUNGE_FIGURES`.
pub(crate) fn folder() -> PathBuf {
    target().join("tmp/figures")
}

/// Notes what a routine measures itself.
pub(crate) fn note(topic: &str, what: &str, figure: &str, on: &str, command: &str) {
    plunge_workloads::figures::note_in(&folder(), topic, what, figure, on, command);
}

/// Takes the notes into docs/reliability.json, and writes the page's tables anew.
pub(crate) fn write() -> Result<()> {
    let (kept, page) = (root().join("docs/reliability.json"), root().join("docs/reliability.md"));
    let mut figures: Vec<Figure> = serde_json::from_str(&fs::read_to_string(&kept)?).context("docs/reliability.json")?;
    for figure in noted()? {
        match figures.iter_mut().find(|other| (&other.topic, &other.what) == (&figure.topic, &figure.what)) {
            Some(other) => *other = figure,
            None => figures.push(figure),
        }
    }
    fs::write(&kept, serde_json::to_string_pretty(&figures)? + "\n")?;
    fs::write(&page, filled(&fs::read_to_string(&page)?, &figures))?;
    Ok(())
}

fn noted() -> Result<Vec<Figure>> {
    let mut files = match fs::read_dir(folder()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        files => files?.map(|file| Ok(file?.path())).collect::<Result<Vec<_>>>()?,
    };
    files.sort();
    files
        .iter()
        .map(|file| serde_json::from_str(&fs::read_to_string(file)?).with_context(|| file.display().to_string()))
        .collect()
}

/// The page with a table of the topic's figures between each `<!-- figures: topic -->` and `<!-- end -->`.
fn filled(page: &str, figures: &[Figure]) -> String {
    let mut tables: BTreeMap<&str, String> = BTreeMap::new();
    for Figure { topic, what, figure, on, command, date } in figures {
        let table = tables.entry(topic).or_insert_with(|| "| what | figure | on | by | date |\n|---|---|---|---|---|\n".into());
        table.push_str(&format!("| {what} | {figure} | {on} | `{command}` | {date} |\n"));
    }
    let (mut filled, mut inside) = (String::new(), false);
    for line in page.lines() {
        inside &= line != "<!-- end -->";
        if !inside {
            filled.push_str(line);
            filled.push('\n');
        }
        if let Some(topic) = line.strip_prefix("<!-- figures: ").and_then(|rest| rest.strip_suffix(" -->")) {
            filled.push_str(tables.get(topic).map_or("", String::as_str));
            inside = true;
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_the_figures_that_are_kept() {
        let [kept, page] =
            ["docs/reliability.json", "docs/reliability.md"].map(|name| fs::read_to_string(root().join(name)).unwrap());
        let figures: Vec<Figure> = serde_json::from_str(&kept).unwrap();
        assert!(
            filled(&page, &figures) == page,
            "docs/reliability.md is behind docs/reliability.json: run `cargo xtask reliability`"
        );
        for Figure { topic, .. } in &figures {
            assert!(page.contains(&format!("<!-- figures: {topic} -->")), "the page has no place for the figures of {topic}");
        }
    }

    #[test]
    fn tables_replace_what_was_there() {
        let figure = |what: &str| Figure {
            topic: "a".into(),
            what: what.into(),
            figure: "1".into(),
            on: "x".into(),
            command: "c".into(),
            date: "d".into(),
        };
        let page = "# Page\n<!-- figures: a -->\nold\n<!-- end -->\nrest\n<!-- figures: b -->\n<!-- end -->\n";
        let once = filled(page, &[figure("p"), figure("q")]);
        assert!(once.contains("| p | 1 | x | `c` | d |\n| q |") && !once.contains("old") && once.contains("rest"));
        assert_eq!(filled(&once, &[figure("p"), figure("q")]), once);
    }
}
