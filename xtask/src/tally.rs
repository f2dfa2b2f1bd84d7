//! What the suites compared: each leaves a line in the target folder, and this adds them up.

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::step::target;

fn folder() -> PathBuf {
    target().join("tmp/tally")
}

/// Forgets earlier runs.
pub(crate) fn clear() -> Result<()> {
    match fs::remove_dir_all(folder()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints comparisons, and fails where nothing was compared. Answers how many comparisons there were.
pub(crate) fn print() -> Result<u64> {
    let (mut comparisons, mut mismatches, mut adapters) = (0, 0, BTreeSet::new());
    println!();
    for file in fs::read_dir(folder()).context("no suite has left a tally")? {
        let line: serde_json::Value = serde_json::from_str(&fs::read_to_string(file?.path())?)?;
        let here: Vec<String> = serde_json::from_value(line["adapters"].clone())?;
        let own = line["comparisons"].as_u64().context("a tally counts its comparisons")?;
        println!("{own:>8} comparisons  {}", line["suite"].as_str().unwrap_or_default());
        comparisons += own;
        mismatches += line["mismatches"].as_u64().context("a tally counts its mismatches")?;
        adapters.extend(here);
    }
    ensure!(comparisons > 0, "the suites compared nothing");
    println!("\nadapters: {}", adapters.into_iter().collect::<Vec<_>>().join("; "));
    println!("{comparisons} comparisons, {mismatches} mismatches");
    ensure!(mismatches == 0, "there are mismatches");
    Ok(comparisons)
}
