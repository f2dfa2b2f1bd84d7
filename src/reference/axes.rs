//! The taps of one output on one axis, found by trying positions.

use crate::{Padding, PaddingMode, PerAxis, Region, Shape, Window};

/// One output's taps on one axis.
pub(super) struct AxisTaps {
    pub(super) taps: Vec<usize>,
    /// Where each stands, which is elsewhere for the values that stand in the padding.
    pub(super) places: Vec<f64>,
    /// Which of its window's taps each is.
    pub(super) numbers: Vec<usize>,
    /// Taps inside the input or its padding.
    pub(super) counted: f64,
    pub(super) centre: f64,
}

/// Sizes with absent axes in front as 1.
pub(super) fn three(spatial: &[usize]) -> [usize; 3] {
    let mut sizes = [1; 3];
    sizes[3 - spatial.len()..].copy_from_slice(spatial);
    sizes
}

/// The taps of output `o` on axis 0 (depth), 1 (height) or 2 (width).
#[allow(clippy::cast_precision_loss, reason = "positions are far below 2⁵³")]
pub(super) fn axis_taps(region: &Region, shape: &Shape, axis: usize, o: usize) -> AxisTaps {
    let absent = 3 - shape.spatial().len();
    if axis < absent {
        return AxisTaps { taps: vec![0], places: vec![0.0], numbers: vec![0], counted: 1.0, centre: 0.0 };
    }
    let spatial_axis = axis - absent;
    let size = shape.spatial()[spatial_axis];
    match region {
        Region::Window(window) => window_taps(window, spatial_axis, as_i64(size), as_i64(o)),
        Region::Adaptive { output_size } => {
            let bins = as_i64(each(output_size, spatial_axis) as usize);
            let (o, size) = (as_i64(o), as_i64(size));
            // Position p is in bin o when p ≥ ⌊o·in/out⌋ and p < ⌈(o+1)·in/out⌉.
            let inside = |p: &i64| *p >= (o * size).div_euclid(bins) && *p * bins < (o + 1) * size;
            let taps: Vec<i64> = (0..size).filter(inside).collect();
            contiguous(&taps)
        }
        Region::Fractional(fractional) => {
            let kernel = as_i64(each(&fractional.kernel_size, spatial_axis) as usize);
            let start = fractional_start(fractional, spatial_axis, as_i64(size) - kernel, o);
            contiguous(&(start..start + kernel).collect::<Vec<_>>())
        }
        // The whole plane; regions over channels have no taps here.
        _ => contiguous(&(0..as_i64(size)).collect::<Vec<_>>()),
    }
}

/// Where window `o` of fractional pooling begins; the last begins at `last`.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "positions are far below 2⁵³")]
fn fractional_start(fractional: &crate::Fractional, axis: usize, last: i64, o: usize) -> i64 {
    let outputs = each(&fractional.output_size, axis) as usize;
    match (&fractional.starts, &fractional.samples) {
        (Some(starts), _) => i64::from(starts[axis][o]),
        (None, Some(samples)) if o + 1 < outputs => {
            let alpha = last as f64 / (outputs - 1) as f64;
            ((o as f64 + samples[axis]) * alpha) as i64 - (samples[axis] * alpha) as i64
        }
        _ => last,
    }
}

/// A span whose taps are neighbours, all inside the input.
#[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "positions in a plane")]
fn contiguous(taps: &[i64]) -> AxisTaps {
    let centre = taps.iter().sum::<i64>() as f64 / taps.len() as f64;
    let places = taps.iter().map(|&p| p as f64).collect();
    AxisTaps {
        taps: taps.iter().map(|&p| p as usize).collect(),
        places,
        numbers: (0..taps.len()).collect(),
        counted: taps.len() as f64,
        centre,
    }
}

#[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "positions in a plane")]
pub(super) fn window_taps(window: &Window, axis: usize, size: i64, o: i64) -> AxisTaps {
    let kernel = i64::from(each(&window.kernel_size, axis));
    let stride = window.stride.as_ref().map_or(kernel, |stride| i64::from(each(stride, axis)));
    let dilation = i64::from(each(&window.dilation, axis));
    let extent = dilation * (kernel - 1) + 1;
    let [begin, end] = match &window.padding {
        Padding::Explicit(sides) => each(sides, axis).map(i64::from),
        Padding::Valid => [0, 0],
        Padding::SameUpper | Padding::SameLower => {
            // ⌈in/s⌉ outputs, and as much padding as lets the last window fit.
            let outputs = (0..size).step_by(usize::try_from(stride).unwrap_or(usize::MAX)).count();
            let total = ((as_i64(outputs) - 1) * stride + extent - size).max(0);
            let half = total / 2;
            if window.padding == Padding::SameUpper { [half, total - half] } else { [total - half, half] }
        }
    };
    let start = o * stride - begin;
    let positions = || (0..kernel).map(|j| start + j * dilation).take_while(|&p| p < size + end);
    // The values of input and padding, by the input position that each takes its value from.
    let source = |p: i64| match window.padding_mode {
        PaddingMode::Ignore => (0..size).contains(&p).then_some(p),
        _ if p >= size + end => None,
        PaddingMode::Reflect if p < 0 => Some(-p),
        PaddingMode::Reflect if p >= size => Some(size - 1 - (p - (size - 1))),
        PaddingMode::Reflect => Some(p),
        PaddingMode::Edge => Some(p.max(0).min(size - 1)),
    };
    let found = || positions().enumerate().filter_map(|(j, p)| source(p).map(|from| (from as usize, p as f64, j)));
    AxisTaps {
        taps: found().map(|(from, ..)| from).collect(),
        places: found().map(|(_, place, _)| place).collect(),
        numbers: found().map(|(.., number)| number).collect(),
        counted: positions().count() as f64,
        centre: start as f64 + (extent - 1) as f64 / 2.0,
    }
}

/// The number for one axis.
pub(super) fn each<T: Copy>(numbers: &PerAxis<T>, axis: usize) -> T {
    match numbers {
        PerAxis::All(number) => *number,
        PerAxis::Each(numbers) => numbers[axis],
    }
}

pub(super) fn as_i64(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
