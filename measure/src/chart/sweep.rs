//! A sweep as a curve.

use super::{
    drawing::{Anchor, At, Drawing},
    scale::{Scale, short},
};
use crate::Sweep;

const SIZE: At = [420.0, 290.0];
const PLOT: [At; 2] = [[52.0, 62.0], [404.0, 246.0]];

pub(super) fn sweep(sweep: &Sweep, copy_gbs: f64) -> Drawing {
    let mut drawing = Drawing::new(SIZE);
    let [[left, top], [right, bottom]] = PLOT;
    drawing.text("title", [8.0, 18.0], Anchor::Start, &format!("GB/s by {}", sweep.name));
    drawing.text("soft", [8.0, 36.0], Anchor::Start, &sweep.of);
    let across = Scale::about(sweep.points.iter().map(|point| f64::from(point.at)), [left, right]);
    let down = Scale::about(sweep.points.iter().map(|point| point.gbs).chain([copy_gbs]), [bottom, top]);
    for tick in down.ticks() {
        let y = down.at(tick);
        drawing.line("grid", [left, y], [right, y]);
        drawing.text("soft", [left - 8.0, y + 4.0], Anchor::End, &short(tick));
    }
    let copy = down.at(copy_gbs);
    drawing.line("copy", [left, copy], [right, copy]);
    drawing.text("soft", [right, copy - 5.0], Anchor::End, "copy");
    let places: Vec<At> = sweep.points.iter().map(|point| [across.at(f64::from(point.at)), down.at(point.gbs)]).collect();
    drawing.curve("curve", &places);
    let mut before = "";
    for (point, place) in sweep.points.iter().zip(&places) {
        drawing.dot(
            "met",
            *place,
            &format!("{}: {} ms, {} GB/s by {}", point.at, short(point.median_ms), short(point.gbs), point.kernel),
        );
        drawing.text("soft", [place[0], bottom + 18.0], Anchor::Middle, &point.at.to_string());
        // Where the planner begins to choose another kernel.
        if point.kernel != before {
            let below = place[1] + 20.0;
            let y = if below < bottom - 2.0 { below } else { place[1] - 10.0 };
            drawing.text("", [place[0], y], Anchor::Middle, &point.kernel);
            before = &point.kernel;
        }
    }
    drawing.text("soft", [(left + right) / 2.0, bottom + 38.0], Anchor::Middle, &sweep.name);
    drawing
}
