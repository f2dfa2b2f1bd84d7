//! How taps lie on the axes, and the axes in memory.

use crate::{OpKind, op::WeightingKind};

/// How the taps of one output lie: a file of shaders/region. Regions that only differ in what they call their axes share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Walk {
    Window,
    Adaptive,
    Global,
    Pyramid,
    Fractional,
    /// A window whose padding mirrors the input.
    Reflect,
    /// A window whose padding repeats the input's edge.
    Edge,
    RoiPool,
    RoiAlign,
    /// The positions that the table lists.
    List,
    /// The positions of a list of one segment, which kernels find in the mask itself. No geometry walks so.
    Mask,
}

impl Walk {
    /// Whether the taps of a row lie side by side, unless windows dilate.
    pub(crate) fn in_runs(self) -> bool {
        match self {
            Self::Window | Self::Adaptive | Self::Global | Self::Pyramid | Self::Fractional | Self::RoiPool => true,
            Self::Reflect | Self::Edge | Self::RoiAlign | Self::List | Self::Mask => false,
        }
    }

    /// Those of geometries.
    pub(crate) const ALL: [Self; 10] = [
        Self::Window,
        Self::Adaptive,
        Self::Global,
        Self::Pyramid,
        Self::Fractional,
        Self::Reflect,
        Self::Edge,
        Self::RoiPool,
        Self::RoiAlign,
        Self::List,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Adaptive => "adaptive",
            Self::Global => "global",
            Self::Pyramid => "pyramid",
            Self::Fractional => "fractional",
            Self::Reflect => "window_reflect",
            Self::Edge => "window_edge",
            Self::RoiPool => "roi_pool",
            Self::RoiAlign => "roi_align",
            Self::List => "list",
            Self::Mask => "mask",
        }
    }

    /// Whether its taps can be weighed so.
    pub(crate) fn takes(self, weighting: WeightingKind) -> bool {
        match weighting {
            WeightingKind::One => true,
            WeightingKind::Gaussian => !matches!(self, Self::List | Self::Mask),
            WeightingKind::Position => self == Self::List,
            WeightingKind::Table => matches!(self, Self::Window | Self::Reflect | Self::Edge),
        }
    }

    /// Whether indices of its taps may be asked for, of some region that walks so.
    pub(crate) fn has_indices(self) -> bool {
        matches!(self, Self::Window | Self::Adaptive | Self::Global | Self::Fractional | Self::RoiPool)
    }

    /// Whether it may have the blocks that the op needs, if it needs any.
    pub(crate) fn has_blocks_for(self, op: OpKind) -> bool {
        self == Self::Window || !matches!(op, OpKind::ProbabilisticMax | OpKind::ProbabilisticMaxSample)
    }

    /// Whether a region without taps answers `empty`, whatever the op says.
    pub(crate) fn fills_empty(self) -> bool {
        matches!(self, Self::RoiPool | Self::RoiAlign | Self::List | Self::Mask)
    }

    /// Whether its kernels read a table of numbers.
    pub(crate) fn has_table(self) -> bool {
        matches!(self, Self::Pyramid | Self::Fractional | Self::RoiPool | Self::RoiAlign | Self::List)
    }
}

/// One spatial axis: its sizes, and the window on it where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) input: u32,
    pub(crate) output: u32,
    pub(crate) kernel: u32,
    pub(crate) stride: u32,
    pub(crate) dilation: u32,
    pub(crate) pad_begin: u32,
    pub(crate) pad_end: u32,
}

impl Axis {
    pub(crate) const ABSENT: Self = Self::whole(1, 1);

    /// An axis without a window.
    pub(crate) const fn whole(input: u32, output: u32) -> Self {
        Self { input, output, kernel: 1, stride: 1, dilation: 1, pad_begin: 0, pad_end: 0 }
    }

    /// Whether the last window has taps behind the input's end.
    pub(crate) fn sticks_out(&self) -> bool {
        let last_start = (u64::from(self.output).max(1) - 1) * u64::from(self.stride);
        let reach = (u64::from(self.kernel) - 1) * u64::from(self.dilation);
        last_start + reach >= u64::from(self.input) + u64::from(self.pad_begin)
    }

    /// The positions that the outputs `from..end` reach, first and past the last: at least one.
    pub(crate) fn reach(&self, walk: Walk, from: u32, end: u32) -> [u64; 2] {
        let size = u64::from(self.input);
        let [from, last] = [from, end - 1].map(u64::from);
        if walk == Walk::Adaptive {
            let bins = u64::from(self.output);
            return [from * size / bins, ((last + 1) * size).div_ceil(bins)];
        }
        let span = u64::from(self.dilation) * (u64::from(self.kernel) - 1) + 1;
        let [stride, padding] = [self.stride, self.pad_begin].map(u64::from);
        let first = (from * stride).saturating_sub(padding).min(size - 1);
        [first, (last * stride + span).saturating_sub(padding).clamp(first + 1, size)]
    }

    /// The axis of the outputs `from..end` alone, over the positions that they reach: padding stays at the input's ends, bins go one by one.
    pub(crate) fn part(&self, walk: Walk, from: u32, end: u32) -> Self {
        let [first, last] = self.reach(walk, from, end);
        // No more than the input's.
        let input = u32::try_from(last - first).unwrap_or(u32::MAX);
        match walk {
            Walk::Adaptive => Self::whole(input, end - from),
            _ => Self {
                input,
                output: end - from,
                pad_begin: self.pad_begin.saturating_sub(from.saturating_mul(self.stride)),
                pad_end: if last == u64::from(self.input) { self.pad_end } else { 0 },
                ..*self
            },
        }
    }

    /// From a window's first tap to its last.
    pub(crate) fn extent(&self) -> i64 {
        (i64::from(self.kernel) - 1) * i64::from(self.dilation)
    }

    /// Whether every window's centre is between the input's first position and its last.
    pub(crate) fn centres_inside(&self) -> bool {
        let Self { input, output, stride, pad_begin, .. } = *self;
        let [input, output, stride, padding] = [input, output, stride, pad_begin].map(i64::from);
        // Doubled, for they may be halves.
        let [first, last] = [0, (output - 1) * stride].map(|begin| 2 * (begin - padding) + self.extent());
        first >= 0 && last <= 2 * (input - 1)
    }

    /// An upper bound of the taps that one output has on this axis.
    pub(crate) fn most_taps(&self, walk: Walk) -> u64 {
        match walk {
            Walk::Reflect | Walk::Edge | Walk::RoiAlign => return u64::from(self.kernel),
            Walk::Window | Walk::Pyramid | Walk::Fractional | Walk::RoiPool | Walk::List | Walk::Mask => {
                u64::from(self.kernel.min(self.input))
            }
            Walk::Adaptive => u64::from(self.input.div_ceil(self.output)) + 1,
            Walk::Global => u64::from(self.input),
        }
        .min(u64::from(self.input))
    }
}

/// Where the channels lie in memory: a file of shaders/layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Order {
    /// Before the axes.
    ChannelsFirst,
    /// Behind the axes.
    ChannelsLast,
    /// They are the depth, and lie behind the other axes.
    DepthLast,
}
