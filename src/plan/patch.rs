//! The patch of input values that one invocation of the way back owns, in windows whose size is a constant.

use std::fmt;

use super::{BackKey, Site, Specialise, choose::is_listed};
use crate::{
    geometry::{Axis, Order, Walk},
    op::WeightingKind,
};

/// Values that an invocation may add up in registers, and rows and columns of outputs whose windows may touch them, before compilers spill or take
/// seconds. shaders/schedule/gather_patch.wgsl writes out as many rows and fours of outputs.
const MOST_VALUES: u64 = 40;
const MOST_OUTPUTS: [u64; 2] = [6, 12];

/// The constants of a gather by patches: whole strides on height and width, so that all patches lie alike among the outputs; depth stays dynamic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Patch {
    pub(crate) kernel: [u32; 2],
    pub(crate) stride: [u32; 2],
    pub(crate) dilation: [u32; 2],
    /// At the begin.
    pub(crate) padding: [u32; 2],
    /// Strides that a patch is high.
    pub(crate) strides: u32,
    /// Whether rows of outputs are whole fours, read at once.
    pub(crate) outputs_by_four: bool,
    /// Whether rows of inputs are.
    pub(crate) inputs_by_four: bool,
    /// Whether there is no depth to walk.
    pub(crate) flat: bool,
}

/// The outputs on one axis whose windows touch a patch: the first, relative to the number of strides before the patch, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Touching {
    pub(crate) first: i64,
    pub(crate) count: u64,
}

impl Patch {
    /// Strides that a patch is wide: those of a vec4 of outputs.
    const STRIDES_ACROSS: u32 = 4;

    /// The patch for windows on these axes.
    pub(crate) fn of([depth, height, width]: &[Axis; 3]) -> Self {
        Self {
            kernel: [height.kernel, width.kernel],
            stride: [height.stride, width.stride],
            dilation: [height.dilation, width.dilation],
            padding: [height.pad_begin, width.pad_begin],
            strides: if height.kernel > height.stride && height.stride < 3 { 2 / height.stride } else { 1 },
            outputs_by_four: width.output % 4 == 0,
            inputs_by_four: width.input % 4 == 0,
            flat: *depth == Axis::ABSENT,
        }
    }

    /// Rows and columns of input values.
    pub(crate) fn sides(&self) -> [u32; 2] {
        [self.strides.saturating_mul(self.stride[0]), Self::STRIDES_ACROSS.saturating_mul(self.stride[1])]
    }

    /// Whether what it adds up, and the outputs that touch it, are no more than the kernel writes out.
    pub(crate) fn fits(&self) -> bool {
        let [rows, columns] = self.sides().map(u64::from);
        let few = self.touching().iter().zip(MOST_OUTPUTS).all(|(touching, most)| touching.count <= most);
        few && rows.saturating_mul(columns) <= MOST_VALUES
    }

    /// The outputs that touch it, rows and columns.
    pub(crate) fn touching(&self) -> [Touching; 2] {
        let sides = self.sides();
        [0, 1].map(|axis| {
            let [stride, padding, side] = [self.stride[axis], self.padding[axis], sides[axis]].map(i64::from);
            let reach = i64::from(self.dilation[axis]) * (i64::from(self.kernel[axis]) - 1);
            // The windows o with o·stride − padding + reach ≥ 0 and o·stride − padding ≤ side − 1.
            let first = -(reach - padding).div_euclid(stride);
            let last = (side - 1 + padding).div_euclid(stride);
            // Rows of fours are read from a multiple of four on.
            let first = if axis == 1 && self.outputs_by_four { first - first.rem_euclid(4) } else { first };
            Touching { first, count: u64::try_from(last + 1 - first).unwrap_or(0) }
        })
    }
}

impl fmt::Display for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernel: [kh, kw], stride: [sh, sw], dilation: [dh, dw], padding: [ph, pw], .. } = self;
        let [rows, columns] = self.sides();
        write!(f, "{rows}x{columns}_k{kh}x{kw}_s{sh}x{sw}_d{dh}x{dw}_p{ph}x{pw}")?;
        for (flag, name) in [(self.outputs_by_four, "/load4"), (self.inputs_by_four, "/store4"), (!self.flat, "/deep")] {
            f.write_str(if flag { name } else { "" })?;
        }
        Ok(())
    }
}

/// The patches that `key`'s gather may go by: windows of constant size that fit in registers, taps that weigh the same, and no word of the output in two of them.
pub(super) fn patch_for(key: &BackKey, site: &Site<'_>, specialise: Specialise) -> Option<Patch> {
    let [_, _, width] = &site.geometry.axes;
    let patch = Patch::of(&site.geometry.axes);
    let wanted = match specialise {
        Specialise::Any => true,
        Specialise::Listed => is_listed(patch.kernel, patch.stride, patch.dilation),
        Specialise::Never => false,
    };
    let suits = key.walk == Walk::Window && key.weighting == WeightingKind::One && key.format.order == Order::ChannelsFirst;
    let words = width.input.is_multiple_of(key.format.output.per_word());
    (wanted && suits && words && patch.fits()).then_some(patch)
}
