//! What a slow compiler passed before, kept in the target folder by what the texts are, so that long runs can be made in parts.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
};

use anyhow::{Context as _, Result};

use super::{
    Answers,
    driver::Verdict,
    texts::{Language, Text},
};

/// Warnings, and the compiler's version.
type Kept = (u32, String);

/// Runs the texts that `file` does not know to have passed, and adds to it those that do.
pub(super) fn or_run(
    file: &Path,
    texts: &[Text],
    language: Language,
    run: impl FnOnce(&[Text]) -> Result<Answers>,
) -> Result<Answers> {
    let mut kept = read(file)?;
    let numbers = texts.iter().map(|text| number(text, language)).collect::<Result<Vec<_>>>()?;
    let (mut verdicts, mut left, mut version) = (Vec::new(), Vec::new(), None);
    for (text, number) in texts.iter().zip(&numbers) {
        match kept.get(number) {
            Some((warnings, by)) => {
                version = Some(by.clone());
                verdicts.push(Verdict { key: text.key.clone(), warnings: *warnings, milliseconds: 0, refusal: None });
            }
            None => left.push(text.clone()),
        }
    }
    if !verdicts.is_empty() {
        println!("{:<18} {} texts passed before, by {}", "", verdicts.len(), file.display());
    }
    if !left.is_empty() {
        let (by, answers) = run(&left)?;
        let passed = answers.iter().filter(|verdict| verdict.refusal.is_none());
        let warnings: HashMap<&str, u32> = passed.map(|verdict| (verdict.key.as_str(), verdict.warnings)).collect();
        let ran = texts.iter().zip(numbers).filter_map(|(text, number)| Some((number, *warnings.get(text.key.as_str())?)));
        kept.extend(ran.map(|(number, warnings)| (number, (warnings, by.clone()))));
        write(file, &kept)?;
        verdicts.extend(answers);
        version = Some(by);
    }
    Ok((version.unwrap_or_default(), verdicts))
}

/// What a text is told by.
fn number(text: &Text, language: Language) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    fs::read(text.file(language))?.hash(&mut hasher);
    text.entry(language).hash(&mut hasher);
    Ok(hasher.finish())
}

fn read(file: &Path) -> Result<HashMap<u64, Kept>> {
    if !file.exists() {
        return Ok(HashMap::new());
    }
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let number = u64::from_str_radix(words.next()?, 16).ok()?;
        Some((number, (words.next()?.parse().ok()?, words.next()?.to_owned())))
    };
    let lines = fs::read_to_string(file)?;
    lines.lines().map(|text| line(text).with_context(|| format!("{}: {text:?}", file.display()))).collect()
}

fn write(file: &Path, kept: &HashMap<u64, Kept>) -> Result<()> {
    let lines = kept.iter().fold(String::new(), |mut lines, (number, (warnings, version))| {
        let _ = writeln!(lines, "{number:016x} {warnings} {version}");
        lines
    });
    Ok(fs::write(file, lines)?)
}
