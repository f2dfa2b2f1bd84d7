//! Poolings in pieces: what is larger than a binding, than 32-bit numbers count or than one dispatch should take is planned as several poolings of parts of
//! the tensors, each with a geometry of its own, in ranges of the same buffers.
//!
//! A piece is a run of whole planes (of images where channels lie last, of boxes where regions are boxes), or where even one plane is too large a run
//! of its outermost positions with the halo of input that their windows reach into. The pieces of a plane are poolings of their own, too: padding at the plane's ends,
//! none at the seams, and bins one by one.

use std::ops::Range;

use super::{Division, Limits, Plan, Request, Site, Slot, Step, WORD, Way, choose::choose_kernel};
use crate::{Error, Pooling, Shape, geometry::Geometry};

/// Every device takes storage offsets that are multiples of so many bytes.
pub(super) const ALIGNMENT: u64 = 256;
/// What kernels read at once.
const VECTOR: u64 = 16;

/// A run of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: u64,
    pub(super) count: u64,
}

/// A part of a pooling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    /// Of the part alone.
    pub(crate) geometry: Geometry,
    /// Its elements of the tensor that is pooled, and of the pooled one.
    pub(super) input: Stretch,
    pub(super) output: Stretch,
    /// What its numbers are counted from.
    pub(super) firsts: Firsts,
    /// Whether it is all there is.
    pub(crate) whole: bool,
}

/// What the numbers of a piece are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Firsts {
    /// Its first plane's channel.
    pub(super) channel: u32,
    /// Its first output's number, which draws go by, modulo 2³².
    pub(super) number: u32,
    /// Its first position's index in the plane.
    pub(super) index: u32,
    /// Its first box.
    pub(super) own_box: u32,
}

/// A range of a slot's bytes, from a multiple of [`ALIGNMENT`] on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// The ranges that a step binds where a plan is in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slices {
    input: Slice,
    output: Slice,
    /// Of indices, or of the gradients of outputs.
    beside: Slice,
    /// Of a layer of units that is shaped like the input.
    detection: Slice,
}

impl Slices {
    /// The range of a slot; `None` where all of it is bound.
    pub(crate) fn at(&self, slot: Slot) -> Option<Slice> {
        match slot {
            Slot::Input => Some(self.input),
            Slot::Output => Some(self.output),
            Slot::Indices | Slot::GradOutput => Some(self.beside),
            Slot::Detection => Some(self.detection),
            _ => None,
        }
    }
}

/// Where the elements of a piece begin in what is bound of input, output and what stands beside the output, in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shifts {
    pub(super) input: u32,
    pub(super) output: u32,
    pub(super) beside: u32,
}

/// Bytes of the elements that a plan reads and writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widths {
    /// Of the tensor that is pooled, and of another one of its shape, 0 where there is none.
    pub(super) input: u64,
    pub(super) like_input: u64,
    /// Of the pooled tensor, and of what stands beside its elements, 0 where there is none.
    pub(super) output: u64,
    pub(super) beside: u64,
}

impl Widths {
    pub(super) fn of_input(&self) -> u64 {
        self.input.max(self.like_input)
    }

    pub(super) fn of_output(&self) -> u64 {
        self.output.max(self.beside)
    }
}

impl Piece {
    pub(super) fn whole(geometry: &Geometry) -> Self {
        let all = |count: usize| Stretch { from: 0, count: count as u64 };
        let (input, output) = (all(geometry.input.elements()), all(geometry.output.elements()));
        Self { geometry: geometry.clone(), input, output, firsts: Firsts::default(), whole: true }
    }

    /// Whether tensors of so many bytes hold it.
    fn fits(&self, widths: &Widths, bytes: u64) -> bool {
        self.input.count.saturating_mul(widths.of_input()).max(self.output.count.saturating_mul(widths.of_output())) <= bytes
    }

    /// Where its elements begin in what is bound.
    pub(super) fn shifts(&self, widths: &Widths) -> Shifts {
        #[allow(clippy::cast_possible_truncation, reason = "below 256")]
        let shift = |from: u64, width: u64| (from * width % ALIGNMENT).checked_div(width).unwrap_or(0) as u32;
        Shifts {
            input: shift(self.input.from, widths.input),
            output: shift(self.output.from, widths.output),
            beside: shift(self.output.from, widths.beside),
        }
    }

    /// What is bound of each tensor, of which there are `all` elements.
    pub(super) fn slices(&self, widths: &Widths, all: [u64; 2], way: Way) -> Slices {
        let slice = |stretch: Stretch, width: u64, all: u64| {
            let [from, end, most] = [stretch.from, stretch.from + stretch.count, all].map(|count| count.saturating_mul(width));
            let offset = from / ALIGNMENT * ALIGNMENT;
            let end = end.next_multiple_of(VECTOR).min(most.next_multiple_of(WORD));
            Slice { offset, bytes: end - offset }
        };
        let input = slice(self.input, widths.input, all[0]);
        let output = slice(self.output, widths.output, all[1]);
        let beside = slice(self.output, widths.beside, all[1]);
        let detection = slice(self.input, WORD, all[0]);
        match way {
            Way::Forward { .. } => Slices { input, output, beside, detection },
            // What is written is shaped like the input, and of the type of the output.
            Way::Grad => Slices { input, output: slice(self.input, widths.like_input, all[0]), beside: output, detection },
            Way::Unpool => Slices { input: output, output: input, beside, detection },
        }
    }
}

impl Step {
    /// Says where in the tensors this step's piece is.
    pub(super) fn place(&mut self, slices: Option<Slices>, shifts: Shifts, firsts: Firsts) {
        self.slices = slices;
        self.params.bases = [shifts.input, shifts.output, shifts.beside, 0];
        self.params.firsts = [firsts.channel, firsts.number, firsts.index, firsts.own_box];
    }
}

/// A part of a pooling that has tensors of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) plan: Plan,
    /// Its elements of the input.
    pub(crate) input: Range<usize>,
}

impl Plan {
    /// Plans as [`Plan::new`] does, and part by part where a tensor is larger than a buffer may be.
    pub(crate) fn parts(pooling: &Pooling, shape: &Shape, request: &Request, limits: &Limits) -> Result<Vec<Part>, Error> {
        let geometry = Geometry::resolve(pooling, shape)?;
        let site = Site::forward(pooling, &geometry, request, limits)?;
        let kernel = choose_kernel(&site, request, false)?;
        let division = Division::forward(&site, request);
        let part = |plan, input: Stretch| Part { plan, input: input.range() };
        let whole = Piece::whole(&geometry);
        if whole.fits(&division.widths, limits.buffer_bytes) {
            return Ok(vec![part(Self::forward(&site, request, kernel)?, whole.input)]);
        }
        // A part has buffers of its own.
        let tight = Limits { binding_bytes: limits.binding_bytes.min(limits.buffer_bytes), ..*limits };
        let pieces = division.pieces(&Site { limits: &tight, ..site }, kernel)?;
        let parts = pieces.into_iter().map(|piece| {
            let own = Site { firsts: piece.firsts, ..Site::new(pooling, &piece.geometry, site.elements, limits) };
            let plan = Self::forward(&own, request, choose_kernel(&own, request, false)?)?;
            Ok(part(plan, piece.input))
        });
        parts.collect()
    }
}

impl Stretch {
    fn range(self) -> Range<usize> {
        let at = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        at(self.from)..at(self.from + self.count)
    }
}
