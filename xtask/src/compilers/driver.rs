//! Runs a compiler over many texts, on all processors.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use super::{
    Answers, on_all_processors,
    texts::{Language, Text},
};

/// How long a compiler may take for one text.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a compiler makes of a text.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) key: String,
    pub(super) warnings: u32,
    pub(super) milliseconds: u64,
    /// What it says, where it refuses the text.
    pub(super) refusal: Option<String>,
}

/// By a program that takes one text: a start each.
pub(super) fn one_by_one(
    texts: &[Text],
    language: Language,
    command: impl Fn(&Path) -> Command + Sync,
) -> Result<Vec<Verdict>> {
    let parts =
        on_all_processors(texts, |part| part.iter().map(|text| alone(text, language, &command)).collect::<Result<Vec<_>>>());
    Ok(parts.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn alone(text: &Text, language: Language, command: impl Fn(&Path) -> Command) -> Result<Verdict> {
    let output = command(&text.file(language)).output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let refusal = (!output.status.success()).then(|| said.split_whitespace().collect::<Vec<_>>().join(" "));
    let warnings = u32::try_from(said.to_lowercase().matches("warning:").count()).unwrap_or(u32::MAX);
    Ok(Verdict { key: text.key.clone(), warnings, milliseconds: 0, refusal })
}

/// By a program that takes many texts and fails where it refuses any: all at once, and one by one only where that fails.
pub(super) fn all_at_once(
    texts: &[Text],
    language: Language,
    command: impl Fn(&[&Path]) -> Command + Sync,
) -> Result<Vec<Verdict>> {
    let parts = on_all_processors(texts, |part| {
        let files: Vec<_> = part.iter().map(|text| text.file(language)).collect();
        let files: Vec<&Path> = files.iter().map(|file| file.as_path()).collect();
        if command(&files).output()?.status.success() {
            let fine = |text: &Text| Verdict { key: text.key.clone(), warnings: 0, milliseconds: 0, refusal: None };
            return Ok(part.iter().map(fine).collect());
        }
        part.iter().map(|text| alone(text, language, |file| command(&[file]))).collect::<Result<Vec<_>>>()
    });
    Ok(parts.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// By a driver of ours (`hlsl.c`, `tint.mjs`), which takes a list and answers a line a text, after a line that says its version. Answers that too.
/// What has no answer when the time is up is left out.
pub(super) fn by_list(
    texts: &[Text],
    language: Language,
    folder: &Path,
    until: Option<Instant>,
    command: impl Fn(&Path) -> Command + Sync,
) -> Result<Answers> {
    fs::create_dir_all(folder)?;
    let numbered: Vec<(usize, &Text)> = texts.iter().enumerate().collect();
    let parts = on_all_processors(&numbered, |part| listed(part, language, folder, until, &command));
    let mut versions = Vec::new();
    let mut verdicts = Vec::new();
    for part in parts {
        let (version, some) = part?;
        versions.push(version);
        verdicts.extend(some);
    }
    Ok((versions.pop().unwrap_or_default(), verdicts))
}

fn listed(
    part: &[(usize, &Text)],
    language: Language,
    folder: &Path,
    until: Option<Instant>,
    command: impl Fn(&Path) -> Command,
) -> Result<Answers> {
    let mut left: BTreeMap<usize, &Text> = part.iter().copied().collect();
    let (mut version, mut verdicts) = (String::new(), Vec::new());
    // What ends the program, or keeps it too long, is refused, and the rest begun anew.
    while let Some((&first, _)) = left.first_key_value() {
        let mut list = String::new();
        for (number, text) in &left {
            writeln!(list, "{number}\t{}\t{}", text.file(language).display(), text.entry(language))?;
        }
        let file = folder.join(format!("list-{first}"));
        fs::write(&file, list)?;
        let mut child = command(&file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (out, mut err) = (child.stdout.take().context("piped")?, child.stderr.take().context("piped")?);
        let (said, lines) = mpsc::channel();
        thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        let complaint = thread::spawn(move || {
            let mut text = Vec::new();
            err.read_to_end(&mut text).map(|_| String::from_utf8_lossy(&text).into_owned())
        });
        let (mut silent, mut is_over) = (false, false);
        loop {
            let left_over = until.map(|until| until.saturating_duration_since(Instant::now()));
            match lines.recv_timeout(left_over.map_or(PATIENCE, |time| time.min(PATIENCE))) {
                Ok(line) if version.is_empty() => version = line.trim().into(),
                Ok(line) => {
                    if let Some(verdict) = answer(line.trim_end(), &mut left) {
                        verdicts.push(verdict);
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    silent = true;
                    is_over = until.is_some_and(|until| until <= Instant::now());
                    child.kill()?;
                    break;
                }
            }
        }
        let status = child.wait()?;
        if version.is_empty() {
            let complaint = complaint.join().ok().and_then(Result::ok).unwrap_or_default();
            bail!("it did not begin: {}", complaint.trim());
        }
        if is_over {
            break;
        }
        if let Some((_, text)) = left.pop_first() {
            let why = if silent { format!("no answer in {} s", PATIENCE.as_secs()) } else { format!("it ended: {status}") };
            verdicts.push(Verdict { key: text.key.clone(), warnings: 0, milliseconds: 0, refusal: Some(why) });
        }
    }
    Ok((version, verdicts))
}

/// Number, "ok" or "no", warnings, milliseconds, and what it says.
fn answer(line: &str, left: &mut BTreeMap<usize, &Text>) -> Option<Verdict> {
    let mut fields = line.splitn(5, '\t');
    let number = fields.next()?.parse().ok()?;
    let fine = fields.next()? == "ok";
    let warnings = fields.next()?.parse().ok()?;
    let milliseconds = fields.next()?.parse().ok()?;
    let said = fields.next().unwrap_or_default();
    let text = left.remove(&number)?;
    Some(Verdict { key: text.key.clone(), warnings, milliseconds, refusal: (!fine).then(|| said.into()) })
}
