//! Which statistic summarises a region: the [`Op`] enum, and the table that says what each op needs.

mod packed;
mod table;

pub(crate) use packed::Packed;
pub(crate) use table::wgsl;
pub use table::{OpKind, OpRow, WeightingKind};

use crate::Error;

/// Which statistic one output summarises its region with.
///
/// V below is the region's valid taps, those inside the input, in row-major order. Every op takes f32 in and gives f32 out, one
/// output a region; accumulators are f32, and what they add up must fit f32: two values of 3e38 have no f32 sum, nor an average
/// by way of it. Where V is empty (a dilated window can miss the input), max and log_sum_exp answer −inf, min +inf and every
/// other op 0. NaN in V gives NaN, but for first and last, which answer the value they name.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// The largest value. `torch.nn.MaxPool`, ONNX `MaxPool`.
    ///
    /// Bit-exact, and −0 < +0 (IEEE 754-2019 `maximum`). The index is that of the first largest value, or of the last NaN
    /// (PyTorch's rule; PyTorch's index may differ between −0 and +0).
    Max,
    /// The smallest value, by the mirrored rules of [`Op::Max`].
    Min,
    /// Σx. Sums are made in blocks and trees, within 10 ε (1 + log₂ taps) Σ|x| of the exact one.
    Sum,
    /// Σx / divisor. `torch.nn.AvgPool`, ONNX `AveragePool`; accuracy as for [`Op::Sum`].
    Average {
        /// Whether taps in the padding count towards the divisor (PyTorch's default). The last window of `ceil_mode` counts
        /// what lies within input and padding, never its overhang.
        count_include_pad: bool,
        /// A divisor to use in place of the number of taps; finite and not 0.
        divisor_override: Option<f32>,
        /// Divide by the root of the number of taps instead.
        sqrt_divisor: bool,
    },
    /// (Σ|x|ᵖ)^(1/p), no mean: ONNX `LpPool`, WebNN `l2Pool2d` (PyTorch's `LPPool` keeps the sign of Σxᵖ for odd p).
    ///
    /// p = 1, 2 and ∞ have paths of their own. p = 2 sums squares in f32 and so overflows beyond |x| = 1.8e19 and loses values
    /// below 1e-19; any other p is scaled by the largest |x| and does not, and takes subnormal values for 0. Where a norm is beyond f32,
    /// the slopes of p above 1 are 0.
    Lp {
        /// The exponent, at least 1; `f32::INFINITY` for the largest magnitude.
        p: f32,
    },
    /// Σwx / Σw with w = exp(−r²/2σ²), r being the distance in input positions from the region's nominal, unclipped centre.
    /// Weights below the smallest normal f32, relative to the nearest valid tap's, are 0, and such a tap contributes
    /// nothing, even ±inf.
    Gaussian {
        /// The standard deviation σ in input positions; finite and above 0.
        sigma: f32,
    },
    /// The population standard deviation, by Welford's update and Chan's merge, so a large mean cancels nothing. ±inf gives NaN.
    /// Deviations from the mean between 1e-19 and 1.8e19 have squares in f32; larger ones give inf, and NaN where a difference of two values is beyond f32.
    Std,
    /// The population variance, as [`Op::Std`] without the root.
    Variance,
    /// m + log(mean e^(r(x − m)))/r with m the largest value: between the mean (r → 0) and the maximum (r → ∞).
    ///
    /// A +inf gives +inf; −inf beside finite values counts as a value of weight 0, all −inf or nothing gives −inf. Accurate
    /// to 10 ε (1 + log₂ taps) (max|x| + 1/r): a small r costs digits.
    LogSumExp {
        /// The sharpness; finite and above 0.
        r: f32,
    },
    /// Σ x·e^βx / Σ e^βx, the largest exponent subtracted first: between the mean (β = 0) and the maximum (β → ∞) or minimum
    /// (β → −∞).
    ///
    /// The infinity that weighs most is the answer where there is one; the other contributes nothing beside finite values.
    Soft {
        /// The sharpness; finite.
        beta: f32,
    },
    /// (mean max(x, ε)ᵖ)^(1/p) over V: generalised-mean pooling, scaled by the largest value so that no power overflows.
    Gem {
        /// The exponent; finite and at least 1.
        p: f32,
        /// The floor ε; finite and above 0.
        eps: f32,
    },
    /// α·max + (1 − α)·average over V. α = 1 is the maximum and α = 0 the average, even beside infinities.
    Mixed {
        /// The share of the maximum, from 0 to 1.
        alpha: f32,
    },
    /// The first value of V, as it is: the pooling of class tokens.
    First,
    /// The last value of V, as it is.
    Last,
    /// The element of V at place ⌊q(n − 1)⌋ in order, −0 before +0: a percentile without interpolation. Exact.
    ///
    /// q is held as Q = ⌈q·2³²⌉ and the place is ⌊Q(n − 1)/2³²⌋ in whole numbers, so that no rounding moves it. NaN in V gives NaN.
    Rank {
        /// The place, from 0 (the smallest value) to 1 (the largest).
        q: f64,
    },
    /// The lower median, [`Op::Rank`] with q = 0.5: `torch.median`.
    Median,
    /// Σwx / Σw, or Σwx, with a weight for each tap of a window: learned pooling, and blur pooling (Zhang 2019) with
    /// [`WeightPreset::Binomial`]; or for each token of a sequence.
    ///
    /// A tap of weight 0 contributes nothing, even ±inf; Σ runs over V; Σw = 0 gives 0. Windows only, but
    /// for [`WeightPreset::Position`], which is for sequences.
    Weighted {
        /// Weights that follow from the window; without one they are given beside the input, f32 \[k…\] or \[C, k…\].
        preset: Option<WeightPreset>,
        /// Whether every channel has weights of its own, \[C, k…\].
        per_channel: bool,
        /// Whether to divide by Σw.
        normalize: bool,
    },
    /// α·max + (1 − α)·average over V with α = sigmoid(Σwx): gated max-average pooling (Lee, Gallagher and Tu 2016).
    ///
    /// The weights are given beside the input, f32 \[k…\] or \[C, k…\]; a tap of weight 0 has no say in α. Below Σwx = −87 α is 0, and
    /// above 87 it is 1: the one that has no share is left out, even where it is infinite. Windows only.
    Gated {
        /// Whether every channel has weights of its own, \[C, k…\].
        per_channel: bool,
    },
    /// Stochastic pooling (Zeiler and Fergus 2013) over a = max(x, 0): a value of V drawn with probability a/Σa, or Σa²/Σa,
    /// what it is on average. All zero gives 0.
    ///
    /// A draw depends on the seed, the output's number and the tap's ordinal alone: Philox4x32-10 words, and Gumbel's rule in whole
    /// numbers of 2⁻²⁰, so every adapter and the reference draw the same. The index is the drawn tap's.
    Stochastic {
        /// What the draws depend on.
        seed: u64,
        /// Draw, or answer the mean of all draws.
        mode: StochasticMode,
    },
    /// Probabilistic max pooling (Lee, Grosse, Ranganath and Ng 2009), over blocks of units of which one at most is on: P(pool on) = Σeˣ/(1 + Σeˣ), or a
    /// draw of it, 0 or 1. Windows with stride = kernel_size.
    ///
    /// [`Request::detection`](crate::Request::detection) asks for the layer below as well, shaped like the input: P(h = 1) = eˣ/(1 + Σeˣ), or 1 at the
    /// unit that was drawn; 0 where no block reaches. Draws are made as those of [`Op::Stochastic`]. A draw has no slope: its gradient is 0.
    ///
    /// Top-down: what a layer above says to a block is added to the x of all its units. [`Pooling::unpooled_shape`](crate::Pooling::unpooled_shape) and
    /// `Engine::prepare_unpool` of this pooling give each unit its block's number; examples/crbm.rs does so.
    ProbabilisticMax {
        /// What the draws depend on.
        seed: u64,
        /// Answer probabilities, or draw.
        mode: ProbabilisticMode,
    },
}

/// What probabilistic max pooling answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ProbabilisticMode {
    /// The probabilities.
    Probabilities,
    /// Drawn states, 0 or 1.
    Sample,
}

/// Weights that follow from a tap's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WeightPreset {
    /// The outer product of binomial coefficients, which sum to 1 over the whole window.
    Binomial,
    /// The t-th token of a sequence weighs t + 1, tokens that do not count being counted: sentence-transformers' `weightedmean`.
    Position,
}

/// What stochastic pooling answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StochasticMode {
    /// A drawn value: training.
    Sample,
    /// The mean of all draws: inference.
    Expectation,
}

impl Op {
    /// Average pooling as PyTorch has it by default: padding counts towards the divisor.
    pub const AVERAGE: Self = Self::Average { count_include_pad: true, divisor_override: None, sqrt_divisor: false };

    /// Which op this is, without its parameters.
    #[must_use]
    pub fn kind(&self) -> OpKind {
        match self {
            Self::Max => OpKind::Max,
            Self::Min => OpKind::Min,
            Self::Sum => OpKind::Sum,
            Self::Average { .. } => OpKind::Average,
            Self::Lp { .. } => OpKind::Lp,
            Self::Gaussian { .. } => OpKind::Gaussian,
            Self::Std => OpKind::Std,
            Self::Variance => OpKind::Variance,
            Self::LogSumExp { .. } => OpKind::LogSumExp,
            Self::Soft { .. } => OpKind::Soft,
            Self::Gem { .. } => OpKind::Gem,
            Self::Mixed { .. } => OpKind::Mixed,
            Self::First => OpKind::First,
            Self::Last => OpKind::Last,
            Self::Rank { .. } => OpKind::Rank,
            Self::Median => OpKind::Median,
            Self::Weighted { .. } => OpKind::Weighted,
            Self::Gated { .. } => OpKind::Gated,
            Self::Stochastic { mode: StochasticMode::Sample, .. } => OpKind::StochasticSample,
            Self::Stochastic { mode: StochasticMode::Expectation, .. } => OpKind::StochasticExpectation,
            Self::ProbabilisticMax { mode: ProbabilisticMode::Probabilities, .. } => OpKind::ProbabilisticMax,
            Self::ProbabilisticMax { mode: ProbabilisticMode::Sample, .. } => OpKind::ProbabilisticMaxSample,
        }
    }

    /// What its taps weigh.
    pub(crate) fn weighting(&self) -> WeightingKind {
        match self {
            Self::Weighted { preset: Some(WeightPreset::Position), .. } => WeightingKind::Position,
            op => op.kind().row().weighting,
        }
    }

    /// The weights beside the input that this op reads: none, or one set for all channels (`Some(false)`), or one a channel.
    pub(crate) fn given_weights(&self) -> Option<bool> {
        match *self {
            Self::Weighted { preset: None, per_channel, .. } | Self::Gated { per_channel } => Some(per_channel),
            _ => None,
        }
    }

    /// Whether it has numbers that can learn, whose gradient [`Request::parameters`](crate::Request::parameters) asks for: weights that are given,
    /// or gem's p.
    #[must_use]
    pub fn learns(&self) -> bool {
        self.learned(1) > 0
    }

    /// How many numbers of this op can learn, of which its `weights` are given: those, or p.
    pub(crate) fn learned(&self, weights: u64) -> u64 {
        match self {
            Self::Gem { .. } => 1,
            op if op.given_weights().is_some() => weights,
            _ => 0,
        }
    }

    /// Refuses parameters outside their domain.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        match *self {
            Self::Average { divisor_override: Some(divisor), .. } if !divisor.is_finite() || divisor == 0.0 => {
                Err(Error::parameter("divisor_override", "finite and not 0", divisor))
            }
            Self::Average { divisor_override: Some(divisor), sqrt_divisor: true, .. } => {
                Err(Error::parameter("divisor_override", "absent where sqrt_divisor is set", divisor))
            }
            Self::Lp { p } if p.is_nan() || p < 1.0 => Err(Error::parameter("p", "at least 1, or inf", p)),
            Self::Gaussian { sigma } if !sigma.is_finite() || sigma <= 0.0 => {
                Err(Error::parameter("sigma", "finite and above 0", sigma))
            }
            Self::LogSumExp { r } if !r.is_finite() || !(1.0 / r).is_finite() || r <= 0.0 => {
                Err(Error::parameter("r", "finite and above 0, and so its inverse", r))
            }
            Self::Soft { beta } if !beta.is_finite() => Err(Error::parameter("beta", "finite", beta)),
            Self::Gem { p, .. } if !p.is_finite() || p < 1.0 => Err(Error::parameter("p", "finite and at least 1", p)),
            Self::Gem { eps, .. } if !eps.is_finite() || eps <= 0.0 => Err(Error::parameter("eps", "finite and above 0", eps)),
            Self::Rank { q } if !(0.0..=1.0).contains(&q) => Err(Error::parameter("q", "from 0 to 1", q)),
            Self::Weighted { preset: Some(preset), per_channel: true, .. } => {
                Err(Error::parameter("per_channel", &format!("false with the preset {preset:?}"), true))
            }
            Self::Mixed { alpha } if !(0.0..=1.0).contains(&alpha) => Err(Error::parameter("alpha", "from 0 to 1", alpha)),
            _ => Ok(()),
        }
    }

    /// The source variant that these parameters ask for.
    pub(crate) fn variant(&self) -> u32 {
        match *self {
            Self::Lp { p: 1.0 } => 1,
            Self::Lp { p: 2.0 } => 2,
            Self::Lp { p: f32::INFINITY } => 3,
            _ => 0,
        }
    }

    /// What the op file reads from `params.op`.
    pub(crate) fn parameters(&self) -> [f32; 4] {
        match *self {
            Self::Average { divisor_override, .. } => [divisor_override.unwrap_or(0.0), 0.0, 0.0, 0.0],
            Self::Lp { p } if p.is_finite() => [p, 1.0 / p, 0.0, 0.0],
            Self::LogSumExp { r } => [r, 1.0 / r, 0.0, 0.0],
            Self::Soft { beta } => [beta.abs(), 1.0f32.copysign(beta), 0.0, 0.0],
            Self::Gem { p, eps } => [p, 1.0 / p, eps, 0.0],
            Self::Mixed { alpha } => [alpha, 0.0, 0.0, 0.0],
            Self::ProbabilisticMax { .. } => [1.0, 1.0, 0.0, 0.0],
            _ => [0.0; 4],
        }
    }

    /// What the op file reads from `params.op_words`.
    pub(crate) fn words(&self) -> [u32; 4] {
        let two = |[first, second]: [u32; 2]| [first, second, 0, 0];
        match *self {
            Self::Average { divisor_override, sqrt_divisor, .. } => {
                two([divisor_override.is_some().into(), sqrt_divisor.into()])
            }
            Self::Rank { q } => two(rank_word(q)),
            Self::Median => two(rank_word(0.5)),
            Self::Weighted { normalize, .. } => two([normalize.into(), 0]),
            #[allow(clippy::cast_possible_truncation, reason = "the two words of a number")]
            Self::Stochastic { seed, .. } | Self::ProbabilisticMax { seed, .. } => two([seed as u32, (seed >> 32) as u32]),
            _ => [0; 4],
        }
    }

    /// What the weighting file reads from `params.weighting`.
    pub(crate) fn weighting_parameters(&self) -> [f32; 4] {
        match *self {
            // In f64, then clamped: a tiny σ must not become inf, since 0 · inf is NaN.
            Self::Gaussian { sigma } => {
                #[allow(clippy::cast_possible_truncation, reason = "clamped to what f32 holds")]
                let scale = (1.0 / (8.0 * f64::from(sigma) * f64::from(sigma))).min(1e30) as f32;
                [scale, 0.0, 0.0, 0.0]
            }
            _ => [0.0; 4],
        }
    }

    /// Whether padding counts towards the divisor.
    pub(crate) fn counts_padding(&self) -> bool {
        matches!(self, Self::Average { count_include_pad: true, .. })
    }
}

/// Q = ⌈q·2³²⌉ as its low and high word.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "q is from 0 to 1")]
pub(crate) fn rank_word(q: f64) -> [u32; 2] {
    let q = (q * 4_294_967_296.0).ceil() as u64;
    [q as u32, (q >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_outside_their_domain_are_refused() {
        let average = |divisor_override, sqrt_divisor| Op::Average { count_include_pad: true, divisor_override, sqrt_divisor };
        for op in [
            average(Some(0.0), false),
            average(Some(f32::NAN), false),
            average(Some(f32::INFINITY), false),
            average(Some(4.0), true),
            Op::Lp { p: 0.99 },
            Op::Lp { p: f32::NAN },
            Op::Lp { p: f32::NEG_INFINITY },
            Op::Gaussian { sigma: 0.0 },
            Op::Gaussian { sigma: -1.0 },
            Op::Gaussian { sigma: f32::INFINITY },
            Op::Gaussian { sigma: f32::NAN },
            Op::LogSumExp { r: 0.0 },
            Op::LogSumExp { r: 1e-39 },
            Op::LogSumExp { r: f32::INFINITY },
            Op::Soft { beta: f32::NAN },
            Op::Gem { p: 0.5, eps: 1e-6 },
            Op::Gem { p: f32::INFINITY, eps: 1e-6 },
            Op::Gem { p: 3.0, eps: 0.0 },
            Op::Rank { q: 1.1 },
            Op::Rank { q: f64::NAN },
            Op::Mixed { alpha: -0.1 },
            Op::Mixed { alpha: f32::NAN },
        ] {
            assert!(op.validate().is_err_and(|error| error.is_invalid()), "{op:?}");
        }
        for op in [average(Some(-2.0), false), average(None, true), Op::Lp { p: f32::INFINITY }, Op::Gaussian { sigma: 1e-30 }]
        {
            assert_eq!(op.validate(), Ok(()), "{op:?}");
        }
    }
}
