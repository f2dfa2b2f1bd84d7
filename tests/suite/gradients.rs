//! The way back: op × region × kernel on every adapter, against the reference.

use plunge::{
    Activation, Element, Engine, Kernel, Op, Pooling, Region, RegionKind, Request, RoiAlign, RoiPool, Shape, SideInputs,
    StochasticMode, Window,
    plan::{Limits, Plan, Specialise},
    reference,
};
use plunge_workloads::{Data, Sides, Wanted, catalogue};

use crate::{
    adapters::engines,
    conformance::{measured_by_the_largest, ops, regions},
    guarded,
    verdict::{check_each, in_turn, record, report, sharing},
};

/// One gradient to try.
#[derive(Debug, Clone)]
struct Case {
    pooling: Pooling,
    shape: Shape,
    kernel: Option<Kernel>,
    specialise: Specialise,
    data: Data,
}

impl Case {
    fn check(&self, adapter: &str, engine: &Engine) -> Result<(), String> {
        let Self { pooling, shape, .. } = self;
        let input = self.data.values(shape.elements(), 0x62_61_63_6b);
        let sides = Sides::for_pooling(pooling, shape, 0x73_69_64_65);
        let output = pooling.output_shape(shape).expect("a valid pooling");
        let ahead = Data::Reals.values(output.elements(), 0x61_68_65_61);
        let mut request = Request::new().parameters(pooling.op.learns());
        (request.kernel, request.specialise) = (self.kernel, self.specialise);
        let (back, learned) = guarded::grad(engine, pooling, *shape, &input, &ahead, &request, &sides.borrow())
            .map_err(|error| format!("{self:?} on {adapter}: {error}"))?;
        let wanted = reference::grad(pooling, shape, &input, &ahead, &sides.borrow()).expect("the reference takes it");
        let terms = f64::from(u32::try_from(shape.elements().max(output.elements())).expect("small"));
        let share = 10.0 * f64::from(f32::EPSILON) * (1.0 + terms.max(1.0).log2());
        for (what, got, wanted, sizes) in [
            ("gradient", back, wanted.input, wanted.sizes),
            ("parameter's gradient", learned, wanted.parameters, wanted.parameter_sizes),
        ] {
            if request.parameters || what == "gradient" {
                assert_eq!(got.len(), wanted.len(), "{self:?}: {what}");
            }
            for (at, (&got, (&wanted, &size))) in got.iter().zip(wanted.iter().zip(&sizes)).enumerate() {
                // Factors below the normal range are 0.
                let allowed = share * size + 1e-34;
                let off = (f64::from(got) - wanted).abs();
                let same = match wanted.is_finite() {
                    true => off == 0.0 || off <= allowed && allowed.is_finite(),
                    false => got.is_nan() == wanted.is_nan() && (got.is_nan() || f64::from(got) == wanted),
                };
                if !same {
                    return Err(format!(
                        "{self:?}\n    on {adapter}: {what} {at}: expected {wanted}, got {got} (off by {off:e}, allowed {allowed:e})"
                    ));
                }
            }
        }
        Ok(())
    }
}

/// One gradient of reals on an engine, against the reference.
pub fn check(pooling: &Pooling, shape: Shape, adapter: &str, engine: &Engine) -> Result<(), String> {
    let (kernel, specialise) = (None, Specialise::Listed);
    Case { pooling: pooling.clone(), shape, kernel, specialise, data: Data::Reals }.check(adapter, engine)
}

fn check_all(suite: &str, cases: &[Case]) {
    check_each(suite, &engines(), cases, |case| &case.pooling, Case::check);
}

/// The gradients among the workloads of the benches, thinned out.
#[test]
fn of_the_workloads() {
    let mut cases = Vec::new();
    for workload in catalogue().into_iter().filter(|workload| workload.wanted == Wanted::Gradient) {
        let shape = Shape::from_nchw(&[&[2, 3], workload.shape.spatial()].concat()).expect("a shape");
        for kernel in std::iter::once(None).chain(Kernel::ALL.iter().copied().map(Some)) {
            let mut request = Request::new();
            request.kernel = kernel;
            if Plan::grad(&workload.pooling, &shape, &request, &Limits::WEBGPU).is_ok() {
                cases.push(Case {
                    pooling: workload.pooling.clone(),
                    shape,
                    kernel,
                    specialise: Specialise::Listed,
                    data: Data::Integers,
                });
            }
        }
    }
    check_all("gradients of workloads", &cases);
}

/// Op × region × data with the planner's choice of kernel, and those that choose a tap with ties, infinities and NaN too. An op comes to every third region, and
/// max and average, which networks use most, to all.
#[test]
fn of_every_op_in_every_region() {
    let mut cases = Vec::new();
    for (o, op) in ops().into_iter().enumerate() {
        let most = [Op::Max, Op::AVERAGE].contains(&op);
        for (_, (region, shape)) in regions().into_iter().enumerate().filter(|(r, _)| most || in_turn(o + r, 3)) {
            let pooling = Pooling::new(op, region);
            if Plan::grad(&pooling, &shape, &Request::new(), &Limits::WEBGPU).is_err() {
                assert!(pooling.output_shape(&shape).is_err(), "{pooling:?} on {shape} has an answer but no gradient");
                continue;
            }
            // Interpolated values that should tie differ by their last digit.
            let data: &[Data] = match (pooling.region.kind(), op.kind().row().exact) {
                (RegionKind::RoiAlign, true) => &[Data::Reals],
                (_, true) => &Data::ALL,
                _ => &[Data::Reals, Data::Integers, Data::Specials, Data::OneInfinity, Data::MinusInfinity],
            };
            for &data in data {
                cases.push(Case { pooling: pooling.clone(), shape, kernel: None, specialise: Specialise::Listed, data });
            }
        }
    }
    check_all("gradients", &cases);
}

/// Slopes that are quotients by values beyond what devices divide by, and by a sum that is beyond f32.
#[test]
fn of_huge_values() {
    let case = |op, taps| Case {
        pooling: Pooling::new(op, Window::new([1, taps])).stride([1, 1]),
        shape: Shape::nchw([1, 2, 3, 23]),
        kernel: None,
        specialise: Specialise::Listed,
        data: Data::Huge,
    };
    let mut cases = measured_by_the_largest().map(|op| case(op, 2)).to_vec();
    cases.push(case(Op::Stochastic { seed: 0, mode: StochasticMode::Expectation }, 9));
    // What weighs nothing may be further away than f32 holds.
    cases.extend([Op::Soft { beta: 1.0 }, Op::Soft { beta: -30.0 }, Op::LogSumExp { r: 40.0 }].map(|op| case(op, 5)));
    check_all("gradients of huge values", &cases);
}

/// Of several NaN the first takes all that the infinite norm sends back, whatever else their bits say.
#[test]
fn of_the_infinite_norm_go_to_the_first_nan() {
    let pooling = Pooling::new(Op::Lp { p: f32::INFINITY }, Window::new([1, 4])).stride([1, 4]);
    let (engines, shape) = (engines(), Shape::nchw([1, 1, 1, 4]));
    let input = [1.0, f32::from_bits(0x7fc0_0000), f32::from_bits(0xffc0_0001), 2.0];
    for (adapter, engine) in sharing(&engines, &pooling) {
        let (back, _) = guarded::grad(engine, &pooling, shape, &input, &[3.0], &Request::new(), &SideInputs::new())
            .unwrap_or_else(|error| panic!("{adapter}: {error}"));
        assert!(back[1].is_nan() && [back[0], back[2], back[3]] == [0.0; 3], "{adapter}: {back:?}");
    }
}

/// What the way back saves is found by any kernel: one in turn for each op and region, of those that take them.
#[test]
fn by_every_kernel() {
    let (mut cases, mut turn) = (Vec::new(), 0);
    for op in ops() {
        for (_, (region, shape)) in regions().into_iter().enumerate().filter(|(r, _)| in_turn(*r, 4)) {
            turn += 1;
            let pooling = Pooling::new(op, region);
            let takes =
                |kernel: &Kernel| Plan::grad(&pooling, &shape, &Request::new().kernel(*kernel), &Limits::WEBGPU).is_ok();
            let mut from_turn = Kernel::ALL.iter().copied().cycle().skip(turn % Kernel::ALL.len()).take(Kernel::ALL.len());
            if let Some(kernel) = from_turn.find(takes) {
                let kernel = Some(kernel);
                let data = [Data::Reals, Data::Specials][turn / Kernel::ALL.len() % 2];
                cases.push(Case { pooling, shape, kernel, specialise: Specialise::Listed, data });
            }
        }
    }
    check_all("gradients by kernel", &cases);
}

/// Through the detector stage: with each op a few regions and activations in turn.
#[test]
fn through_activations() {
    let mut cases = Vec::new();
    let activations = [Activation::Relu, Activation::LeakyRelu, Activation::Sigmoid, Activation::Tanh];
    for (o, op) in ops().into_iter().enumerate() {
        for (r, (region, shape)) in regions().into_iter().enumerate().filter(|(r, _)| in_turn(o + r, 14)) {
            let activation = activations[(2 * o + r) % activations.len()];
            let pooling = Pooling::new(op, region).activation(activation);
            if Plan::grad(&pooling, &shape, &Request::new(), &Limits::WEBGPU).is_ok() {
                for data in [Data::Reals, Data::Specials] {
                    let pooling = pooling.clone();
                    cases.push(Case { pooling, shape, kernel: None, specialise: Specialise::Listed, data });
                }
            }
        }
    }
    check_all("gradients through activations", &cases);
}

/// Windows that are gathered by patches: strides up to 3, paddings, dilation, rows that are whole fours and rows that are not, one to three axes.
fn patched() -> Vec<(Region, Shape)> {
    let window = |kernel_size: &[u32], change: fn(Pooling) -> Pooling| {
        change(Pooling::new(Op::Max, Window::new(kernel_size.to_vec()))).region
    };
    vec![
        (window(&[3, 3], |p| p.stride([2, 2]).padding([1, 1])), Shape::nchw([2, 3, 16, 24])),
        (window(&[3, 3], |p| p.stride([2, 2]).padding([1, 1])), Shape::nchw([1, 2, 23, 29])),
        (window(&[3, 3], |p| p.stride([2, 2]).padding([1, 1]).ceil_mode(true)), Shape::nchw([1, 2, 12, 14])),
        (window(&[3, 3], |p| p.stride([1, 1]).padding([1, 1])), Shape::nchw([2, 2, 8, 12])),
        (window(&[3, 3], |p| p.stride([1, 1])), Shape::nchw([1, 2, 7, 11])),
        (window(&[2, 2], |p| p), Shape::nchw([1, 3, 10, 16])),
        (window(&[5, 5], |p| p.stride([1, 1]).padding([2, 2])), Shape::nchw([1, 1, 9, 12])),
        (window(&[4, 5], |p| p.stride([2, 3]).padding([[1, 2], [2, 0]])), Shape::nchw([1, 2, 13, 37])),
        (window(&[3, 2], |p| p.stride([3, 1]).padding([[0, 1], [1, 0]])), Shape::nchw([1, 2, 11, 8])),
        (window(&[2, 3], |p| p.dilation([3, 2]).stride([1, 2]).padding([[3, 1], [2, 4]])), Shape::nchw([1, 2, 8, 17])),
        // More than its stride apart: some values are in no window, and some windows have no tap.
        (window(&[1, 2], |p| p.stride([2, 3])), Shape::nchw([1, 2, 6, 24])),
        (window(&[2, 2], |p| p.dilation([4, 1]).padding([[2, 2], [0, 0]]).stride([1, 1])), Shape::nchw([1, 2, 2, 6])),
        (window(&[3], |p| p.stride(2).padding(1)), Shape::nchw([2, 3, 40])),
        (window(&[3], |p| p.stride(1).padding([[1, 2]]).ceil_mode(true)), Shape::nchw([2, 3, 17])),
        (window(&[2, 3, 3], |p| p.stride([1, 2, 2]).padding([1, 1, 1])), Shape::nchw([1, 2, 4, 7, 16])),
        (window(&[3, 2, 2], |p| p.stride([2, 1, 1]).dilation([2, 1, 1]).padding([2, 0, 1])), Shape::nchw([1, 2, 7, 4, 5])),
    ]
}

/// Whether a gradient is gathered by patches.
fn by_patches(pooling: &Pooling, shape: &Shape, specialise: Specialise) -> bool {
    let plan = Plan::grad(pooling, shape, &Request::new().specialise(specialise), &Limits::WEBGPU).expect("it plans");
    plan.keys().any(|key| key.to_string().contains("gather_patch"))
}

/// Max and average, which networks use most, in every window: by patches, and by the generic gather of the same windows.
#[test]
fn of_windows_by_patches() {
    let mut cases = Vec::new();
    for op in [Op::Max, Op::AVERAGE] {
        for (region, shape) in patched() {
            let pooling = Pooling::new(op, region);
            assert!(by_patches(&pooling, &shape, Specialise::Any), "{pooling:?} on {shape}");
            assert!(!by_patches(&pooling, &shape, Specialise::Never), "{pooling:?} on {shape}");
            for specialise in [Specialise::Any, Specialise::Never] {
                // Ties, infinities and NaN too, where a tap is chosen.
                for &data in if op == Op::Max { &[Data::Integers, Data::Specials][..] } else { &[Data::Reals] } {
                    cases.push(Case { pooling: pooling.clone(), shape, kernel: None, specialise, data });
                }
            }
        }
    }
    check_all("gradients by patches", &cases);
}

/// Every op whose taps weigh the same, in a few of the windows in turn, and through activations.
#[test]
fn of_every_op_by_patches() {
    let mut cases = Vec::new();
    for (turn, op) in ops().into_iter().enumerate() {
        for (_, (region, shape)) in patched().into_iter().enumerate().filter(|(at, _)| in_turn(at + turn, 12)) {
            let activation = [None, None, Some(Activation::Relu), Some(Activation::Tanh)][turn % 4];
            let pooling = Pooling { activation, ..Pooling::new(op, region) };
            if Plan::grad(&pooling, &shape, &Request::new(), &Limits::WEBGPU).is_err() {
                continue;
            }
            let alike = !matches!(op, Op::Gaussian { .. } | Op::Weighted { .. } | Op::Gated { .. });
            assert_eq!(by_patches(&pooling, &shape, Specialise::Any), alike, "{pooling:?} on {shape}");
            if alike {
                for data in [Data::Reals, Data::Specials] {
                    cases.push(Case { pooling: pooling.clone(), shape, kernel: None, specialise: Specialise::Any, data });
                }
            }
        }
    }
    check_all("gradients of ops by patches", &cases);
}

/// Narrow elements by patches: where sums are exact, the same bits as by the generic gather.
#[test]
fn of_narrow_elements_by_patches() {
    let mut failures = Vec::new();
    let (engines, mut cases) = (engines(), 0);
    for (adapter, engine) in &engines {
        for (at, (region, shape)) in patched().into_iter().enumerate() {
            // Types in turn, and in turn the op, since each is a pipeline.
            for (turn, (element, output)) in [
                (Element::F16, Element::F16),
                (Element::Bf16, Element::Bf16),
                (Element::F16, Element::F32),
                (Element::U8, Element::F32),
            ]
            .into_iter()
            .enumerate()
            .filter(|(turn, _)| in_turn(turn + at, 2))
            {
                let op = [Op::Max, Op::Sum][(turn + at) / 2 % 2];
                let pooling = Pooling::new(op, region.clone());
                let ahead_shape = pooling.output_shape(&shape).expect("a valid pooling");
                let numbers = |shape: Shape, seed| Data::Integers.values(shape.elements(), seed).into_iter().map(f64::from);
                let (input, ahead) = (element.encode(numbers(shape, 1)), output.encode(numbers(ahead_shape, 2)));
                let back = |specialise| {
                    let request = Request::new().element(element).output(output).specialise(specialise);
                    guarded::grad_bytes(engine, &pooling, shape, &input, &ahead, &request, &SideInputs::new())
                        .expect("it goes back")
                        .0
                };
                if back(Specialise::Any) != back(Specialise::Never) {
                    failures.push(format!("{pooling:?} on {shape} of {element}, gradients of {output}, by {adapter}"));
                }
                cases += 1;
            }
        }
    }
    record("narrow gradients by patches", cases, &engines, failures.len());
    report(&failures);
}

/// Regions that hold one value so often that the way back takes several steps; many outputs of one weight.
#[test]
fn in_several_steps() {
    let mut cases = Vec::new();
    let mut boxes = RoiPool::new([40, 40], 1.0);
    boxes.max_boxes = Some(30);
    let mut samples = RoiAlign::new([90, 90], 0.5);
    (samples.sampling_ratio, samples.max_boxes) = (2, Some(3));
    for (region, shape) in [
        (boxes.into(), Shape::nchw([2, 1, 9, 11])),
        (samples.into(), Shape::nchw([1, 1, 9, 11])),
        (Region::Pyramid { levels: vec![60, 161, 62] }, Shape::nchw([1, 1, 2, 3])),
    ] {
        for op in [Op::Max, Op::Sum, Op::AVERAGE] {
            let pooling = Pooling::new(op, region.clone());
            assert!(gathers(&pooling, shape) > 1, "{pooling:?}");
            cases.push(Case { pooling, shape, kernel: None, specialise: Specialise::Listed, data: Data::Reals });
        }
    }
    let weighted = Op::Weighted { preset: None, per_channel: false, normalize: true };
    let pooling = Pooling::new(weighted, Window::new([2, 3])).stride(1);
    cases.push(Case {
        pooling,
        shape: Shape::nchw([3, 4, 60, 70]),
        kernel: None,
        specialise: Specialise::Listed,
        data: Data::Reals,
    });
    check_all("gradients in several steps", &cases);
}

/// The steps that a gradient is gathered in.
fn gathers(pooling: &Pooling, shape: Shape) -> usize {
    let plan = Plan::grad(pooling, &shape, &Request::new(), &Limits::WEBGPU).expect("it plans");
    plan.keys().filter(|key| key.to_string().ends_with("gather")).count()
}

/// The gradient of a sum, of ones, counts the windows that hold a value: in windows that hold many, gathered in rows and in columns.
#[test]
fn of_wide_windows() {
    let engines = engines();
    for (kernel_size, shape) in [
        (vec![150, 150], Shape::nchw([1, 1, 301, 301])),
        (vec![9001], Shape::nchw([1, 1, 20_000])),
        (vec![2, 9001], Shape::nchw([1, 1, 3, 20_000])),
    ] {
        let pooling = Pooling::new(Op::Sum, Window::new(kernel_size.clone())).stride(1);
        assert!(gathers(&pooling, shape) > 1, "{pooling:?}");
        let output = pooling.output_shape(&shape).expect("a valid pooling");
        // Outputs o with o ≤ p ≤ o + k − 1.
        let holding = |axis: usize, p: usize| {
            let (k, last) = (kernel_size[axis] as usize, output.spatial()[axis] - 1);
            p.min(last) + 1 - (p + 1).saturating_sub(k)
        };
        let ones = vec![1.0; output.elements()];
        for (adapter, engine) in &engines {
            let input = vec![0.5; shape.elements()];
            let back = guarded::grad(engine, &pooling, shape, &input, &ones, &Request::new(), &SideInputs::new());
            for (at, value) in back.expect("it goes back").0.into_iter().enumerate() {
                let mut rest = at;
                let mut count = 1;
                for axis in (0..shape.spatial().len()).rev() {
                    count *= holding(axis, rest % shape.spatial()[axis]);
                    rest /= shape.spatial()[axis];
                }
                assert_eq!(value, count as f32, "{pooling:?} at {at} on {adapter}");
            }
        }
    }
}

/// ⟨Ax, y⟩ = ⟨x, Aᵀy⟩ for ops that are linear, both sides by the kernels.
#[test]
fn of_linear_ops_are_adjoint() {
    let (engines, mut cases, mut failures) = (engines(), 0, Vec::new());
    for op in ops().into_iter().filter(|op| {
        matches!(op, Op::Sum | Op::Average { .. } | Op::Gaussian { .. } | Op::Weighted { .. } | Op::First | Op::Last)
    }) {
        for (region, shape) in regions() {
            let (pooling, request) = (Pooling::new(op, region), Request::new());
            // Clusters follow the input, and what is empty may answer with a number of its own.
            let linear = match pooling.region {
                Region::Clusters(_) => false,
                Region::Segments { empty, .. } => empty == 0.0,
                _ => true,
            };
            if !linear || Plan::grad(&pooling, &shape, &request, &Limits::WEBGPU).is_err() {
                continue;
            }
            let x = Data::Reals.values(shape.elements(), 1);
            let output = pooling.output_shape(&shape).expect("a valid pooling");
            let y = Data::Reals.values(output.elements(), 2);
            let sides = Sides::for_pooling(&pooling, &shape, 3);
            for (adapter, engine) in sharing(&engines, &pooling) {
                let ax = guarded::pool(engine, &pooling, shape, &x, &request, &sides.borrow()).expect("it pools").values;
                let aty = guarded::grad(engine, &pooling, shape, &x, &y, &request, &sides.borrow()).expect("it goes back").0;
                let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
                let size =
                    |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| (f64::from(a) * f64::from(b)).abs()).sum::<f64>();
                let (there, back) = (dot(&ax, &y), dot(&x, &aty));
                if (there - back).abs() > 1e-5 * (size(&ax, &y) + size(&x, &aty)) {
                    failures.push(format!("{pooling:?} on {shape} by {adapter}: {there} there, {back} back"));
                }
                cases += 1;
            }
        }
    }
    record("adjoint gradients", cases, &engines, failures.len());
    report(&failures);
}

/// The same bits at every one of a hundred runs, and on every adapter where the arithmetic is exact.
#[test]
fn are_the_same_bits_at_every_run() {
    let engines = engines();
    let gradient = |engine: &Engine, pooling: &Pooling, shape: Shape, data: Data| {
        let x = data.values(shape.elements(), 1);
        let y = Data::Integers.values(pooling.output_shape(&shape).expect("a valid pooling").elements(), 2);
        let sides = Sides::for_pooling(pooling, &shape, 3);
        let request = Request::new().parameters(pooling.op.learns());
        let (back, learned) = guarded::grad(engine, pooling, shape, &x, &y, &request, &sides.borrow()).expect("it goes back");
        back.into_iter().chain(learned).map(f32::to_bits).collect::<Vec<u32>>()
    };
    let window = |op| Pooling::new(op, Window::new([3, 3])).stride([2, 2]).padding([1, 1]);
    let plane = Shape::nchw([2, 3, 33, 35]);
    for (pooling, exact) in [
        (window(Op::Max), true),
        (window(Op::Stochastic { seed: 7, mode: StochasticMode::Sample }), true),
        (Pooling::new(Op::Sum, Region::Global), true),
        (window(Op::Weighted { preset: None, per_channel: true, normalize: true }), false),
        (window(Op::Gem { p: 3.0, eps: 1e-6 }), false),
        (Pooling::new(Op::Std, Region::Segments { count: Some(9), empty: 0.0 }), false),
    ] {
        let first = gradient(&engines[0].1, &pooling, plane, Data::Integers);
        for (adapter, engine) in &engines {
            let own = gradient(engine, &pooling, plane, Data::Integers);
            for run in 1..100 {
                assert_eq!(gradient(engine, &pooling, plane, Data::Integers), own, "{pooling:?}, run {run} on {adapter}");
            }
            assert!(!exact || own == first, "{pooling:?} on {adapter} and {}", engines[0].0);
        }
    }
}
