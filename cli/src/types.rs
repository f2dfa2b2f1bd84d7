//! What elements are: the types that are read and written, and how whole numbers stand for reals.

use plunge::{
    Element, Op, Pooling, Quantization, Region, Request, Shape,
    plan::{Limits, Plan},
    reference,
};

use crate::{Failure, args::TypeArgs};

/// The element types of one command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Types {
    pub(crate) input: Element,
    /// Of what is written; on the way back, of both gradients.
    pub(crate) output: Element,
    quantization: Option<Quantization>,
    output_quantization: Option<Quantization>,
}

impl Types {
    /// The same type on both sides, its numbers standing for themselves.
    pub(crate) fn plain(element: Element) -> Self {
        Self { input: element, output: element, quantization: None, output_quantization: None }
    }

    /// What the flags make of an input's type, forward or where values are put back.
    pub(crate) fn forward(input: Element, args: &TypeArgs, output: Option<Quantization>) -> Result<Self, Failure> {
        let types = Self { output_quantization: output, ..Self::of(input, args.output_type.unwrap_or(input), args) };
        Plan::new(&SMALLEST, &Shape::nchw([1; 3]), &types.request(), &Limits::WEBGPU)?;
        Ok(types)
    }

    /// What the flags make of an input's type on the way back, where gradients are floats.
    pub(crate) fn backward(input: Element, args: &TypeArgs) -> Result<Self, Failure> {
        let own = if input.is_float() { input } else { Element::F32 };
        let types = Self::of(input, args.output_type.unwrap_or(own), args);
        Plan::grad(&SMALLEST, &Shape::nchw([1; 3]), &types.request(), &Limits::WEBGPU)?;
        Ok(types)
    }

    fn of(input: Element, output: Element, args: &TypeArgs) -> Self {
        Self { input, output, quantization: quantization(args.scale, args.zero_point), output_quantization: None }
    }

    /// What the library is told of them.
    pub(crate) fn request(&self) -> Request {
        let mut request = Request::new().element(self.input).output(self.output);
        request.quantization = self.quantization;
        request.output_quantization = self.output_quantization;
        request
    }

    /// The reals that an input's bytes stand for.
    pub(crate) fn reals(&self, bytes: &[u8]) -> Vec<f64> {
        let stored = self.input.decode(bytes);
        match self.quantization {
            Some(quantization) => stored.into_iter().map(|number| quantization.real(number)).collect(),
            None => stored,
        }
    }

    /// The bytes that stand for what the reference answered. It is rounded to f32 before, in which kernels compute, so that halves go the same way; but
    /// whole numbers of 32 bits do not fit one.
    pub(crate) fn stored(&self, pooling: &Pooling, values: Vec<f64>) -> Vec<u8> {
        #[allow(clippy::cast_possible_truncation, reason = "rounding is meant")]
        let rounded = |value: f64| if self.output == Element::I32 { value } else { f64::from(value as f32) };
        let values: Vec<f64> = values.into_iter().map(rounded).collect();
        reference::encode(pooling, self.output, self.output_quantization.or(self.quantization), &values)
    }
}

/// A scale, and the number that stands for 0.
pub(crate) fn quantization(scale: Option<f32>, zero_point: Option<i32>) -> Option<Quantization> {
    scale.map(|scale| Quantization { scale, zero_point: zero_point.unwrap_or(0) })
}

/// What is planned to learn, before there is a machine, whether the library takes types together.
const SMALLEST: Pooling = Pooling { op: Op::Max, region: Region::Global, activation: None };
