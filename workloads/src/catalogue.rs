//! Pooling as networks use it: one row a workload.

use plunge::{Layout, Op, Pooling, Region, RoiAlign, Shape, Window};

use crate::Sides;

/// One problem: a pooling on a shape.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name, which records of measurements refer to.
    pub name: &'static str,
    /// Where such a pooling is used.
    pub used_in: &'static str,
    /// The pooling.
    pub pooling: Pooling,
    /// The input's shape.
    pub shape: Shape,
    /// What is wanted of it.
    pub wanted: Wanted,
}

/// What is wanted of a pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The pooled values.
    Values,
    /// The pooled values and the indices they came from.
    Indices,
    /// The gradient of the input, given that of the output.
    Gradient,
}

impl Workload {
    /// What the region reads beside the input, as it is in use and not at its edges: whole weights, boxes of all sizes about the image, sequences of
    /// nearly full length.
    #[must_use]
    pub fn sides(&self) -> Sides {
        Sides::in_use(&self.pooling, &self.shape)
    }

    /// The bytes that must move, in f32: what the answer depends on read once, and the answer written once. The gradients of sum and average do not
    /// depend on the input.
    ///
    /// # Errors
    /// As [`Pooling::output_shape`].
    pub fn bytes(&self) -> Result<u64, plunge::Error> {
        let input = self.shape.elements();
        let output = self.pooling.output_shape(&self.shape)?.elements();
        let values = match self.wanted {
            Wanted::Values => input + output,
            Wanted::Indices => input + 2 * output,
            Wanted::Gradient if matches!(self.pooling.op, Op::Sum | Op::Average { .. }) => input + output,
            Wanted::Gradient => 2 * input + output,
        };
        Ok(4 * values as u64)
    }
}

/// Every workload, f32, and NCHW unless it says otherwise.
#[must_use]
pub fn catalogue() -> Vec<Workload> {
    let row = |name, used_in, pooling, shape| Workload { name, used_in, pooling, shape, wanted: Wanted::Values };
    let adaptive = |size: u32| Pooling::new(Op::AVERAGE, Region::Adaptive { output_size: size.into() });
    let mut boxes = RoiAlign::new([7, 7], 0.25);
    (boxes.sampling_ratio, boxes.max_boxes) = (2, Some(1000));
    let early = Shape::nchw([8, 64, 112, 112]);
    vec![
        row("W1", "VGG, U-Net", Pooling::max([2, 2]), early),
        row("W2", "the stem of ResNet", Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]), early),
        row("W3", "LeNet, DenseNet", Pooling::average([2, 2]), early),
        row(
            "W4",
            "Inception's pooling branch",
            Pooling::average([3, 3]).stride([1, 1]).padding([1, 1]),
            Shape::nchw([8, 192, 28, 28]),
        ),
        row("W5", "the head of ResNet", Pooling::new(Op::AVERAGE, Region::Global), Shape::nchw([8, 2048, 7, 7])),
        row("W6a", "the head of VGG, even", adaptive(7), Shape::nchw([8, 512, 14, 14])),
        row("W6b", "the head of AlexNet, overlapping", adaptive(6), Shape::nchw([8, 512, 13, 13])),
        row(
            "W7",
            "YOLO's spatial pyramid",
            Pooling::max([13, 13]).stride([1, 1]).padding([6, 6]),
            Shape::nchw([1, 512, 20, 20]),
        ),
        Workload { wanted: Wanted::Indices, ..row("W8", "SegNet's encoder", Pooling::max([2, 2]), early) },
        row("W9", "3D ResNet", Pooling::max([3, 3, 3]).stride([2, 2, 2]).padding([1, 1, 1]), Shape::nchw([1, 64, 16, 56, 56])),
        Workload {
            wanted: Wanted::Gradient,
            ..row("W10a", "training with average pooling", Pooling::average([3, 3]).stride([2, 2]).padding([1, 1]), early)
        },
        Workload {
            wanted: Wanted::Gradient,
            ..row("W10m", "training the stem of ResNet", Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]), early)
        },
        row("W11", "VGG with channels last", Pooling::max([2, 2]), early.in_layout(Layout::Nhwc)),
        row(
            "W12",
            "embeddings by power pooling",
            Pooling::new(Op::Lp { p: 2.0 }, Window::new([3, 3])).stride([2, 2]),
            Shape::nchw([8, 64, 56, 56]),
        ),
        row(
            "W13",
            "dilation of a picture",
            Pooling::max([31, 31]).stride([1, 1]).padding([15, 15]),
            Shape::nchw([1, 3, 1080, 1920]),
        ),
        row(
            "W14",
            "sentence embeddings: the masked mean of tokens",
            Pooling::new(Op::AVERAGE, Region::Sequence),
            Shape::nchw([32, 512, 768]),
        ),
        row("W15", "Faster R-CNN's box head", Pooling::new(Op::AVERAGE, boxes), Shape::nchw([1, 256, 200, 304])),
        row(
            "M3",
            "a median filter against salt and pepper",
            Pooling::new(Op::Median, Window::new([3, 3])).stride([1, 1]).padding([1, 1]),
            Shape::nchw([1, 3, 512, 512]),
        ),
        row(
            "M5",
            "a wider one",
            Pooling::new(Op::Median, Window::new([5, 5])).stride([1, 1]).padding([2, 2]),
            Shape::nchw([1, 3, 512, 512]),
        ),
    ]
}
