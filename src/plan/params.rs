//! The parameter block that every kernel reads.

use bytemuck::{Pod, Zeroable};

use super::Elements;
use crate::{
    Op,
    geometry::{Geometry, Labels, Side},
};

/// `Params` of shaders/common/params.wgsl; a test compares the two layouts.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Params {
    /// Depth, height, width: input size, output size, kernel size, stride.
    sizes: [[u32; 4]; 3],
    /// Depth, height, width: dilation, padding at begin, padding at end, unused.
    windows: [[u32; 4]; 3],
    /// Outputs in all, channels, positions in an input plane, positions in an output plane.
    extent: [u32; 4],
    /// Workgroups in one row of the grid, then the schedule's own numbers.
    grid: [u32; 4],
    /// 1 where padding counts towards the divisor; taps in a part of a segment; rows of outputs in a strip, or strips.
    flags: [u32; 4],
    op: [f32; 4],
    op_words: [u32; 4],
    weighting: [f32; 4],
    weighting_words: [u32; 4],
    region: [f32; 4],
    region_words: [u32; 4],
    element: [f32; 4],
    channels: [u32; 4],
    /// The way back: outputs to look at, from and to, twice.
    pub(crate) holders: [u32; 4],
    /// A step of the line kernel: its axis in numbers, the window on it, and where its lines are.
    pub(crate) line: [u32; 4],
    pub(crate) line_window: [u32; 4],
    pub(crate) line_places: [u32; 4],
    /// The tile kernel: how far the eighth next strip is, in channels, columns, rows and slices.
    turn: [u32; 4],
    /// Of a piece: where input, output and indices begin in what is bound, in elements.
    pub(crate) bases: [u32; 4],
    /// Of a piece: the first plane's channel, the first output's number, the first position's index, the first box.
    pub(crate) firsts: [u32; 4],
}

impl Params {
    /// Bytes of a slice of the parameter buffer: uniform offsets are multiples of 256 everywhere.
    pub(crate) const SLICE: u64 = 512;

    /// Of a step that makes levels of these sizes, columns and rows, from a source; and where in scratch the source and the last level begin.
    pub(crate) fn of_levels(op: &Op, source: [u32; 2], levels: &[[u32; 2]], grid: [u32; 4], kept: [u32; 2]) -> Self {
        let mut sizes = [[1; 4]; 3];
        for (at, [columns, rows]) in levels.iter().take(4).enumerate() {
            (sizes[0][at], sizes[1][at]) = (*columns, *rows);
        }
        sizes[2] = [source[0], source[1], 0, 0];
        let channels = [kept[0], kept[1], 0, 0];
        Self { sizes, grid, channels, op: op.parameters(), op_words: op.words(), ..Self::zeroed() }
    }

    /// Of a step of the tile kernel: rows of outputs that an invocation walks down, or strips of one row that it takes; and how far the next of those is.
    pub(crate) fn set_strips(&mut self, each: u32, turn: [u32; 4]) {
        self.flags[2] = each;
        self.turn = turn;
    }

    pub(crate) fn new(op: &Op, geometry: &Geometry, elements: &Elements, outputs: u32, grid: [u32; 4]) -> Self {
        // The planner has refused tensors of more elements than u32 can count.
        let word = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        let plane = |size: fn(&crate::geometry::Axis) -> u32| geometry.axes.iter().map(size).fold(1, u32::wrapping_mul);
        let channel_weights = if op.given_weights() == Some(true) { plane(|axis| axis.kernel) } else { 0 };
        Self {
            sizes: geometry.axes.map(|axis| [axis.input, axis.output, axis.kernel, axis.stride]),
            windows: geometry.axes.map(|axis| [axis.dilation, axis.pad_begin, axis.pad_end, 0]),
            extent: [outputs, word(geometry.channels), plane(|axis| axis.input), plane(|axis| axis.output)],
            grid,
            flags: [u32::from(op.counts_padding()), geometry.side.and_then(Side::labels).map_or(0, Labels::part), 0, 0],
            op: op.parameters(),
            op_words: op.words(),
            weighting: op.weighting_parameters(),
            weighting_words: [channel_weights, 0, 0, 0],
            region: geometry.region,
            region_words: geometry.region_words,
            element: elements.parameters(),
            channels: [
                word(geometry.input.channels()),
                word(geometry.output.channels()),
                word(geometry.input.spatial().last().copied().unwrap_or(1)),
                word(geometry.output.spatial().last().copied().unwrap_or(1)),
            ],
            holders: [0; 4],
            line: [0; 4],
            line_window: [0; 4],
            line_places: [0; 4],
            turn: [0; 4],
            bases: [0; 4],
            firsts: [0; 4],
        }
    }
}

/// The offset and size of every member, for comparison with naga's.
#[cfg(test)]
pub(crate) fn layout() -> Vec<(&'static str, usize)> {
    use std::mem::offset_of;
    let (sizes, windows) = (offset_of!(Params, sizes), offset_of!(Params, windows));
    vec![
        ("depth", sizes),
        ("height", sizes + 16),
        ("width", sizes + 32),
        ("depth_window", windows),
        ("height_window", windows + 16),
        ("width_window", windows + 32),
        ("extent", offset_of!(Params, extent)),
        ("grid", offset_of!(Params, grid)),
        ("flags", offset_of!(Params, flags)),
        ("op", offset_of!(Params, op)),
        ("op_words", offset_of!(Params, op_words)),
        ("weighting", offset_of!(Params, weighting)),
        ("weighting_words", offset_of!(Params, weighting_words)),
        ("region", offset_of!(Params, region)),
        ("region_words", offset_of!(Params, region_words)),
        ("element", offset_of!(Params, element)),
        ("channels", offset_of!(Params, channels)),
        ("holders", offset_of!(Params, holders)),
        ("line", offset_of!(Params, line)),
        ("line_window", offset_of!(Params, line_window)),
        ("line_places", offset_of!(Params, line_places)),
        ("turn", offset_of!(Params, turn)),
        ("bases", offset_of!(Params, bases)),
        ("firsts", offset_of!(Params, firsts)),
    ]
}
