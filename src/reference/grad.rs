//! The way back by brute force: every output's derivatives with respect to its taps, added up where the taps come from.

use super::{
    channels_first,
    fold::{Source, Tap, block, choose, expectation_parts, fold, gate, gaussian_weight, nearest, weighted_sum},
    regions,
};
use crate::{Activation, Error, Op, Pooling, ProbabilisticMode, Shape, SideInputs, StochasticMode, geometry::Geometry};

/// What comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradient {
    /// ∂L/∂input, one value an element.
    pub input: Vec<f64>,
    /// Σ of the magnitudes that each of them is the sum of, which rounding is relative to.
    pub sizes: Vec<f64>,
    /// ∂L/∂weights where weights are given, or ∂L/∂p of gem; empty for other ops.
    pub parameters: Vec<f64>,
    /// Σ of the magnitudes that each of those is the sum of.
    pub parameter_sizes: Vec<f64>,
}

/// The gradient of [`pool_with`](super::pool_with), given that of its output.
///
/// # Errors
/// As [`pool_with`](super::pool_with); [`Error::InvalidBinding`] where `grad_output` has not the output's size.
pub fn grad<T: Copy + Into<f64>, G: Copy + Into<f64>>(
    pooling: &Pooling,
    shape: &Shape,
    input: &[T],
    grad_output: &[G],
    sides: &SideInputs<'_>,
) -> Result<Gradient, Error> {
    let pooling = &*sides.resolve(pooling);
    let geometry = Geometry::resolve(pooling, shape)?;
    sides.check(pooling, &geometry)?;
    let (first, input) = channels_first(shape, input)?;
    if grad_output.len() != geometry.output.elements() {
        return Err(Error::InvalidBinding {
            binding: "grad_output",
            expected: format!("{} elements for shape {}", geometry.output.elements(), geometry.output),
            actual: format!("{} elements", grad_output.len()),
        });
    }
    let (_, ahead) = channels_first(&geometry.output, grad_output)?;
    let mut gradient = grad_of(pooling, &first, &Geometry::resolve(pooling, &first)?, &input, &ahead, sides)?;
    for values in [&mut gradient.input, &mut gradient.sizes] {
        *values = shape.from_channels_first(values);
    }
    Ok(gradient)
}

/// The same, of what has been checked.
pub(super) fn grad_of(
    pooling: &Pooling,
    shape: &Shape,
    geometry: &Geometry,
    input: &[f64],
    grad_output: &[f64],
    sides: &SideInputs<'_>,
) -> Result<Gradient, Error> {
    let [back, sizes] = [vec![0.0; input.len()], vec![0.0; input.len()]];
    let count = usize::try_from(pooling.op.learned(geometry.weights)).unwrap_or(usize::MAX);
    let mut answer = Gradient { input: back, sizes, parameters: vec![0.0; count], parameter_sizes: vec![0.0; count] };
    let mut output = 0;
    regions(pooling, shape, geometry, input, sides, &mut |found| {
        let ahead = grad_output[output];
        let slopes = if found.taps.is_empty() { Vec::new() } else { slopes(&pooling.op, &found.taps, found.counted, output) };
        for (tap, slope) in found.taps.iter().zip(slopes) {
            let mut add = |at: usize, share: f64| {
                // What a slope of 0 lets nothing through of may be infinite.
                let term = if slope.value == 0.0 { 0.0 } else { ahead * slope.value * share };
                answer.input[at] += term;
                answer.sizes[at] += (ahead * share).abs() * slope.size;
            };
            match &tap.source {
                Source::One(at) => add(*at, 1.0),
                Source::Between(corners) => {
                    corners.iter().filter(|corner| corner.1 != 0.0).for_each(|&(at, share)| add(at, share));
                }
            }
            if count > 0 {
                answer.parameters[tap.weight_at] += ahead * slope.weight;
                answer.parameter_sizes[tap.weight_at] += ahead.abs() * slope.weight_size;
            }
        }
        output += 1;
    })?;
    for (back, &x) in answer.input.iter_mut().zip(input) {
        *back = activation_back(pooling.activation, x, *back);
    }
    Ok(answer)
}

/// The derivatives of an op's answer with respect to one tap, and the sizes of what is added up in them.
#[derive(Clone, Copy, Default)]
pub(super) struct Slope {
    pub(super) value: f64,
    pub(super) size: f64,
    pub(super) weight: f64,
    pub(super) weight_size: f64,
}

/// The derivatives with respect to each tap.
#[allow(clippy::cast_precision_loss, reason = "counts of taps are far below 2⁵³")]
pub(super) fn slopes(op: &Op, taps: &[Tap], counted: f64, output: usize) -> Vec<Slope> {
    let count = taps.len() as f64;
    let values = || taps.iter().map(|tap| tap.value);
    let mean = values().sum::<f64>() / count;
    let (answer, chosen) = fold(op, taps, counted, output);
    let largest = || values().filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
    let plain = |slope: &dyn Fn(&Tap) -> f64| -> Vec<Slope> {
        taps.iter().map(slope).map(|value| Slope { value, size: value.abs(), ..Slope::default() }).collect()
    };
    // Of a difference, both sides count towards the size.
    let apart = |slope: &dyn Fn(&Tap) -> (f64, f64)| -> Vec<Slope> {
        taps.iter().map(slope).map(|(value, size)| Slope { value, size, ..Slope::default() }).collect()
    };
    let at = |chosen: Option<usize>, own: f64| {
        let own = move |t| if Some(t) == chosen { own } else { 0.0 };
        (0..taps.len()).map(own).map(|value| Slope { value, size: value.abs(), ..Slope::default() })
    };
    match *op {
        Op::Max
        | Op::Min
        | Op::First
        | Op::Last
        | Op::Rank { .. }
        | Op::Median
        | Op::Stochastic { mode: StochasticMode::Sample, .. } => at(chosen, 1.0).collect(),
        Op::Sum => plain(&|_| 1.0),
        Op::Average { count_include_pad, divisor_override, sqrt_divisor } => {
            let divisor = divisor_override.map_or(if count_include_pad { counted } else { count }, f64::from);
            plain(&|_| 1.0 / if sqrt_divisor { divisor.sqrt() } else { divisor })
        }
        Op::Lp { p: f32::INFINITY } => {
            let first = taps.iter().position(|tap| tap.value.is_nan());
            let first = first.or_else(|| taps.iter().position(|tap| tap.value.abs() == answer));
            first.map_or_else(|| plain(&|_| 0.0), |first| at(Some(first), sign(taps[first].value)).collect())
        }
        // A power magnifies the error of what it is a power of.
        Op::Lp { p } => apart(&|tap| match answer {
            norm if norm == 0.0 || norm < least_norm(p) => (0.0, 0.0),
            norm => {
                let share = (tap.value.abs() / norm).powf(f64::from(p) - 1.0);
                (sign(tap.value) * share, share * f64::from(1.0 + p))
            }
        }),
        Op::Gaussian { sigma } => {
            let near = nearest(taps);
            let weight = |tap: &Tap| gaussian_weight(tap, near, sigma);
            let weights: f64 = taps.iter().map(weight).sum();
            plain(&|tap| weight(tap) / weights)
        }
        Op::Weighted { normalize, .. } => {
            let (_, weights) = weighted_sum(taps);
            taps.iter()
                .map(|tap| match (normalize, weights) {
                    (true, 0.0) => Slope::default(),
                    (true, sum) => Slope {
                        value: tap.weight / sum,
                        size: (tap.weight / sum).abs(),
                        weight: (tap.value - answer) / sum,
                        weight_size: (tap.value.abs() + answer.abs()) / sum.abs(),
                    },
                    (false, _) => {
                        Slope { value: tap.weight, size: tap.weight.abs(), weight: tap.value, weight_size: tap.value.abs() }
                    }
                })
                .collect()
        }
        Op::Std => apart(&|tap| match answer {
            0.0 => (0.0, 0.0),
            deviation => ((tap.value - mean) / (count * deviation), 2.0 * largest() / (count * deviation)),
        }),
        Op::Variance => apart(&|tap| match answer.is_nan() {
            true => (f64::NAN, 0.0),
            false => (2.0 * (tap.value - mean) / count, 4.0 * largest() / count),
        }),
        Op::LogSumExp { r } => {
            let r = f64::from(r);
            let most = values().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = values().map(|x| (r * (x - most)).exp()).sum();
            let steep = 1.0 + r * largest();
            apart(&|tap| match answer {
                answer if answer.is_nan() => (answer, 0.0),
                _ if most.is_infinite() => (0.0, 0.0),
                _ => ((r * (tap.value - most)).exp() / sum, (r * (tap.value - most)).exp() / sum * steep),
            })
        }
        Op::Soft { beta: 0.0 } => plain(&|_| 1.0 / count),
        Op::Soft { beta } => {
            let beta = f64::from(beta);
            let heaviest = values().fold(f64::NEG_INFINITY, |most, x| most.max(beta * x));
            let weight = |x: f64| (beta * x - heaviest).exp();
            let sum: f64 = values().map(weight).sum();
            let size = 1.0 + 2.0 * beta.abs() * largest();
            let steep = |x: f64| 1.0 + beta * (x - answer);
            apart(&|tap| match answer {
                answer if answer.is_nan() => (answer, 0.0),
                _ if heaviest.is_infinite() || weight(tap.value) == 0.0 => (0.0, 0.0),
                _ => {
                    let share = weight(tap.value) / sum;
                    (share * steep(tap.value), share * size * (1.0 + steep(tap.value).abs()))
                }
            })
        }
        Op::Gem { p, eps } => apart(&|tap| match tap.value {
            x if x <= f64::from(eps) => (0.0, 0.0),
            x => {
                let share = (x / answer).powf(f64::from(p) - 1.0) / count;
                (share, share * f64::from(1.0 + p))
            }
        })
        .into_iter()
        .enumerate()
        // p belongs to no tap: all of it is told with the first.
        .map(|(at, slope)| match at {
            0 => {
                let (weight, weight_size) = gem_by_p(taps, f64::from(p), f64::from(eps), answer);
                Slope { weight, weight_size, ..slope }
            }
            _ => slope,
        })
        .collect(),
        Op::Mixed { alpha } => {
            let alpha = f64::from(alpha);
            let most = choose(taps, 0.0, |new, best| new.total_cmp(&best).is_gt()).1;
            let rest = (1.0 - alpha) / count;
            at(most, alpha).map(|slope| Slope { value: slope.value + rest, size: slope.size + rest, ..slope }).collect()
        }
        Op::Gated { .. } => {
            let (most, chosen) = choose(taps, 0.0, |new, best| new.total_cmp(&best).is_gt());
            let [alpha, rest] = gate(taps);
            let settled = alpha == 0.0 || rest == 0.0;
            let slope = if settled { 0.0 } else { (most - mean) * (alpha * rest) };
            // A gate moves with the error of its own sum.
            let reach = if settled { 1.0 } else { 1.0 + taps.iter().map(|tap| (tap.weight * tap.value).abs()).sum::<f64>() };
            let spread = if settled { 0.0 } else { (most.abs() + largest()) * alpha * rest * reach };
            taps.iter()
                .enumerate()
                .map(|(t, tap)| {
                    let own = if Some(t) == chosen { alpha } else { 0.0 } + rest / count;
                    Slope {
                        value: own + slope * tap.weight,
                        size: own * reach + spread * tap.weight.abs(),
                        weight: slope * tap.value,
                        weight_size: spread * tap.value.abs(),
                    }
                })
                .collect()
        }
        Op::ProbabilisticMax { mode: ProbabilisticMode::Probabilities, .. } => {
            let (on, off, most) = block(taps);
            plain(&|tap| detected(tap.value, most) / (on + off) * (off / (on + off)))
        }
        Op::ProbabilisticMax { mode: ProbabilisticMode::Sample, .. } => plain(&|_| 0.0),
        Op::Stochastic { mode: StochasticMode::Expectation, .. } => {
            let sum = expectation_parts(taps);
            apart(&|tap| match tap.value {
                x if x < f64::from(f32::MIN_POSITIVE) || answer == 0.0 => (0.0, 0.0),
                x => ((2.0 * x - answer) / sum, (2.0 * x + answer) / sum),
            })
        }
    }
}

/// ∂y/∂p of gem, y = (Σaᵖ/n)^(1/p): y/p · (Σaᵖ ln a/Σaᵖ − ln(Σaᵖ/n)/p), a being relative to the largest, and the size of its terms.
#[allow(clippy::cast_precision_loss, reason = "counts of taps are far below 2⁵³")]
fn gem_by_p(taps: &[Tap], p: f64, eps: f64, answer: f64) -> (f64, f64) {
    let values = || taps.iter().map(|tap| if tap.value < eps { eps } else { tap.value });
    let largest = values().fold(0.0, f64::max);
    let powers = || values().map(|a| (a / largest).powf(p));
    let logs: f64 = powers().zip(values()).map(|(power, a)| if power == 0.0 { 0.0 } else { power * (a / largest).ln() }).sum();
    let sum: f64 = powers().sum();
    let (of_logs, of_mean) = (logs / sum, (sum / taps.len() as f64).ln() / p);
    (answer / p * (of_logs - of_mean), answer / p * (1.0 + p) * (1.0 + of_logs.abs() + of_mean.abs()))
}

/// eˣ relative to e^most.
fn detected(x: f64, most: f64) -> f64 {
    if x == most { 1.0 } else { (x - most).exp() }
}

/// The detection layer below [`Op::ProbabilisticMax`], shaped like the input: P(h = 1), or 1 at the unit that was drawn; 0 where no block
/// reaches.
///
/// # Errors
/// As [`pool`](super::pool); [`Error::Unsupported`] for other ops.
pub fn detection<T: Copy + Into<f64>>(pooling: &Pooling, shape: &Shape, input: &[T]) -> Result<Vec<f64>, Error> {
    let Op::ProbabilisticMax { mode, .. } = pooling.op else {
        return Err(Error::unsupported(format!("the detection layer of {}", pooling.op.kind()), "probabilistic_max has one"));
    };
    Geometry::resolve(pooling, shape)?;
    let (first, input) = channels_first(shape, input)?;
    let geometry = Geometry::resolve(pooling, &first)?;
    let mut layer = vec![0.0; input.len()];
    let mut output = 0;
    regions(pooling, &first, &geometry, &input, &SideInputs::new(), &mut |found| {
        let (on, off, most) = block(&found.taps);
        let drawn = if found.taps.is_empty() { None } else { fold(&pooling.op, &found.taps, found.counted, output).1 };
        for (at, tap) in found.taps.iter().enumerate() {
            if let Source::One(place) = tap.source {
                layer[place] = match mode {
                    ProbabilisticMode::Sample => f64::from(u8::from(drawn == Some(at))),
                    _ if on.is_nan() => f64::NAN,
                    _ => detected(tap.value, most) / (on + off),
                };
            }
        }
        output += 1;
    })?;
    Ok(shape.from_channels_first(&layer))
}

/// Norms that are 0 to kernels: those that f32, or for p = 2 their squares, does not hold in full. p = 1 looks at no norm.
fn least_norm(p: f32) -> f64 {
    match p {
        1.0 => 0.0,
        2.0 => f64::from(f32::MIN_POSITIVE).sqrt(),
        _ => f64::from(f32::MIN_POSITIVE),
    }
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x.abs()
    }
}

/// What comes back through the detector stage: its derivative times what comes back to it, and 0 where nothing does. As in PyTorch, relu lets pass what comes
/// back to NaN, and `leaky_relu` a hundredth of it.
fn activation_back(activation: Option<Activation>, x: f64, back: f64) -> f64 {
    match activation {
        None => back,
        _ if back == 0.0 => 0.0,
        Some(Activation::Relu) if x <= 0.0 => 0.0,
        Some(Activation::Relu) => back,
        Some(Activation::LeakyRelu) if x > 0.0 => back,
        Some(Activation::LeakyRelu) => 0.01 * back,
        Some(Activation::Sigmoid) => {
            let y = 1.0 / (1.0 + (-x).exp());
            back * (y * (1.0 - y))
        }
        Some(Activation::Tanh) => back * (1.0 - x.tanh() * x.tanh()),
    }
}
