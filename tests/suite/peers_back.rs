//! The way back against PyTorch's, which tests/vectors/export_back.py wrote.

use plunge::{Pooling, Request, Shape, SideInputs, Specialise};
use serde::Deserialize;

use crate::{
    adapters::engines,
    guarded,
    verdict::{record, report, sharing},
};

#[derive(Deserialize)]
struct Gradients {
    inputs: Vec<Vec<u32>>,
    cases: Vec<Gradient>,
}

#[derive(Deserialize)]
struct Gradient {
    name: String,
    spec: Pooling,
    shape: Vec<usize>,
    input: usize,
    grad_output: Vec<u32>,
    grad_input: Vec<u32>,
    grad_parameters: Option<Vec<u32>>,
    weights: Option<Vec<u32>>,
    boxes: Option<Vec<u32>>,
}

#[derive(Deserialize)]
struct Unpoolings {
    cases: Vec<Unpooling>,
}

#[derive(Deserialize)]
struct Unpooling {
    name: String,
    spec: Pooling,
    pooled: Vec<usize>,
    restored: Vec<usize>,
    derived: bool,
    values: Vec<u32>,
    indices: Vec<i64>,
    output: Vec<u32>,
}

fn floats(bits: &[u32]) -> Vec<f32> {
    bits.iter().map(|&bits| f32::from_bits(bits)).collect()
}

/// The first element that is off by more than rounding: torch's is f64, rounded once.
fn compare(what: &str, got: &[f32], wanted: &[f32]) -> Result<(), String> {
    if got.len() != wanted.len() {
        return Err(format!("{} elements of {what}, expected {}", got.len(), wanted.len()));
    }
    let largest = wanted.iter().filter(|x| x.is_finite()).fold(1.0, |most: f32, x| most.max(x.abs()));
    let same = |(got, wanted): (&f32, &f32)| match wanted.is_finite() {
        true => (got - wanted).abs() <= 3e-5 * wanted.abs().max(largest / 16.0),
        false => got == wanted || got.is_nan() && wanted.is_nan(),
    };
    let off = got.iter().zip(wanted).position(|pair| !same(pair));
    off.map_or(Ok(()), |at| Err(format!("{what} {at}: expected {}, got {}", wanted[at], got[at])))
}

#[test]
fn gradients_agree_with_pytorch() {
    let vectors: Gradients = serde_json::from_str(include_str!("../vectors/gradients.json")).expect("the vectors read");
    let (engines, mut comparisons, mut failures) = (engines(), 0, Vec::new());
    for (number, case) in vectors.cases.iter().enumerate() {
        // Windows of every third get kernels of their own, which take seconds to compile; the others share theirs.
        let specialise = if number % 3 == 0 { Specialise::Listed } else { Specialise::Never };
        for (adapter, engine) in sharing(&engines, &case.spec) {
            comparisons += 1;
            let shape = Shape::from_nchw(&case.shape).expect("a shape");
            let (weights, boxes) = (case.weights.as_deref().map(floats), case.boxes.as_deref().map(floats));
            let rows = boxes.as_ref().map(|boxes| boxes.as_chunks::<5>().0);
            let mut sides = SideInputs::new();
            (sides.weights, sides.boxes) = (weights.as_deref(), rows);
            let pooling = sides.resolve(&case.spec);
            let request = Request::new().parameters(case.grad_parameters.is_some()).specialise(specialise);
            let (x, ahead) = (floats(&vectors.inputs[case.input]), floats(&case.grad_output));
            let outcome = guarded::grad(engine, &pooling, shape, &x, &ahead, &request, &sides)
                .map_err(|error| error.to_string())
                .and_then(|(back, learned)| {
                    compare("grad_input", &back, &floats(&case.grad_input))?;
                    compare("grad_parameters", &learned, &case.grad_parameters.as_deref().map(floats).unwrap_or_default())
                });
            if let Err(why) = outcome {
                failures.push(format!("{}: {:?} on {adapter}: {why}", case.name, case.spec));
            }
        }
    }
    assert!(vectors.cases.len() >= 240, "{} vectors; the file holds more", vectors.cases.len());
    record("torch gradients", comparisons, &engines, failures.len());
    report(&failures);
}

#[test]
fn unpooling_agrees_with_pytorch() {
    let vectors: Unpoolings = serde_json::from_str(include_str!("../vectors/unpooling.json")).expect("the vectors read");
    let (engines, mut failures) = (engines(), Vec::new());
    for (adapter, engine) in &engines {
        for case in &vectors.cases {
            let [pooled, restored] = [&case.pooled, &case.restored].map(|sizes| Shape::from_nchw(sizes).expect("a shape"));
            let size = (!case.derived).then_some(restored.spatial());
            assert_eq!(case.spec.unpooled_shape(&pooled, size), Ok(restored), "{}", case.name);
            let indices: Vec<u32> = case.indices.iter().map(|&index| u32::try_from(index).expect("an index")).collect();
            let (got, status) = guarded::unpool(engine, &case.spec, pooled, restored, &floats(&case.values), Some(&indices));
            let same = got.iter().map(|value| value.to_bits()).eq(case.output.iter().copied());
            if !same || status != 0 {
                failures.push(format!("{} on {adapter}: status {status}, {got:?}", case.name));
            }
        }
    }
    assert!(vectors.cases.len() > 15, "{} vectors; the file holds more", vectors.cases.len());
    record("torch unpooling", vectors.cases.len() * engines.len(), &engines, failures.len());
    report(&failures);
}

/// An element beside the right one is seen.
#[test]
fn a_wrong_gradient_is_told_from_the_right_one() {
    let vectors: Gradients = serde_json::from_str(include_str!("../vectors/gradients.json")).expect("the vectors read");
    for case in &vectors.cases {
        let right = floats(&case.grad_input);
        assert_eq!(compare("grad_input", &right, &right), Ok(()));
        let mut wrong = right.clone();
        let at = (right.len() / 2..right.len()).find(|&at| right[at].is_finite()).expect("a finite one");
        wrong[at] += right.iter().filter(|x| x.is_finite()).fold(1.0, |most: f32, x| most.max(x.abs())) * 1e-3;
        assert!(compare("grad_input", &wrong, &right).is_err(), "{}", case.name);
        (wrong[at], wrong[0]) = (right[at], if right[0].is_nan() { 0.0 } else { f32::NAN });
        assert!(compare("grad_input", &wrong, &right).is_err(), "{}: NaN", case.name);
    }
}
