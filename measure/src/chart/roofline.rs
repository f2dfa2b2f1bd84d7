//! The roofline: rates over intensity. A workload cannot move bytes faster than a copy kernel (the level line); nor, as far as this record shows, fold taps faster
//! than the one that folds them fastest (the slope, which is what was reached and no limit of the adapter's).

use super::{
    class,
    drawing::{Anchor, At, Drawing, width_of},
    scale::{Scale, short},
};
use crate::Record;

const SIZE: At = [860.0, 420.0];
const PLOT: [At; 2] = [[64.0, 24.0], [836.0, 366.0]];

pub(super) fn roofline(record: &Record) -> Drawing {
    let mut drawing = Drawing::new(SIZE);
    let [[left, top], [right, bottom]] = PLOT;
    #[allow(clippy::cast_precision_loss, reason = "counts of taps and bytes")]
    let placed: Vec<_> = record
        .workloads
        .iter()
        .filter_map(|workload| Some((workload, workload.taps? as f64 / workload.bytes.max(1) as f64)))
        .filter(|(_, intensity)| *intensity > 0.0)
        .collect();
    let across = Scale::about(placed.iter().map(|(_, intensity)| *intensity), [left, right]);
    let down = Scale::about(placed.iter().map(|(workload, _)| workload.gbs).chain([record.copy_gbs]), [bottom, top]);
    for tick in across.ticks() {
        let x = across.at(tick);
        drawing.line("grid", [x, top], [x, bottom]);
        drawing.text("soft", [x, bottom + 18.0], Anchor::Middle, &short(tick));
    }
    for tick in down.ticks() {
        let y = down.at(tick);
        drawing.line("grid", [left, y], [right, y]);
        drawing.text("soft", [left - 8.0, y + 4.0], Anchor::End, &short(tick));
    }
    drawing.text("soft", [(left + right) / 2.0, bottom + 40.0], Anchor::Middle, "taps folded for each byte moved");
    drawing.text("soft", [8.0, 14.0], Anchor::Start, "GB/s");

    let mut taken: Vec<[At; 2]> = Vec::new();
    let copy = down.at(record.copy_gbs);
    drawing.line("copy", [left, copy], [right, copy]);
    let label = format!("copy, {} GB/s", short(record.copy_gbs));
    drawing.text("soft", [right, copy - 6.0], Anchor::End, &label);
    taken.push([[right - width_of(&label), copy - 18.0], [right, copy + 2.0]]);
    let fastest = placed.iter().map(|(workload, intensity)| workload.gbs * intensity).fold(0.0, f64::max);
    if fastest > 0.0 {
        let [least, most] = across.domain();
        let ends = [least.max(fastest / record.copy_gbs), most.min(fastest / down.domain()[0])];
        if ends[0] < ends[1] {
            let [from, to] = ends.map(|intensity| [across.at(intensity), down.at(fastest / intensity)]);
            drawing.line("copy", from, to);
            let label = format!("{} · 10⁹ taps/s, the most reached", short(fastest));
            let middle = [from[0] + 0.3 * (to[0] - from[0]) + 10.0, from[1] + 0.3 * (to[1] - from[1]) - 6.0];
            let start = middle[0].min(right - width_of(&label));
            drawing.text("soft", [start, middle[1]], Anchor::Start, &label);
            taken.push([[start, middle[1] - 12.0], [start + width_of(&label), middle[1] + 4.0]]);
        }
    }
    let dots: Vec<At> = placed.iter().map(|(workload, intensity)| [across.at(*intensity), down.at(workload.gbs)]).collect();
    taken.extend(dots.iter().map(|[x, y]| [[x - 5.0, y - 5.0], [x + 5.0, y + 5.0]]));
    for ((workload, intensity), dot) in placed.iter().zip(dots) {
        let note = format!(
            "{}: {} taps a byte, {} GB/s, {} of copy",
            workload.name,
            short(*intensity),
            short(workload.gbs),
            short(workload.copy_ratio)
        );
        drawing.dot(class(workload), dot, &note);
        let (at, anchor) = free_place(&mut taken, dot, width_of(&workload.name));
        drawing.text("", at, anchor, &workload.name);
    }
    drawing
}

/// Where a label of this width stands beside its dot without covering what is there already; it then is there, too.
fn free_place(taken: &mut Vec<[At; 2]>, [x, y]: At, width: f64) -> (At, Anchor) {
    let half = width / 2.0;
    let places = [
        ([x + 8.0, y + 4.0], Anchor::Start),
        ([x - 8.0, y + 4.0], Anchor::End),
        ([x, y - 9.0], Anchor::Middle),
        ([x, y + 18.0], Anchor::Middle),
        ([x + 8.0, y - 8.0], Anchor::Start),
        ([x + 8.0, y + 16.0], Anchor::Start),
        ([x - 8.0, y - 8.0], Anchor::End),
        ([x - 8.0, y + 16.0], Anchor::End),
        ([x, y - 22.0], Anchor::Middle),
        ([x, y + 31.0], Anchor::Middle),
    ];
    let box_of = |&([x, y], anchor): &(At, Anchor)| {
        let from = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - half,
            Anchor::End => x - width,
        };
        [[from - 2.0, y - 10.0], [from + width + 2.0, y + 2.0]]
    };
    let covers =
        |one: &[At; 2], other: &[At; 2]| (0..2).all(|axis| one[0][axis] < other[1][axis] && other[0][axis] < one[1][axis]);
    let free = |place: &&(At, Anchor)| !taken.iter().any(|other| covers(&box_of(place), other));
    let place = *places.iter().find(free).unwrap_or(&places[0]);
    taken.push(box_of(&place));
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_neighbours_do_not_cover_each_other() {
        let mut taken = Vec::new();
        let places: Vec<_> = (0..6).map(|_| free_place(&mut taken, [100.0, 100.0], 20.0).0).collect();
        for (at, place) in places.iter().enumerate() {
            assert!(!places[..at].contains(place), "{places:?}");
        }
    }
}
