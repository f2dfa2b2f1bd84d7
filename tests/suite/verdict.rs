//! Compares a kernel's answer with the reference's.

use std::{fmt::Write as _, path::Path, sync::Mutex};

use plunge::{
    Activation, Engine, Kernel, Op, OpKind, Pooled, Pooling, Region, Request, Shape, StochasticMode, Window, reference,
};
use plunge_workloads::{Data, Sides};

use crate::guarded;

/// One pooling to try.
#[derive(Debug, Clone)]
pub struct Case {
    pub pooling: Pooling,
    pub shape: Shape,
    pub request: Request,
    pub data: Data,
}

impl Case {
    /// Runs the case between canaries and compares it with the reference. A failure names all there is to know.
    pub fn check(&self, adapter: &str, engine: &Engine) -> Result<(), String> {
        let input = self.data.values(self.shape.elements(), 0x70_6f_6f_6c);
        let sides = Sides::for_pooling(&self.pooling, &self.shape, 0x73_69_64_65);
        let pooled = guarded::pool(engine, &self.pooling, self.shape, &input, &self.request, &sides.borrow())
            .map_err(|error| format!("{self:?} on {adapter}: {error}"))?;
        compare(&self.pooling, self.shape, &input, &sides, &pooled).map_err(|difference| {
            let keys = engine
                .prepare_with(&self.pooling, self.shape, &self.request)
                .map_or_else(|error| vec![error.to_string()], |pooler| guarded::keys(&pooler));
            format!("{self:?}\n    on {adapter} by {keys:?}: {difference}")
        })
    }
}

/// The first difference between an answer and the reference's, if there is one.
pub fn compare(pooling: &Pooling, shape: Shape, input: &[f32], sides: &Sides, pooled: &Pooled) -> Result<(), String> {
    let expected =
        reference::pool_with(pooling, &shape, input, &sides.borrow()).expect("the reference takes what the engine takes");
    if pooled.shape != expected.shape || pooled.values.len() != expected.values.len() {
        return Err(format!("shape {}, expected {}", pooled.shape, expected.shape));
    }
    let reals: Vec<f64> = input.iter().map(|&value| value.into()).collect();
    let tolerances = tolerances_of(pooling, shape, &reals, sides);
    for (at, (&got, &wanted)) in pooled.values.iter().zip(&expected.values).enumerate() {
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
                place(at, pooled.shape),
                tolerances[at]
            ));
        }
    }
    if let Some(indices) = &pooled.indices {
        let expected = expected.indices.expect("the reference has indices where the engine has them");
        let activated = activated(pooling, shape, input);
        let [plane, out_plane] = [shape, pooled.shape].map(|shape| shape.spatial().iter().product::<usize>());
        for (at, (&got, wanted)) in indices.iter().zip(expected).enumerate() {
            // Where values are not exact, either side of a near tie will do.
            let near_tie = || {
                let value = activated.get(at / out_plane * plane + got as usize).copied().map(f64::from);
                tolerances[at] > 0.0
                    && value.is_some_and(|value| (value - f64::from(pooled.values[at])).abs() <= tolerances[at])
            };
            if got != wanted.map_or(u32::MAX, |index| index as u32) && !near_tie() {
                return Err(format!("index {at} {}: expected {wanted:?}, got {got}", place(at, pooled.shape)));
            }
        }
    }
    Ok(())
}

/// How far each output may be off.
pub fn tolerances_of(pooling: &Pooling, shape: Shape, reals: &[f64], sides: &Sides) -> Vec<f64> {
    let tolerances = tolerances(pooling, shape, reals, sides);
    match wobble(pooling, shape, reals, sides) {
        Some(wobble) => tolerances.iter().zip(wobble).map(|(tolerance, wobble)| tolerance + wobble).collect(),
        None => tolerances,
    }
}

/// How far outputs may be off because their taps are interpolated at points that f32 places to a few ulp.
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

/// Runs every case on every adapter and fails with all differences at once. Prints and records what was done.
pub fn check_all(suite: &str, engines: &[(String, Engine)], cases: &[Case]) {
    let mut failures = Vec::new();
    for (adapter, engine) in engines {
        failures.extend(cases.iter().filter_map(|case| case.check(adapter, engine).err()));
    }
    record(suite, cases.len(), engines, failures.len());
    report(&failures);
}

/// Panics if there are failures, showing the first few.
pub fn report(failures: &[String]) {
    let mut text = String::new();
    for failure in failures.iter().take(8) {
        let _ = writeln!(text, "  {failure}");
    }
    assert!(failures.is_empty(), "{} mismatches, the first of them:\n{text}", failures.len());
}

/// Prints a line for people and leaves one for `cargo xtask test` to add up.
pub fn record(suite: &str, cases: usize, engines: &[(String, Engine)], mismatches: usize) {
    static FILE: Mutex<()> = Mutex::new(());
    let names: Vec<&str> = engines.iter().map(|(name, _)| name.as_str()).collect();
    println!("{suite}: {cases} cases × {} adapters ({}), {mismatches} mismatches", names.len(), names.join("; "));
    if std::env::var_os("PLUNGE_EXPECTED").is_some() {
        // Run to see it fail, which is no comparison.
        return;
    }
    let _one_at_a_time = FILE.lock();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tally");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    let line = serde_json::json!({ "suite": suite, "cases": cases, "adapters": names, "mismatches": mismatches });
    std::fs::write(folder.join(format!("{}.json", suite.replace(' ', "_"))), line.to_string()).expect("it is writable");
}

/// Negative controls: the comparison finds what is wrong.
mod controls {
    use super::*;

    fn answer(pooling: &Pooling, shape: Shape, input: &[f32]) -> Pooled {
        let sides = Sides::for_pooling(pooling, &shape, 4);
        let answer = reference::pool_with(pooling, &shape, input, &sides.borrow()).expect("a valid pooling");
        Pooled {
            shape: answer.shape,
            values: answer.values.iter().map(|&value| value as f32).collect(),
            indices: answer.indices.map(|all| all.iter().map(|i| i.map_or(u32::MAX, |i| i as u32)).collect()),
            detection: None,
            kernel: Kernel::Direct,
        }
    }

    const OPS: [Op; 19] = [
        Op::Max,
        Op::Min,
        Op::Sum,
        Op::AVERAGE,
        Op::Lp { p: 2.0 },
        Op::Gaussian { sigma: 1.0 },
        Op::Std,
        Op::Variance,
        Op::LogSumExp { r: 1.0 },
        Op::Soft { beta: 1.0 },
        Op::Gem { p: 3.0, eps: 1e-6 },
        Op::Mixed { alpha: 0.5 },
        Op::First,
        Op::Last,
        Op::Median,
        Op::Stochastic { seed: 1, mode: StochasticMode::Sample },
        Op::Stochastic { seed: 1, mode: StochasticMode::Expectation },
        Op::Weighted { preset: None, per_channel: true, normalize: true },
        Op::Gated { per_channel: false },
    ];

    #[test]
    fn one_wrong_element_is_found() {
        let shape = Shape::nchw([2, 3, 9, 7]);
        let input = Data::Reals.values(shape.elements(), 1);
        for op in OPS {
            let pooling = Pooling::new(op, Window::new([3, 3])).stride([2, 2]);
            let sides = Sides::for_pooling(&pooling, &shape, 4);
            let right = answer(&pooling, shape, &input);
            assert_eq!(compare(&pooling, shape, &input, &sides, &right), Ok(()), "{op:?}");
            for at in [0, right.values.len() / 2, right.values.len() - 1] {
                let mut wrong = right.clone();
                // A gate moves with the error of a sum, and the answer with the gate.
                let off = if op.kind() == OpKind::Gated { 2e-3 } else { 1e-4 };
                wrong.values[at] += wrong.values[at].abs().max(1.0) * off;
                let found = compare(&pooling, shape, &input, &sides, &wrong);
                assert!(found.clone().is_err_and(|text| text.contains(&format!("value {at} "))), "{op:?}: {found:?}");
            }
            if let Some(indices) = &right.indices {
                let mut wrong = right.clone();
                wrong.indices.as_mut().expect("they are there")[5] = indices[5] + 1;
                assert!(compare(&pooling, shape, &input, &sides, &wrong).is_err_and(|text| text.contains("index 5 ")));
            }
        }
    }

    /// Digits that cancel are seen to be lost: a variance of 0 is not near enough to one of 1/3 about a mean of 300.
    #[test]
    fn a_variance_without_digits_is_found() {
        let shape = Shape::nchw([1, 1, 60, 60]);
        let input = Data::Offset.values(shape.elements(), 3);
        for op in [Op::Variance, Op::Std] {
            let pooling = Pooling::new(op, Region::Global);
            let sides = Sides::default();
            let mut pooled = answer(&pooling, shape, &input);
            assert_eq!(compare(&pooling, shape, &input, &sides, &pooled), Ok(()));
            pooled.values[0] *= 1.001;
            assert!(compare(&pooling, shape, &input, &sides, &pooled).is_err(), "{op:?}: the fourth digit");
            pooled.values[0] = 0.0;
            assert!(compare(&pooling, shape, &input, &sides, &pooled).is_err(), "{op:?}");
        }
    }

    #[test]
    fn every_op_is_told_from_every_other() {
        let shape = Shape::nchw([1, 2, 6, 6]);
        let input = Data::Reals.values(shape.elements(), 2);
        // But for those that take windows only.
        let ops = &OPS[..17];
        for (at, &op) in ops.iter().enumerate() {
            for (other_at, &other) in ops.iter().enumerate() {
                let pooling = |op| Pooling::new(op, Region::Global);
                let swapped = Pooled { indices: None, ..answer(&pooling(other), shape, &input) };
                assert_eq!(
                    compare(&pooling(op), shape, &input, &Sides::default(), &swapped).is_ok(),
                    at == other_at,
                    "{op:?} {other:?}"
                );
            }
        }
    }
}
