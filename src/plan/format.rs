//! What a kernel's tensors look like in memory: the order of axes, the types of elements, and how many values it folds at once.

use std::fmt;

use super::Request;
use crate::{
    Element, Error, Layout, OpKind, Pooling, Quantization, Texel,
    geometry::{Geometry, Order, Walk},
};

/// The element types of a pooling's tensors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Elements {
    pub(crate) input: Element,
    /// Of the output, or of the gradients on the way back.
    pub(crate) output: Element,
    /// How whole numbers stand for reals, in the input and in the output.
    quantization: [Quantization; 2],
    /// The textures that stand in for buffers.
    pub(crate) source: Option<Texel>,
    pub(crate) target: Option<Texel>,
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
        for (texture, element, quantization) in
            [(request.source, input, request.quantization), (request.target, output, request.output_quantization)]
        {
            if let Some(texel) = texture.filter(|_| element != Element::F32 || quantization.is_some()) {
                let (what, because) =
                    (format!("{element} in a texture"), format!("a texture of {texel} says itself what it holds"));
                return Err(Error::unsupported(what, because));
            }
        }
        request.target.map_or(Ok(()), Texel::check_written)?;
        let (source, target) = (request.source, request.target);
        Ok(Self { input, output, quantization: [own, of_output], source, target })
    }

    /// Those of a request where there is no pooling from or to textures.
    pub(crate) fn of_buffers(request: &Request) -> Result<Self, Error> {
        if request.source.is_some() || request.target.is_some() {
            return Err(Error::unsupported("textures on the way back", "they are pooled from and to, forward"));
        }
        Self::of(request)
    }

    /// How the input stands in memory, and the output, for kernels that compute in f32.
    pub(super) fn reals(&self) -> [Stored; 2] {
        let stored = |texture: Option<Texel>, element: Element, quantization| {
            texture.map_or_else(|| Stored::reals(element, quantization != Quantization::NONE), Stored::Texture)
        };
        let [of_input, of_output] = self.quantization;
        [stored(self.source, self.input, of_input), stored(self.target, self.output, of_output)]
    }

    /// Whether a value of the input may be looked at as it is stored, and not as the real that it stands for.
    fn passes_as_stored(&self) -> bool {
        self.input != Element::F32 && self.quantization == [Quantization::NONE; 2]
    }

    /// Refuses shapes that textures do not have.
    pub(super) fn check_textures(&self, geometry: &Geometry) -> Result<(), Error> {
        for (texture, shape) in [(self.source, geometry.input), (self.target, geometry.output)] {
            let Some(texel) = texture else { continue };
            let image = shape.batch() == 1 && shape.spatial().len() == 2 && shape.channels() == texel.channels();
            if !image || shape.channels() > 1 && shape.layout() != Layout::Nhwc {
                let expected =
                    format!("1, rows, columns and {} channels, channels last: one {texel} texture", texel.channels());
                return Err(Error::InvalidShape { expected, actual: shape.to_string() });
            }
        }
        Ok(())
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
        Ok(Self { output, ..Self::of_buffers(&Request { output: Some(Element::F32), ..*request })? })
    }

    /// Those of a tensor that is read as it is to be written.
    pub(super) fn of_output(self) -> Self {
        Self { input: self.output, quantization: [self.quantization[1]; 2], ..self }
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
    /// As whole numbers that stand for reals, decoded to f32.
    Quantised(Element),
    /// As fields of words, pooled as they are.
    Raw(Element),
    /// As f32 in scratch, where several steps add them up.
    Sums,
    /// As the texels of a texture.
    Texture(Texel),
}

impl Stored {
    /// For kernels that compute in f32.
    pub(super) fn reals(element: Element, quantised: bool) -> Self {
        match element {
            Element::F32 => Self::F32,
            _ if quantised => Self::Quantised(element),
            _ => Self::Words(element),
        }
    }

    /// What the fields of its words are, where it has any.
    pub(crate) fn fields(self) -> Option<Element> {
        match self {
            Self::Words(element) | Self::Quantised(element) | Self::Raw(element) => Some(element),
            Self::F32 | Self::Sums | Self::Texture(_) => None,
        }
    }

    /// Elements that one invocation must store at once.
    pub(crate) fn per_word(self) -> u32 {
        match self {
            Self::Words(element) | Self::Quantised(element) | Self::Raw(element) => element.per_word(),
            Self::F32 | Self::Sums | Self::Texture(_) => 1,
        }
    }
}

/// The ops that answer with a value as it is stored.
pub(super) const CHOOSE_AS_STORED: [OpKind; 6] =
    [OpKind::Max, OpKind::Min, OpKind::First, OpKind::Last, OpKind::Rank, OpKind::Median];

/// What is folded at once, lane by lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Lanes {
    /// One value.
    One,
    /// Four that lie side by side: channels, or columns of a list.
    Neighbours,
    /// The same position of four planes.
    Planes,
}

/// A kernel's view of its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Format {
    pub(crate) order: Order,
    pub(crate) lanes: Lanes,
    pub(crate) input: Stored,
    pub(crate) output: Stored,
}

impl Format {
    /// f32 with channels first.
    pub(crate) const PLAIN: Self =
        Self { order: Order::ChannelsFirst, lanes: Lanes::One, input: Stored::F32, output: Stored::F32 };

    /// The format of kernels that pool; `lanes` says whether four neighbours may be folded at once.
    pub(super) fn pooling(pooling: &Pooling, geometry: &Geometry, elements: &Elements, lanes: bool) -> Self {
        let lanes = if lanes && divides_by_four(geometry) { Lanes::Neighbours } else { Lanes::One };
        let (order, [input, output]) = (geometry.order, elements.reals());
        if folds_as_stored(pooling, geometry, elements) {
            let input = Stored::Raw(elements.input);
            return Self { order, lanes, input, output: if elements.output == elements.input { input } else { output } };
        }
        Self { order, lanes, input, output }
    }

    /// The format of kernels that compute in f32 and one value at a time.
    pub(super) fn reals(geometry: &Geometry, elements: &Elements) -> Self {
        let [input, output] = elements.reals();
        Self { order: geometry.order, lanes: Lanes::One, input, output }
    }

    /// The format of kernels that carry values from one place to another as they are.
    pub(super) fn moving(geometry: &Geometry, elements: &Elements) -> Self {
        if elements.passes_as_stored() && elements.input == elements.output {
            let raw = Stored::Raw(elements.input);
            return Self { order: geometry.order, lanes: Lanes::One, input: raw, output: raw };
        }
        Self::reals(geometry, elements)
    }

    /// Whether it stores the channels of a texel one by one, which no kernel can.
    pub(super) fn splits_texels(&self) -> bool {
        matches!(self.output, Stored::Texture(texel) if texel.channels() == 4) && !self.four()
    }

    /// The same, but for samples in boxes, whose place and weights are the same in every plane: these are found once for four planes where channels are a
    /// multiple of four, every bin reads the channel that it writes, and each output has words of its own.
    pub(super) fn of_samples(self, geometry: &Geometry) -> Self {
        let channels = [geometry.input.channels(), geometry.output.channels()];
        let alike = channels[0] == channels[1] && channels[0].is_multiple_of(4);
        if geometry.walk == Walk::RoiAlign && self.order == Order::ChannelsFirst && alike && self.output == Stored::F32 {
            return Self { lanes: Lanes::Planes, ..self };
        }
        self
    }

    /// Whether four values are folded at once, lane by lane.
    pub(crate) fn four(&self) -> bool {
        self.lanes != Lanes::One
    }

    /// Whether they lie side by side in memory.
    pub(crate) fn side_by_side(&self) -> bool {
        self.lanes == Lanes::Neighbours
    }

    /// Values that one accumulator folds.
    pub(crate) fn values(&self) -> u32 {
        if self.four() { 4 } else { 1 }
    }

    /// Accumulators that whoever owns a word of the output folds one after the other.
    pub(crate) fn group(&self) -> u32 {
        if self.four() { 1 } else { self.output.per_word() }
    }

    /// The elements that are pooled as they are stored, if they are.
    pub(crate) fn raw(&self) -> Option<Element> {
        match self.input {
            Stored::Raw(element) => Some(element),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.order, self.lanes) {
            (Order::ChannelsFirst, Lanes::One) => "",
            (Order::ChannelsFirst, Lanes::Neighbours) => "/columns4",
            (Order::ChannelsLast, Lanes::One) => "/nhwc",
            (Order::ChannelsLast, Lanes::Neighbours) => "/nhwc4",
            (Order::DepthLast, _) => "/depth_last",
            (_, Lanes::Planes) => "/planes4",
        })?;
        match [self.input, self.output] {
            [Stored::F32, Stored::F32] => Ok(()),
            [input, output] if input == output => write!(f, "/{input}"),
            [input, output] => write!(f, "/{input}_{output}"),
        }
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F32 => f.write_str("f32"),
            Self::Words(element) => element.fmt(f),
            Self::Quantised(element) => write!(f, "q{element}"),
            Self::Raw(element) => write!(f, "raw_{element}"),
            Self::Sums => f.write_str("sums"),
            Self::Texture(texel) => texel.fmt(f),
        }
    }
}

/// Whether values are folded as they are stored: by ops that choose one, and i32 by sums of i32. Interpolated values and those behind an activation are
/// reals.
fn folds_as_stored(pooling: &Pooling, geometry: &Geometry, elements: &Elements) -> bool {
    let alike = elements.input == elements.output && elements.target.is_none();
    // What an empty region answers is a real, which f32 holds and i32 may not.
    let to_f32 = elements.input == Element::I32 && !geometry.may_be_empty();
    let chooses = CHOOSE_AS_STORED.contains(&pooling.op.kind()) && (alike || to_f32);
    let wraps = pooling.op.kind() == OpKind::Sum && alike && elements.input == Element::I32;
    elements.passes_as_stored() && pooling.activation.is_none() && geometry.walk != Walk::RoiAlign && (chooses || wraps)
}

/// Whether neighbours by four are channels of one position, in the input and in the output; or features of one token.
pub(super) fn divides_by_four(geometry: &Geometry) -> bool {
    if geometry.walk == Walk::List && geometry.order == Order::ChannelsFirst {
        let columns = &geometry.axes[2];
        return columns.input == columns.output && columns.input.is_multiple_of(4);
    }
    let channels = [geometry.input.channels(), geometry.output.channels()];
    // Where bins read channels of their own, neighbours in the output are none in the input.
    let alike = channels[0] == channels[1];
    geometry.order == Order::ChannelsLast && alike && channels[0].is_multiple_of(4)
}
