//! How poolings are divided: into as few and as even pieces as what bounds them allows.

use super::{
    Kernel, MOST_ELEMENTS, Request, Site, WORD,
    cost::cost,
    pieces::{ALIGNMENT, Firsts, Piece, Stretch, Widths},
};
use crate::{
    Error, OpKind, Region,
    geometry::{Axis, Geometry, Order, Side, Walk},
};

/// What a range loses that begins and ends between such places.
const LOST: u64 = 2 * ALIGNMENT;
/// Beyond that a plan would hold more parameters than work.
const MOST_PIECES: u64 = 1 << 14;
/// Elements of tensors that are divided: beyond all memory, and so that bytes can be counted.
const MOST_IN_ALL: u64 = 1 << 48;

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
        let units = geometry.units().max(1);
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
            Piece { geometry: geometry.of_units(count), input: run(input), output: run(output), firsts, whole: false }
        });
        Ok(pieces.collect())
    }

    /// The channel of a unit, where units are planes.
    fn channel(&self, unit: u64) -> u32 {
        let Geometry { channels, order, .. } = self.site.geometry;
        if *order == Order::ChannelsFirst { low(unit % (*channels as u64).max(1)) } else { 0 }
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
        let over_channels = matches!(pooling.region, Region::Channels { .. } | Region::ChannelWindow { .. });
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
                    geometry: geometry.of_rows(number, from, end, over_channels),
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
}

/// The low word of a number.
#[allow(clippy::cast_possible_truncation, reason = "the low word, or a number that is known to fit")]
fn low(number: u64) -> u32 {
    number as u32
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
