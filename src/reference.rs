//! The oracle: every op in every region by brute force on the CPU, in f64.
//!
//! Loops over outputs and taps, written from the definitions and never optimised. It shares no geometry with the kernels: taps
//! are found by trying positions. Tests compare every kernel with it, and the command line falls back to it where a
//! machine has no adapter at all.

mod axes;
mod boxes;
mod clusters;
mod fold;
mod grad;
mod lists;
mod random;
mod unpool;

use axes::{AxisTaps, as_i64, axis_taps, each, three, window_taps};
use fold::{Source, Tap, fold};
pub use grad::{Gradient, detection, grad};
pub use unpool::unpool;

use crate::{
    Activation, Element, Error, Layout, Op, Pooling, Quantization, Region, Shape, SideInputs, WeightPreset, Window,
    geometry::Geometry,
};

/// Outputs beyond this are refused: the oracle is for checking, and holds f64.
const MOST_OUTPUTS: usize = 1 << 28;

/// What the reference answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The output's shape.
    pub shape: Shape,
    /// One value an output, row-major.
    pub values: Vec<f64>,
    /// For max, min and stochastic samples in regions of one plane, the place in it of the tap that each output took; `None` where a region is
    /// empty.
    pub indices: Option<Vec<Option<usize>>>,
}

/// Pools `input`, of shape `shape`, as it is stored: elements of any [`Element`] type. Quantised numbers are given as the reals
/// that they stand for. The answer is not rounded: [`Element::encode`] does that.
///
/// # Errors
/// As [`Pooling::output_shape`]; [`Error::InvalidBinding`] where `input` has not the shape's size;
/// [`Error::UnsupportedSize`] above 2²⁸ outputs.
pub fn pool<T: Copy + Into<f64>>(pooling: &Pooling, shape: &Shape, input: &[T]) -> Result<Answer, Error> {
    pool_with(pooling, shape, input, &SideInputs::new())
}

/// [`pool`] with what the pooling reads beside its input.
///
/// # Errors
/// As [`pool`]; [`Error::InvalidBinding`] for a side input that is missing, has the wrong size or is not used.
pub fn pool_with<T: Copy + Into<f64>>(
    pooling: &Pooling,
    shape: &Shape,
    input: &[T],
    sides: &SideInputs<'_>,
) -> Result<Answer, Error> {
    let pooling = &*sides.resolve(pooling);
    sides.check(pooling, &Geometry::resolve(pooling, shape)?)?;
    let (layout, (shape, input)) = (shape.layout(), &channels_first(shape, input)?);
    let geometry = Geometry::resolve(pooling, shape)?;
    let output = geometry.output;
    if output.elements() > MOST_OUTPUTS {
        return Err(Error::UnsupportedSize {
            what: "output elements".into(),
            limit: MOST_OUTPUTS as u64,
            actual: output.elements() as u64,
        });
    }
    let chooses = pooling.op.kind().row().indices && pooling.region.has_indices();
    let mut answer = Answer { shape: output, values: Vec::with_capacity(output.elements()), indices: chooses.then(Vec::new) };
    regions(pooling, shape, &geometry, input, sides, &mut |found| {
        let (value, chosen) = match found.empty {
            Some(empty) if found.taps.is_empty() => (empty, None),
            _ => fold(&pooling.op, &found.taps, found.counted, answer.values.len()),
        };
        answer.values.push(value);
        if let Some(indices) = &mut answer.indices {
            indices.push(chosen.map(|chosen| found.taps[chosen].index));
        }
    })?;
    let shape = output.in_layout(layout);
    let indices = answer.indices.map(|indices| shape.from_channels_first(&indices));
    Ok(Answer { shape, values: shape.from_channels_first(&answer.values), indices })
}

/// A pooling's answers as they are stored: rounded to nearest, half to even; whole numbers saturated, but for sums of i32, which wrap where they are sums of
/// values as stored and not interpolated or behind an activation. With `quantization` values are reals that bytes stand for.
#[must_use]
pub fn encode(pooling: &Pooling, output: Element, quantization: Option<Quantization>, values: &[f64]) -> Vec<u8> {
    let interpolated = matches!(pooling.region, Region::RoiAlign(_));
    if output == Element::I32 && pooling.op == Op::Sum && pooling.activation.is_none() && !interpolated {
        #[allow(clippy::cast_possible_truncation, reason = "i32 sums wrap; f64 holds them")]
        return values.iter().flat_map(|&sum| (sum as i64 as i32).to_ne_bytes()).collect();
    }
    let quantization = quantization.unwrap_or(Quantization::NONE);
    let stored = |&value: &f64| if output.is_byte() { quantization.stored(value) } else { value };
    output.encode(values.iter().map(stored))
}

/// Numbers with channels first, and their shape.
fn channels_first<T: Copy + Into<f64>>(shape: &Shape, values: &[T]) -> Result<(Shape, Vec<f64>), Error> {
    check_input(shape, values.len())?;
    let numbers: Vec<f64> = values.iter().map(|&value| value.into()).collect();
    Ok((shape.in_layout(Layout::Nchw), shape.to_channels_first(&numbers)))
}

/// One output's region.
struct Found {
    /// Its valid taps, row-major.
    taps: Vec<Tap>,
    /// Taps in the input or its padding.
    counted: f64,
    /// What the region answers where it has no tap, unless the op says.
    empty: Option<f64>,
}

/// Visits the region of every output, row-major.
fn regions(
    pooling: &Pooling,
    shape: &Shape,
    geometry: &Geometry,
    input: &[f64],
    sides: &SideInputs<'_>,
    visit: &mut dyn FnMut(Found),
) -> Result<(), Error> {
    let output = geometry.output;
    match &pooling.region {
        Region::Channels { .. } | Region::ChannelWindow { .. } => over_channels(pooling, shape, output, input, visit),
        Region::RoiPool(_) | Region::RoiAlign(_) => boxes::regions(pooling, shape, output, input, sides, visit),
        Region::Clusters(region) => {
            let labels = clusters::labels(pooling, region, shape, input);
            let count = output.spatial().iter().product::<usize>();
            let segments = Region::Segments { count: u32::try_from(count).ok(), empty: 0.0 };
            let pooling = Pooling { region: segments, ..pooling.clone() };
            lists::regions(&pooling, shape, input, &SideInputs::new().labels(&labels), visit);
        }
        Region::Segments { .. } | Region::Sequence => lists::regions(pooling, shape, input, sides, visit),
        // A pyramid is its levels one after the other.
        Region::Pyramid { levels } => {
            let grids: Vec<_> = levels.iter().map(|&level| Region::Adaptive { output_size: level.into() }).collect();
            in_planes(pooling, shape, &grids, input, sides, visit)?;
        }
        region => in_planes(pooling, shape, std::slice::from_ref(region), input, sides, visit)?,
    }
    Ok(())
}

/// Regions of one plane that are products of what they are on each axis: of every plane, those of each grid in turn.
fn in_planes(
    pooling: &Pooling,
    shape: &Shape,
    grids: &[Region],
    input: &[f64],
    sides: &SideInputs<'_>,
    visit: &mut dyn FnMut(Found),
) -> Result<(), Error> {
    let [depth, height, width] = three(shape.spatial());
    let weights = weights(pooling, shape, sides);
    for plane in 0..shape.batch() * shape.channels() {
        let base = plane * depth * height * width;
        for grid in grids {
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
                                    let value = activate(pooling.activation, input[base + index]);
                                    let source = Source::One(base + index);
                                    taps.push(Tap { distance2: distance.iter().sum(), ..Tap::new(value, index, source) });
                                }
                            }
                        }
                        if let Some(weights) = &weights {
                            for (tap, number) in taps.iter_mut().zip(numbers_of([&zs, &ys, &xs])) {
                                tap.weight_at = weights.place(plane, number);
                                tap.weight = weights.values[tap.weight_at];
                            }
                        }
                        visit(Found { taps, counted: zs.counted * ys.counted * xs.counted, empty: None });
                    }
                }
            }
        }
    }
    Ok(())
}

/// The segment that [`Region::Clusters`] gives each position of each image, \[N, in…\]: its cell times K plus its cluster, −1 for none. Empty
/// for other regions.
///
/// # Errors
/// As [`pool`].
pub fn cluster_labels<T: Copy + Into<f64>>(pooling: &Pooling, shape: &Shape, input: &[T]) -> Result<Vec<i32>, Error> {
    pooling.output_shape(shape)?;
    let (shape, input) = channels_first(shape, input)?;
    Ok(match &pooling.region {
        Region::Clusters(region) => clusters::labels(pooling, region, &shape, &input),
        _ => Vec::new(),
    })
}

fn check_input(shape: &Shape, elements: usize) -> Result<(), Error> {
    if elements == shape.elements() {
        return Ok(());
    }
    Err(Error::InvalidBinding {
        binding: "input",
        expected: format!("{} elements for shape {shape}", shape.elements()),
        actual: format!("{elements} elements"),
    })
}

/// Regions over channels: at each position, the channels of a group or window.
#[allow(clippy::cast_precision_loss, reason = "counts of channels")]
fn over_channels(pooling: &Pooling, shape: &Shape, output: Shape, input: &[f64], visit: &mut dyn FnMut(Found)) {
    let (channels, groups) = (shape.channels(), output.channels());
    let positions: usize = shape.spatial().iter().product();
    for n in 0..shape.batch() {
        for group in 0..groups {
            let AxisTaps { taps: members, counted, .. } = match pooling.region {
                Region::Channels { group: size, strided } => {
                    let size = size as usize;
                    let belongs = |c: &usize| if strided { c % groups == group } else { c / size == group };
                    AxisTaps {
                        taps: (0..channels).filter(belongs).collect(),
                        places: Vec::new(),
                        numbers: Vec::new(),
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
                _ => AxisTaps { taps: Vec::new(), places: Vec::new(), numbers: Vec::new(), counted: 0.0, centre: 0.0 },
            };
            for position in 0..positions {
                let tap = |&channel: &usize| {
                    let at = (n * channels + channel) * positions + position;
                    Tap::new(activate(pooling.activation, input[at]), channel, Source::One(at))
                };
                visit(Found { taps: members.iter().map(tap).collect(), counted, empty: None });
            }
        }
    }
}

/// What the taps of a window weigh.
struct Weights {
    /// One set, or one a channel.
    values: Vec<f64>,
    kernel: [usize; 3],
    channels: usize,
}

impl Weights {
    /// Where the weight of a plane's window's tap stands.
    fn place(&self, plane: usize, [z, y, x]: [usize; 3]) -> usize {
        let taps: usize = self.kernel.iter().product();
        let set = if self.values.len() == taps { 0 } else { plane % self.channels };
        set * taps + (z * self.kernel[1] + y) * self.kernel[2] + x
    }
}

/// The weights that the op reads, given or preset.
fn weights(pooling: &Pooling, shape: &Shape, sides: &SideInputs<'_>) -> Option<Weights> {
    let Region::Window(window) = &pooling.region else { return None };
    let axes = shape.spatial().len();
    let kernel = three(&(0..axes).map(|axis| each(&window.kernel_size, axis) as usize).collect::<Vec<_>>());
    let values = match (pooling.op, sides.weights) {
        (Op::Weighted { preset: Some(WeightPreset::Binomial), .. }, _) => {
            let [z, y, x] = kernel.map(binomial);
            let pairs: Vec<f64> = z.iter().flat_map(|z| y.iter().map(move |y| z * y)).collect();
            pairs.iter().flat_map(|zy| x.iter().map(move |x| zy * x)).collect()
        }
        (_, Some(given)) => given.iter().map(|&weight| f64::from(weight)).collect(),
        _ => return None,
    };
    Some(Weights { values, kernel, channels: shape.channels() })
}

/// A row of Pascal's triangle that sums to 1: `count` − 1 times, half of each number goes to its neighbour.
fn binomial(count: usize) -> Vec<f64> {
    (1..count).fold(vec![1.0], |row, _| {
        let at = |j: usize| row.get(j).copied().unwrap_or(0.0);
        (0..=row.len()).map(|j| (at(j) + if j == 0 { 0.0 } else { at(j - 1) }) / 2.0).collect()
    })
}

/// The numbers of a window's valid taps, row-major.
fn numbers_of([zs, ys, xs]: [&AxisTaps; 3]) -> Vec<[usize; 3]> {
    let mut numbers = Vec::new();
    for &z in &zs.numbers {
        for &y in &ys.numbers {
            numbers.extend(xs.numbers.iter().map(|&x| [z, y, x]));
        }
    }
    numbers
}

/// The detector stage, of f32 and rounded to it, since the kernels hold that; without one, values are as they are.
#[allow(clippy::cast_possible_truncation, reason = "rounding is meant")]
fn activate(activation: Option<Activation>, value: f64) -> f64 {
    let Some(activation) = activation else { return value };
    let value = value as f32;
    let x = f64::from(value);
    let activated = match activation {
        Activation::Relu | Activation::LeakyRelu if value >= 0.0 || value.is_nan() => value,
        Activation::Relu => 0.0,
        Activation::LeakyRelu => value * 0.01,
        Activation::Sigmoid => (1.0 / (1.0 + (-x).exp())) as f32,
        Activation::Tanh => x.tanh() as f32,
    };
    activated.into()
}

#[cfg(test)]
mod tests;
