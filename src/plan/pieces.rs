//! Poolings in pieces: what is larger than a binding, than 32-bit numbers count or than one dispatch should take is planned as several poolings of parts of
//! the tensors, each with a geometry of its own, in ranges of the same buffers.
//!
//! A piece is a run of whole planes (of images where channels lie last, of boxes where regions are boxes), or where even one plane is too large a run
//! of its outermost positions with the halo of input that their windows reach into. The pieces of a plane are poolings of their own, too: padding at the plane's ends,
//! none at the seams, and bins one by one.

use std::ops::Range;

use super::{
    Kernel, Limits, MOST_ELEMENTS, Plan, Request, Site, Slot, Step, WORD, Way, choose::choose_kernel, cost::cost, line::planes,
};
use crate::{
    Error, OpKind, Pooling, Region, Shape,
    geometry::{Axis, Geometry, Order, Side, Walk},
};

/// Every device takes storage offsets that are multiples of so many bytes.
const ALIGNMENT: u64 = 256;
/// What kernels read at once.
const VECTOR: u64 = 16;
/// What a range loses that begins and ends between such places.
const LOST: u64 = 2 * ALIGNMENT;
/// Beyond that a plan would hold more parameters than work.
const MOST_PIECES: u64 = 1 << 14;
/// Elements of tensors that are divided: beyond all memory, and so that bytes can be counted.
const MOST_IN_ALL: u64 = 1 << 48;

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
    fn of_input(&self) -> u64 {
        self.input.max(self.like_input)
    }

    fn of_output(&self) -> u64 {
        self.output.max(self.beside)
    }
}

impl Piece {
    fn whole(geometry: &Geometry) -> Self {
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

/// How a plan is divided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Division {
    pub(super) widths: Widths,
    /// Whether pieces must begin where bindings may, since kernels of the way back count from there.
    pub(super) aligned: bool,
    /// Whether regions are folded to what the way back saves.
    pub(super) saves: bool,
}

impl Division {
    /// On the way there.
    pub(super) fn forward(site: &Site<'_>, request: &Request) -> Self {
        let [input, output] = [site.elements.input, site.elements.output].map(|element| element.bytes() as u64);
        let (like_input, beside) = (WORD * u64::from(request.detection), WORD * u64::from(request.indices));
        Self { widths: Widths { input, like_input, output, beside }, aligned: request.detection, saves: false }
    }

    /// The pieces in their order, by what `kernel` costs; one where all of it fits.
    ///
    /// # Errors
    /// [`Error::UnsupportedSize`] where even the smallest piece is too large.
    pub(super) fn pieces(self, site: &Site<'_>, kernel: Kernel) -> Result<Vec<Piece>, Error> {
        let Self { widths, aligned, saves } = self;
        Divided { site, widths, aligned, cost: cost(site, kernel, saves) }.pieces()
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

/// A pooling that is being divided.
struct Divided<'a> {
    site: &'a Site<'a>,
    widths: Widths,
    aligned: bool,
    /// Taps that it folds.
    cost: u64,
}

impl Divided<'_> {
    fn pieces(&self) -> Result<Vec<Piece>, Error> {
        let Site { geometry, elements, .. } = *self.site;
        let whole = Piece::whole(geometry);
        for (what, stretch) in [("input", whole.input), ("output", whole.output)] {
            if stretch.count > MOST_IN_ALL {
                let what = format!("{what} elements");
                return Err(Error::UnsupportedSize { what, limit: MOST_IN_ALL, actual: stretch.count });
            }
        }
        let textures = elements.source.is_some() || elements.target.is_some();
        if textures || geometry.walk == Walk::List || whole.input.count == 0 || whole.output.count == 0 {
            return Ok(vec![whole]);
        }
        if self.fits(whole.input.count, whole.output.count, 0) && self.cost <= self.most_cost() {
            return Ok(vec![whole]);
        }
        if let Some(Side::Boxes(boxes)) = geometry.side {
            return self.boxes(boxes);
        }
        let units = planes(geometry).max(1);
        let [input, output] = [whole.input.count / units, whole.output.count / units];
        let fits = |count: u64, lost| self.fits(count.saturating_mul(input), count.saturating_mul(output), lost);
        let affords = |count: u64| {
            let cost = u128::from(self.cost) * u128::from(count) / u128::from(units);
            cost <= u128::from(self.most_cost())
        };
        let (aligned, worded) = (self.between([input, output], ALIGNMENT), self.between([0, output], WORD));
        let each = self.most(units, |count| fits(count, 0) && affords(count)) / aligned * aligned;
        if each > 0 {
            return self.units(units, each, aligned);
        }
        if self.aligned {
            let bytes = aligned.saturating_mul((input * self.widths.of_input()).max(output * self.widths.of_output()));
            let refused =
                || self.too_large("bytes of the planes that go at once, since the way back begins where bindings may", bytes);
            return if fits(aligned, 0) { self.units(units, aligned, aligned) } else { Err(refused()) };
        }
        let each = self.most(units, |count| fits(count, LOST) && affords(count)) / worded * worded;
        if each > 0 {
            return self.units(units, each, worded);
        }
        // What cannot be divided takes as long as it takes.
        match self.rows(units) {
            Err(_) if fits(aligned, 0) => self.units(units, aligned, aligned),
            Err(_) if fits(worded, LOST) => self.units(units, worded, worded),
            pieces => pieces,
        }
    }

    /// What one dispatch may cost: more than the limits say only where there would be too many of them.
    fn most_cost(&self) -> u64 {
        self.site.limits.taps_per_dispatch().max(self.cost / (MOST_PIECES / 2))
    }

    /// Whether so many elements can be bound, beside so many bytes that are lost, and counted.
    fn fits(&self, input: u64, output: u64, lost: u64) -> bool {
        let bytes = input.saturating_mul(self.widths.of_input()).max(output.saturating_mul(self.widths.of_output()));
        bytes.saturating_add(lost) <= self.site.limits.binding_bytes && input.max(output) <= MOST_ELEMENTS
    }

    /// How many units of so many elements there are from one multiple of so many bytes, in every tensor, to the next.
    fn between(&self, [input, output]: [u64; 2], bytes: u64) -> u64 {
        [(input, self.widths.input), (output, self.widths.output), (output, self.widths.beside)]
            .into_iter()
            .map(|(elements, width)| bytes / gcd(bytes, (elements % bytes) * width))
            .max()
            .unwrap_or(1)
    }

    /// The most of `1..=all` for which something holds that holds for fewer, too; 0 where there is none.
    fn most(&self, all: u64, holds: impl Fn(u64) -> bool) -> u64 {
        let (mut low, mut high) = (0, all);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if holds(middle) { low = middle } else { high = middle - 1 }
        }
        low
    }

    fn too_large(&self, what: &str, actual: u64) -> Error {
        Error::UnsupportedSize { what: what.into(), limit: self.site.limits.binding_bytes, actual }
    }

    /// As even as can be, and no more than a plan may hold.
    fn even(units: u64, each: u64, step: u64) -> Result<u64, Error> {
        let pieces = units.div_ceil(each);
        if pieces > MOST_PIECES {
            let what = "pieces that a pooling is planned in".into();
            return Err(Error::UnsupportedSize { what, limit: MOST_PIECES, actual: pieces });
        }
        Ok(units.div_ceil(pieces).next_multiple_of(step).min(each))
    }

    /// Whole planes, or images, so many at once.
    fn units(&self, units: u64, each: u64, step: u64) -> Result<Vec<Piece>, Error> {
        let geometry = self.site.geometry;
        let [input, output] = [&geometry.input, &geometry.output].map(|shape| shape.elements() as u64 / units);
        let each = Self::even(units, each, step)?;
        let pieces = (0..units).step_by(usize::try_from(each).unwrap_or(usize::MAX)).map(|from| {
            let count = each.min(units - from);
            let run = |elements: u64| Stretch { from: from * elements, count: count * elements };
            let firsts = Firsts { channel: self.channel(from), number: low(from * output), ..Firsts::default() };
            Piece { geometry: self.of_units(count), input: run(input), output: run(output), firsts, whole: false }
        });
        Ok(pieces.collect())
    }

    /// The channel of a unit, where units are planes.
    fn channel(&self, unit: u64) -> u32 {
        let Geometry { channels, order, .. } = self.site.geometry;
        if *order == Order::ChannelsFirst { low(unit % (*channels as u64).max(1)) } else { 0 }
    }

    /// The geometry of so many units.
    fn of_units(&self, units: u64) -> Geometry {
        let geometry = self.site.geometry;
        let by_images = planes(geometry) == geometry.input.batch() as u64;
        let units = usize::try_from(units).unwrap_or(usize::MAX);
        let [input, output] = [geometry.input, geometry.output]
            .map(|shape| if by_images { shape.with_batch(units) } else { shape.with_batch(1).with_channels(units) });
        Geometry { input, output, ..geometry.clone() }
    }

    /// Boxes: all of the input, and a run of the outputs.
    fn boxes(&self, boxes: u32) -> Result<Vec<Piece>, Error> {
        let geometry = self.site.geometry;
        let whole = Piece::whole(geometry);
        let output = whole.output.count / u64::from(boxes);
        let cost = self.cost / u64::from(boxes);
        let step = self.between([0, output], ALIGNMENT);
        let each = self.most(boxes.into(), |boxes| {
            let affords = boxes.saturating_mul(cost) <= self.most_cost();
            self.fits(whole.input.count, boxes.saturating_mul(output), 0) && affords
        });
        let each = Self::even(boxes.into(), (each / step * step).max(step), step)?;
        let pieces = (0..u64::from(boxes)).step_by(usize::try_from(each).unwrap_or(usize::MAX)).map(|from| {
            let count = each.min(u64::from(boxes) - from);
            let pooled = geometry.output.with_batch(usize::try_from(count).unwrap_or(usize::MAX));
            Piece {
                geometry: Geometry { output: pooled, ..geometry.clone() },
                output: Stretch { from: from * output, count: count * output },
                firsts: Firsts { number: low(from * output), own_box: low(from), ..Firsts::default() },
                whole: false,
                ..whole.clone()
            }
        });
        Ok(pieces.collect())
    }

    /// Runs of the outermost positions of one plane after the other.
    fn rows(&self, units: u64) -> Result<Vec<Piece>, Error> {
        let Site { geometry, pooling, .. } = *self.site;
        let [input, output] = [&geometry.input, &geometry.output].map(|shape| shape.elements() as u64 / units);
        let refused = |why: &str| {
            Err(self.too_large(
                &format!("bytes of one plane, {why}"),
                (input * self.widths.of_input()).max(output * self.widths.of_output()),
            ))
        };
        if !matches!(geometry.walk, Walk::Window | Walk::Edge | Walk::Adaptive) {
            return refused("which windows and adaptive grids only take in parts");
        }
        let draws = matches!(pooling.op.kind(), OpKind::StochasticSample | OpKind::ProbabilisticMaxSample);
        if geometry.order == Order::DepthLast || draws && geometry.order == Order::ChannelsLast {
            return refused("whose parts are not numbered one after the other");
        }
        let Some(number) = geometry.axes.iter().position(|axis| axis.input > 1 || axis.output > 1) else {
            return refused("which has one position");
        };
        let axis = geometry.axes[number];
        // Elements at one position of the axis, and positions of the plane there.
        let inner =
            |size: fn(&Axis) -> u32| geometry.axes[number + 1..].iter().map(|axis| u64::from(size(axis))).product::<u64>();
        let beside = if geometry.order == Order::ChannelsLast { geometry.channels as u64 } else { 1 };
        let [own, pooled] = [inner(|axis| axis.input), inner(|axis| axis.output)].map(|positions| positions * beside);
        let cost = self.cost / (units * u64::from(axis.output)).max(1);
        let holds = |from: u32, end: u32| {
            let [first, last] = axis.reach(geometry.walk, from, end);
            self.fits((last - first) * own, u64::from(end - from) * pooled, LOST)
        };
        // Whoever stores owns whole words.
        let step = low(self.between([0, pooled], WORD));
        if units > 1 && self.between([0, output], WORD) > 1 {
            return refused("whose outputs do not fill whole words");
        }
        let mut pieces = Vec::new();
        for unit in 0..units {
            let mut from = 0;
            while from < axis.output {
                let rest = u64::from(axis.output - from);
                let afford = (self.most_cost() / cost.max(1)).max(1);
                let one_by_one = geometry.walk == Walk::Adaptive;
                let most = self.most(if one_by_one { 1 } else { rest.min(afford) }, |count| holds(from, from + low(count)));
                let most = if most < rest { most / u64::from(step) * u64::from(step) } else { most };
                if most == 0 {
                    let [first, last] = axis.reach(geometry.walk, from, from + 1);
                    return Err(self.too_large("bytes under one row of outputs", (last - first) * own * self.widths.input));
                }
                let end = from + low(most);
                let [first, last] = axis.reach(geometry.walk, from, end);
                let firsts = Firsts {
                    channel: self.channel(unit),
                    number: low((unit * output).wrapping_add(u64::from(from) * pooled)),
                    index: low(first * (own / beside)),
                    own_box: 0,
                };
                pieces.push(Piece {
                    geometry: self.of_rows(number, from, end),
                    input: Stretch { from: unit * input + first * own, count: (last - first) * own },
                    output: Stretch { from: unit * output + u64::from(from) * pooled, count: most * pooled },
                    firsts,
                    whole: false,
                });
                if pieces.len() as u64 > MOST_PIECES {
                    let what = "pieces that a pooling is planned in".into();
                    return Err(Error::UnsupportedSize { what, limit: MOST_PIECES, actual: pieces.len() as u64 });
                }
                from = end;
            }
        }
        Ok(pieces)
    }

    /// The geometry of the outputs `from..end` on an axis.
    fn of_rows(&self, number: usize, from: u32, end: u32) -> Geometry {
        let Geometry { walk, axes, .. } = *self.site.geometry;
        let axis = axes[number];
        let [first, last] = axis.reach(walk, from, end);
        let input = low(last - first);
        let axis = match walk {
            Walk::Adaptive => Axis::whole(input, end - from),
            _ => Axis {
                input,
                output: end - from,
                pad_begin: axis.pad_begin.saturating_sub(from.saturating_mul(axis.stride)),
                pad_end: if last == u64::from(axis.input) { axis.pad_end } else { 0 },
                ..axis
            },
        };
        let mut one = self.of_units(1);
        one.axes[number] = axis;
        let over_channels = matches!(self.site.pooling.region, Region::Channels { .. } | Region::ChannelWindow { .. });
        let sizes = |shape: &Shape, size: u32| match number {
            // The channels are the depth, and the positions of a plane the width.
            0 if over_channels => shape.with_channels(size as usize),
            _ if over_channels => shape.with_spatial(&[size as usize]),
            _ => {
                let mut spatial = shape.spatial().to_vec();
                let absent = one.axes.len() - spatial.len();
                spatial[number - absent] = size as usize;
                shape.with_spatial(&spatial)
            }
        };
        (one.input, one.output) = (sizes(&one.input, input), sizes(&one.output, end - from));
        one
    }
}

/// The low word of a number.
#[allow(clippy::cast_possible_truncation, reason = "the low word, or a number that is known to fit")]
fn low(number: u64) -> u32 {
    number as u32
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
