//! The oracle: every op in every region by brute force on the CPU, in f64.
//!
//! Loops over outputs and taps, written from the definitions and never optimised. It shares no geometry with the kernels: taps
//! are found by trying positions. Tests compare every kernel with it, and the command line falls back to it where a
//! machine has no adapter at all.

use crate::{Activation, Error, Op, Padding, PaddingMode, Pooling, Region, Shape, Window};

/// Outputs beyond this are refused: the oracle is for checking, and holds f64.
const MOST_OUTPUTS: usize = 1 << 28;

/// What the reference answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The output's shape.
    pub shape: Shape,
    /// One value an output, row-major.
    pub values: Vec<f64>,
    /// For max and min in regions of one plane, the place in it of the tap that each output took; `None` where a region is
    /// empty.
    pub indices: Option<Vec<Option<usize>>>,
}

/// Pools `input`, of shape `shape`, row-major.
///
/// # Errors
/// As [`Pooling::output_shape`]; [`Error::InvalidBinding`] where `input` has not the shape's size;
/// [`Error::UnsupportedSize`] above 2²⁸ outputs.
pub fn pool(pooling: &Pooling, shape: &Shape, input: &[f32]) -> Result<Answer, Error> {
    let output = pooling.output_shape(shape)?;
    if input.len() != shape.elements() {
        return Err(Error::InvalidBinding {
            binding: "input",
            expected: format!("{} elements for shape {shape}", shape.elements()),
            actual: format!("{} elements", input.len()),
        });
    }
    if output.elements() > MOST_OUTPUTS {
        return Err(Error::UnsupportedSize {
            what: "output elements".into(),
            limit: MOST_OUTPUTS as u64,
            actual: output.elements() as u64,
        });
    }
    if matches!(pooling.region, Region::Channels { .. } | Region::ChannelWindow { .. }) {
        return Ok(over_channels(pooling, shape, output, input));
    }
    let [depth, height, width] = three(shape.spatial());
    // A pyramid is its levels one after the other.
    let grids: Vec<Region> = match &pooling.region {
        Region::Pyramid { levels } => levels.iter().map(|&level| Region::Adaptive { output_size: level.into() }).collect(),
        region => vec![region.clone()],
    };
    let planes = shape.batch() * shape.channels();
    let chooses = matches!(pooling.op, Op::Max | Op::Min) && pooling.region.has_indices();
    let mut answer = Answer { shape: output, values: Vec::with_capacity(output.elements()), indices: chooses.then(Vec::new) };
    for plane in 0..planes {
        let values = &input[plane * depth * height * width..][..depth * height * width];
        for grid in &grids {
            let sizes = Pooling { region: grid.clone(), ..pooling.clone() }.output_shape(shape)?;
            let [out_depth, out_height, out_width] = three(sizes.spatial());
            for z in 0..out_depth {
                let zs = axis_taps(grid, shape, 0, z);
                for y in 0..out_height {
                    let ys = axis_taps(grid, shape, 1, y);
                    for x in 0..out_width {
                        let xs = axis_taps(grid, shape, 2, x);
                        let mut taps = Vec::with_capacity(zs.taps.len() * ys.taps.len() * xs.taps.len());
                        for (&z, at_z) in zs.taps.iter().zip(&zs.places) {
                            for (&y, at_y) in ys.taps.iter().zip(&ys.places) {
                                for (&x, at_x) in xs.taps.iter().zip(&xs.places) {
                                    let index = (z * height + y) * width + x;
                                    let distance = [at_z - zs.centre, at_y - ys.centre, at_x - xs.centre].map(|d| d * d);
                                    taps.push(Tap {
                                        value: activate(pooling.activation, values[index]),
                                        index,
                                        distance2: distance.iter().sum(),
                                    });
                                }
                            }
                        }
                        let (value, index) = fold(&pooling.op, &taps, zs.counted * ys.counted * xs.counted);
                        answer.values.push(value);
                        if let Some(indices) = &mut answer.indices {
                            indices.push(index);
                        }
                    }
                }
            }
        }
    }
    Ok(answer)
}

/// Regions over channels: at each position, the channels of a group or window.
#[allow(clippy::cast_precision_loss, reason = "counts of channels")]
fn over_channels(pooling: &Pooling, shape: &Shape, output: Shape, input: &[f32]) -> Answer {
    let (channels, groups) = (shape.channels(), output.channels());
    let positions: usize = shape.spatial().iter().product();
    let mut values = Vec::with_capacity(output.elements());
    for n in 0..shape.batch() {
        for group in 0..groups {
            let AxisTaps { taps: members, counted, .. } = match pooling.region {
                Region::Channels { group: size, strided } => {
                    let size = size as usize;
                    let belongs = |c: &usize| if strided { c % groups == group } else { c / size == group };
                    AxisTaps {
                        taps: (0..channels).filter(belongs).collect(),
                        places: Vec::new(),
                        counted: size as f64,
                        centre: 0.0,
                    }
                }
                Region::ChannelWindow { kernel_size, stride, padding } => {
                    let mut window = Window::new(kernel_size);
                    window.stride = stride.map(Into::into);
                    window.padding = [padding].into();
                    window_taps(&window, 0, as_i64(channels), as_i64(group))
                }
                _ => AxisTaps { taps: Vec::new(), places: Vec::new(), counted: 0.0, centre: 0.0 },
            };
            for position in 0..positions {
                let tap = |&channel: &usize| {
                    let value = activate(pooling.activation, input[(n * channels + channel) * positions + position]);
                    Tap { value, index: channel, distance2: 0.0 }
                };
                values.push(fold(&pooling.op, &members.iter().map(tap).collect::<Vec<_>>(), counted).0);
            }
        }
    }
    Answer { shape: output, values, indices: None }
}

/// One valid tap of a region.
struct Tap {
    value: f32,
    index: usize,
    /// Squared distance from the region's nominal centre.
    distance2: f64,
}

/// One output's taps on one axis.
struct AxisTaps {
    taps: Vec<usize>,
    /// Where each stands, which is elsewhere for the values that stand in the padding.
    places: Vec<f64>,
    /// Taps inside the input or its padding.
    counted: f64,
    centre: f64,
}

/// Sizes with absent axes in front as 1.
fn three(spatial: &[usize]) -> [usize; 3] {
    let mut sizes = [1; 3];
    sizes[3 - spatial.len()..].copy_from_slice(spatial);
    sizes
}

/// The taps of output `o` on axis 0 (depth), 1 (height) or 2 (width).
#[allow(clippy::cast_precision_loss, reason = "positions are far below 2⁵³")]
fn axis_taps(region: &Region, shape: &Shape, axis: usize, o: usize) -> AxisTaps {
    let absent = 3 - shape.spatial().len();
    if axis < absent {
        return AxisTaps { taps: vec![0], places: vec![0.0], counted: 1.0, centre: 0.0 };
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
    AxisTaps { taps: taps.iter().map(|&p| p as usize).collect(), places, counted: taps.len() as f64, centre }
}

#[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "positions in a plane")]
fn window_taps(window: &Window, axis: usize, size: i64, o: i64) -> AxisTaps {
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
    let positions = || (0..kernel).map(|j| start + j * dilation);
    // The values of input and padding, by the input position that each takes its value from.
    let source = |p: i64| match window.padding_mode {
        PaddingMode::Ignore => (0..size).contains(&p).then_some(p),
        _ if p >= size + end => None,
        PaddingMode::Reflect if p < 0 => Some(-p),
        PaddingMode::Reflect if p >= size => Some(size - 1 - (p - (size - 1))),
        PaddingMode::Reflect => Some(p),
        PaddingMode::Edge => Some(p.max(0).min(size - 1)),
    };
    let (taps, places) =
        positions().take_while(|&p| p < size + end).filter_map(|p| source(p).map(|from| (from as usize, p as f64))).unzip();
    AxisTaps {
        taps,
        places,
        counted: positions().take_while(|&p| p < size + end).count() as f64,
        centre: start as f64 + (extent - 1) as f64 / 2.0,
    }
}

/// The number for one axis.
fn each<T: Copy>(numbers: &crate::PerAxis<T>, axis: usize) -> T {
    match numbers {
        crate::PerAxis::All(number) => *number,
        crate::PerAxis::Each(numbers) => numbers[axis],
    }
}

fn as_i64(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// The statistic of a region's valid taps, and the tap it took.
#[allow(clippy::cast_precision_loss, reason = "counts of taps are far below 2⁵³")]
fn fold(op: &Op, taps: &[Tap], counted: f64) -> (f64, Option<usize>) {
    let values = || taps.iter().map(|tap| f64::from(tap.value));
    let sum: f64 = values().sum();
    let count = taps.len() as f64;
    match *op {
        Op::Max => choose(taps, f64::NEG_INFINITY, |new, best| new.total_cmp(&best).is_gt()),
        Op::Min => choose(taps, f64::INFINITY, |new, best| new.total_cmp(&best).is_lt()),
        Op::LogSumExp { .. } if taps.is_empty() => (f64::NEG_INFINITY, None),
        _ if taps.is_empty() => (0.0, None),
        Op::Sum => (sum, None),
        Op::Average { count_include_pad, divisor_override, sqrt_divisor } => {
            let divisor = divisor_override.map_or(if count_include_pad { counted } else { count }, f64::from);
            (sum / if sqrt_divisor { divisor.sqrt() } else { divisor }, None)
        }
        Op::Lp { p } => (norm(values().map(f64::abs), f64::from(p)), None),
        Op::Gaussian { sigma } => {
            let nearest = taps.iter().map(|tap| tap.distance2).fold(f64::INFINITY, f64::min);
            let two_variances = 2.0 * f64::from(sigma) * f64::from(sigma);
            let (mut weighted, mut weights) = (0.0, 0.0);
            for tap in taps {
                let excess = tap.distance2 - nearest;
                let weight = if excess == 0.0 { 1.0 } else { (-excess / two_variances).exp() };
                if weight >= f64::from(f32::MIN_POSITIVE) {
                    weighted += weight * f64::from(tap.value);
                    weights += weight;
                }
            }
            (weighted / weights, None)
        }
        Op::Std => (variance(values(), sum / count, count).sqrt(), None),
        Op::Variance => (variance(values(), sum / count, count), None),
        Op::LogSumExp { r } => (log_sum_exp(values(), f64::from(r), count), None),
        Op::Soft { beta } => (soft(values(), f64::from(beta)), None),
        Op::Gem { p, eps } => {
            let (p, eps) = (f64::from(p), f64::from(eps));
            // `if` and not `max`: NaN stays.
            (norm(values().map(|x| if x < eps { eps } else { x }), p) * count.powf(-1.0 / p), None)
        }
        Op::Mixed { alpha } => {
            let (alpha, largest) = (f64::from(alpha), choose(taps, 0.0, |new, best| new.total_cmp(&best).is_gt()).0);
            let mixed = match alpha {
                0.0 => sum / count,
                1.0 => largest,
                _ => alpha * largest + (1.0 - alpha) * (sum / count),
            };
            (mixed, None)
        }
        Op::Rank { q } => (rank(taps, q), None),
        Op::Median => (rank(taps, 0.5), None),
        Op::First => (taps.first().map_or(0.0, |tap| f64::from(tap.value)), None),
        Op::Last => (taps.last().map_or(0.0, |tap| f64::from(tap.value)), None),
    }
}

/// The element at place ⌊Q(n − 1)/2³²⌋ in order, Q = ⌈q·2³²⌉.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "q is from 0 to 1, and the place below n")]
fn rank(taps: &[Tap], q: f64) -> f64 {
    if taps.iter().any(|tap| tap.value.is_nan()) {
        return f64::NAN;
    }
    let mut sorted: Vec<f32> = taps.iter().map(|tap| tap.value).collect();
    sorted.sort_by(f32::total_cmp);
    let place = ((q * f64::from(2u32.pow(31)) * 2.0).ceil() as u128 * (sorted.len() as u128 - 1)) >> 32;
    f64::from(sorted[place as usize])
}

/// The first tap that no other beats, or the last NaN.
fn choose(taps: &[Tap], empty: f64, beats: impl Fn(f32, f32) -> bool) -> (f64, Option<usize>) {
    let mut best: Option<&Tap> = None;
    for tap in taps {
        let better = match best {
            None => true,
            Some(best) => tap.value.is_nan() || (!best.value.is_nan() && beats(tap.value, best.value)),
        };
        if better {
            best = Some(tap);
        }
    }
    best.map_or((empty, None), |tap| (f64::from(tap.value), Some(tap.index)))
}

/// The detector stage. Rounded to f32, in which the kernels hold what it gives.
#[allow(clippy::cast_possible_truncation, reason = "rounding is meant")]
fn activate(activation: Option<Activation>, value: f32) -> f32 {
    let x = f64::from(value);
    match activation {
        None => value,
        Some(Activation::Relu) => {
            if value < 0.0 {
                0.0
            } else {
                value
            }
        }
        Some(Activation::LeakyRelu) => {
            if value < 0.0 {
                value * 0.01
            } else {
                value
            }
        }
        Some(Activation::Sigmoid) => (1.0 / (1.0 + (-x).exp())) as f32,
        Some(Activation::Tanh) => x.tanh() as f32,
    }
}

fn variance(values: impl Iterator<Item = f64>, mean: f64, count: f64) -> f64 {
    values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count
}

fn log_sum_exp(values: impl Iterator<Item = f64> + Clone, r: f64, count: f64) -> f64 {
    if values.clone().any(f64::is_nan) {
        return f64::NAN;
    }
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_infinite() {
        return largest;
    }
    largest + (values.map(|x| (r * (x - largest)).exp()).sum::<f64>() / count).ln() / r
}

/// Σ x·e^βx / Σ e^βx relative to the value that weighs most.
fn soft(values: impl Iterator<Item = f64> + Clone, beta: f64) -> f64 {
    if values.clone().any(f64::is_nan) {
        return f64::NAN;
    }
    let heaviest = if beta < 0.0 {
        values.clone().fold(f64::INFINITY, f64::min)
    } else {
        values.clone().fold(f64::NEG_INFINITY, f64::max)
    };
    if beta != 0.0 && heaviest.is_infinite() {
        return heaviest;
    }
    let weight = |x: f64| if beta == 0.0 { 1.0 } else { (beta * (x - heaviest)).exp() };
    // A value that weighs nothing, such as the other infinity, contributes nothing.
    let weighted = values.clone().filter(|&x| weight(x) > 0.0).map(|x| x * weight(x)).sum::<f64>();
    weighted / values.map(weight).sum::<f64>()
}

/// (Σ|x|ᵖ)^(1/p), scaled by the largest |x| so that no power overflows.
fn norm(magnitudes: impl Iterator<Item = f64> + Clone, p: f64) -> f64 {
    if magnitudes.clone().any(f64::is_nan) {
        return f64::NAN;
    }
    let largest = magnitudes.clone().fold(0.0, f64::max);
    if largest == 0.0 || largest.is_infinite() || p.is_infinite() {
        return largest;
    }
    largest * magnitudes.map(|x| (x / largest).powf(p)).sum::<f64>().powf(1.0 / p)
}

#[cfg(test)]
mod tests;
