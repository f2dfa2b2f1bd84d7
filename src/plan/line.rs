//! The steps of the line kernel: one an axis that the window runs over, with accumulators in scratch between them.

use super::{Limits, WORD, WORKGROUP, schedule::Line};
use crate::{
    geometry::{Axis, Geometry, Order},
    op::Packed,
};

/// Outputs of one invocation, most first; a longer block costs an output less, and holds more accumulators in registers.
const BLOCKS: [u32; 3] = [16, 8, 4];
/// Positions between the first output of a block and its last: what an invocation reads twice, and what compilers unroll.
const MOST_SPREAD: u32 = 15;
/// Loop turns of one invocation, with room to what Mesa's software rasteriser takes: see [`choose`](super::choose).
const MOST_TURNS: u64 = 16_000;
/// Numbers in a group of lanes.
const LANES: u32 = 4;

/// One step: a view of a tensor as [outer, positions of the axis, rows, values in a row], the last contiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    pub(super) key: Line,
    pub(super) axis: Axis,
    /// Which of depth, height and width it is.
    pub(super) number: u32,
    /// What lies before the axis.
    outer: u64,
    /// Rows of neighbouring lines between the axis and the lines themselves.
    rows: u64,
    /// Neighbouring lines in one row.
    pub(super) row: u32,
}

impl Pass {
    /// Lines by four, side by side; along rows, blocks of one row.
    pub(super) fn columns(&self) -> u64 {
        if self.key.along.is_some() {
            return self.axis.output.div_ceil(self.key.block).into();
        }
        self.rows.saturating_mul(self.row.div_ceil(LANES).into())
    }

    /// Invocations, one a block of outputs and column.
    pub(super) fn invocations(&self) -> u64 {
        let others = if self.key.along.is_some() { self.rows } else { self.axis.output.div_ceil(self.key.block).into() };
        self.outer.saturating_mul(others).saturating_mul(self.columns())
    }

    /// Accumulators of four lanes that it leaves.
    pub(super) fn left(&self) -> u64 {
        if self.key.turned {
            self.outer.saturating_mul(self.row.into()).saturating_mul(self.axis.output.div_ceil(LANES).into())
        } else {
            self.outer.saturating_mul(self.axis.output.into()).saturating_mul(self.columns())
        }
    }

    /// What its folds cost, in tenths of a tap that direct walks: see [`choose`](super::choose).
    pub(super) fn cost(&self) -> u64 {
        const STEP: u64 = 22;
        let (kernel, block) = (u64::from(self.axis.kernel), u64::from(self.key.block));
        let taps = self.key.shared.map_or(10 * kernel, |stride| 10 * (kernel + u64::from(stride) * (block - 1)) / block);
        let lines = if self.key.along.is_some() { self.rows } else { self.columns().saturating_mul(LANES.into()) };
        let folded = self.outer.saturating_mul(u64::from(self.axis.output)).saturating_mul(lines);
        folded.saturating_mul(STEP + taps)
    }

    /// Loop turns of one invocation, at most.
    fn turns(&self) -> u64 {
        let taps = u64::from(self.axis.kernel);
        let per_tap = if self.key.shared.is_some() { 1 } else { u64::from(self.key.block) + 1 };
        taps * per_tap + 4 * taps.div_ceil(32) + 64
    }

    /// `Params::line`, `line_window` and `line_places`.
    pub(super) fn words(&self, from: u32, to: u32) -> [[u32; 4]; 3] {
        let Axis { input, output, kernel, stride, dilation, pad_begin, pad_end } = self.axis;
        [[input, output, kernel, stride], [dilation, pad_begin, pad_end, 0], [from, to, self.row, self.number]]
    }
}

/// Whether a window does anything on this axis.
fn moves(axis: &Axis) -> bool {
    axis.kernel > 1 || axis.stride > 1
}

/// The steps for a part of the batch or of its planes, as many as `planes` says, of outputs that share partial folds where `shares`; `None` where the channels are the depth and lie last.
/// Along rows only on software adapters: neighbours read a block apart there.
pub(super) fn line_passes(geometry: &Geometry, planes: u64, shares: bool, limits: &Limits) -> Option<Vec<Pass>> {
    let [depth, height, width] = geometry.axes;
    let mut passes = Vec::new();
    let mut add = |axis: Axis, number, outer, rows, row, turned| {
        let key = Line { turned, ..block_of(&axis, shares) };
        passes.push(Pass { key, axis, number, outer, rows, row });
    };
    let word = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let sizes = |axis: &Axis| [u64::from(axis.input), u64::from(axis.output)];
    let ([_, slices], [tall, rows], [wide, _]) = (sizes(&depth), sizes(&height), sizes(&width));
    match geometry.order {
        Order::DepthLast => return None,
        Order::ChannelsFirst => {
            if moves(&depth) {
                add(depth, 0, planes, tall, width.input, false);
            }
            if let Some(key) = along_of(&width, shares && limits.software, !moves(&height)) {
                if moves(&height) {
                    add(height, 1, planes.saturating_mul(slices), 1, width.input, false);
                }
                let outer = planes.saturating_mul(slices);
                passes.push(Pass { key, axis: width, number: 2, outer, rows, row: width.input });
            } else if moves(&width) && moves(&height) {
                add(height, 1, planes.saturating_mul(slices), 1, width.input, true);
                add(width, 2, planes.saturating_mul(slices), 1, height.output, true);
            } else if moves(&width) {
                // Rows of all planes, turned so that they lie side by side.
                let all = planes.saturating_mul(slices).saturating_mul(tall);
                add(Axis::whole(word(all), word(all)), 1, 1, 1, width.input, true);
                add(width, 2, 1, 1, word(all), true);
            } else if moves(&height) || !moves(&depth) {
                add(height, 1, planes.saturating_mul(slices), 1, width.input, false);
            }
        }
        Order::ChannelsLast => {
            let channels = word(geometry.input.channels() as u64);
            if moves(&depth) {
                add(depth, 0, planes, tall.saturating_mul(wide), channels, false);
            }
            if moves(&height) {
                add(height, 1, planes.saturating_mul(slices), wide, channels, false);
            }
            if moves(&width) || !moves(&depth) && !moves(&height) {
                add(width, 2, planes.saturating_mul(slices).saturating_mul(rows), 1, channels, false);
            }
        }
    }
    let last = passes.len() - 1;
    for (at, pass) in passes.iter_mut().enumerate() {
        (pass.key.from_scratch, pass.key.to_scratch) = (at > 0, at < last);
    }
    Some(passes)
}

/// The step along rows, where it pays, on lavapipe: where there is no column to go down, since nothing else reads rows as they lie (1×31: 23.7 → 9.8 ms); after one that
/// would be turned in passing in blocks as long as can be, and many of them in a row (31×31: 22.9 → 22.0 ms, while 13×13 was a quarter slower).
fn along_of(axis: &Axis, shares: bool, alone: bool) -> Option<Line> {
    const ENOUGH_BLOCKS: u32 = 16;
    let suits = shares && axis.stride == 1 && axis.dilation == 1;
    let many = |&block: &u32| suits && block - 1 <= axis.kernel && block < axis.output.saturating_add(LANES);
    let block = BLOCKS.into_iter().find(many)?;
    let lead = (4 - axis.pad_begin % 4) % 4;
    (alone || block == BLOCKS[0] && axis.output >= ENOUGH_BLOCKS * block).then(|| Line {
        block,
        shared: Some(1),
        along: Some([lead, (lead + axis.kernel % 4) % 4]),
        ..Line::ALONE
    })
}

/// How many outputs of an axis share taps, where they do.
fn block_of(axis: &Axis, shares: bool) -> Line {
    let many = |&block: &u32| {
        let spread = (block - 1).saturating_mul(axis.stride);
        axis.dilation == 1 && spread <= MOST_SPREAD && spread <= axis.kernel && block < axis.output.saturating_add(LANES)
    };
    BLOCKS.into_iter().find(many).filter(|_| shares).map_or(Line::ALONE, |block| Line {
        block,
        shared: Some(axis.stride),
        ..Line::ALONE
    })
}

/// A split of the work so that scratch holds what one part leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    /// All planes, or all images where channels lie last.
    pub(super) planes: u64,
    /// Those of one part.
    pub(super) each: u64,
    /// Bytes of scratch.
    pub(super) scratch_bytes: u64,
}

/// What all steps cost, in tenths of a tap, and how many there are.
pub(super) fn line_cost(geometry: &Geometry, shares: bool, limits: &Limits) -> Option<[u64; 2]> {
    let passes = line_passes(geometry, geometry.units(), shares, limits)?;
    Some([passes.iter().fold(0, |cost: u64, pass| cost.saturating_add(pass.cost())), passes.len() as u64])
}

/// How the line kernel may run, or why not.
pub(super) fn line_parts(geometry: &Geometry, packed: Packed, limits: &Limits) -> Result<Parts, String> {
    let planes = geometry.units();
    let scratch = |each: u64| {
        let passes = line_passes(geometry, each, packed.shares, limits)
            .ok_or("its lines lie beside each other, and here the channels, innermost, are the depth")?;
        if let Some(pass) = passes.iter().find(|pass| pass.turns() > MOST_TURNS) {
            return Err(format!(
                "a line of {} taps may take {} loop turns; {MOST_TURNS} is the most",
                pass.axis.kernel,
                pass.turns()
            ));
        }
        let left: u64 = passes.iter().filter(|pass| pass.key.to_scratch).map(Pass::left).fold(0, u64::saturating_add);
        Ok(left.saturating_mul(u64::from(packed.words * LANES) * WORD))
    };
    let one = scratch(1)?;
    if one > limits.binding_bytes {
        return Err(format!(
            "a plane's accumulators would take {one} bytes of scratch; a binding holds {}",
            limits.binding_bytes
        ));
    }
    let mut each = planes.max(1);
    while scratch(each)? > limits.binding_bytes {
        each = each.div_ceil(2);
    }
    Ok(Parts { planes, each, scratch_bytes: scratch(each)? })
}

/// Whether weights exp(−excess · `scale`), by the square of twice the distance, are products of one an axis, none of them 0 and all relative to the tap nearest to the
/// window's centre, or why not.
pub(super) fn separates(geometry: &Geometry, scale: f32) -> Result<(), String> {
    /// Where the least weight is still of full precision.
    const MOST_EXPONENT: f64 = 80.0;
    let mut exponent = 0.0;
    for axis in geometry.axes {
        if !axis.centres_inside() {
            return Err(
                "it weighs by the distance from the window's centre, and some windows have theirs where there is no input"
                    .into(),
            );
        }
        // As many taps on either side, and none in the middle: where they are far apart, the nearest two may both be absent.
        let even = axis.kernel % 2 == 0;
        if axis.dilation > 1 && even {
            let Axis { kernel, dilation, .. } = axis;
            return Err(format!(
                "it weighs by the distance from the window's centre, and none of {kernel} taps {dilation} apart is near it"
            ));
        }
        #[allow(clippy::cast_precision_loss, reason = "an estimate")]
        let excess = (axis.extent().pow(2) - i64::from(even)) as f64;
        exponent += excess * f64::from(scale);
    }
    if exponent <= MOST_EXPONENT {
        Ok(())
    } else {
        Err(format!("its least weight is exp(−{exponent:.0}), too small to be made axis by axis"))
    }
}

/// Workgroups of a step.
pub(super) fn line_groups(pass: &Pass) -> u64 {
    pass.invocations().div_ceil(WORKGROUP.into())
}
