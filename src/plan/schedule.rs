//! How regions are walked: the kernels that are chosen among, the schedules of their steps, and the constants of those that are specialised.

use std::fmt;

use super::Limits;
use crate::geometry::{Axis, Walk};

/// Invocations in a workgroup, everywhere but in those of [`MASKED`]: within the limits of every adapter wgpu reaches.
pub(crate) const WORKGROUP: u32 = 64;

/// How a region is walked.
///
/// The planner chooses; tests and benches can force one through [`Request::kernel`](super::Request::kernel).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kernel {
    /// One invocation walks the regions of four neighbouring outputs. Takes any region of up to a few thousand taps.
    Direct,
    /// One invocation walks down a strip of outputs of a window whose size is a constant, reading each row under it once.
    Tile,
    /// A team of invocations, up to a workgroup, folds one region of up to 2¹⁹ taps.
    Reduce,
    /// Many workgroups fold parts of one region into scratch; a second step merges them. Takes any region. In lists of positions the parts are alike, however uneven the
    /// segments.
    TwoStage,
    /// One invocation sorts the taps of one output in registers: ops that choose by order, regions of up to 25 taps.
    Sort,
    /// One axis of a window after the other, neighbouring outputs sharing what their windows share, so that large windows cost hardly more than small ones. Ops whose
    /// outputs can share partial folds, and gaussian where every window's centre is inside the input and no weight is too small.
    Line,
}

impl Kernel {
    /// Every kernel.
    pub const ALL: &'static [Self] = &[Self::Direct, Self::Tile, Self::Reduce, Self::TwoStage, Self::Sort, Self::Line];

    /// Its name in keys and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Tile => "tile",
            Self::Reduce => "reduce",
            Self::TwoStage => "two_stage",
            Self::Sort => "sort",
            Self::Line => "line",
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The schedule of one step: the file in shaders/schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Schedule {
    Direct,
    Tile(Tile),
    /// Lists of features: sixteen neighbouring columns an invocation.
    Wide,
    /// By teams of so many invocations: one of [`TEAMS`].
    Reduce(u32),
    /// The tokens that a mask holds, in workgroups of so many invocations: one of [`MASKED`], [`MASKED_TEAMS`] teams each.
    Masked(u32),
    Partial,
    Merge,
    ListPartial,
    ListMerge,
    /// For regions of at most so many taps, one of [`SORT_TAPS`].
    Sort(u32),
    Line(Line),
}

/// Invocations that fold one region together: a few, which only read four taps at a time, more, or all of a workgroup.
pub(crate) const TEAMS: [u32; 3] = [4, 16, WORKGROUP];

/// Workgroups of the masked schedule, best last: large ones, so that many invocations look at one sequence while eight neighbouring teams read whole lines of memory.
pub(crate) const MASKED: [u32; 2] = [WORKGROUP, 256];
pub(crate) const MASKED_TEAMS: u32 = 8;

/// Outputs that one invocation of the wide schedule makes.
pub(crate) const WIDE: u32 = 16;

/// Strips of one row that neighbouring invocations of the tile schedule take together, before each goes on to its next.
pub(crate) const STRIP_TURN: u32 = 8;

/// The tallest window in depth for which tiles make two slices of outputs at once: an invocation walks every slice that either holds.
const MOST_SHARED: u32 = 8;

/// The sizes of sorting networks.
pub(crate) const SORT_TAPS: [u32; 4] = [4, 9, 16, 25];

/// The two steps that fold regions in parts.
pub(crate) fn two_stages(walk: Walk) -> [Schedule; 2] {
    if walk == Walk::List { [Schedule::ListPartial, Schedule::ListMerge] } else { [Schedule::Partial, Schedule::Merge] }
}

/// The constants of a specialised window: sizes on height and width, depth staying dynamic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tile {
    /// Outputs next to each other that one invocation computes, row by row.
    pub(crate) columns: u32,
    /// Whether a strip is one row of them, and an invocation takes several.
    pub(crate) one_row: bool,
    pub(crate) kernel: [u32; 2],
    pub(crate) stride: [u32; 2],
    pub(crate) dilation: [u32; 2],
    /// Columns of padding before the first.
    pub(crate) padding: u32,
    /// Whether windows may stick out of the input: above or below, and behind the last column.
    pub(crate) sticks_out: [bool; 2],
    /// Slices of outputs that an invocation makes at once; 0 where there is no depth.
    pub(crate) slices: u32,
}

impl Tile {
    /// The tile for a window on these axes, of an op whose accumulators have so many bytes; `four` where it is of four channels.
    ///
    /// Measured on lavapipe: strips of planes are best long and wide, as far as accumulators stay in registers. Where neighbours are channels, rows
    /// are far apart in memory, so that long strips fall out of caches. Windows that share no rows gain nothing by them, and lose where rows are long.
    /// Measured on an H200: four columns, whose neighbours read on where they stop, are a fifth faster than eight, but where windows have depth.
    pub(crate) fn of([depth, height, width]: &[Axis; 3], four: bool, acc_bytes: u64, limits: &Limits) -> Self {
        let one_row = !shares(height.kernel, height.stride, height.dilation);
        let small = acc_bytes <= 12 && width.stride <= 2 && width.kernel <= 5;
        let columns = match (four, width.output) {
            (true, _) => Self::channel_columns(one_row),
            (false, _) if *depth == Axis::ABSENT && !limits.software => 4,
            (false, 5 | 6) if small => 6,
            (false, 7 | 8) if small => 8,
            (false, 9..) if small && !one_row => 8,
            _ => 4,
        };
        // Two slices of outputs read those that both hold once, and nothing else. In strips of one row FXC cannot compile them.
        let pays =
            !four && !one_row && small && depth.dilation == 1 && depth.kernel > depth.stride && depth.kernel <= MOST_SHARED;
        let slices = if *depth == Axis::ABSENT { 0 } else { 1 + u32::from(pays && depth.output > 1) };
        Self {
            columns,
            one_row,
            kernel: [height.kernel, width.kernel],
            stride: [height.stride, width.stride],
            dilation: [height.dilation, width.dilation],
            padding: width.pad_begin,
            sticks_out: [height.pad_begin > 0 || height.sticks_out(), width.sticks_out()],
            slices,
        }
    }

    /// One of the default set, with padding before the first column: how wide it is, where windows stick out and whether there is depth, in turn.
    pub(crate) fn listed(kernel: [u32; 2], stride: [u32; 2], padding: u32, turn: usize) -> Self {
        let one_row = !shares(kernel[0], stride[0], 1);
        Self {
            columns: [8, 4, 6, 4][turn % 4],
            one_row,
            kernel,
            stride,
            dilation: [1, 1],
            padding,
            sticks_out: [padding > 0 || turn % 2 == 1, turn % 3 == 1],
            slices: [0, 1, 0, if one_row { 1 } else { 2 }][(turn + turn / 4) % 4],
        }
    }

    /// The same, of four channels.
    pub(crate) fn of_channels(self) -> Self {
        Self { columns: Self::channel_columns(self.one_row), slices: self.slices.min(1), ..self }
    }

    /// Columns of four channels. With more, neighbouring invocations read too far apart.
    fn channel_columns(one_row: bool) -> u32 {
        if one_row { 1 } else { 2 }
    }

    /// Input rows under one output.
    fn reach(&self, axis: usize) -> u64 {
        (u64::from(self.kernel[axis]) - 1) * u64::from(self.dilation[axis]) + 1
    }

    /// Rows of outputs that are under way at once.
    pub(crate) fn live(&self) -> u64 {
        self.reach(0).div_ceil(self.stride[0].into())
    }

    /// Input values that an invocation holds for one row.
    pub(crate) fn span(&self) -> u64 {
        (u64::from(self.columns) - 1) * u64::from(self.stride[1]) + self.reach(1)
    }
}

/// Whether windows that are neighbours on an axis share input.
fn shares(kernel: u32, stride: u32, dilation: u32) -> bool {
    kernel > 1 && (u64::from(kernel) - 1) * u64::from(dilation) >= u64::from(stride)
}

/// How the tile kernel reads an input row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Rows {
    /// One value at a time.
    One,
    /// Four at a time, since rows are whole fours.
    Fours,
    /// Four at a time, from the multiple of four at or before the first, since all rows together are whole fours.
    Shifted,
}

impl Rows {
    pub(crate) const ALL: [Self; 3] = [Self::One, Self::Fours, Self::Shifted];
}

/// The constants of a step that folds one axis of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Line {
    /// Neighbouring outputs of one invocation, a multiple of four.
    pub(crate) block: u32,
    /// How far apart their windows begin where they share taps; `None` where each is folded by itself, at any stride.
    pub(crate) shared: Option<u32>,
    /// Whether it reads what a step before has left in scratch, or the input.
    pub(crate) from_scratch: bool,
    /// Whether it leaves accumulators in scratch for a step to come, or finishes.
    pub(crate) to_scratch: bool,
    /// Whether outputs that are neighbours on the axis come to lie side by side, in place of its lines.
    pub(crate) turned: bool,
    /// Whether it goes along rows, and then how far behind a multiple of four a block's first tap is, and the first behind its first window.
    pub(crate) along: Option<[u32; 2]>,
}

impl Line {
    /// The step of a window of one axis whose outputs share nothing.
    pub(crate) const ALONE: Self =
        Self { block: 4, shared: None, from_scratch: false, to_scratch: false, turned: false, along: None };
}
