//! A record as a table for a person.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use plunge_measure::{ClockKind, Record, WorkloadTime};

pub(super) fn table(record: &Record) -> String {
    let mut table = plain(["Workload", "Kernel", "ms (min – max)", "GB/s", "of copy", "Target", "Best other", "Answer"]);
    for column in 2..=4 {
        align_right(&mut table, column);
    }
    for workload in &record.workloads {
        table.add_row(row(workload));
    }
    let kind = if record.adapter.is_software() { "software adapter, no GPU" } else { &record.adapter.device_type };
    let mut text = format!(
        "{} ({}, {kind}), {}\nThe best copy kernel moves {} GB/s.",
        record.adapter.name,
        record.adapter.backend,
        record.adapter.driver,
        digits(record.copy_gbs),
    );
    match record.clock {
        Some(ClockKind::Timestamps) => text += " Timed by the device's timestamps.",
        Some(ClockKind::Wall) => text += " Timed by the wall clock.",
        None => {}
    }
    if record.rounds == 1 {
        text += " One sample of each: whether it works, not how fast it is.";
    }
    text += &format!("\n{table}\n");
    if let Some(encode) = &record.encode {
        let [one, join] = [encode.one_step_finished_us, encode.join_finished_us].map(digits);
        text += &format!("Recording takes {one} µs for one step, {join} µs for {} poolings joined.\n", encode.join_steps);
    }
    for skipped in &record.skipped {
        text += &format!("Not measured: {}: {}\n", skipped.name, skipped.why);
    }
    text
}

fn row(workload: &WorkloadTime) -> [String; 8] {
    let WorkloadTime { name, used_in, median_ms, min_ms, max_ms, gbs, copy_ratio, .. } = workload;
    [
        if used_in.is_empty() { name.clone() } else { format!("{name}: {used_in}") },
        workload.kernels.first().map_or_else(|| workload.kernel.clone(), |kernel| kernel.name.clone()),
        format!("{} ({} – {})", digits(*median_ms), digits(*min_ms), digits(*max_ms)),
        digits(*gbs),
        format!("{copy_ratio:.2}"),
        workload.target.as_ref().map_or_else(|| "-".into(), ToString::to_string),
        workload.best_forced().map_or_else(
            || "-".into(),
            |other| format!("{} {}{}", other.name, if other.samples == 0 { "≈" } else { "" }, digits(other.median_ms)),
        ),
        if workload.correct { "correct".into() } else { "WRONG".into() },
    ]
}

/// The kernels that gave wrong answers, with their workloads.
pub(super) fn wrong(record: &Record) -> Vec<String> {
    let of = |workload: &WorkloadTime| {
        let wrong = workload.kernels.iter().filter(|kernel| !kernel.correct);
        wrong.map(|kernel| format!("{} by {} on {}", workload.name, kernel.name, record.adapter.backend)).collect::<Vec<_>>()
    };
    record.workloads.iter().flat_map(of).collect()
}

/// An empty table with these titles.
pub(super) fn plain<const N: usize>(titles: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(titles);
    table
}

pub(super) fn align_right(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

/// A number with three digits or so.
pub(super) fn digits(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        size if size >= 0.1 || size == 0.0 => format!("{number:.3}"),
        size if size >= 0.01 => format!("{number:.4}"),
        _ => format!("{number:.5}"),
    }
}
