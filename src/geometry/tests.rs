//! Output sizes, against the field and against counting.

use super::{axes::*, *};
use crate::Op;
use crate::{Fractional, Padding};

/// One window on one axis, and where the expected size comes from.
struct Case {
    size: usize,
    kernel: u32,
    stride: u32,
    padding: [u32; 2],
    dilation: u32,
    ceil: bool,
    output: usize,
    source: &'static str,
}

impl Default for Case {
    fn default() -> Self {
        Self { size: 1, kernel: 1, stride: 1, padding: [0, 0], dilation: 1, ceil: false, output: 1, source: "" }
    }
}

#[test]
fn output_sizes_are_those_of_the_field() {
    let cases = [
        Case { size: 112, kernel: 3, stride: 2, padding: [1, 1], output: 56, source: "ResNet stem", ..Case::default() },
        Case { size: 3, kernel: 2, stride: 2, output: 1, source: "width 3 by floor", ..Case::default() },
        Case { size: 3, kernel: 2, stride: 2, ceil: true, output: 2, source: "width 3, last region kept", ..Case::default() },
        Case { size: 5, kernel: 3, stride: 2, output: 2, source: "torch.nn.MaxPool2d docs", ..Case::default() },
        Case { size: 4, kernel: 3, stride: 2, ceil: true, output: 2, source: "ONNX maxpool_2d_ceil", ..Case::default() },
        Case {
            size: 2,
            kernel: 1,
            stride: 2,
            ceil: true,
            output: 1,
            source: "ONNX maxpool_2d_ceil_output_size_reduce_by_one",
            ..Case::default()
        },
        Case {
            size: 4,
            kernel: 2,
            stride: 3,
            padding: [1, 1],
            ceil: true,
            output: 2,
            source: "onnx#4958: no last window in the padding",
            ..Case::default()
        },
        Case { size: 32, kernel: 5, stride: 3, output: 10, source: "ONNX averagepool_2d_strides", ..Case::default() },
        Case { size: 4, kernel: 2, dilation: 2, output: 2, source: "ONNX maxpool_2d_dilations", ..Case::default() },
        Case { size: 28, kernel: 3, padding: [2, 2], output: 30, source: "ONNX maxpool_2d_pads", ..Case::default() },
        Case { size: 20, kernel: 13, padding: [6, 6], output: 20, source: "YOLO SPP", ..Case::default() },
        Case {
            size: 7,
            kernel: 1,
            stride: 2,
            dilation: 4_000_000_000,
            output: 4,
            source: "one tap has no dilation",
            ..Case::default()
        },
    ];
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let pooling = Pooling::max(case.kernel)
                .stride(case.stride)
                .padding([case.padding])
                .dilation(case.dilation)
                .ceil_mode(case.ceil);
            let output = pooling.output_shape(&Shape::nchw([1, 1, case.size])).map(|shape| shape.spatial()[0]);
            (output != Ok(case.output)).then(|| format!("{}: expected {}, got {output:?}", case.source, case.output))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn same_padding_puts_the_odd_one_where_its_name_says() {
    for (padding, size, kernel, stride, expected, output) in [
        (Padding::SameUpper, 32, 2, 1, [0, 1], 32), // ONNX maxpool_2d_same_upper
        (Padding::SameLower, 32, 2, 1, [1, 0], 32), // ONNX maxpool_2d_same_lower
        (Padding::SameUpper, 5, 3, 2, [1, 1], 3),
        (Padding::SameUpper, 10, 2, 4, [0, 0], 3), // a stride above the kernel pads nothing
    ] {
        let pooling = Pooling::max(kernel).stride(stride).padding(padding.clone()).ceil_mode(true);
        let axis = Geometry::resolve(&pooling, &Shape::nchw([1, 1, size])).expect("a valid window").axes[2];
        assert_eq!([axis.pad_begin, axis.pad_end], expected, "{padding:?} {size} {kernel} {stride}");
        assert_eq!(axis.output, output);
    }
}

#[test]
fn sizes_that_make_no_sense_are_refused_and_named() {
    let shape = Shape::nchw([1, 1, 8, 8]);
    let padded = |mode, kernel_size: u32, padding: u32| {
        let mut window = Window::new(kernel_size);
        (window.padding_mode, window.padding, window.stride) = (mode, padding.into(), Some(1.into()));
        Pooling::new(Op::Max, window)
    };
    for (pooling, named) in [
        (Pooling::max([0, 3]), "kernel_size on spatial axis 0"),
        (Pooling::max([3, 3]).stride([1, 0]), "stride on spatial axis 1"),
        (Pooling::max([3, 3]).dilation([0, 1]), "dilation on spatial axis 0"),
        (Pooling::max([3, 9]), "kernel_size on spatial axis 1"),
        (Pooling::max([3, 3]).dilation([1, 4]), "kernel_size on spatial axis 1"),
        (Pooling::max([3, 3]).padding([3, 0]), "padding on spatial axis 0"),
        (Pooling::max([3, 3]).padding([[0, 3], [0, 0]]), "padding on spatial axis 0"),
        (Pooling::max([3]), "kernel_size: 1 entries, and the input's spatial axes are 2"),
        (Pooling::max([3, 3]).stride([1, 1, 1]), "stride: 3 entries"),
        (Pooling::max([3, 3]).padding([1]), "padding: 1 entries"),
        (Pooling::max([3, 3]).dilation([1]), "dilation: 1 entries"),
        (Pooling::max([u32::MAX, 1]).dilation([u32::MAX, 1]), "kernel_size on spatial axis 0"),
        (Pooling::max([u32::MAX, 1]).padding([[1 << 31, 1 << 31], [0, 0]]), "padded size of spatial axis 0"),
        (Pooling::max([u32::MAX, 1]).dilation(u32::MAX).padding(Padding::SameUpper), "padded size of spatial axis 0"),
        (Pooling::new(Op::Max, Region::Adaptive { output_size: [0, 1].into() }), "output_size on spatial axis 0"),
        (Pooling::new(Op::Max, Region::Adaptive { output_size: 70_000.into() }), "output_size on spatial axis 0"),
        (Pooling::new(Op::Max, Region::Adaptive { output_size: [1].into() }), "output_size: 1 entries"),
        (padded(PaddingMode::Reflect, 20, 8), "padding on spatial axis 0: 8 and 8; it must be below the input's 8"),
        (padded(PaddingMode::Edge, 1 << 20, (1 << 20) - 1), "taps of one window"),
        (Pooling::new(Op::Max, Region::Pyramid { levels: vec![] }), "levels: none"),
        (Pooling::new(Op::Max, Region::Pyramid { levels: vec![1, 0] }), "levels: 0"),
        (Pooling::new(Op::Max, Region::Pyramid { levels: vec![60_000, 60_000] }), "cells in a pyramid"),
        (Pooling::new(Op::Max, Fractional::sampled(9, 3, vec![0.5, 0.5])), "kernel_size on spatial axis 0: 9"),
        (Pooling::new(Op::Max, Fractional::sampled(0, 3, vec![0.5, 0.5])), "kernel_size on spatial axis 0: 0"),
        (Pooling::new(Op::Max, Fractional::sampled(2, [3, 0], vec![0.5, 0.5])), "output_size on spatial axis 1"),
        (Pooling::new(Op::Max, Fractional::sampled(2, 3, vec![0.5, 1.0])), "samples on spatial axis 1: 1"),
        (Pooling::new(Op::Max, Fractional::sampled(2, 3, vec![f64::NAN, 0.0])), "samples on spatial axis 0: NaN"),
        (Pooling::new(Op::Max, Fractional::sampled(2, 3, vec![0.5])), "samples: 1 entries"),
        (Pooling::new(Op::Max, Fractional::starting(2, 2, vec![vec![0, 1]])), "starts: 1 entries"),
        (
            Pooling::new(Op::Max, Fractional::starting(2, 2, vec![vec![0, 1], vec![0, 1, 2]])),
            "starts on spatial axis 1: 3 numbers",
        ),
        (Pooling::new(Op::Max, Fractional::starting(2, 2, vec![vec![0, 1], vec![7, 0]])), "starts on spatial axis 1: 7"),
        (
            Pooling::new(Op::Max, Fractional { samples: None, ..Fractional::sampled(2, 2, vec![]) }),
            "samples: absent; it must be given, unless starts are",
        ),
        (
            Pooling::new(Op::Max, Fractional { samples: Some(vec![]), ..Fractional::starting(2, 2, vec![]) }),
            "samples: given; it must be absent where starts are given",
        ),
    ] {
        let message = pooling.output_shape(&shape).expect_err(named).to_string();
        assert!(message.contains(named), "{message}\n  lacks: {named}");
    }
    let empty = Pooling::max(1).output_shape(&Shape::nchw([1, 1, 0]));
    assert!(matches!(empty, Err(Error::InvalidShape { .. })), "{empty:?}");
    assert_eq!(Pooling::max(1).output_shape(&Shape::nchw([0, 3, 5])), Ok(Shape::nchw([0, 3, 5])));
}

/// The formula against its definition: count the windows that may start.
#[test]
fn output_sizes_agree_with_counting_windows() {
    let mut checked = 0;
    for size in 1..10_i64 {
        for kernel in 1..5_i64 {
            for stride in 1..5_i64 {
                for dilation in 1..4_i64 {
                    let reach = dilation * (kernel - 1);
                    for begin in 0..=reach.min(4) {
                        for end in 0..=reach.min(4) {
                            for ceil in [false, true] {
                                let padded = size + begin + end;
                                let fits = |start: i64| start + reach < padded;
                                let whole = (0..padded).filter(|start| start % stride == 0 && fits(*start)).count();
                                let last_end = (i64::try_from(whole).unwrap_or(0) - 1) * stride + reach + 1;
                                let next = i64::try_from(whole).unwrap_or(0) * stride;
                                let overhang = ceil && whole > 0 && last_end < padded && next < size + begin;
                                let counted = i64::try_from(whole).unwrap_or(0) + i64::from(overhang);
                                let formula = output_size(padded, size + begin, reach, stride, ceil);
                                assert_eq!(formula, counted, "{size} {kernel} {stride} {dilation} {begin} {end} {ceil}");
                                checked += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}
