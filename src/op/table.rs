//! The one table that says what each op needs of a kernel.

use std::fmt;

/// An op without its parameters: a row of [`OpKind::TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the op of the same name")]
pub enum OpKind {
    Max,
    Min,
    Sum,
    Average,
    Lp,
    Gaussian,
    Std,
    Variance,
    LogSumExp,
    Soft,
    Gem,
    Mixed,
    First,
    Last,
    Rank,
    Median,
    Weighted,
    Gated,
    StochasticSample,
    StochasticExpectation,
    ProbabilisticMax,
    ProbabilisticMaxSample,
}

/// What taps weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WeightingKind {
    /// Every tap the same.
    One,
    /// A gaussian of the offset from the region's centre.
    Gaussian,
    /// A number for each tap of a window, or for each tap and channel, from a buffer.
    Table,
    /// The place of a token in its sequence.
    Position,
}

/// One row of the op table: what a kernel must do for the op, and what it need not.
#[derive(Debug)]
pub struct OpRow {
    /// Which op.
    pub kind: OpKind,
    /// Its name in specs and on the command line.
    pub name: &'static str,
    /// One line for tables.
    pub summary: &'static str,
    /// Its WGSL, whole files: `struct Acc`, `acc_init`, `acc_push`, `acc_merge`, `acc_finish`, and `acc_index` where `indices`.
    /// Ops that fold alike share a file of shaders/fold.
    pub wgsl: &'static [&'static str],
    /// The WGSL of its way back, whole files: `struct Saved`, `save`, `grad`, `grad_weight` where it reads weights, `grad_parameter`
    /// where it has a parameter that learns.
    pub back: &'static [&'static str],
    /// Whether its fold knows which tap it took: its WGSL has `acc_index`.
    pub chooses: bool,
    /// Whether its answer is one tap whose index can be asked for.
    pub indices: bool,
    /// What its taps weigh.
    pub weighting: WeightingKind,
    /// Whether push uses nothing but value and absolute index, so that outputs may share partial folds.
    pub shareable: bool,
    /// Whether its answer is the same bits whatever the order of merging.
    pub exact: bool,
    /// Whether it chooses by order, so that sorting a small region does for all its passes: its WGSL has `sort_key`, `sort_place` and
    /// `sort_acc`.
    pub sorts: bool,
    /// How often it must see its taps.
    pub passes: u32,
    /// The accumulator's size in scratch, bytes.
    pub acc_bytes: u64,
    /// The size of what its way back must know of an output, bytes; 0 where that follows from its place.
    pub saved_bytes: u64,
    /// Source variants, chosen by its parameters.
    pub variants: u32,
}

macro_rules! wgsl {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $path, ".wgsl"))
    };
}
pub(crate) use wgsl;

/// What most ops are: one pass over values that outputs may share, nothing chosen, rounding as it falls.
const PLAIN: OpRow = OpRow {
    kind: OpKind::Max,
    name: "",
    summary: "",
    wgsl: &[],
    back: &[],
    chooses: false,
    indices: false,
    weighting: WeightingKind::One,
    shareable: true,
    exact: false,
    sorts: false,
    passes: 1,
    acc_bytes: 0,
    saved_bytes: 0,
    variants: 1,
};

impl OpKind {
    /// Every op, in the order of the documentation.
    pub const TABLE: &'static [OpRow] = &[
        OpRow {
            kind: Self::Max,
            name: "max",
            summary: "largest value, and its index on request",
            wgsl: &[wgsl!("fold/extremum"), wgsl!("op/max")],
            back: &[wgsl!("grad/chosen")],
            chooses: true,
            indices: true,
            exact: true,
            acc_bytes: 8,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Min,
            name: "min",
            summary: "smallest value, and its index on request",
            wgsl: &[wgsl!("fold/extremum"), wgsl!("op/min")],
            back: &[wgsl!("grad/chosen")],
            chooses: true,
            indices: true,
            exact: true,
            acc_bytes: 8,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Sum,
            name: "sum",
            summary: "sum",
            wgsl: &[wgsl!("fold/sum"), wgsl!("op/sum")],
            back: &[wgsl!("grad/sum")],
            acc_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Average,
            name: "average",
            summary: "mean, with the usual choices of divisor",
            wgsl: &[wgsl!("fold/sum"), wgsl!("op/average")],
            back: &[wgsl!("grad/average")],
            acc_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Lp,
            name: "lp",
            summary: "p-norm, any p from 1 to infinity",
            wgsl: &[wgsl!("common/quotient"), wgsl!("fold/power"), wgsl!("op/lp")],
            back: &[wgsl!("grad/lp")],
            acc_bytes: 16,
            variants: 4,
            saved_bytes: 8,
            ..PLAIN
        },
        OpRow {
            kind: Self::Gaussian,
            name: "gaussian",
            summary: "mean weighted by the distance from the region's centre",
            wgsl: &[wgsl!("fold/weighted"), wgsl!("op/gaussian")],
            back: &[wgsl!("grad/gaussian")],
            weighting: WeightingKind::Gaussian,
            shareable: false,
            acc_bytes: 8,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Std,
            name: "std",
            summary: "population standard deviation",
            wgsl: &[wgsl!("fold/moments"), wgsl!("op/std")],
            back: &[wgsl!("grad/std")],
            acc_bytes: 12,
            saved_bytes: 8,
            ..PLAIN
        },
        OpRow {
            kind: Self::Variance,
            name: "variance",
            summary: "population variance",
            wgsl: &[wgsl!("fold/moments"), wgsl!("op/variance")],
            back: &[wgsl!("grad/variance")],
            acc_bytes: 12,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::LogSumExp,
            name: "log_sum_exp",
            summary: "smooth maximum: log of the mean of e^rx, over r",
            wgsl: &[wgsl!("fold/exponential"), wgsl!("op/log_sum_exp")],
            back: &[wgsl!("grad/log_sum_exp")],
            acc_bytes: 8,
            saved_bytes: 8,
            ..PLAIN
        },
        OpRow {
            kind: Self::Soft,
            name: "soft",
            summary: "mean weighted by e^βx",
            wgsl: &[wgsl!("op/soft")],
            back: &[wgsl!("grad/soft")],
            acc_bytes: 12,
            saved_bytes: 12,
            ..PLAIN
        },
        OpRow {
            kind: Self::Gem,
            name: "gem",
            summary: "generalised mean, as in image retrieval",
            wgsl: &[wgsl!("common/quotient"), wgsl!("fold/power"), wgsl!("op/gem")],
            back: &[wgsl!("grad/gem")],
            acc_bytes: 16,
            saved_bytes: 8,
            ..PLAIN
        },
        OpRow {
            kind: Self::Mixed,
            name: "mixed",
            summary: "α max + (1 − α) average",
            wgsl: &[wgsl!("fold/blend"), wgsl!("op/mixed")],
            back: &[wgsl!("grad/mixed")],
            chooses: true,
            acc_bytes: 12,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::First,
            name: "first",
            summary: "first value",
            wgsl: &[wgsl!("op/first")],
            back: &[wgsl!("grad/chosen")],
            chooses: true,
            shareable: false,
            exact: true,
            acc_bytes: 8,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Last,
            name: "last",
            summary: "last value",
            wgsl: &[wgsl!("op/last")],
            back: &[wgsl!("grad/chosen")],
            chooses: true,
            shareable: false,
            exact: true,
            acc_bytes: 8,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Rank,
            name: "rank",
            summary: "the value at a place in order, such as a percentile",
            wgsl: &[wgsl!("common/words"), wgsl!("op/rank")],
            back: &[wgsl!("grad/chosen")],
            chooses: true,
            shareable: false,
            exact: true,
            sorts: true,
            passes: 16,
            acc_bytes: 36,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Median,
            name: "median",
            summary: "the value in the middle, the lower of two",
            wgsl: &[wgsl!("common/words"), wgsl!("op/rank")],
            back: &[wgsl!("grad/chosen")],
            chooses: true,
            shareable: false,
            exact: true,
            sorts: true,
            passes: 16,
            acc_bytes: 36,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::Weighted,
            name: "weighted",
            summary: "sum or mean weighted by a number for each tap: learned pooling, blur pooling",
            wgsl: &[wgsl!("fold/weighted"), wgsl!("op/weighted")],
            back: &[wgsl!("grad/weighted")],
            weighting: WeightingKind::Table,
            shareable: false,
            acc_bytes: 8,
            saved_bytes: 8,
            ..PLAIN
        },
        OpRow {
            kind: Self::Gated,
            name: "gated",
            summary: "mixed, with α = sigmoid of a learned weighted sum of the region",
            wgsl: &[wgsl!("fold/blend"), wgsl!("op/gated")],
            back: &[wgsl!("grad/gated")],
            chooses: true,
            weighting: WeightingKind::Table,
            shareable: false,
            acc_bytes: 16,
            saved_bytes: 16,
            ..PLAIN
        },
        OpRow {
            kind: Self::StochasticSample,
            name: "stochastic_sample",
            summary: "a value drawn in proportion to it, and its index on request",
            wgsl: &[
                wgsl!("common/words"),
                wgsl!("random/log2"),
                wgsl!("random/philox"),
                wgsl!("random/lots"),
                wgsl!("op/stochastic_sample"),
            ],
            back: &[wgsl!("grad/chosen")],
            chooses: true,
            indices: true,
            shareable: false,
            exact: true,
            acc_bytes: 16,
            saved_bytes: 4,
            ..PLAIN
        },
        OpRow {
            kind: Self::StochasticExpectation,
            name: "stochastic_expectation",
            summary: "what the stochastic sample is on average",
            wgsl: &[wgsl!("common/quotient"), wgsl!("op/stochastic_expectation")],
            back: &[wgsl!("grad/stochastic_expectation")],
            acc_bytes: 12,
            saved_bytes: 8,
            ..PLAIN
        },
        OpRow {
            kind: Self::ProbabilisticMax,
            name: "probabilistic_max",
            summary: "probability that a unit of a block is on, of units of which one at most is: convolutional deep belief networks",
            wgsl: &[wgsl!("fold/exponential"), wgsl!("op/probabilistic_max")],
            back: &[wgsl!("grad/probabilistic_max")],
            acc_bytes: 8,
            saved_bytes: 12,
            ..PLAIN
        },
        OpRow {
            kind: Self::ProbabilisticMaxSample,
            name: "probabilistic_max_sample",
            summary: "whether one is, drawn so",
            wgsl: &[
                wgsl!("common/words"),
                wgsl!("random/log2"),
                wgsl!("random/philox"),
                wgsl!("random/lots"),
                wgsl!("op/probabilistic_max_sample"),
            ],
            back: &[wgsl!("grad/probabilistic_max_sample")],
            chooses: true,
            shareable: false,
            exact: true,
            acc_bytes: 12,
            saved_bytes: 4,
            ..PLAIN
        },
    ];

    /// This op's row.
    #[must_use]
    pub fn row(self) -> &'static OpRow {
        &Self::TABLE[self as usize]
    }
}

impl fmt::Display for OpKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_with_unique_names() {
        for (at, row) in OpKind::TABLE.iter().enumerate() {
            assert_eq!(row.kind as usize, at);
            assert_eq!(OpKind::TABLE.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
        }
    }
}
