//! Every op's definition over the taps of one region, in f64.

use super::random;
use crate::{Op, ProbabilisticMode, StochasticMode};

/// One valid tap of a region.
pub(super) struct Tap {
    /// What f32 holds of it; finite differences alone give others.
    pub(super) value: f64,
    pub(super) index: usize,
    /// Squared distance from the region's nominal centre.
    pub(super) distance2: f64,
    /// Its weight, where the op reads weights, and where that stands.
    pub(super) weight: f64,
    pub(super) weight_at: usize,
    /// Where its value comes from.
    pub(super) source: Source,
}

/// The input elements that a tap's value comes from, and how much of each.
pub(super) enum Source {
    One(usize),
    Between([(usize, f64); 4]),
}

impl Source {
    /// The same places, in a plane that begins at `base`.
    pub(super) fn shift(&mut self, base: usize) {
        match self {
            Self::One(at) => *at += base,
            Self::Between(corners) => corners.iter_mut().for_each(|(at, _)| *at += base),
        }
    }
}

impl Tap {
    pub(super) fn new(value: f64, index: usize, source: Source) -> Self {
        Self { value, index, distance2: 0.0, weight: 1.0, weight_at: 0, source }
    }
}

/// The statistic of a region's valid taps, and which of them it took.
#[allow(clippy::cast_precision_loss, reason = "counts of taps are far below 2⁵³")]
pub(super) fn fold(op: &Op, taps: &[Tap], counted: f64, output: usize) -> (f64, Option<usize>) {
    let values = || taps.iter().map(|tap| tap.value);
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
            let near = nearest(taps);
            let (mut weighted, mut weights) = (0.0, 0.0);
            for tap in taps {
                let weight = gaussian_weight(tap, near, sigma);
                if weight > 0.0 {
                    weighted += weight * tap.value;
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
        Op::Mixed { alpha } => (blend(taps, [f64::from(alpha), 1.0 - f64::from(alpha)]), None),
        Op::Rank { q } => rank(taps, q),
        Op::Median => rank(taps, 0.5),
        Op::Weighted { normalize, .. } => {
            let (weighted, weights) = weighted_sum(taps);
            let mean = if weights == 0.0 { 0.0 } else { weighted / weights };
            (if normalize { mean } else { weighted }, None)
        }
        Op::Gated { .. } => (blend(taps, gate(taps)), None),
        Op::Stochastic { seed, mode: StochasticMode::Sample } => draw(taps, seed, output),
        Op::Stochastic { mode: StochasticMode::Expectation, .. } => (expectation(&values()), None),
        Op::ProbabilisticMax { mode: ProbabilisticMode::Probabilities, .. } => {
            let (on, off, _) = block(taps);
            (on / (on + off), None)
        }
        Op::ProbabilisticMax { seed, mode: ProbabilisticMode::Sample } => draw_block(taps, seed, output),
        Op::First => (taps[0].value, Some(0)),
        Op::Last => (taps[taps.len() - 1].value, Some(taps.len() - 1)),
    }
}

/// The squared distance of the tap that is nearest to the region's centre.
pub(super) fn nearest(taps: &[Tap]) -> f64 {
    taps.iter().map(|tap| tap.distance2).fold(f64::INFINITY, f64::min)
}

/// A gaussian of the distance, relative to the nearest tap's; 0 below what f32 holds.
pub(super) fn gaussian_weight(tap: &Tap, nearest: f64, sigma: f32) -> f64 {
    let excess = tap.distance2 - nearest;
    let weight = if excess == 0.0 { 1.0 } else { (-excess / (2.0 * f64::from(sigma) * f64::from(sigma))).exp() };
    if weight >= f64::from(f32::MIN_POSITIVE) { weight } else { 0.0 }
}

/// Σa, a = max(x, 0).
pub(super) fn expectation_parts(taps: &[Tap]) -> f64 {
    taps.iter().map(|tap| tap.value).filter(|&x| x >= f64::from(f32::MIN_POSITIVE)).sum()
}

/// The first tap that has the element at place ⌊Q(n − 1)/2³²⌋ in order, Q = ⌈q·2³²⌉.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "q is from 0 to 1, and the place below n")]
fn rank(taps: &[Tap], q: f64) -> (f64, Option<usize>) {
    if let Some(nan) = taps.iter().position(|tap| tap.value.is_nan()) {
        return (f64::NAN, Some(nan));
    }
    let mut sorted: Vec<f64> = taps.iter().map(|tap| tap.value).collect();
    sorted.sort_by(f64::total_cmp);
    let place = ((q * f64::from(2u32.pow(31)) * 2.0).ceil() as u128 * (sorted.len() as u128 - 1)) >> 32;
    let value = sorted[place as usize];
    (value, taps.iter().position(|tap| tap.value.total_cmp(&value).is_eq()))
}

/// The first tap that no other beats, or the last NaN.
pub(super) fn choose(taps: &[Tap], empty: f64, beats: impl Fn(f64, f64) -> bool) -> (f64, Option<usize>) {
    let mut best: Option<usize> = None;
    for (at, tap) in taps.iter().enumerate() {
        let better = match best.map(|best| &taps[best]) {
            None => true,
            Some(best) => tap.value.is_nan() || (!best.value.is_nan() && beats(tap.value, best.value)),
        };
        if better {
            best = Some(at);
        }
    }
    best.map_or((empty, None), |at| (taps[at].value, Some(at)))
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

/// Σwx and Σw over taps that weigh something.
pub(super) fn weighted_sum(taps: &[Tap]) -> (f64, f64) {
    let heavy = || taps.iter().filter(|tap| tap.weight != 0.0);
    (heavy().map(|tap| tap.weight * tap.value).sum(), heavy().map(|tap| tap.weight).sum())
}

/// α = sigmoid(Σwx) and 1 − α, each 0 where its argument is below −87, as in kernels, whose f32 holds no smaller ones.
pub(super) fn gate(taps: &[Tap]) -> [f64; 2] {
    let gate = weighted_sum(taps).0;
    [gate, -gate].map(|gate| if gate < -87.0 { 0.0 } else { 1.0 / (1.0 + (-gate).exp()) })
}

/// α·max + (1 − α)·average, where the one whose share is 0 has no say.
#[allow(clippy::cast_precision_loss, reason = "counts of taps are far below 2⁵³")]
fn blend(taps: &[Tap], [alpha, rest]: [f64; 2]) -> f64 {
    let average = taps.iter().map(|tap| tap.value).sum::<f64>() / taps.len() as f64;
    let largest = choose(taps, 0.0, |new, best| new.total_cmp(&best).is_gt()).0;
    match (alpha, rest) {
        (0.0, _) => average,
        (_, 0.0) => largest,
        _ => alpha * largest + rest * average,
    }
}

/// The tap with the best lot, the first among equals; the last NaN where there is one.
#[allow(clippy::cast_possible_truncation, reason = "outputs and taps are numbered by 32 bits")]
fn draw(taps: &[Tap], seed: u64, output: usize) -> (f64, Option<usize>) {
    let mut best: Option<(u64, usize)> = None;
    for (ordinal, tap) in taps.iter().enumerate() {
        let weight = if tap.value < 0.0 { 0.0 } else { tap.value.abs() as f32 };
        let Some(score) = random::score(weight, random::philox([output as u32, ordinal as u32], seed)) else { continue };
        if best.is_none_or(|(most, _)| score > most || score == most && tap.value.is_nan()) {
            best = Some((score, ordinal));
        }
    }
    best.map_or((0.0, None), |(_, at)| (taps[at].value, Some(at)))
}

/// Σa²/Σa, a = max(x, 0).
fn expectation(values: &(impl Iterator<Item = f64> + Clone)) -> f64 {
    if values.clone().any(f64::is_nan) {
        return f64::NAN;
    }
    let positive = || values.clone().filter(|&x| x >= f64::from(f32::MIN_POSITIVE));
    let largest = positive().fold(0.0, f64::max);
    if largest == 0.0 || largest.is_infinite() {
        largest
    } else {
        positive().map(|a| a * a).sum::<f64>() / positive().sum::<f64>()
    }
}

/// Σeˣ of a block, and the weight of none of it being on, both relative to e^M, and M, the largest of the x and 0.
pub(super) fn block(taps: &[Tap]) -> (f64, f64, f64) {
    if taps.iter().any(|tap| tap.value.is_nan()) {
        return (f64::NAN, 1.0, 0.0);
    }
    let most = taps.iter().map(|tap| tap.value).fold(0.0, f64::max);
    let weight = |x: f64| if x == most { 1.0 } else { (x - most).exp() };
    (taps.iter().map(|tap| weight(tap.value)).sum(), weight(0.0), most)
}

/// The unit of a block that is on, if one is; the first NaN where there is one.
#[allow(clippy::cast_possible_truncation, reason = "outputs and taps are numbered by 32 bits, and values were f32s")]
fn draw_block(taps: &[Tap], seed: u64, output: usize) -> (f64, Option<usize>) {
    if let Some(nan) = taps.iter().position(|tap| tap.value.is_nan()) {
        return (f64::NAN, Some(nan));
    }
    let none = random::score_exp(0.0, random::philox([output as u32, u32::MAX], seed));
    let scores = taps
        .iter()
        .enumerate()
        .map(|(ordinal, tap)| random::score_exp(tap.value as f32, random::philox([output as u32, ordinal as u32], seed)));
    let best = scores.enumerate().fold(None, |best: Option<(usize, u64)>, (at, score)| match best {
        Some((_, most)) if most >= score => best,
        _ => Some((at, score)),
    });
    match best {
        Some((at, score)) if score >= none => (1.0, Some(at)),
        _ => (0.0, None),
    }
}
