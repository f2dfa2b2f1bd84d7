//! `plunge bench`: the catalogue against the copy limit.

mod compare;
mod table;

use std::{
    collections::HashMap,
    io::Write as _,
    path::{Path, PathBuf},
};

use plunge::{Engine, HeadlessOptions};
use plunge_measure::{Bench, Record, chart};
use plunge_workloads::{Workload, catalogue};

use super::print;
use crate::{
    Failure,
    args::{Backends, BenchArgs},
    backend::{Choice, say},
    output::{self, Output},
    progress::Progress,
};

pub(super) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let workloads = named(&args.workload)?;
    if let Some([one, other]) = args.compare.as_deref() {
        let names: Vec<&str> = workloads.iter().map(|workload| workload.name).collect();
        return print(compare::compare([one, other], &names)?.as_bytes());
    }
    if let Some(path) = &args.from {
        let record = read(path)?;
        let asked = [&args.json, &args.html, &args.svg];
        output::keep_inputs(asked.into_iter().flatten().map(PathBuf::as_path), &[path])?;
        let files = Files::create(args, None)?;
        print(table::table(&record).as_bytes())?;
        return output::commit(files.finish(&record)?);
    }
    let engines = open(args)?;
    let all = args.backend == Backends::All;
    let files: Vec<Files> =
        own_names(&engines).iter().map(|name| Files::create(args, all.then_some(name.as_str()))).collect::<Result<_, _>>()?;
    let bench = Bench { workloads, quick: args.quick };
    let mut finished = Vec::new();
    let mut wrong = Vec::new();
    for (engine, files) in engines.iter().zip(files) {
        let info = engine.adapter_info();
        say(&format!("on {}", plunge::describe(&info)));
        let progress = Progress::new("timing", bench.parts(), "parts");
        let record = bench.run(engine, &|| progress.advance(1))?;
        drop(progress);
        print(table::table(&record).as_bytes())?;
        finished.extend(files.finish(&record)?);
        wrong.extend(table::wrong(&record));
    }
    output::commit(finished)?;
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Work(format!("wrong answers: {}", wrong.join("; ")))) }
}

/// The workloads of these names, in the catalogue's order; all where none is named.
fn named(names: &[String]) -> Result<Vec<Workload>, Failure> {
    let all = catalogue();
    let known = |name: &&String| all.iter().any(|workload| workload.name.eq_ignore_ascii_case(name));
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let known: Vec<&str> = all.iter().map(|workload| workload.name).collect();
        return Err(Failure::refused(format!("there is no workload {unknown:?}; there are {}", known.join(", "))));
    }
    let wanted = |workload: &Workload| names.is_empty() || names.iter().any(|name| workload.name.eq_ignore_ascii_case(name));
    Ok(all.into_iter().filter(wanted).collect())
}

/// An engine for each adapter that was asked for.
fn open(args: &BenchArgs) -> Result<Vec<Engine>, Failure> {
    match args.backend {
        Backends::All => {
            let mut options = HeadlessOptions::default();
            options.adapter_name.clone_from(&args.adapter);
            Ok(plunge_measure::open_all(&options)?)
        }
        Backends::One(backend) => match Choice::new(backend, args.adapter.as_deref()).options()? {
            Some(options) => Ok(vec![plunge_measure::open(&options)?]),
            None => Err(Failure::refused(
                "the CPU reference is brute force, for checking, and is not timed; --backend auto takes the best adapter",
            )),
        },
    }
}

/// A name for each engine's files: its backend, and a number where others have the same.
fn own_names(engines: &[Engine]) -> Vec<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let name = |engine: &Engine| {
        let backend = engine.adapter_info().backend.to_string();
        let count = seen.entry(backend.clone()).and_modify(|count| *count += 1).or_insert(1);
        if *count == 1 { backend } else { format!("{backend}-{count}") }
    };
    engines.iter().map(name).collect()
}

/// Reads a record of `--json`.
fn read(path: &Path) -> Result<Record, Failure> {
    let about = std::fs::metadata(path).map_err(|error| Failure::unreadable(path, error))?;
    if !about.is_file() {
        return Err(Failure::unreadable(path, "it is not a regular file"));
    }
    let json = std::fs::read(path).map_err(|error| Failure::unreadable(path, error))?;
    Record::parse(&json).map_err(|malformed| Failure::refused(malformed.to_string()).of_file(path))
}

/// The files of one record.
struct Files {
    json: Option<Output>,
    html: Option<Output>,
    svg: Option<Output>,
}

impl Files {
    /// Checks that they can be written. Where each adapter has its own, its name stands before the extension.
    fn create(args: &BenchArgs, own: Option<&str>) -> Result<Self, Failure> {
        let create = |path: &Option<PathBuf>| path.as_deref().map(|path| Output::create(&own_path(path, own))).transpose();
        let files = Self { json: create(&args.json)?, html: create(&args.html)?, svg: create(&args.svg)? };
        let there: Vec<&Output> = [&files.json, &files.html, &files.svg].into_iter().flatten().collect();
        for (at, one) in there.iter().enumerate() {
            if there[..at].iter().any(|other| other.same_file(one)) {
                return Err(Failure::refused("--json, --html and --svg name the same file; give each its own"));
            }
        }
        Ok(files)
    }

    /// Writes the record, for [`output::commit`].
    fn finish(self, record: &Record) -> Result<Vec<output::Finished>, Failure> {
        let json = record.to_json().map_err(|error| Failure::Work(error.to_string()))?;
        let mut finished = Vec::new();
        for (file, text) in [(self.json, json), (self.html, chart::page(record)), (self.svg, chart::copy_ratios(record))] {
            if let Some(mut file) = file {
                file.write(|to| to.write_all(text.as_bytes()))?;
                finished.push(file.finish());
            }
        }
        Ok(finished)
    }
}

/// `record.json` becomes `record-gl.json`.
fn own_path(path: &Path, own: Option<&str>) -> PathBuf {
    let (Some(own), Some(stem)) = (own, path.file_stem()) else { return path.into() };
    let mut name = stem.to_owned();
    name.push("-");
    name.push(own);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_adapter_has_its_own_names() {
        for (path, own, named) in [
            ("record.json", Some("gl"), "record-gl.json"),
            ("out/a.b.html", Some("vulkan-2"), "out/a.b-vulkan-2.html"),
            ("record", Some("gl"), "record-gl"),
            ("record.json", None, "record.json"),
        ] {
            assert_eq!(own_path(Path::new(path), own), Path::new(named));
        }
    }
}
