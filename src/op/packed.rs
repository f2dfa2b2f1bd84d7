//! Accumulators as they stand in scratch between the steps of one window: without what no later step looks at.

use super::{OpKind, wgsl};

/// How an accumulator is packed: a file of shaders/packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packed {
    /// The file: `PACKED`, `pack` and `unpack`.
    pub(crate) wgsl: &'static str,
    /// Words a lane; where indices are wanted, the last is the index.
    pub(crate) words: u32,
    /// Whether neighbouring outputs share partial folds; else each weighs its taps by itself.
    pub(crate) shares: bool,
}

impl OpKind {
    /// How accumulators of a variant are packed, with or without indices; `None` for ops whose folds do not go axis by axis.
    pub(crate) fn packed(self, variant: u32, indices: bool) -> Option<Packed> {
        let (words, wgsl) = match self {
            Self::Max | Self::Min if indices => (2, wgsl!("packed/extremum_index")),
            Self::Max | Self::Min => (1, wgsl!("packed/extremum")),
            Self::Sum | Self::Average => (1, wgsl!("packed/sum")),
            Self::Lp if matches!(variant, 1 | 2) => (1, wgsl!("packed/power_sum")),
            Self::Lp if variant == 3 => (1, wgsl!("packed/power_largest")),
            Self::Lp | Self::Gem => (2, wgsl!("packed/power")),
            Self::Std | Self::Variance => (3, wgsl!("packed/moments")),
            Self::LogSumExp | Self::ProbabilisticMax => (2, wgsl!("packed/exponential")),
            Self::Soft => (3, wgsl!("packed/soft")),
            Self::Mixed => (2, wgsl!("packed/mixed")),
            Self::StochasticExpectation => (3, wgsl!("packed/stochastic_expectation")),
            Self::Gaussian => (2, wgsl!("packed/weighted")),
            Self::First
            | Self::Last
            | Self::Rank
            | Self::Median
            | Self::Weighted
            | Self::Gated
            | Self::StochasticSample
            | Self::ProbabilisticMaxSample => return None,
        };
        Some(Packed { wgsl, words, shares: self.row().shareable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::WeightingKind;

    /// What shares partial folds, or weighs them axis by axis, can be packed, in as many words as its file says.
    #[test]
    fn what_shares_is_packed() {
        for row in OpKind::TABLE {
            for (variant, indices) in (0..row.variants).flat_map(|variant| [(variant, false), (variant, row.indices)]) {
                let packed = row.kind.packed(variant, indices);
                let axis_by_axis = row.shareable || row.weighting == WeightingKind::Gaussian;
                assert_eq!(packed.is_some(), axis_by_axis && row.passes == 1, "{}", row.name);
                let Some(packed) = packed else { continue };
                assert!(packed.wgsl.contains(&format!("const PACKED = {}u;", packed.words)), "{}#{variant}", row.name);
                assert!(u64::from(packed.words) * 4 <= row.acc_bytes, "{}#{variant} is larger packed", row.name);
            }
        }
    }
}
