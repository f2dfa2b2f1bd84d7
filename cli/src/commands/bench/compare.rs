//! Two records side by side.

use std::path::{Path, PathBuf};

use plunge_measure::{Record, WorkloadTime};

use super::{
    read,
    table::{align_right, digits, plain},
};
use crate::Failure;

/// The workloads of these names in both records, and how many times as fast the second is.
pub(super) fn compare(paths: [&PathBuf; 2], names: &[&str]) -> Result<String, Failure> {
    let [one, other] = [read(paths[0])?, read(paths[1])?];
    if one.adapter.is_software() != other.adapter.is_software() {
        let kind = |record: &Record| if record.adapter.is_software() { "a software adapter" } else { "a GPU" };
        return Err(Failure::refused(format!(
            "{} is of {} and {} of {}; a processor that plays a GPU says nothing about one, so they are not compared",
            paths[0].display(),
            kind(&one),
            paths[1].display(),
            kind(&other)
        )));
    }
    let mut table = plain(["Workload", "A ms", "B ms", "A/B", "A of copy", "B of copy", "Kernels"]);
    for column in 1..=5 {
        align_right(&mut table, column);
    }
    let mut rows = 0;
    for name in names {
        let both = [&one, &other].map(|record| record.workload(name));
        if both.iter().any(Option::is_some) {
            table.add_row(row(name, both));
            rows += 1;
        }
    }
    if rows == 0 {
        return Err(Failure::refused("neither record has any of these workloads"));
    }
    let copies = [one.copy_gbs, other.copy_gbs].map(digits);
    let ratio = digits(other.copy_gbs / one.copy_gbs);
    let mut text = format!("A: {}\nB: {}\n", origin(paths[0], &one), origin(paths[1], &other));
    text += &format!("Copy: A {} GB/s, B {} GB/s, B/A {ratio}\n{table}\n", copies[0], copies[1]);
    if one.adapter.is_software() {
        text += "Both are software adapters: these ratios say nothing about GPUs.\n";
    }
    Ok(text)
}

fn row(name: &str, both: [Option<&WorkloadTime>; 2]) -> [String; 7] {
    let told = |workload: Option<&WorkloadTime>, number: fn(&WorkloadTime) -> f64| {
        workload.map_or_else(|| "-".into(), |workload| digits(number(workload)))
    };
    let [one, other] = both;
    let faster = one.zip(other).map_or_else(|| "-".into(), |(one, other)| digits(one.median_ms / other.median_ms));
    let kernels = both.map(|workload| workload.map_or("-", kernel));
    let kernels = if kernels[0] == kernels[1] { kernels[0].into() } else { kernels.join(" → ") };
    [
        name.into(),
        told(one, |workload| workload.median_ms),
        told(other, |workload| workload.median_ms),
        faster,
        told(one, |workload| workload.copy_ratio),
        told(other, |workload| workload.copy_ratio),
        kernels,
    ]
}

/// The kernel's name, or its key where the record has no names.
fn kernel(workload: &WorkloadTime) -> &str {
    workload.kernels.first().map_or(&workload.kernel, |kernel| &kernel.name)
}

fn origin(path: &Path, record: &Record) -> String {
    let Record { adapter, plunge, .. } = record;
    let date = record.date.as_deref().unwrap_or("no date");
    format!(
        "{}: {} ({}, {}), {}, plunge {plunge}, {date}",
        path.display(),
        adapter.name,
        adapter.backend,
        adapter.device_type,
        adapter.driver
    )
}
