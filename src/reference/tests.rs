//! Answers worked out by hand or taken from the systems' own documentation.

use super::*;
use crate::{Padding, ProbabilisticMode, StochasticMode};

fn answer(pooling: &Pooling, sizes: &[usize], input: &[f32]) -> Answer {
    pool(pooling, &Shape::from_nchw(sizes).expect("a shape"), input).expect("a valid pooling")
}

fn ramp(count: u16) -> Vec<f32> {
    (1..=count).map(f32::from).collect()
}

/// Answers worked out by hand or taken from the systems' own documentation.
#[test]
fn answers_are_those_of_the_field() {
    let plane = ramp(25); // 5×5, 1…25, as in the ONNX operator suite
    let average = |count_include_pad| {
        Pooling::new(Op::Average { count_include_pad, divisor_override: None, sqrt_divisor: false }, Window::new([3, 3]))
    };
    type Case = (&'static str, Pooling, Vec<usize>, Vec<f32>, Vec<f64>);
    let cases: Vec<Case> = vec![
        (
            "ONNX maxpool_2d_precomputed_strides",
            Pooling::max([2, 2]).stride([2, 2]),
            vec![1, 1, 5, 5],
            plane.clone(),
            vec![7., 9., 17., 19.],
        ),
        (
            "ONNX maxpool_2d_precomputed_same_upper",
            Pooling::max([3, 3]).stride([2, 2]).padding(Padding::SameUpper),
            vec![1, 1, 5, 5],
            plane.clone(),
            vec![7., 9., 10., 17., 19., 20., 22., 24., 25.],
        ),
        (
            "ONNX averagepool_2d_precomputed_same_upper",
            average(false).stride([2, 2]).padding(Padding::SameUpper),
            vec![1, 1, 5, 5],
            plane.clone(),
            vec![4., 5.5, 7., 11.5, 13., 14.5, 19., 20.5, 22.],
        ),
        (
            "ONNX averagepool_2d_precomputed_pads_count_include_pad, its corners",
            Pooling::average([5, 5]).stride([4, 4]).padding([2, 2]),
            vec![1, 1, 5, 5],
            plane.clone(),
            vec![2.52, 3.24, 6.12, 6.84],
        ),
        (
            "the last window of ceil_mode counts what it covers: width 3, stride 2",
            Pooling::average([2]).ceil_mode(true),
            vec![1, 1, 3],
            vec![1., 2., 6.],
            vec![1.5, 6.],
        ),
        (
            "pytorch#183528: padding counts, overhang does not",
            Pooling::average([3]).stride([2]).padding([1]).ceil_mode(true),
            vec![1, 1, 4],
            vec![3., 6., 9., 12.],
            vec![3., 9., 6.],
        ),
        (
            "torch.nn.AdaptiveAvgPool1d: 5 → 3 overlaps",
            Pooling::new(Op::AVERAGE, Region::Adaptive { output_size: 3.into() }),
            vec![1, 1, 5],
            ramp(5),
            vec![1.5, 3., 4.5],
        ),
        (
            "adaptive, more bins than positions",
            Pooling::new(Op::Max, Region::Adaptive { output_size: 3.into() }),
            vec![1, 1, 2],
            vec![1., 2.],
            vec![1., 2., 2.],
        ),
        (
            "a pyramid is its levels one after the other, row-major",
            Pooling::new(Op::Max, Region::Pyramid { levels: vec![2, 1] }),
            vec![1, 1, 2, 4],
            ramp(8),
            vec![2., 4., 6., 8., 8.],
        ),
        (
            // α = (7 − 2)/(3 − 1): starts 0, ⌊1.5α⌋ − ⌊0.5α⌋ = 2, and 5.
            "torch.nn.functional.fractional_max_pool: the formula of its _random_samples",
            Pooling::new(Op::Max, crate::Fractional::sampled(2, 3, vec![0.5])),
            vec![1, 1, 7],
            ramp(7),
            vec![2., 4., 7.],
        ),
        ("3-4-5", Pooling::new(Op::Lp { p: 2.0 }, Region::Global), vec![1, 1, 1, 2], vec![3., -4.], vec![5.]),
        ("max norm", Pooling::new(Op::Lp { p: f32::INFINITY }, Region::Global), vec![1, 1, 2], vec![3., -4.], vec![4.]),
        ("population std", Pooling::new(Op::Std, Region::Global), vec![1, 1, 4], vec![2., 4., 4., 6.], vec![2f64.sqrt()]),
        (
            "sum over the root of the count",
            Pooling::new(Op::Average { count_include_pad: true, divisor_override: None, sqrt_divisor: true }, Region::Global),
            vec![1, 1, 4],
            ramp(4),
            vec![5.],
        ),
        (
            "gaussian of three taps, σ = 1",
            Pooling::new(Op::Gaussian { sigma: 1.0 }, Window::new([3])),
            vec![1, 1, 3],
            vec![1., 0., 3.],
            vec![4. * (-0.5f64).exp() / (1. + 2. * (-0.5f64).exp())],
        ),
        (
            "a window in the padding keeps its nominal centre",
            Pooling::new(Op::Gaussian { sigma: 1.0 }, Window::new([3])).padding([1]).stride([3]),
            vec![1, 1, 2],
            vec![1., 2.],
            vec![(1. + 2. * (-0.5f64).exp()) / (1. + (-0.5f64).exp())],
        ),
    ];
    for (source, pooling, sizes, input, expected) in cases {
        let values = answer(&pooling, &sizes, &input).values;
        assert_eq!(values.len(), expected.len(), "{source}: {values:?}");
        for (got, expected) in values.iter().zip(&expected) {
            assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{source}: {values:?}, not {expected:?}");
        }
    }
}

#[test]
fn max_and_min_follow_the_rules_for_nan_ties_zeros_and_empty_windows() {
    let nan = f32::NAN;
    let cases: Vec<(Op, Vec<f32>, f64, Option<usize>)> = vec![
        (Op::Max, vec![1., 3., 3., 2.], 3., Some(1)),
        (Op::Min, vec![3., 1., 1., 2.], 1., Some(1)),
        (Op::Max, vec![nan, f32::INFINITY, -nan, 1.], f64::NAN, Some(2)),
        (Op::Min, vec![nan, f32::NEG_INFINITY, -nan, 1.], f64::NAN, Some(2)),
        (Op::Max, vec![-0., 0., -0., 0.], 0., Some(1)),
        (Op::Min, vec![0., -0., 0., -0.], -0., Some(1)),
        (Op::Max, vec![f32::NEG_INFINITY; 4], f64::NEG_INFINITY, Some(0)),
    ];
    for (op, input, value, index) in cases {
        let answer = answer(&Pooling::new(op, Region::Global), &[1, 1, 2, 2], &input);
        assert_eq!(answer.indices, Some(vec![index]), "{op:?} {input:?}");
        assert!(
            answer.values[0].to_bits() == value.to_bits() || value.is_nan() && answer.values[0].is_nan(),
            "{op:?} {input:?}"
        );
    }
    // Taps at −2 and 2 of two positions: none.
    for (op, empty) in [(Op::Max, f64::NEG_INFINITY), (Op::Min, f64::INFINITY), (Op::Sum, 0.), (Op::Std, 0.)] {
        let pooling = Pooling::new(op, Window::new([2])).dilation([4]).padding([2]).stride([1]);
        let answer = answer(&pooling, &[1, 1, 2], &[5., 6.]);
        assert_eq!(answer.values[0], empty, "{op:?}");
        assert_eq!(answer.indices.map(|indices| indices[0]), matches!(op, Op::Max | Op::Min).then_some(None));
    }
}

/// Every op's derivatives against finite differences of the op itself, with respect to values and to weights.
#[test]
fn derivatives_are_finite_differences() {
    let step = 1e-5;
    let tap = |at: usize| Tap {
        // Well apart, so that no step changes an order, and away from 0.
        value: 0.3 + 0.5 * (at * 7 % 11) as f64 + 0.1 * (at as f64 * 0.618).fract(),
        distance2: (at as f64 - 4.0).powi(2),
        weight: 0.2 + (at as f64 * 0.414).fract(),
        weight_at: at,
        ..Tap::new(0.0, at, Source::One(at))
    };
    for op in [
        Op::Max,
        Op::Min,
        Op::Sum,
        Op::AVERAGE,
        Op::Average { count_include_pad: true, divisor_override: Some(-3.5), sqrt_divisor: false },
        Op::Average { count_include_pad: false, divisor_override: None, sqrt_divisor: true },
        Op::Lp { p: 1.0 },
        Op::Lp { p: 2.0 },
        Op::Lp { p: 3.5 },
        Op::Lp { p: f32::INFINITY },
        Op::Gaussian { sigma: 1.5 },
        Op::Std,
        Op::Variance,
        Op::LogSumExp { r: 0.7 },
        Op::Soft { beta: 1.0 },
        Op::Soft { beta: -2.0 },
        Op::Soft { beta: 0.0 },
        Op::Gem { p: 3.0, eps: 1e-6 },
        Op::Gem { p: 2.5, eps: 2.0 },
        Op::Mixed { alpha: 0.3 },
        Op::First,
        Op::Last,
        Op::Rank { q: 0.9 },
        Op::Median,
        Op::Weighted { preset: None, per_channel: false, normalize: true },
        Op::Weighted { preset: None, per_channel: false, normalize: false },
        Op::Stochastic { seed: 5, mode: StochasticMode::Sample },
        Op::Stochastic { seed: 5, mode: StochasticMode::Expectation },
        Op::ProbabilisticMax { seed: 5, mode: ProbabilisticMode::Probabilities },
        Op::ProbabilisticMax { seed: 5, mode: ProbabilisticMode::Sample },
    ] {
        for sign in [1.0, -1.0] {
            let mut taps: Vec<Tap> = (0..9).map(&tap).collect();
            taps.iter_mut().for_each(|tap| tap.value *= sign);
            let slopes = grad::slopes(&op, &taps, 12.0, 3);
            let near = |got: f64, wanted: f64| (got - wanted).abs() <= 1e-7 * (1.0 + wanted.abs());
            for at in 0..taps.len() {
                let mut moved = |by: f64, what: fn(&mut Tap) -> &mut f64| {
                    *what(&mut taps[at]) += by;
                    let answer = fold(&op, &taps, 12.0, 3).0;
                    *what(&mut taps[at]) -= by;
                    answer
                };
                let mut difference = |what: fn(&mut Tap) -> &mut f64| (moved(step, what) - moved(-step, what)) / (2.0 * step);
                let wanted = difference(|tap| &mut tap.value);
                assert!(near(slopes[at].value, wanted), "{op:?} at {at}: {} is not {wanted}", slopes[at].value);
                assert!(slopes[at].size >= slopes[at].value.abs(), "{op:?}");
                if let Op::Weighted { .. } = op {
                    let wanted = difference(|tap| &mut tap.weight);
                    assert!(near(slopes[at].weight, wanted), "{op:?} at weight {at}: {} is not {wanted}", slopes[at].weight);
                }
            }
        }
    }
}

/// A gate's α is held as f32 holds it, so differences are taken of wider steps.
#[test]
fn derivatives_of_a_gate_are_finite_differences() {
    let values = [0.3, -0.2, 0.9, 0.5];
    let mut taps: Vec<Tap> = values
        .iter()
        .enumerate()
        .map(|(at, &value)| Tap { value, weight: 0.4 - 0.3 * at as f64, ..Tap::new(0.0, at, Source::One(at)) })
        .collect();
    let op = Op::Gated { per_channel: false };
    let slopes = grad::slopes(&op, &taps, 4.0, 0);
    for at in 0..taps.len() {
        for what in [(|tap| &mut tap.value) as fn(&mut Tap) -> &mut f64, |tap| &mut tap.weight] {
            let mut moved = |by: f64| {
                *what(&mut taps[at]) += by;
                let answer = fold(&op, &taps, 4.0, 0).0;
                *what(&mut taps[at]) -= by;
                answer
            };
            let wanted = (moved(0.02) - moved(-0.02)) / 0.04;
            let slope = slopes[at];
            let got = if *what(&mut taps[at]) == values[at] { slope.value } else { slope.weight };
            assert!((got - wanted).abs() < 2e-4, "at {at}: {got} is not {wanted}");
        }
    }
}

/// gem's derivative with respect to p, which f32 holds, against differences of a step that it holds exactly.
#[test]
fn the_derivative_of_gem_by_p_is_a_finite_difference() {
    let shape = Shape::nchw([1, 1, 6]);
    let input = [0.3, 2.0, 1.5, 0.05, 4.0, 2.5];
    for (p, eps) in [(1.0f32, 0.1), (3.0, 1e-6), (3.0, 1.75), (6.5, 0.2)] {
        let gem = |p| Pooling::new(Op::Gem { p, eps }, Region::Global);
        let step = 1.0 / 1024.0;
        let [more, less] = [p + step, (p - step).max(1.0)].map(|p| pool(&gem(p), &shape, &input).expect("it pools").values[0]);
        let wanted = (more - less) / f64::from(p + step - (p - step).max(1.0));
        let got = grad(&gem(p), &shape, &input, &[1.0], &SideInputs::new()).expect("it goes back").parameters[0];
        // At p = 1 the difference is one-sided.
        assert!((got - wanted).abs() < if p == 1.0 { 1e-3 } else { 1e-6 }, "p = {p}, ε = {eps}: {got} is not {wanted}");
    }
}
