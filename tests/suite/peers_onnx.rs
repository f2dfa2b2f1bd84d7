//! The kernels and the reference against the ONNX operator suite and onnxruntime, whose answers tests/vectors/onnx_suite.py wrote, by way of the converter of
//! attributes.

use std::collections::BTreeMap;

use plunge::{
    Element, Engine, IndexConvention, Pooling, Region, Request, Shape, SideInputs, Specialise,
    onnx::{self, Attribute},
    reference,
};
use plunge_workloads::figures::note;
use serde::Deserialize;

use crate::{
    adapters::engines,
    guarded,
    verdict::{record, report},
};

static NUMBERS: &[u8] = include_bytes!("../vectors/onnx_suite.bin");

/// Answers of the suite that are not ours, and why. Where onnxruntime answers otherwise too, its answer must be ours.
const DIFFERENCES: [(&str, &str); 2] = [
    (
        "test_maxunpool_export_with_output_shape",
        "the suite puts values at indices into the 4×4 tensor that follows from the attributes and then pads it to the 5×5 that is asked for; onnxruntime and \
         Plunge take indices as places in the 5×5",
    ),
    (
        "test_roialign_mode_max",
        "ONNX takes the largest of the corners of all samples, each times its bilinear weight; Plunge takes the largest interpolated value, as the converter says",
    ),
];

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    from: String,
    operator: String,
    attributes: BTreeMap<String, Value>,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    relative: f64,
    decided: Option<Vec<Tensor>>,
}

/// Numbers with a fraction are written with one, and whole ones without.
#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Int(i64),
    Ints(Vec<i64>),
    Float(f32),
    String(String),
}

#[derive(Deserialize)]
struct Tensor {
    #[serde(rename = "type")]
    element: Type,
    shape: Vec<usize>,
    at: usize,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Type {
    Float32,
    Uint8,
    Int8,
    Int64,
}

impl Tensor {
    fn bytes(&self) -> &'static [u8] {
        let size = match self.element {
            Type::Float32 => 4,
            Type::Uint8 | Type::Int8 => 1,
            Type::Int64 => 8,
        };
        &NUMBERS[self.at..self.at + size * self.shape.iter().product::<usize>()]
    }

    fn reals(&self) -> Vec<f64> {
        match self.element {
            Type::Int64 => self.whole().into_iter().map(|number| number as f64).collect(),
            _ => self.stored().decode(self.bytes()),
        }
    }

    fn floats(&self) -> Vec<f32> {
        assert!(self.element == Type::Float32);
        bytemuck::pod_collect_to_vec(self.bytes())
    }

    fn whole(&self) -> Vec<i64> {
        assert!(self.element == Type::Int64);
        bytemuck::pod_collect_to_vec(self.bytes())
    }

    fn stored(&self) -> Element {
        match self.element {
            Type::Uint8 => Element::U8,
            Type::Int8 => Element::I8,
            _ => Element::F32,
        }
    }
}

/// What an operator answers.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    shape: Vec<usize>,
    values: Vec<f64>,
    indices: Option<Vec<i64>>,
}

impl Answer {
    fn of(tensors: &[Tensor]) -> Self {
        Self { shape: tensors[0].shape.clone(), values: tensors[0].reals(), indices: tensors.get(1).map(Tensor::whole) }
    }

    /// The first difference from the right answer.
    fn compare(&self, right: &Self, exact: bool, relative: f64) -> Result<(), String> {
        if self.shape != right.shape || self.values.len() != right.values.len() {
            return Err(format!("shape {:?}, expected {:?}", self.shape, right.shape));
        }
        for (at, (got, wanted)) in self.values.iter().zip(&right.values).enumerate() {
            let close = got == wanted || !exact && (got - wanted).abs() <= relative * wanted.abs() + 1e-6;
            if !close {
                return Err(format!("value {at}: expected {wanted}, got {got}"));
            }
        }
        if self.indices != right.indices {
            return Err(format!("indices: expected {:?}, got {:?}", right.indices, self.indices));
        }
        Ok(())
    }
}

/// What runs a case.
enum Runner<'a> {
    Reference,
    Kernels(&'a Engine),
}

impl Case {
    fn attributes(&self) -> Vec<(&str, Attribute<'_>)> {
        let value = |value| match value {
            &Value::Int(number) => Attribute::Int(number),
            Value::Ints(numbers) => Attribute::Ints(numbers),
            &Value::Float(number) => Attribute::Float(number),
            Value::String(text) => Attribute::String(text),
        };
        self.attributes.iter().map(|(name, own)| (&name[..], value(own))).collect()
    }

    fn pooling(&self) -> Result<Pooling, String> {
        onnx::pooling(&self.operator, &self.attributes()).map_err(|error| error.to_string())
    }

    /// Whether answers are values of the input as they are.
    fn exact(&self) -> bool {
        ["MaxPool", "GlobalMaxPool", "MaxUnpool", "MaxRoiPool"].contains(&&self.operator[..])
    }

    fn answer(&self, runner: &Runner<'_>) -> Result<Answer, String> {
        let pooling = self.pooling()?;
        let shape = Shape::from_nchw(&self.inputs[0].shape).map_err(|error| error.to_string())?;
        if self.operator == "MaxUnpool" {
            return self.unpooled(&pooling, shape, runner);
        }
        let rows = match pooling.region {
            Region::RoiAlign(_) => {
                let (corners, batches) = (self.inputs[1].floats(), self.inputs[2].whole());
                let corners = corners.as_chunks::<4>().0.iter();
                Some(
                    corners
                        .zip(batches)
                        .map(|([x1, y1, x2, y2], batch)| [batch as f32, *x1, *y1, *x2, *y2])
                        .collect::<Vec<_>>(),
                )
            }
            Region::RoiPool(_) => Some(self.inputs[1].floats().as_chunks::<5>().0.to_vec()),
            _ => None,
        };
        let mut sides = SideInputs::new();
        sides.boxes = rows.as_deref();
        let pooling = &*sides.resolve(&pooling);
        let (wants_indices, element) = (self.outputs.len() > 1, self.inputs[0].stored());
        let (out, values, indices) = match runner {
            Runner::Reference => {
                let answer = reference::pool_with(pooling, &shape, &self.inputs[0].reals(), &sides);
                let answer = answer.map_err(|error| error.to_string())?;
                let narrow = |all: Vec<Option<usize>>| {
                    all.into_iter().map(|index| index.map_or(u32::MAX, |index| index as u32)).collect()
                };
                let indices: Option<Vec<u32>> = answer.indices.filter(|_| wants_indices).map(narrow);
                (answer.shape, answer.values, indices)
            }
            Runner::Kernels(engine) => {
                // The suite's windows get kernels of their own; the many others share a handful.
                let specialise = if self.from == "suite" { Specialise::Listed } else { Specialise::Never };
                let request = Request::new().indices(wants_indices).element(element).output(element).specialise(specialise);
                let pooled = guarded::pool_bytes(engine, pooling, shape, self.inputs[0].bytes(), &request, &sides);
                let pooled = pooled.map_err(|error| error.to_string())?;
                (pooled.shape, element.decode(&pooled.values), pooled.indices)
            }
        };
        let indices = match indices {
            Some(indices) => {
                let convention =
                    onnx::index_convention(&self.operator, &self.attributes()).map_err(|error| error.to_string())?;
                let plane = out.spatial().iter().product::<usize>();
                Some(indices.iter().enumerate().map(|(at, &index)| convention.encode(&shape, at / plane, index)).collect())
            }
            None => None,
        };
        Ok(Answer { shape: out.sizes(), values, indices })
    }

    fn unpooled(&self, pooling: &Pooling, pooled: Shape, runner: &Runner<'_>) -> Result<Answer, String> {
        let size: Option<Vec<usize>> = self
            .inputs
            .get(2)
            .map(|sizes| sizes.whole()[2..].iter().map(|&size| usize::try_from(size).expect("a size")).collect());
        let restored = pooling.unpooled_shape(&pooled, size.as_deref()).map_err(|error| error.to_string())?;
        let convention = onnx::index_convention(&self.operator, &self.attributes()).map_err(|error| error.to_string())?;
        assert_eq!(convention, IndexConvention::OnnxRowMajor);
        let plane = pooled.spatial().iter().product::<usize>();
        let indices: Vec<u32> = self.inputs[1]
            .whole()
            .iter()
            .enumerate()
            .map(|(at, &index)| convention.decode(&restored, at / plane, index).map_err(|error| error.to_string()))
            .collect::<Result<_, _>>()?;
        let values = match runner {
            Runner::Reference => {
                let wide: Vec<i64> = indices.iter().map(|&index| index.into()).collect();
                reference::unpool(pooling, &pooled, &restored, &self.inputs[0].reals(), Some(&wide))
                    .map_err(|error| error.to_string())?
            }
            Runner::Kernels(engine) => {
                let (values, status) =
                    guarded::unpool(engine, pooling, pooled, restored, &self.inputs[0].floats(), Some(&indices));
                assert_eq!(status, 0, "{}", self.name);
                values.into_iter().map(f64::from).collect()
            }
        };
        Ok(Answer { shape: restored.sizes(), values, indices: None })
    }

    /// Whether an answer is the suite's, or differs as it is said to; else what is wrong with it.
    fn verdict(&self, got: Result<Answer, String>) -> Result<bool, String> {
        let got = got?;
        let outcome = got.compare(&Answer::of(&self.outputs), self.exact(), self.relative);
        match (DIFFERENCES.iter().find(|(name, _)| *name == self.name), outcome) {
            (None, Ok(())) => Ok(true),
            (None, Err(why)) => Err(why),
            (Some((_, reason)), Ok(())) => Err(format!("an answer that should differ does not: {reason}")),
            (Some(_), Err(_)) => match &self.decided {
                Some(decided) => got.compare(&Answer::of(decided), self.exact(), self.relative).map(|()| false),
                None => {
                    let ours = self.answer(&Runner::Reference)?;
                    got.compare(&ours, self.exact(), self.relative).map(|()| false)
                }
            },
        }
    }
}

fn vectors() -> Vec<Case> {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/onnx_suite.json")).expect("the vectors read");
    vectors.cases
}

#[test]
fn kernels_and_the_reference_agree_with_the_onnx_suite() {
    let (cases, engines) = (vectors(), engines());
    let runners = engines.iter().map(|(adapter, engine)| (adapter.as_str(), Runner::Kernels(engine)));
    let runners: Vec<_> = std::iter::once(("the reference", Runner::Reference)).chain(runners).collect();
    let names: Vec<&str> = runners.iter().map(|(name, _)| *name).collect();
    let mut failures = Vec::new();
    for (from, what) in
        [("suite", "pooling cases of the ONNX operator suite"), ("onnxruntime", "more attributes, answered by onnxruntime")]
    {
        let of_it: Vec<&Case> = cases.iter().filter(|case| case.from == from).collect();
        let mut figures = Vec::new();
        for (name, runner) in &runners {
            let mut passes = 0;
            for case in &of_it {
                match case.verdict(case.answer(runner)) {
                    Ok(same) => passes += usize::from(same),
                    Err(why) => failures.push(format!("{} {:?} by {name}: {why}", case.name, case.pooling())),
                }
            }
            println!("{what}: {passes}/{} by {name}", of_it.len());
            figures.push(passes);
        }
        let differ: Vec<&str> =
            DIFFERENCES.iter().map(|(name, _)| *name).filter(|name| of_it.iter().any(|case| case.name == *name)).collect();
        let tail = if differ.is_empty() { String::new() } else { format!("; {} differ by intent", differ.join(" and ")) };
        let passes: Vec<String> = figures.iter().map(|passes| format!("{passes}/{}", of_it.len())).collect();
        note("suites", what, &(passes.join(", ") + &tail), &names.join("; "), "cargo xtask test");
    }
    for (name, reason) in DIFFERENCES {
        println!("{name} differs: {reason}");
        assert!(cases.iter().any(|case| case.name == name), "{name} is no case");
    }
    let of_suite = cases.iter().filter(|case| case.from == "suite").count();
    assert!(of_suite >= 70 && cases.len() - of_suite >= 260, "{of_suite} of {} cases; the file holds more", cases.len());
    record("onnx vectors", cases.len() * engines.len(), &engines, failures.len());
    report(&failures);
}

/// A value or an index beside the right one is seen, and so is an answer that should differ and does not.
#[test]
fn a_wrong_answer_is_told_from_the_onnx_suites() {
    for case in vectors() {
        let right = Answer::of(&case.outputs);
        let listed = DIFFERENCES.iter().any(|(name, _)| *name == case.name);
        assert_eq!(case.verdict(Ok(right.clone())).is_err(), listed, "{}", case.name);
        let mut wrong = right.clone();
        let at = wrong.values.len() / 2;
        wrong.values[at] += wrong.values[at].abs().max(0.1) * 1e-2;
        assert!(case.verdict(Ok(wrong)).is_err(), "{}", case.name);
        if right.indices.is_some() {
            let mut wrong = right;
            wrong.indices.iter_mut().flatten().for_each(|index| *index += 1);
            assert!(case.verdict(Ok(wrong)).is_err(), "{}", case.name);
        }
    }
}
