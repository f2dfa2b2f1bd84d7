//! What a kernel's tensors look like in memory: the order of axes, the types of elements, and how many values it folds at once.

use std::fmt;

use super::{
    Request, Schedule, Tile,
    key::{SORT_TAPS, two_stages},
};
use crate::{
    Element, Error, OpKind, Pooling, Quantization,
    geometry::{Geometry, Order, Walk},
    op::OpRow,
};

/// The element types of a pooling's tensors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Elements {
    pub(crate) input: Element,
    /// Of the output, or of the gradients on the way back.
    pub(crate) output: Element,
    /// How whole numbers stand for reals, in the input and in the output.
    quantization: [Quantization; 2],
}

impl Elements {
    /// Those of a request, forward and where values are put back.
    pub(crate) fn of(request: &Request) -> Result<Self, Error> {
        let input = request.element;
        let output = request.output.unwrap_or(input);
        if output != input && output != Element::F32 {
            let because = format!("results are {input}, as the input is, or f32");
            return Err(Error::unsupported(format!("results of {output}"), because));
        }
        if let Some(quantization) = request.quantization {
            quantization.check(input)?;
        }
        if let Some(quantization) = request.output_quantization {
            quantization.check(output)?;
        }
        let own = request.quantization.unwrap_or(Quantization::NONE);
        let of_output = if output.is_byte() { request.output_quantization.unwrap_or(own) } else { Quantization::NONE };
        Ok(Self { input, output, quantization: [own, of_output] })
    }

    /// Those of a request on the way back: gradients are floats, f32 where the input is none.
    pub(crate) fn of_grad(request: &Request) -> Result<Self, Error> {
        let input = request.element;
        let own = if input.is_float() { input } else { Element::F32 };
        let output = request.output.unwrap_or(own);
        if output != own && output != Element::F32 {
            let because =
                if own == input { format!("they are {input}, as the input is, or f32") } else { "they are f32".into() };
            return Err(Error::unsupported(format!("gradients of {output}"), because));
        }
        if request.output_quantization.is_some() {
            return Err(Error::unsupported("quantised gradients", "they are floats"));
        }
        Ok(Self { output, ..Self::of(&Request { output: Some(Element::F32), ..*request })? })
    }

    /// Those of a tensor that is read as it is to be written.
    pub(super) fn of_output(self) -> Self {
        Self { input: self.output, output: self.output, quantization: [self.quantization[1]; 2] }
    }

    /// `params.element`.
    pub(super) fn parameters(&self) -> [f32; 4] {
        let [input, output] = self.quantization;
        #[allow(clippy::cast_precision_loss, reason = "numbers of a byte")]
        let zero_points = [input, output].map(|quantization| quantization.zero_point as f32);
        [input.scale, zero_points[0], output.scale, zero_points[1]]
    }
}

/// How values stand in a buffer: a file of shaders/storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stored {
    /// As f32.
    F32,
    /// As fields of words, decoded to f32.
    Words(Element),
    /// As whole numbers, pooled as they are.
    Whole,
    /// As f32 in scratch, where several steps add them up.
    Sums,
}

impl Stored {
    /// What an input may be.
    pub(super) const INPUTS: [Self; 7] = [
        Self::F32,
        Self::Words(Element::F16),
        Self::Words(Element::Bf16),
        Self::Words(Element::U8),
        Self::Words(Element::I8),
        Self::Words(Element::I32),
        Self::Whole,
    ];

    /// For kernels that compute in f32.
    pub(super) fn reals(element: Element) -> Self {
        if element == Element::F32 { Self::F32 } else { Self::Words(element) }
    }

    /// Elements that one invocation must store at once.
    pub(crate) fn per_word(self) -> u32 {
        match self {
            Self::Words(element) => element.per_word(),
            Self::F32 | Self::Whole | Self::Sums => 1,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Words(element) => element.name(),
            Self::Whole => "whole",
            Self::Sums => "sums",
        }
    }
}

/// The ops that answer with a value as it is stored.
const EXACT_OF_WHOLE: [OpKind; 6] = [OpKind::Max, OpKind::Min, OpKind::First, OpKind::Last, OpKind::Rank, OpKind::Median];

/// A kernel's view of its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Format {
    pub(crate) order: Order,
    /// Whether four neighbouring channels are folded at once, lane by lane.
    pub(crate) four: bool,
    pub(crate) input: Stored,
    pub(crate) output: Stored,
}

impl Format {
    /// f32 with channels first.
    pub(crate) const PLAIN: Self = Self { order: Order::ChannelsFirst, four: false, input: Stored::F32, output: Stored::F32 };

    /// A pairwise cover: every order with every type in and out, alone and by four channels where there are such kernels.
    pub(super) fn listed() -> Vec<Self> {
        let mut formats = Vec::new();
        for (order, four) in [
            (Order::ChannelsFirst, false),
            (Order::ChannelsLast, false),
            (Order::ChannelsLast, true),
            (Order::DepthLast, false),
        ] {
            for input in Stored::INPUTS {
                formats.push(Self { order, four, input, output: input });
                if input != Stored::F32 {
                    formats.push(Self { order, four, input, output: Stored::F32 });
                }
            }
        }
        formats
    }

    /// Whether kernels of an op may have it.
    pub(super) fn suits(&self, row: &OpRow) -> bool {
        let wraps = row.kind == OpKind::Sum && self.output == Stored::Whole;
        !self.whole() || EXACT_OF_WHOLE.contains(&row.kind) || wraps
    }

    /// Whether kernels of a region may have it.
    pub(super) fn reads(&self, walk: Walk) -> bool {
        match self.order {
            Order::DepthLast => matches!(walk, Walk::Window | Walk::List),
            _ if self.four => walk != Walk::List && !(self.whole() && walk == Walk::RoiAlign),
            _ => !(self.whole() && walk == Walk::RoiAlign),
        }
    }

    /// The schedules that may have it; where tiles may, this one.
    pub(super) fn schedules(&self, row: &OpRow, walk: Walk, tile: Tile) -> Vec<Schedule> {
        let mut schedules = vec![Schedule::Direct, Schedule::Reduce];
        schedules.extend(two_stages(walk));
        if walk == Walk::Window && self.order == Order::ChannelsFirst && row.shareable && row.passes == 1 {
            schedules.push(Schedule::Tile(tile));
        }
        if row.sorts && !self.four {
            schedules.push(Schedule::Sort(SORT_TAPS[0]));
        }
        schedules
    }

    /// The same on the way back, where gradients are floats.
    pub(super) fn of_gradients(self) -> Self {
        let narrow = matches!(self.output, Stored::Words(Element::F16 | Element::Bf16));
        Self { output: if narrow { self.output } else { Stored::F32 }, ..self }
    }

    /// The format of kernels that pool; `lanes` says whether four channels may be folded at once.
    pub(super) fn pooling(pooling: &Pooling, geometry: &Geometry, elements: &Elements, lanes: bool) -> Self {
        let four = lanes && divides_by_four(geometry);
        let (order, reals) = (geometry.order, [elements.input, elements.output].map(Stored::reals));
        if !folds_whole(pooling, geometry.walk, elements) {
            return Self { order, four, input: reals[0], output: reals[1] };
        }
        let output = if elements.output == Element::I32 { Stored::Whole } else { Stored::F32 };
        Self { order, four, input: Stored::Whole, output }
    }

    /// The format of kernels that compute in f32 and one value at a time.
    pub(super) fn reals(geometry: &Geometry, elements: &Elements) -> Self {
        let [input, output] = [elements.input, elements.output].map(Stored::reals);
        Self { order: geometry.order, four: false, input, output }
    }

    /// The format of kernels that carry values from one place to another as they are.
    pub(super) fn moving(geometry: &Geometry, elements: &Elements) -> Self {
        if elements.input == Element::I32 && elements.output == Element::I32 {
            return Self { order: geometry.order, four: false, input: Stored::Whole, output: Stored::Whole };
        }
        Self::reals(geometry, elements)
    }

    /// Values that one accumulator folds.
    pub(crate) fn lanes(&self) -> u32 {
        if self.four { 4 } else { 1 }
    }

    /// Accumulators that whoever owns a word of the output folds one after the other.
    pub(crate) fn group(&self) -> u32 {
        if self.four { 1 } else { self.output.per_word() }
    }

    /// Whether whole numbers are pooled as they are.
    pub(crate) fn whole(&self) -> bool {
        self.input == Stored::Whole
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.order, self.four) {
            (Order::ChannelsFirst, _) => "",
            (Order::ChannelsLast, false) => "/nhwc",
            (Order::ChannelsLast, true) => "/nhwc4",
            (Order::DepthLast, _) => "/depth_last",
        })?;
        match [self.input, self.output] {
            [Stored::F32, Stored::F32] => Ok(()),
            [input, output] if input == output => write!(f, "/{}", input.name()),
            [input, output] => write!(f, "/{}_{}", input.name(), output.name()),
        }
    }
}

/// Whether i32 values are folded as whole numbers: by ops that choose a value as it is stored, and by sums of i32. Interpolated values and those behind
/// an activation are reals.
fn folds_whole(pooling: &Pooling, walk: Walk, elements: &Elements) -> bool {
    let exact = EXACT_OF_WHOLE.contains(&pooling.op.kind());
    let wraps = pooling.op.kind() == OpKind::Sum && elements.output == Element::I32;
    elements.input == Element::I32 && pooling.activation.is_none() && walk != Walk::RoiAlign && (exact || wraps)
}

/// Whether neighbours by four are channels of one position, in the input and in the output.
fn divides_by_four(geometry: &Geometry) -> bool {
    let channels = [geometry.input.channels(), geometry.output.channels()];
    // Where bins read channels of their own, neighbours in the output are none in the input.
    let alike = channels[0] == channels[1];
    geometry.order == Order::ChannelsLast && geometry.walk != Walk::List && alike && channels[0].is_multiple_of(4)
}
