//! Compares an answer with the reference's, as far as each op is exact.
#![allow(clippy::expect_used, clippy::cast_possible_truncation, reason = "tests fail by panicking")]

use plunge::{Activation, Op, Pooling, Region, Shape, Window, reference};

use crate::Sides;

/// The first difference between an answer and the reference's, if there is one.
///
/// # Errors
/// The difference, in words.
///
/// # Panics
/// Where the reference refuses the pooling.
pub fn compare(
    pooling: &Pooling,
    shape: Shape,
    input: &[f32],
    sides: &Sides,
    output: Shape,
    values: &[f32],
    indices: Option<&[u32]>,
) -> Result<(), String> {
    let expected =
        reference::pool_with(pooling, &shape, input, &sides.borrow()).expect("the reference takes what the engine takes");
    if output != expected.shape || values.len() != expected.values.len() {
        return Err(format!("shape {output}, expected {}", expected.shape));
    }
    let reals: Vec<f64> = input.iter().map(|&value| value.into()).collect();
    let tolerances = tolerances_of(pooling, shape, &reals, sides);
    for (at, (&got, &wanted)) in values.iter().zip(&expected.values).enumerate() {
        let close = if wanted.is_nan() {
            got.is_nan()
        } else if tolerances[at] == 0.0 {
            f64::from(got).to_bits() == wanted.to_bits()
        } else {
            f64::from(got) == wanted || (f64::from(got) - wanted).abs() <= tolerances[at]
        };
        if !close {
            let error = (f64::from(got) - wanted).abs();
            return Err(format!(
                "value {at} {}: expected {wanted}, got {got} (off by {error:e}, allowed {:e})",
                place(at, output),
                tolerances[at]
            ));
        }
    }
    if let Some(indices) = indices {
        let expected = expected.indices.expect("the reference has indices where the engine has them");
        let activated = activated(pooling, shape, input);
        let [plane, out_plane] = [shape, output].map(|shape| shape.spatial().iter().product::<usize>());
        for (at, (&got, wanted)) in indices.iter().zip(expected).enumerate() {
            // Where values are not exact, either side of a near tie will do.
            let near_tie = || {
                let value = activated.get(at / out_plane * plane + got as usize).copied().map(f64::from);
                tolerances[at] > 0.0 && value.is_some_and(|value| (value - f64::from(values[at])).abs() <= tolerances[at])
            };
            if got != wanted.map_or(u32::MAX, |index| index as u32) && !near_tie() {
                return Err(format!("index {at} {}: expected {wanted:?}, got {got}", place(at, output)));
            }
        }
    }
    Ok(())
}

/// How far each output may be off.
#[must_use]
pub fn tolerances_of(pooling: &Pooling, shape: Shape, reals: &[f64], sides: &Sides) -> Vec<f64> {
    let tolerances = tolerances(pooling, shape, reals, sides);
    match wobble(pooling, shape, reals, sides) {
        Some(wobble) => tolerances.iter().zip(wobble).map(|(tolerance, wobble)| tolerance + wobble).collect(),
        None => tolerances,
    }
}

/// How far outputs may be off because their taps are interpolated, by sums of products that may be fused, between points that every device places alike.
fn wobble(pooling: &Pooling, shape: Shape, input: &[f64], sides: &Sides) -> Option<Vec<f64>> {
    let Region::RoiAlign(region) = &pooling.region else { return None };
    let activated = activated(pooling, shape, input);
    let largest = activated.iter().filter(|x| x.is_finite()).fold(0.0, |most: f64, &x| most.max(x.abs().into()));
    let count = Pooling::new(Op::Sum, region.clone());
    let boxes = Sides { boxes: sides.boxes.clone(), ..Sides::default() };
    let taps = reference::pool_with(&count, &shape, &vec![1.0; input.len()], &boxes.borrow()).expect("it pools").values;
    let steepness = |taps: f64| match pooling.op {
        Op::Sum | Op::Lp { .. } => taps,
        Op::Soft { beta } => 1.0 + 2.0 * f64::from(beta.abs()) * largest,
        Op::Variance => 4.0 * largest,
        Op::Average { divisor_override: Some(_), .. } | Op::Average { sqrt_divisor: true, .. } => taps,
        _ => 1.0,
    };
    Some(taps.into_iter().map(|taps| 16.0 * f64::from(f32::EPSILON) * largest * steepness(taps.max(1.0))).collect())
}

/// How far each output may be off: not at all for ops that choose a value, else 10 ε (1 + log₂ taps) times the size of what was
/// folded.
fn tolerances(pooling: &Pooling, shape: Shape, input: &[f64], sides: &Sides) -> Vec<f64> {
    if let Region::Clusters(_) = pooling.region {
        // The clusters are the input's own; sizes and counts are asked of the same ones.
        let labels = reference::cluster_labels(pooling, &shape, input).expect("the reference takes it");
        let output = pooling.output_shape(&shape).expect("a valid pooling");
        let count = Some(output.spatial().iter().product::<usize>() as u32);
        let segments = Pooling { region: Region::Segments { count, empty: 0.0 }, ..pooling.clone() };
        return tolerances(&segments, shape, input, &Sides { labels: Some(labels), ..Sides::default() });
    }
    let eps = f64::from(f32::EPSILON);
    let smallest = f64::from(f32::MIN_POSITIVE);
    let answer = |op: Op, values: &[f32]| {
        let pooling = Pooling { op, activation: None, ..pooling.clone() };
        // Sizes are weighed by the sizes of the weights, which other ops do not read.
        let weights = sides.weights.clone().filter(|_| matches!(op, Op::Weighted { preset: None, .. }));
        let mut sides = sides.clone();
        sides.weights = weights.map(|all| all.iter().map(|w| w.abs()).collect());
        reference::pool_with(&pooling, &shape, values, &sides.borrow()).expect("the reference takes it").values
    };
    let activated = activated(pooling, shape, input);
    let sizes: Vec<f32> = activated.iter().map(|x| if x.is_finite() { x.abs() } else { 0.0 }).collect();
    let largest = || answer(Op::Lp { p: f32::INFINITY }, &sizes);
    let taps = answer(Op::Sum, &vec![1.0; input.len()]);
    let share = |taps: f64| 10.0 * eps * (1.0 + taps.max(1.0).log2());
    let finite: Vec<f32> = activated.iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect();
    if pooling.op == Op::Std {
        // The mean is held to the last digit of the largest value; the rest is relative to the deviation itself.
        let deviations = taps.iter().zip(answer(Op::Std, &finite)).map(|(taps, deviation)| share(*taps) * deviation);
        return deviations.zip(largest()).map(|(off, largest)| off + 2.0 * eps * largest + smallest).collect();
    }
    if pooling.op == Op::Variance {
        // An error of t in the deviation is one of 2tσ + t² in its square.
        let std = Pooling { op: Op::Std, ..pooling.clone() };
        let deviations = answer(Op::Std, &finite);
        let off = tolerances(&std, shape, input, sides);
        return off.iter().zip(deviations).map(|(off, deviation)| off * (2.0 * deviation + off)).collect();
    }
    if pooling.op.kind().row().exact {
        // But for the functions that devices compute to a few ulp, and products that are subnormal, which devices may take for 0.
        let off = |size: f64| match pooling.activation {
            Some(Activation::Sigmoid | Activation::Tanh) => 16.0 * eps * size + smallest,
            Some(Activation::LeakyRelu) => smallest,
            _ => 0.0,
        };
        return largest().into_iter().map(off).collect();
    }
    let size: Vec<f64> = match pooling.op {
        Op::Soft { .. } | Op::Mixed { .. } => largest(),
        Op::Gated { per_channel } => {
            // A sigmoid moves a quarter as far as its argument, and the answer by as much of what lies between its two ends.
            let gate = answer(Op::Weighted { preset: None, per_channel, normalize: false }, &sizes);
            largest().iter().zip(gate).map(|(size, gate)| size * (1.0 + 0.5 * gate)).collect()
        }
        Op::ProbabilisticMax { .. } => largest().iter().map(|size| 1.0 + size).collect(),
        Op::LogSumExp { r } => largest().iter().map(|size| size + 1.0 / f64::from(r)).collect(),
        op => answer(op, &sizes),
    };
    taps.iter().zip(size).map(|(taps, size)| share(*taps) * size.abs() + smallest).collect()
}

/// The input behind the detector stage.
fn activated<T: Copy + Into<f64>>(pooling: &Pooling, shape: Shape, input: &[T]) -> Vec<f32> {
    let alone = Pooling { activation: pooling.activation, ..Pooling::new(Op::First, Window::new(1)) };
    let values = reference::pool(&alone, &shape, input).expect("the reference takes it").values;
    values.into_iter().map(|value| value as f32).collect()
}

/// An output's coordinates, in the order in which they are stored.
#[must_use]
pub fn place(at: usize, shape: Shape) -> String {
    let mut rest = at;
    let mut place: Vec<usize> = shape
        .stored_sizes()
        .iter()
        .rev()
        .map(|size| {
            let here = rest % size;
            rest /= size;
            here
        })
        .collect();
    place.reverse();
    format!("{place:?} of {shape}")
}
