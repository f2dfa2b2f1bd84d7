//! Boxes, bin by bin: whole positions for roi_pool, interpolated samples for roi_align.

use super::{
    Found, activate, each,
    fold::{Source, Tap},
};
use crate::{Pooling, Region, RoiAlign, RoiPool, Shape, SideInputs};

/// Every bin of every box; boxes that were not given have no tap.
pub(super) fn regions(
    pooling: &Pooling,
    shape: &Shape,
    output: Shape,
    input: &[f64],
    sides: &SideInputs<'_>,
    visit: &mut dyn FnMut(Found),
) {
    let (height, width) = (shape.spatial()[0], shape.spatial()[1]);
    let (rows, columns) = (output.spatial()[0], output.spatial()[1]);
    let boxes = sides.boxes.unwrap_or_default();
    for k in 0..output.batch() {
        for channel in 0..output.channels() {
            for bin in 0..rows * columns {
                let (i, j) = (bin / columns, bin % columns);
                let taps = boxes.get(k).map_or_else(Vec::new, |given| {
                    let (source, taps): (usize, fn(_, _, _, _, _) -> _) = match &pooling.region {
                        Region::RoiAlign(align) if align.position_sensitive => (channel * rows * columns + bin, samples),
                        Region::RoiAlign(_) => (channel, samples),
                        _ => (channel, positions),
                    };
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a batch")]
                    let base = (given[0] as usize * shape.channels() + source) * height * width;
                    let values: Vec<f64> =
                        input[base..][..height * width].iter().map(|&value| activate(pooling.activation, value)).collect();
                    let mut taps: Vec<Tap> = taps(&pooling.region, given, [i, j], [height, width], &values);
                    taps.iter_mut().for_each(|tap| tap.source.shift(base));
                    taps
                });
                #[allow(clippy::cast_precision_loss, reason = "counts of taps")]
                let counted = taps.len() as f64;
                visit(Found { taps, counted, empty: Some(0.0) });
            }
        }
    }
}

/// roi_pool: the positions of bin (i, j) that lie in the plane.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions in a plane")]
fn positions(region: &Region, given: &[f32; 5], bin: [usize; 2], size: [usize; 2], values: &[f64]) -> Vec<Tap> {
    let Region::RoiPool(RoiPool { output_size, spatial_scale, .. }) = region else { return Vec::new() };
    // Rust rounds half away from zero.
    let corner = |at: usize| (given[at] * spatial_scale).round() as i64;
    let axis = |axis: usize| {
        let (start, end) = (corner(2 - axis), corner(4 - axis));
        let (long, bins) = ((end - start + 1).max(1), i64::from(each(output_size, axis)));
        let o = bin[axis] as i64;
        // Position p of the box is in bin o when p ≥ ⌊o·r/out⌋ and p < ⌈(o+1)·r/out⌉.
        let inside: Vec<i64> = (0..long).filter(|p| *p >= (o * long).div_euclid(bins) && p * bins < (o + 1) * long).collect();
        let centre = inside.iter().map(|&p| (start + p) as f64).sum::<f64>() / inside.len() as f64;
        (inside.iter().map(|p| start + p).filter(|p| (0..size[axis] as i64).contains(p)).collect::<Vec<_>>(), centre)
    };
    let ((ys, centre_y), (xs, centre_x)) = (axis(0), axis(1));
    let mut taps = Vec::new();
    for &y in &ys {
        for &x in &xs {
            let index = y as usize * size[1] + x as usize;
            let distance2 = (y as f64 - centre_y).powi(2) + (x as f64 - centre_x).powi(2);
            taps.push(Tap { distance2, ..Tap::new(values[index], index, Source::One(index)) });
        }
    }
    taps
}

/// roi_align: the samples of bin (i, j), their places in f32.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions in a plane")]
fn samples(region: &Region, given: &[f32; 5], bin: [usize; 2], size: [usize; 2], values: &[f64]) -> Vec<Tap> {
    let Region::RoiAlign(RoiAlign { output_size, spatial_scale, sampling_ratio, aligned, .. }) = region else {
        return Vec::new();
    };
    let offset = if *aligned { 0.5 } else { 0.0 };
    let axis = |axis: usize| {
        let [start, end] = [given[2 - axis] * spatial_scale - offset, given[4 - axis] * spatial_scale - offset];
        let side = if *aligned { end - start } else { (end - start).max(1.0) };
        let bins = each(output_size, axis);
        let count = if *sampling_ratio > 0 { *sampling_ratio } else { (f64::from(side) / f64::from(bins)).ceil() as u32 };
        let step = side / (bins * count) as f32;
        let place = |s: u32| start + ((bin[axis] as u32 * count + s) as f32 + 0.5) * step;
        let from_centre = |s: u32| (f64::from(s) - f64::from(count - 1) / 2.0) * f64::from(step);
        (0..count).map(|s| (place(s), from_centre(s))).collect::<Vec<_>>()
    };
    let (ys, xs) = (axis(0), axis(1));
    let mut taps = Vec::new();
    for &(y, from_y) in &ys {
        for &(x, from_x) in &xs {
            let source = between([y, x], size);
            // Outside, nothing has a share; inside, even a share of 0 makes NaN of an infinity.
            let outside = source.iter().all(|&(_, share)| share == 0.0);
            let value: f64 = source.iter().map(|&(at, share)| share * values[at]).sum();
            let value = if outside { 0.0 } else { value };
            let distance2 = from_y * from_y + from_x * from_x;
            taps.push(Tap { distance2, ..Tap::new(f64::from(value as f32), 0, Source::Between(source)) });
        }
    }
    taps
}

/// The four values about a point, and how much of each stands there; nothing more than one position outside.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions in a plane")]
fn between(point: [f32; 2], size: [usize; 2]) -> [(usize, f64); 4] {
    if point.iter().zip(size).any(|(&at, size)| at < -1.0 || at > size as f32) {
        return [(0, 0.0); 4];
    }
    let axis = |axis: usize| {
        let last = size[axis] - 1;
        let at = point[axis].max(0.0).min(last as f32);
        let low = at as usize;
        ([low, (low + 1).min(last)], f64::from(at) - low as f64)
    };
    let ((ys, y), (xs, x)) = (axis(0), axis(1));
    let corner = |at_y: usize, at_x: usize, share: f64| (ys[at_y] * size[1] + xs[at_x], share);
    [corner(0, 0, (1.0 - y) * (1.0 - x)), corner(0, 1, (1.0 - y) * x), corner(1, 0, y * (1.0 - x)), corner(1, 1, y * x)]
}
