//! What a dispatch is estimated to cost, by which long ones are divided.

use super::{Kernel, Site, choose::passes, line::line_cost};
use crate::geometry::{Axis, Geometry, Walk};

/// Taps that a pooling folds by a kernel, or as many as take as long: what the duration of its dispatches is estimated by.
pub(super) fn cost(site: &Site<'_>, kernel: Kernel, saves: bool) -> u64 {
    const REGION: u64 = 8;
    // Four corners and their weights: 12.5 million bins of four took lavapipe 2.0 to 2.1 s where its gathers are slowest, 0.74 s elsewhere.
    const SAMPLE: u64 = 20;
    // Comparisons of a network.
    const SORT: u64 = 6;
    let Geometry { axes, walk, .. } = site.geometry;
    let outputs = site.geometry.output.elements() as u64;
    let row = site.pooling.op.kind().row();
    let folds = u64::from(passes(row, saves));
    let taps = match walk {
        // Boxes as long as half the sides.
        Walk::RoiPool => axes.iter().map(|axis| u64::from(axis.input / axis.output.max(1) / 2 + 1)).product(),
        Walk::RoiAlign => {
            let sampled = |axis: &Axis| u64::from(axis.kernel.min(axis.input / axis.output.max(1) / 2 + 1));
            SAMPLE * axes.iter().map(sampled).product::<u64>()
        }
        _ => site.geometry.most_taps(),
    };
    let [depth, height, width] = axes;
    let each = match kernel {
        Kernel::Line => return line_cost(site.geometry, row.shareable, site.limits).map_or(u64::MAX, |[cost, _]| cost / 10),
        Kernel::Tile => {
            let [down, across, deep] = [height.stride, width.kernel, depth.kernel].map(u64::from);
            down.saturating_mul(across).saturating_mul(deep).saturating_add(u64::from(height.kernel)) + 4
        }
        Kernel::Sort => SORT * taps,
        Kernel::Direct | Kernel::Reduce | Kernel::TwoStage => taps.saturating_mul(folds),
    };
    outputs.saturating_mul(each.saturating_add(REGION))
}
