//! Bars: each workload's rate over the best copy kernel's, with its target as a mark.

use super::{
    class,
    drawing::{Anchor, Drawing, width_of},
    origin,
    scale::{Scale, short},
};
use crate::Record;

const WIDTH: f64 = 860.0;
const ROW: f64 = 24.0;
/// Above the rows, without and with a title.
const ABOVE: [f64; 2] = [24.0, 58.0];
const BELOW: f64 = 52.0;
const LEFT: f64 = 310.0;
const RIGHT: f64 = 70.0;
/// Signs of a workload's use that fit beside its name.
const SIGNS: usize = 38;

/// One row a workload; titled where no page says what it is.
#[allow(clippy::cast_precision_loss, reason = "rows")]
pub(super) fn copy_ratios(record: &Record, titled: bool) -> Drawing {
    let above = ABOVE[usize::from(titled)];
    let rows = record.workloads.len() as f64;
    let bottom = above + rows * ROW;
    let mut drawing = Drawing::new([WIDTH, bottom + BELOW]);
    let aims = record.workloads.iter().filter_map(ratio_target).map(|(bound, aim)| aim.unwrap_or(bound));
    let most = record.workloads.iter().map(|workload| workload.copy_ratio).chain(aims).fold(1.0, f64::max);
    let scale = Scale::linear(most * 1.02, [LEFT, WIDTH - RIGHT]);
    if titled {
        drawing.text("title", [12.0, 20.0], Anchor::Start, "Share of the copy limit");
        drawing.text("soft", [12.0, 38.0], Anchor::Start, &origin(record));
    }
    for tick in scale.ticks() {
        let x = scale.at(tick);
        drawing.line("grid", [x, above], [x, bottom]);
        drawing.text("soft", [x, bottom + 16.0], Anchor::Middle, &short(tick));
    }
    for (at, workload) in record.workloads.iter().enumerate() {
        let top = above + at as f64 * ROW;
        let line = top + ROW / 2.0 + 4.0;
        drawing.text("", [12.0, line], Anchor::Start, &workload.name);
        drawing.text("soft", [56.0, line], Anchor::Start, &cut(&workload.used_in));
        let end = scale.at(workload.copy_ratio);
        let note =
            format!("{}: {} GB/s, {} ms by {}", workload.name, short(workload.gbs), short(workload.median_ms), workload.kernel);
        drawing.rect(class(workload), [LEFT, top + 4.0], [(end - LEFT).max(1.0), ROW - 8.0], &note);
        let mut value = end;
        if let Some((bound, aim)) = ratio_target(workload) {
            let place = scale.at(bound);
            drawing.line("mark", [place, top + 2.0], [place, top + ROW - 2.0]);
            // The figure stands clear of the marks.
            let marks = [Some(bound), aim];
            if let Some(aim) = aim {
                let place = scale.at(aim);
                drawing.line("aim", [place, top + 4.0], [place, top + ROW - 4.0]);
            }
            let width = width_of(&figure(workload)) + 10.0;
            for mark in marks.into_iter().flatten().map(|mark| scale.at(mark)) {
                if (value..value + width).contains(&mark) {
                    value = mark;
                }
            }
        }
        drawing.text("", [value + 7.0, line], Anchor::Start, &figure(workload));
    }
    let x = scale.at(1.0);
    drawing.line("copy", [x, above - 4.0], [x, bottom]);
    drawing.text("soft", [x, above - 8.0], Anchor::Middle, &format!("copy, {} GB/s", short(record.copy_gbs)));
    let legend = bottom + 38.0;
    drawing.line("mark", [16.0, legend - 12.0], [16.0, legend + 4.0]);
    drawing.text("soft", [24.0, legend], Anchor::Start, "target");
    drawing.line("aim", [78.0, legend - 12.0], [78.0, legend + 4.0]);
    drawing.text("soft", [86.0, legend], Anchor::Start, "aim");
    for (x, class, what) in [(124.0, "met", "met"), (176.0, "missed", "not met"), (252.0, "none", "no target")] {
        drawing.rect(class, [x, legend - 10.0], [12.0, 12.0], what);
        drawing.text("soft", [x + 18.0, legend], Anchor::Start, what);
    }
    drawing
}

/// The ratio, and in words what the target is about where that is no ratio.
fn figure(workload: &crate::WorkloadTime) -> String {
    let ratio = short(workload.copy_ratio);
    match &workload.target {
        Some(target) if target.measure != "copy_ratio" => format!("{ratio} · {}× the time of 7×7", short(target.figure)),
        _ => ratio,
    }
}

fn ratio_target(workload: &crate::WorkloadTime) -> Option<(f64, Option<f64>)> {
    let target = workload.target.as_ref().filter(|target| target.measure == "copy_ratio")?;
    Some((target.bound, target.aim))
}

fn cut(text: &str) -> String {
    if text.chars().count() <= SIGNS { text.into() } else { text.chars().take(SIGNS - 1).chain(['…']).collect() }
}
