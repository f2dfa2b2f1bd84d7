//! What is asked for beside the pooling and the shape.

use super::Kernel;
use crate::{Element, Quantization, Texel};

/// Which windows get kernels of their own, with their size as a constant.
///
/// Each is faster and costs one more pipeline to compile; the dynamic kernel takes any window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Specialise {
    /// None: a program with a thousand odd windows compiles a handful of pipelines.
    Never,
    /// Those that networks use: kernel sizes 2 and 3 with strides up to 2, and 5, 9 and 13 with stride 1.
    #[default]
    Listed,
    /// Every window that fits in registers.
    Any,
}

/// What to plan, beyond the pooling and the shape.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Request {
    /// Whether the index of the chosen tap is wanted beside each value.
    pub indices: bool,
    /// A kernel to use in place of the planner's choice; refused where it does not fit.
    pub kernel: Option<Kernel>,
    /// Which windows get kernels of their own.
    pub specialise: Specialise,
    /// Whether a gradient is also wanted with respect to what the op learns: its weights, or gem's p.
    pub parameters: bool,
    /// Whether the detection layer below a probabilistic max is wanted beside the pooling layer.
    pub detection: bool,
    /// The type of the input's elements.
    pub element: Element,
    /// The type of the output's elements: the input's own where it is `None`, or f32. On the way back, of the gradients: the input's own float type,
    /// f32 for inputs of whole numbers.
    pub output: Option<Element>,
    /// How the input's whole numbers stand for reals.
    pub quantization: Option<Quantization>,
    /// How the output's do, where not as the input's.
    pub output_quantization: Option<Quantization>,
    /// The format of the texture to pool from, in place of a buffer.
    pub source: Option<Texel>,
    /// The format of the texture to pool to, in place of a buffer.
    pub target: Option<Texel>,
}

impl Request {
    /// Values only, and the planner's choice of kernel.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for indices: one u32 an output, the place in its plane of the chosen tap, `u32::MAX` where there is none.
    #[must_use]
    pub fn indices(mut self, indices: bool) -> Self {
        self.indices = indices;
        self
    }

    /// Forces a kernel.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = Some(kernel);
        self
    }

    /// Asks a gradient for that of what the op learns, too: f32, shaped like the weights of weighted and gated, or one number for gem's p.
    #[must_use]
    pub fn parameters(mut self, parameters: bool) -> Self {
        self.parameters = parameters;
        self
    }

    /// Asks for the detection layer of [`Op::ProbabilisticMax`](crate::Op::ProbabilisticMax), f32, shaped like the input.
    #[must_use]
    pub fn detection(mut self, detection: bool) -> Self {
        self.detection = detection;
        self
    }

    /// Says which windows get kernels of their own.
    #[must_use]
    pub fn specialise(mut self, specialise: Specialise) -> Self {
        self.specialise = specialise;
        self
    }

    /// Says what the input's elements are; f32 where nothing is said.
    #[must_use]
    pub fn element(mut self, element: Element) -> Self {
        self.element = element;
        self
    }

    /// Asks for results of another type than the input's: f32.
    #[must_use]
    pub fn output(mut self, output: Element) -> Self {
        self.output = Some(output);
        self
    }

    /// Says how whole numbers of u8 and i8 stand for reals, in the input and, unless [`output_quantization`](Self::output_quantization) says
    /// otherwise, in the output.
    #[must_use]
    pub fn quantization(mut self, quantization: Quantization) -> Self {
        self.quantization = Some(quantization);
        self
    }

    /// Pools from a texture of this format. The shape is [`Shape::nhwc`](crate::Shape::nhwc) of 1, its rows, its columns and its channels.
    #[must_use]
    pub fn source(mut self, source: Texel) -> Self {
        self.source = Some(source);
        self
    }

    /// Pools to a texture of this format, which must have as many channels as the output.
    #[must_use]
    pub fn target(mut self, target: Texel) -> Self {
        self.target = Some(target);
        self
    }

    /// Says how the output's whole numbers stand for reals.
    #[must_use]
    pub fn output_quantization(mut self, quantization: Quantization) -> Self {
        self.output_quantization = Some(quantization);
        self
    }
}
