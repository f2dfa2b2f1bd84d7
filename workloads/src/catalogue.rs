//! Pooling as networks use it: one row a workload.

use plunge::{Op, Pooling, Region, Shape, Window};

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
    /// Whether indices are wanted.
    pub indices: bool,
}

/// Every workload, f32 and NCHW.
#[must_use]
pub fn catalogue() -> Vec<Workload> {
    let row = |name, used_in, pooling, shape| Workload { name, used_in, pooling, shape, indices: false };
    let adaptive = |size: u32| Pooling::new(Op::AVERAGE, Region::Adaptive { output_size: size.into() });
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
        Workload { indices: true, ..row("W8", "SegNet's encoder", Pooling::max([2, 2]), early) },
        row("W9", "3D ResNet", Pooling::max([3, 3, 3]).stride([2, 2, 2]).padding([1, 1, 1]), Shape::nchw([1, 64, 16, 56, 56])),
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
