//! The kernels against PyTorch's answers, which tests/vectors/export.py wrote.

use plunge::{Pooled, Pooling, Request, Shape, SideInputs};
use serde::Deserialize;

use crate::{
    adapters::engines,
    guarded,
    verdict::{record, report},
};

/// One file: poolings of a few inputs.
#[derive(Deserialize)]
struct Family {
    family: String,
    inputs: std::collections::BTreeMap<String, Input>,
    cases: Vec<Vector>,
}

#[derive(Deserialize)]
struct Input {
    shape: Vec<usize>,
    bits: Vec<u32>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    spec: Pooling,
    input: String,
    output_shape: Vec<usize>,
    output: Vec<u32>,
    indices: Option<Vec<i64>>,
    boxes: Option<Vec<[f32; 5]>>,
    weights: Option<Vec<f32>>,
    labels: Option<Vec<i32>>,
    mask: Option<Vec<u32>>,
    tolerance: Tolerance,
}

impl Vector {
    fn sides(&self) -> SideInputs<'_> {
        let mut sides = SideInputs::new();
        sides.boxes = self.boxes.as_deref();
        sides.weights = self.weights.as_deref();
        sides.labels = self.labels.as_deref();
        sides.mask = self.mask.as_deref();
        sides
    }
}

/// `"exact"`: the same number; else 10 ε (1 + log₂ taps) times the scale.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tolerance {
    Named(Exact),
    Share { taps: f64, scale: f64 },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Exact {
    Exact,
}

impl Tolerance {
    fn allowed(&self) -> f64 {
        match *self {
            Self::Named(Exact::Exact) => 0.0,
            Self::Share { taps, scale } => 10.0 * f64::from(f32::EPSILON) * (1.0 + taps.log2()) * scale,
        }
    }
}

fn families() -> Vec<Family> {
    [
        include_str!("../vectors/max.json"),
        include_str!("../vectors/average.json"),
        include_str!("../vectors/lp.json"),
        include_str!("../vectors/adaptive.json"),
        include_str!("../vectors/global.json"),
        include_str!("../vectors/statistics.json"),
        include_str!("../vectors/channels.json"),
        include_str!("../vectors/regions.json"),
        include_str!("../vectors/activation.json"),
        include_str!("../vectors/boxes.json"),
        include_str!("../vectors/weights.json"),
        include_str!("../vectors/segments.json"),
    ]
    .into_iter()
    .map(|json| serde_json::from_str(json).expect("the vectors read"))
    .collect()
}

/// The first difference from PyTorch's answer.
fn compare(vector: &Vector, pooled: &Pooled) -> Result<(), String> {
    if pooled.shape.sizes() != vector.output_shape || pooled.values.len() != vector.output.len() {
        return Err(format!("shape {}, expected {:?}", pooled.shape, vector.output_shape));
    }
    let allowed = vector.tolerance.allowed();
    for (at, (got, bits)) in pooled.values.iter().zip(&vector.output).enumerate() {
        let wanted = f32::from_bits(*bits);
        let close = got.is_nan() && wanted.is_nan() || *got == wanted || f64::from((got - wanted).abs()) <= allowed;
        if !close {
            return Err(format!("value {at}: expected {wanted}, got {got}, allowed {allowed:e}"));
        }
    }
    for (at, (got, wanted)) in pooled.indices.iter().flatten().zip(vector.indices.iter().flatten()).enumerate() {
        if i64::from(*got) != *wanted {
            return Err(format!("index {at}: expected {wanted}, got {got}"));
        }
    }
    Ok(())
}

#[test]
fn kernels_agree_with_pytorch() {
    let engines = engines();
    let mut failures = Vec::new();
    let mut total = 0;
    for family in families() {
        total += family.cases.len();
        for (adapter, engine) in &engines {
            let mut passes = 0;
            for vector in &family.cases {
                let input = &family.inputs[&vector.input];
                let values: Vec<f32> = input.bits.iter().map(|&bits| f32::from_bits(bits)).collect();
                let shape = Shape::from_nchw(&input.shape).expect("a shape");
                let request = Request::new().indices(vector.indices.is_some());
                let pooled = guarded::pool(engine, &vector.spec, shape, &values, &request, &vector.sides())
                    .map_err(|error| error.to_string());
                match pooled.and_then(|pooled| compare(vector, &pooled)) {
                    Ok(()) => passes += 1,
                    Err(why) => failures.push(format!("{}: {:?} on {adapter}: {why}", vector.name, vector.spec)),
                }
            }
            println!("{}: {passes}/{} on {adapter}", family.family, family.cases.len());
        }
    }
    record("torch vectors", total * engines.len(), &engines, failures.len());
    assert!(total > 650, "{total} vectors; the files hold more");
    report(&failures);
}

/// A value or index beside the right one is seen.
#[test]
fn a_wrong_answer_is_told_from_pytorchs() {
    for family in families() {
        for vector in &family.cases {
            let right = Pooled {
                shape: Shape::from_nchw(&vector.output_shape).expect("a shape"),
                values: vector.output.iter().map(|&bits| f32::from_bits(bits)).collect(),
                indices: vector
                    .indices
                    .as_ref()
                    .map(|all| all.iter().map(|&index| u32::try_from(index).expect("an index")).collect()),
                detection: None,
                kernel: plunge::Kernel::Direct,
            };
            assert_eq!(compare(vector, &right), Ok(()), "{}", vector.name);
            let mut wrong = right.clone();
            let at = wrong.values.iter().position(|value| value.is_finite());
            if let Some(at) = at {
                wrong.values[at] += wrong.values[at].abs().max(10.0) * 1e-3;
                assert!(compare(vector, &wrong).is_err(), "{}", vector.name);
            }
            if right.indices.is_some() {
                let mut wrong = right;
                wrong.indices.iter_mut().flatten().for_each(|index| *index += 1);
                assert!(compare(vector, &wrong).is_err(), "{}", vector.name);
            }
        }
    }
}
