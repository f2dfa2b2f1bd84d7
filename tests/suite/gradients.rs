//! The way back: op × region × kernel on every adapter, against the reference.

use plunge::{
    Activation, Engine, Kernel, Pooling, RegionKind, Request, Shape,
    plan::{Limits, Plan},
    reference,
};
use plunge_workloads::{Data, Sides};

use crate::{
    adapters::engines,
    conformance::{ops, regions},
    guarded,
    verdict::{record, report},
};

/// One gradient to try.
#[derive(Debug, Clone)]
struct Case {
    pooling: Pooling,
    shape: Shape,
    kernel: Option<Kernel>,
    data: Data,
}

impl Case {
    fn check(&self, adapter: &str, engine: &Engine) -> Result<(), String> {
        let Self { pooling, shape, .. } = self;
        let input = self.data.values(shape.elements(), 0x62_61_63_6b);
        let sides = Sides::for_pooling(pooling, shape, 0x73_69_64_65);
        let output = pooling.output_shape(shape).expect("a valid pooling");
        let ahead = Data::Reals.values(output.elements(), 0x61_68_65_61);
        let mut request = Request::new();
        request.kernel = self.kernel;
        let got = guarded::grad(engine, pooling, *shape, &input, &ahead, &request, &sides.borrow())
            .map_err(|error| format!("{self:?} on {adapter}: {error}"))?;
        let wanted = reference::grad(pooling, shape, &input, &ahead, &sides.borrow()).expect("the reference takes it");
        let elements = f64::from(u32::try_from(shape.elements()).expect("small"));
        // Samples are interpolated at points that f32 places to a few ulp.
        let few = if pooling.region.kind() == RegionKind::RoiAlign { 80.0 } else { 10.0 };
        let share = few * f64::from(f32::EPSILON) * (1.0 + elements.log2());
        for (at, (&got, (&wanted, &size))) in got.iter().zip(wanted.input.iter().zip(&wanted.sizes)).enumerate() {
            // Factors below the normal range are 0.
            let allowed = share * size + 1e-34;
            let off = (f64::from(got) - wanted).abs();
            if wanted.is_nan() != got.is_nan() || off > allowed {
                return Err(format!(
                    "{self:?}\n    on {adapter}: gradient {at}: expected {wanted}, got {got} (off by {off:e}, allowed {allowed:e})"
                ));
            }
        }
        Ok(())
    }
}

fn check_all(suite: &str, cases: &[Case]) {
    let engines = engines();
    let mut failures = Vec::new();
    for (adapter, engine) in &engines {
        failures.extend(cases.iter().filter_map(|case| case.check(adapter, engine).err()));
    }
    record(suite, cases.len(), &engines, failures.len());
    report(&failures);
}

/// Op × region × data with the planner's choice of kernel, and those that choose a tap with ties, infinities and NaN too.
#[test]
fn of_every_op_in_every_region() {
    let mut cases = Vec::new();
    for op in ops() {
        for (region, shape) in regions() {
            let pooling = Pooling::new(op, region);
            if Plan::grad(&pooling, &shape, &Request::new(), &Limits::WEBGPU).is_err() {
                assert!(pooling.output_shape(&shape).is_err(), "{pooling:?} on {shape} has an answer but no gradient");
                continue;
            }
            // Interpolated values that should tie differ by their last digit.
            let data: &[Data] = match (pooling.region.kind(), op.kind().row().exact) {
                (RegionKind::RoiAlign, true) => &[Data::Reals],
                (_, true) => &Data::ALL,
                _ => &[Data::Reals, Data::Integers],
            };
            for &data in data {
                cases.push(Case { pooling: pooling.clone(), shape, kernel: None, data });
            }
        }
    }
    check_all("gradients", &cases);
}

/// What the way back saves is found by any kernel.
#[test]
fn by_every_kernel() {
    let mut cases = Vec::new();
    for op in ops() {
        for (region, shape) in regions().into_iter().step_by(3) {
            for kernel in [Kernel::Direct, Kernel::Reduce, Kernel::TwoStage, Kernel::Sort] {
                let pooling = Pooling::new(op, region.clone());
                if Plan::grad(&pooling, &shape, &Request::new().kernel(kernel), &Limits::WEBGPU).is_ok() {
                    cases.push(Case { pooling, shape, kernel: Some(kernel), data: Data::Reals });
                }
            }
        }
    }
    check_all("gradients by kernel", &cases);
}

/// Through the detector stage.
#[test]
fn through_activations() {
    let mut cases = Vec::new();
    for activation in [Activation::Relu, Activation::LeakyRelu, Activation::Sigmoid, Activation::Tanh] {
        for (op, (region, shape)) in ops().into_iter().flat_map(|op| regions().into_iter().step_by(9).map(move |at| (op, at))) {
            let pooling = Pooling::new(op, region).activation(activation);
            if Plan::grad(&pooling, &shape, &Request::new(), &Limits::WEBGPU).is_ok() {
                cases.push(Case { pooling, shape, kernel: None, data: Data::Reals });
            }
        }
    }
    check_all("gradients through activations", &cases);
}
