//! Every op's definition over the taps of one region, in f64.

use super::random;
use crate::{Op, StochasticMode};

/// One valid tap of a region.
pub(super) struct Tap {
    pub(super) value: f32,
    pub(super) index: usize,
    /// Squared distance from the region's nominal centre.
    pub(super) distance2: f64,
    /// Its weight, where the op reads weights.
    pub(super) weight: f64,
}

/// The statistic of a region's valid taps, and the tap it took.
#[allow(clippy::cast_precision_loss, reason = "counts of taps are far below 2⁵³")]
pub(super) fn fold(op: &Op, taps: &[Tap], counted: f64, output: usize) -> (f64, Option<usize>) {
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
        Op::Mixed { alpha } => (blend(taps, f64::from(alpha)), None),
        Op::Rank { q } => (rank(taps, q), None),
        Op::Median => (rank(taps, 0.5), None),
        Op::Weighted { normalize, .. } => {
            let (weighted, weights) = weighted_sum(taps);
            let mean = if weights == 0.0 { 0.0 } else { weighted / weights };
            (if normalize { mean } else { weighted }, None)
        }
        // α is an f32, in which the kernels hold it: 1 and 0 are reached, and what is below the normal range is 0.
        #[allow(clippy::cast_possible_truncation, reason = "rounding is meant")]
        Op::Gated { .. } => {
            let alpha = (1.0 / (1.0 + (-weighted_sum(taps).0).exp())) as f32;
            (blend(taps, if alpha < f32::MIN_POSITIVE { 0.0 } else { f64::from(alpha) }), None)
        }
        Op::Stochastic { seed, mode: StochasticMode::Sample } => draw(taps, seed, output),
        Op::Stochastic { mode: StochasticMode::Expectation, .. } => (expectation(&values()), None),
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
fn weighted_sum(taps: &[Tap]) -> (f64, f64) {
    let heavy = || taps.iter().filter(|tap| tap.weight != 0.0);
    (heavy().map(|tap| tap.weight * f64::from(tap.value)).sum(), heavy().map(|tap| tap.weight).sum())
}

/// α·max + (1 − α)·average.
#[allow(clippy::cast_precision_loss, reason = "counts of taps are far below 2⁵³")]
fn blend(taps: &[Tap], alpha: f64) -> f64 {
    let average = taps.iter().map(|tap| f64::from(tap.value)).sum::<f64>() / taps.len() as f64;
    let largest = choose(taps, 0.0, |new, best| new.total_cmp(&best).is_gt()).0;
    match alpha {
        0.0 => average,
        1.0 => largest,
        _ => alpha * largest + (1.0 - alpha) * average,
    }
}

/// The tap with the best lot, the first among equals; the last NaN where there is one.
#[allow(clippy::cast_possible_truncation, reason = "outputs and taps are numbered by 32 bits")]
fn draw(taps: &[Tap], seed: u64, output: usize) -> (f64, Option<usize>) {
    let mut best: Option<(u64, &Tap)> = None;
    for (ordinal, tap) in taps.iter().enumerate() {
        let weight = if tap.value < 0.0 { 0.0 } else { tap.value.abs() };
        let Some(score) = random::score(weight, random::philox([output as u32, ordinal as u32], seed)) else { continue };
        if best.is_none_or(|(most, _)| score > most || score == most && tap.value.is_nan()) {
            best = Some((score, tap));
        }
    }
    best.map_or((0.0, None), |(_, tap)| (f64::from(tap.value), Some(tap.index)))
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
