//! Layouts and element types: op × region × layout × type by every kernel, forward, indices, gradients and unpooling, against the reference.

use std::collections::BTreeSet;

use plunge::{
    Element, Engine, Kernel, Layout, Op, Pooled, Pooling, Quantization, Region, RegionKind, Request, Shape, Specialise, Window,
    plan::{Limits, Plan},
    reference,
};
use plunge_workloads::{
    Data, Sides,
    verdict::{place, tolerances_of},
};

use crate::{
    adapters::engines,
    conformance::{ops, regions},
    guarded,
    verdict::{check_each, in_turn, record, report, sharing},
};

/// What a tensor's elements are, and those of the results.
#[derive(Debug, Clone, Copy)]
struct Types {
    element: Element,
    output: Element,
    quantization: Option<Quantization>,
}

const QUANTIZATION: Quantization = Quantization { scale: 0.037, zero_point: 117 };

/// Every type as itself and as f32, and quantised bytes.
fn types() -> Vec<Types> {
    let mut types = Vec::new();
    for element in Element::ALL {
        types.push(Types { element, output: element, quantization: None });
        if element != Element::F32 {
            types.push(Types { element, output: Element::F32, quantization: None });
        }
    }
    types.push(Types { element: Element::U8, output: Element::U8, quantization: Some(QUANTIZATION) });
    types.push(Types {
        element: Element::I8,
        output: Element::F32,
        quantization: Some(Quantization { scale: 3.0, zero_point: -5 }),
    });
    types
}

impl Types {
    fn name(&self) -> String {
        format!("{} to {}{}", self.element, self.output, if self.quantization.is_some() { ", quantised" } else { "" })
    }

    fn request(&self) -> Request {
        let request = Request::new().element(self.element).output(self.output);
        self.quantization.map_or(request, |quantization| request.quantization(quantization))
    }

    /// Stored values for an op: any bits where it chooses one as it is, so that NaN, infinities, subnormals and the ends of every range are among
    /// them; else numbers that can be added and multiplied.
    fn stored(&self, op: &Op, count: usize, seed: u64, data: Data) -> Vec<u8> {
        let exact = matches!(op, Op::Max | Op::Min | Op::First | Op::Last | Op::Rank { .. } | Op::Median);
        let wraps = *op == Op::Sum && self.output == Element::I32;
        if (exact || wraps) && data == Data::Specials {
            return data.bits(count * self.element.bytes(), seed);
        }
        let many = if self.element.is_float() { 1.0 } else { 6.0 };
        self.element.encode(data.values(count, seed).into_iter().map(|value| f64::from(value) * many))
    }

    /// The reals that stored values stand for.
    fn reals(&self, bytes: &[u8]) -> Vec<f64> {
        let stored = self.element.decode(bytes);
        self.quantization.map_or(stored.clone(), |quantization| stored.iter().map(|&q| quantization.real(q)).collect())
    }

    /// The real that a stored result stands for, if any stands between.
    fn result(&self, bytes: &[u8]) -> Vec<f64> {
        let stored = self.output.decode(bytes);
        match self.quantization.filter(|_| self.output.is_byte()) {
            Some(quantization) => stored.iter().map(|&q| quantization.real(q)).collect(),
            None => stored,
        }
    }
}

/// One pooling of some types to try.
#[derive(Debug, Clone)]
struct Case {
    pooling: Pooling,
    shape: Shape,
    kernel: Option<Kernel>,
    types: Types,
    data: Data,
}

impl Case {
    fn request(&self) -> Request {
        let indices = self.pooling.op.kind().row().indices && self.pooling.region.has_indices();
        let mut request = self.types.request().indices(indices).specialise(Specialise::Any);
        request.kernel = self.kernel;
        request
    }

    fn fits(&self) -> bool {
        Plan::new(&self.pooling, &self.shape, &self.request(), &Limits::WEBGPU).is_ok()
    }

    fn check(&self, adapter: &str, engine: &Engine) -> Result<(), String> {
        let Self { pooling, shape, types, .. } = self;
        let bytes = types.stored(&pooling.op, shape.elements(), 0x74_79_70_65, self.data);
        let sides = Sides::for_pooling(pooling, shape, 0x73_69_64_65);
        let request = self.request();
        let pooled = guarded::pool_bytes(engine, pooling, *shape, &bytes, &request, &sides.borrow())
            .map_err(|error| format!("{self:?} on {adapter}: {error}"))?;
        compare(self, &types.reals(&bytes), &sides, &pooled).map_err(|difference| {
            let pooler = engine.prepare_with(pooling, *shape, &request).expect("it was prepared before");
            format!("{self:?}\n    on {adapter} by {:?}: {difference}", guarded::keys(&pooler))
        })
    }
}

/// The first stored result that no number within the tolerance of the reference's is stored as.
fn compare(case: &Case, reals: &[f64], sides: &Sides, pooled: &Pooled<u8>) -> Result<(), String> {
    let Case { pooling, shape, types, .. } = case;
    let expected =
        reference::pool_with(pooling, shape, reals, &sides.borrow()).expect("the reference takes what the engine takes");
    if pooled.shape != expected.shape {
        return Err(format!("shape {}, expected {}", pooled.shape, expected.shape));
    }
    // Sums of i32 wrap, and lose nothing.
    let wraps = pooling.op == Op::Sum && types.element == Element::I32 && types.output == Element::I32;
    let exact = wraps && pooling.region.kind() != RegionKind::RoiAlign;
    let tolerances = tolerances_of(pooling, *shape, reals, sides).into_iter();
    let tolerances: Vec<f64> = tolerances.map(|tolerance| if exact { 0.0 } else { tolerance.abs() }).collect();
    let quantization = types.quantization.filter(|_| types.output.is_byte());
    let stored = |values: Vec<f64>| types.output.decode(&reference::encode(pooling, types.output, quantization, &values));
    let shifted = |by: f64| {
        let moved = expected.values.iter().zip(&tolerances);
        stored(moved.map(|(&value, &tolerance)| if tolerance == 0.0 { value } else { value + by * tolerance }).collect())
    };
    let (least, most, got) = (shifted(-1.0), shifted(1.0), types.output.decode(&pooled.values));
    for (at, &got) in got.iter().enumerate() {
        let same = got == least[at] && (got.is_sign_negative() == least[at].is_sign_negative() || tolerances[at] > 0.0);
        let within = if least[at].is_nan() {
            got.is_nan()
        } else {
            same || tolerances[at] > 0.0 && (least[at]..=most[at]).contains(&got)
        };
        if !within {
            let (least, most, place) = (least[at], most[at], place(at, pooled.shape));
            return Err(format!("value {at} {place}: expected {least} to {most}, got {got}"));
        }
    }
    let Some(indices) = &pooled.indices else { return Ok(()) };
    let wanted = expected.indices.expect("the reference has indices where the engine has them");
    for (at, (&got, wanted)) in indices.iter().zip(wanted).enumerate() {
        // Where values are not exact either side of a near tie will do; tests in f32 look closer.
        if got != wanted.map_or(u32::MAX, |index| index as u32) && tolerances[at] == 0.0 {
            return Err(format!("index {at} {}: expected {wanted:?}, got {got}", place(at, pooled.shape)));
        }
    }
    Ok(())
}

/// The share of the full product that `cargo xtask soak` asks for, as in 3/20: the cases whose number, divided by 20, leaves 3.
fn share() -> Option<[usize; 2]> {
    let share = std::env::var("PLUNGE_ALL_FORMATS").ok()?;
    let (own, all) = share.split_once('/')?;
    Some([own.parse().ok()?, all.parse().ok().filter(|&all| all > 0)?])
}

/// Op × type × layout, with regions in turn, so that any two of op, region, layout and type meet; for `cargo xtask soak` the full product. `fits` says
/// what can be had at all, and makes the case of it.
fn meeting<T>(types: &[Types], fits: impl Fn(Pooling, Shape, Types, usize) -> Option<T>) -> Vec<T> {
    let (ops, regions, share) = (ops(), regions(), share());
    let (mut cases, mut met, mut possible, mut number) = (Vec::new(), BTreeSet::new(), BTreeSet::new(), 0);
    for (o, &op) in ops.iter().enumerate() {
        let again = ops[..o].iter().any(|earlier| earlier.kind() == op.kind());
        for (t, &own) in types.iter().enumerate() {
            // Other parameters of an op that was there come with a quarter of the types.
            if again && share.is_none() && !in_turn(o + t, 4) {
                continue;
            }
            let mut found = 0;
            for turn in 0..2 * regions.len() {
                // Over all ops, a type comes to all regions; over all types, a region to both layouts.
                let (region, shape) = &regions[(o + 3 * t + turn) % regions.len()];
                let layout = [Layout::Nhwc, Layout::Nchw][(o + t + turn / regions.len()) % 2];
                let kind = region.kind().name();
                let pairs = [
                    (op.kind().row().name.to_string(), own.name()),
                    (op.kind().row().name.to_string(), format!("{layout:?}")),
                    (kind.to_string(), own.name()),
                    (kind.to_string(), format!("{layout:?}")),
                    (own.name(), format!("{layout:?}")),
                ];
                number += 1;
                if share.is_some_and(|[own, all]| number % all != own) {
                    continue;
                }
                let Some(case) = fits(Pooling::new(op, region.clone()), shape.in_layout(layout), own, o + 5 * t + turn) else {
                    continue;
                };
                possible.extend(pairs.clone());
                let new = pairs.iter().skip(2).any(|pair| !met.contains(pair)) && found < 2;
                if share.is_some() || found == 0 || new {
                    met.extend(pairs);
                    cases.push(case);
                    found += 1;
                }
            }
        }
    }
    assert_eq!(met, possible, "any two that go together meet");
    cases
}

/// Op × region, with layouts, types, kernels and data in turn.
fn cases() -> Vec<Case> {
    const KERNELS: [Option<Kernel>; 7] = [
        None,
        Some(Kernel::Direct),
        Some(Kernel::Reduce),
        Some(Kernel::TwoStage),
        Some(Kernel::Tile),
        Some(Kernel::Sort),
        Some(Kernel::Line),
    ];
    meeting(&types(), |pooling, shape, types, turn| {
        let data = [Data::Specials, Data::Reals, Data::Integers][turn % 3];
        let data = if pooling.op.kind().row().exact || data != Data::Specials { data } else { Data::Offset };
        let kernels = KERNELS.iter().cycle().skip(turn % KERNELS.len()).take(KERNELS.len());
        kernels.map(|&kernel| Case { pooling: pooling.clone(), shape, kernel, types, data }).find(Case::fits)
    })
}

#[test]
fn any_two_of_op_region_layout_and_type_agree() {
    check_each("formats", &engines(), &cases(), |case| &case.pooling, Case::check);
}

/// Channels by four, with every op and lane: the layout that networks use.
#[test]
fn four_channels_at_once() {
    let regions: [(Region, Shape); 6] = [
        (Window::new([3, 2]).into(), Shape::nhwc([2, 7, 5, 8])),
        (Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]).region, Shape::nhwc([1, 9, 8, 12])),
        (Region::Adaptive { output_size: [2, 3].into() }, Shape::nhwc([2, 5, 7, 4])),
        (Region::Global, Shape::nhwc([3, 6, 11, 8])),
        (Region::Pyramid { levels: vec![1, 3] }, Shape::nhwc([1, 13, 4])),
        (Pooling::max([2, 2, 1]).padding([1, 0, 0]).region, Shape::nhwc([1, 3, 4, 3, 4])),
    ];
    let (types, mut cases) = (types(), Vec::new());
    for (o, op) in ops().into_iter().enumerate() {
        let again = ops()[..o].iter().any(|earlier| earlier.kind() == op.kind());
        for (k, kernel) in
            [Kernel::Direct, Kernel::Reduce, Kernel::TwoStage, Kernel::Tile, Kernel::Line].into_iter().enumerate()
        {
            // Other parameters of an op that was there come with a third of the kernels.
            if again && !in_turn(o + k, 3) {
                continue;
            }
            // A region in turn, and for kernels of windows one of those.
            let windows = matches!(kernel, Kernel::Tile | Kernel::Line).then_some([0, 1, 5][o % 3]);
            for r in std::iter::once((o + k) % 6).chain(windows.filter(|&window| window != (o + k) % 6)) {
                let (region, shape) = &regions[r];
                let case = Case {
                    pooling: Pooling::new(op, region.clone()),
                    shape: *shape,
                    kernel: Some(kernel),
                    types: types[(o + r) % types.len()],
                    data: if op.kind().row().exact { Data::Specials } else { Data::Reals },
                };
                if case.fits() {
                    cases.push(case);
                }
            }
        }
    }
    let four = |case: &&Case| {
        let plan = Plan::new(&case.pooling, &case.shape, &case.request(), &Limits::WEBGPU).expect("it fits");
        plan.keys().any(|key| key.to_string().contains("nhwc4"))
    };
    let fours = cases.iter().filter(four).count();
    assert!(fours * 20 > cases.len() * 19, "{fours} of {} fold four channels at once", cases.len());
    check_each("four channels at once", &engines(), &cases, |case| &case.pooling, Case::check);
}

/// Every f16 and bf16 that there is comes through a window of one as it was: as it is stored, as the real that it stands for, and back.
#[test]
fn every_half_passes_as_it_is() {
    let bits: Vec<u16> = (0..=u16::MAX).collect();
    let shape = Shape::nchw([1, 1, bits.len()]);
    for (adapter, engine) in &engines() {
        for element in [Element::F16, Element::Bf16] {
            let request = Request::new().element(element);
            let bytes = bytemuck::cast_slice(&bits);
            let none = plunge::SideInputs::new();
            let pooled = engine.pool_bytes(&Pooling::max(1), shape, bytes, &request, &none).expect("it pools");
            let (given, got) = (element.decode(bytes), element.decode(&pooled.values));
            for (at, (given, got)) in given.iter().zip(&got).enumerate() {
                assert!(given.to_bits() == got.to_bits() || given.is_nan() && got.is_nan(), "{at:#06x} on {adapter}: {got}");
            }
            let decoded = engine.pool_bytes(&Pooling::max(1), shape, bytes, &request.output(Element::F32), &none);
            let decoded = Element::F32.decode(&decoded.expect("it pools").values);
            let rounded = engine.pool_bytes(&Pooling::average(1), shape, bytes, &request, &none).expect("it pools");
            let pairs = decoded.iter().zip(element.decode(&rounded.values));
            for (at, (&given, (decoded, rounded))) in given.iter().zip(pairs).enumerate() {
                let same = |got: f64| given == got || given.is_nan() && got.is_nan();
                assert!(same(*decoded) && same(rounded), "{at:#06x} on {adapter}: {decoded}, {rounded}");
            }
        }
    }
}

/// Sums of f32 that stand between two halves, at them and beyond the largest go to the nearest, half to even.
#[test]
fn results_round_to_the_nearest_half() {
    let mut sums = Vec::new();
    for bits in [0u16, 1, 2, 3, 0x3ff, 0x400, 0x401, 0x3c00, 0x3c01, 0x7bfe, 0x7bff] {
        let [low, high] =
            [bits, bits + 1].map(|bits| if bits == 0x7c00 { 65_536.0 } else { half::f16::from_bits(bits).to_f64() });
        for part in [0.0, 0.25, 0.499, 0.5, 0.501, 0.75] {
            sums.push(low + part * (high - low));
            sums.push(-(low + part * (high - low)));
        }
    }
    // bf16 addends whose f32 sum has all those digits.
    let parts = |sum: f64| {
        let first = half::bf16::from_f64(sum);
        let second = half::bf16::from_f64(sum - first.to_f64());
        [first, second, half::bf16::from_f64(sum - first.to_f64() - second.to_f64()), half::bf16::ZERO]
    };
    let given: Vec<half::bf16> = sums.iter().flat_map(|&sum| parts(sum)).collect();
    let wanted: Vec<f64> = given.chunks(4).map(|four| four.iter().map(|part| part.to_f64()).sum::<f64>()).collect();
    let shape = Shape::nchw([1, 1, given.len()]);
    let none = plunge::SideInputs::new();
    for (adapter, engine) in &engines() {
        let sum = Pooling::new(Op::Sum, Window::new(4));
        let own = engine.pool_as::<half::bf16, half::bf16>(&sum, shape, &given, &Request::new(), &none).expect("it pools");
        let rounded: Vec<f64> = own.values.iter().map(|value| value.to_f64()).collect();
        assert_eq!(rounded, Element::Bf16.decode(&Element::Bf16.encode(wanted.clone())), "{adapter}");
        // The same by way of f16 inputs, which hold the addends below 65,504 as well.
        let halves: Vec<half::f16> = wanted
            .iter()
            .flat_map(|&sum| {
                let first = half::f16::from_f64(sum / 2.0);
                let second = half::f16::from_f64(sum - first.to_f64());
                [first, second, half::f16::from_f64(sum - first.to_f64() - second.to_f64()), half::f16::ZERO]
            })
            .collect();
        let sums: Vec<f64> = halves.chunks(4).map(|four| four.iter().map(|part| part.to_f64()).sum()).collect();
        let own = engine.pool_as::<half::f16, half::f16>(&sum, shape, &halves, &Request::new(), &none).expect("it pools");
        let rounded: Vec<f64> = own.values.iter().map(|value| value.to_f64()).collect();
        assert_eq!(rounded, Element::F16.decode(&Element::F16.encode(sums)), "{adapter}");
    }
}

/// Gradients of every op and region, layouts and types in turn.
#[test]
fn gradients() {
    let types: Vec<Types> =
        types().into_iter().filter(|types| types.output == Element::F32 || types.element.is_float()).collect();
    let cases = meeting(&types, |pooling, shape, types, _| {
        // Whole numbers tie, and interpolated values that should tie differ by their last digit: either may be chosen.
        let ties = pooling.op.kind().row().exact && !types.element.is_float();
        if ties && pooling.region.kind() == RegionKind::RoiAlign {
            return None;
        }
        let request = types.request().parameters(pooling.op.learns());
        Plan::grad(&pooling, &shape, &request, &Limits::WEBGPU).ok().map(|_| (pooling, shape, types, request))
    });
    check_each(
        "formats of gradients",
        &engines(),
        &cases,
        |case| &case.0,
        |(pooling, shape, types, request), adapter, engine| {
            grad(engine, pooling, *shape, types, request)
                .map_err(|difference| format!("{pooling:?} on {shape}, {types:?}, on {adapter}: {difference}"))
        },
    );
}

fn grad(engine: &Engine, pooling: &Pooling, shape: Shape, types: &Types, request: &Request) -> Result<(), String> {
    let output = pooling.output_shape(&shape).expect("a valid pooling");
    let bytes = types.stored(&pooling.op, shape.elements(), 3, Data::Reals);
    let ahead = types.output.encode(Data::Reals.values(output.elements(), 4).into_iter().map(f64::from));
    let sides = Sides::for_pooling(pooling, &shape, 5);
    let (back, learned) = guarded::grad_bytes(engine, pooling, shape, &bytes, &ahead, request, &sides.borrow())
        .map_err(|error| error.to_string())?;
    let reals = types.reals(&bytes);
    let wanted = reference::grad(pooling, &shape, &reals, &types.output.decode(&ahead), &sides.borrow())
        .expect("the reference takes it");
    let few = if matches!(pooling.region, Region::RoiAlign(_)) { 80.0 } else { 10.0 };
    let terms = f64::from(u32::try_from(shape.elements().max(output.elements())).expect("small"));
    let share = few * f64::from(f32::EPSILON) * (1.0 + terms.max(1.0).log2());
    let learned: Vec<f64> = learned.into_iter().map(f64::from).collect();
    for (element, got, wanted, sizes) in [
        (types.output, types.output.decode(&back), wanted.input, wanted.sizes),
        (Element::F32, learned, if request.parameters { wanted.parameters } else { Vec::new() }, wanted.parameter_sizes),
    ] {
        assert_eq!(got.len(), wanted.len());
        let ends = |sign: f64| {
            let moved = wanted.iter().zip(&sizes).map(|(&value, &size)| value + sign * (share * size + 1e-34));
            element.decode(&element.encode(moved))
        };
        let (least, most) = (ends(-1.0), ends(1.0));
        if let Some(at) = (0..got.len()).find(|&at| !(least[at]..=most[at]).contains(&got[at]) && !wanted[at].is_nan()) {
            return Err(format!("gradient {at}: expected {} to {}, got {}", least[at], most[at], got[at]));
        }
    }
    Ok(())
}

/// Lists of so many positions that one invocation could not merge parts of a constant size; those of four outputs even less.
#[test]
fn segments_of_millions_of_positions() {
    let segments = Region::Segments { count: Some(1), empty: 0.0 };
    let (pooling, shape) = (Pooling::new(Op::Max, segments), Shape::nchw([1, 4, 2300, 2300]));
    let positions = 2300 * 2300;
    let mut values = vec![1u8; shape.elements()];
    (0..4).for_each(|channel| values[(channel + 1) * positions - 1] = 200 + channel as u8);
    let labels = vec![0; positions];
    let sides = plunge::SideInputs::new().labels(&labels);
    for (adapter, engine) in &engines() {
        let pooled = engine.pool_as::<u8, u8>(&pooling, shape, &values, &Request::new(), &sides).expect("it pools");
        assert_eq!(pooled.values, [200, 201, 202, 203], "{adapter}");
    }
}

/// A region without taps answers as the op or the region says, in every type of result.
#[test]
fn empty_regions_answer_reals() {
    let window = |op| Pooling::new(op, Window::new([2, 2])).dilation([4, 1]).padding([[2, 2], [0, 0]]).stride([1, 1]);
    // Of three rows, two apart four have one tap inside, or none.
    let shape = Shape::nchw([1, 1, 3, 4]);
    let (values, none) = ([5; 12], plunge::SideInputs::new());
    let segments = Pooling::new(Op::Max, Region::Segments { count: Some(2), empty: 0.5 });
    let labels = [0; 12];
    for (adapter, engine) in &engines() {
        for (op, empty, extreme) in [(Op::Max, f32::NEG_INFINITY, i32::MIN), (Op::Min, f32::INFINITY, i32::MAX)] {
            let real = engine.pool_as::<i32, f32>(&window(op), shape, &values, &Request::new(), &none).expect("it pools");
            assert!(real.values.contains(&empty) && real.values.contains(&5.0), "{op:?} on {adapter}: {:?}", real.values);
            let whole = engine.pool_as::<i32, i32>(&window(op), shape, &values, &Request::new(), &none).expect("it pools");
            assert!(whole.values.contains(&extreme) && whole.values.contains(&5), "{op:?} on {adapter}: {:?}", whole.values);
        }
        let sides = none.labels(&labels);
        let real = engine.pool_as::<i32, f32>(&segments, shape, &values, &Request::new(), &sides).expect("it pools");
        assert_eq!(real.values, [5.0, 0.5], "{adapter}");
    }
}

/// Where there is no output nothing comes back, and zeros are what is written.
#[test]
fn gradients_of_no_output_are_zeros() {
    let (region, shape) = (plunge::RoiPool::new([2, 2], 1.0), Shape::nhwc([1, 5, 5, 2]));
    let (pooling, sides) = (Pooling::new(Op::Max, region), plunge::SideInputs::new().boxes(&[]));
    for (adapter, engine) in &engines() {
        let back = engine.grad(&pooling, shape, &[1.0; 50], &[], &Request::new(), &sides);
        assert_eq!(back.expect("it goes back").input, [0.0; 50], "{adapter}");
    }
}

/// The layer below a probabilistic max, in both layouts and from narrow elements.
#[test]
fn detection_layers() {
    for mode in [plunge::ProbabilisticMode::Probabilities, plunge::ProbabilisticMode::Sample] {
        let pooling = Pooling::new(Op::ProbabilisticMax { seed: 3, mode }, Window::new([2, 3]));
        for layout in [Layout::Nchw, Layout::Nhwc] {
            for element in [Element::F32, Element::F16, Element::I8] {
                let shape = Shape::nchw([2, 3, 6, 7]).in_layout(layout);
                let bytes = element.encode(Data::Reals.values(shape.elements(), 5).into_iter().map(|x| f64::from(x / 4.0)));
                let wanted = reference::detection(&pooling, &shape, &element.decode(&bytes)).expect("the reference takes it");
                let (request, none) = (Request::new().element(element).detection(true), plunge::SideInputs::new());
                for (adapter, engine) in &engines() {
                    let pooled = engine.pool_bytes(&pooling, shape, &bytes, &request, &none).expect("it pools");
                    let layer = pooled.detection.expect("it was asked for");
                    for (at, (&got, &wanted)) in layer.iter().zip(&wanted).enumerate() {
                        let close = (f64::from(got) - wanted).abs() <= 1e-5;
                        assert!(close, "{at} of {shape}, {element}, {mode:?}, on {adapter}: {got}, not {wanted}");
                    }
                }
            }
        }
    }
}

/// What several steps add up is added in f32, and only then narrowed, also beside what was saved.
#[test]
fn gradients_in_several_steps_are_narrowed_once() {
    // With equal values the first tap of every window is chosen.
    let (max, shape) = (Pooling::new(Op::Max, Window::new(9001)).stride(1), Shape::nchw([1, 1, 20_000]));
    let outputs = max.output_shape(&shape).expect("valid").elements();
    for (adapter, engine) in &engines() {
        let none = plunge::SideInputs::new();
        let (bytes, ahead) = (vec![0; 2 * shape.elements()], Element::F16.encode(vec![1.0; outputs]));
        let request = Request::new().element(Element::F16);
        let (back, _) = guarded::grad_bytes(engine, &max, shape, &bytes, &ahead, &request, &none).expect("it goes back");
        let wanted = (0..shape.elements()).map(|p| f64::from(u8::from(p < outputs)));
        assert!(Element::F16.decode(&back).into_iter().eq(wanted), "{adapter}");
    }
    let (pooling, shape) = (Pooling::new(Op::Sum, Window::new(9001)).stride(1), Shape::nchw([1, 1, 20_000]));
    let request = Request::new().element(Element::F16);
    let plan = Plan::grad(&pooling, &shape, &request, &Limits::WEBGPU).expect("it can be planned");
    assert!(plan.keys().len() > 2, "{:?}", plan.keys().map(|key| key.to_string()).collect::<Vec<_>>());
    let outputs = pooling.output_shape(&shape).expect("valid").elements();
    let bytes = vec![0; 2 * shape.elements()];
    let ahead = Element::F16.encode(vec![1.0; outputs]);
    for (adapter, engine) in &engines() {
        let none = plunge::SideInputs::new();
        let (back, _) = guarded::grad_bytes(engine, &pooling, shape, &bytes, &ahead, &request, &none).expect("it goes back");
        for (p, got) in Element::F16.decode(&back).into_iter().enumerate() {
            let holding = p.min(outputs - 1) + 1 - (p + 1).saturating_sub(9001);
            let wanted = Element::F16.decode(&Element::F16.encode([holding as f64]))[0];
            assert_eq!(got, wanted, "{p} on {adapter}");
        }
    }
}

/// Values come back in any layout and type.
#[test]
fn unpooling() {
    let (engines, mut cases, mut comparisons, mut failures) = (engines(), 0, 0, Vec::new());
    for op in [Op::Max, Op::AVERAGE, Op::Gaussian { sigma: 0.8 }, Op::Median] {
        for (r, (region, shape)) in regions().into_iter().enumerate() {
            // A third of the types with each region, in turn.
            for (t, types) in types().into_iter().enumerate().filter(|(t, _)| in_turn(r + t, 3)) {
                let pooling = Pooling::new(op, region.clone());
                let restored = shape.in_layout([Layout::Nhwc, Layout::Nchw][(r + t) % 2]);
                let Ok(pooled) = pooling.output_shape(&restored) else { continue };
                let request = types.request();
                if Plan::unpool(&pooling, &pooled, &restored, &request, &Limits::WEBGPU).is_err() {
                    continue;
                }
                cases += 1;
                let input = Data::Reals.values(restored.elements(), 1);
                let answer = reference::pool(&pooling, &restored, &input).expect("the reference takes it");
                let indices = (op == Op::Max).then(|| {
                    let plane = restored.spatial().iter().product::<usize>();
                    // Regions without a tap have no index: any will do.
                    answer
                        .indices
                        .expect("max has them")
                        .iter()
                        .map(|i| i.unwrap_or(0).min(plane - 1) as u32)
                        .collect::<Vec<u32>>()
                });
                let bytes = types.stored(&Op::Median, pooled.elements(), 2, Data::Integers);
                let wide: Option<Vec<i64>> = indices.as_ref().map(|all| all.iter().map(|&i| i.into()).collect());
                let wanted =
                    reference::unpool(&pooling, &pooled, &restored, &types.reals(&bytes), wide.as_deref()).expect("it unpools");
                let largest = types.reals(&bytes).iter().fold(1.0, |most: f64, x| most.max(x.abs()));
                let spreads = matches!(op, Op::Average { .. } | Op::Gaussian { .. });
                for (adapter, engine) in sharing(&engines, &pooling) {
                    comparisons += 1;
                    let (back, _) =
                        guarded::unpool_bytes(engine, &pooling, pooled, restored, &bytes, indices.as_deref(), &request);
                    let got = types.result(&back);
                    let off = (0..got.len()).find(|&at| {
                        let step = match types.output {
                            Element::F16 => 1e-3 * wanted[at].abs(),
                            Element::Bf16 => 8e-3 * wanted[at].abs(),
                            Element::F32 => 0.0,
                            _ => 0.51 * f64::from(types.quantization.map_or(1.0, |q| q.scale)),
                        };
                        // Sums that cancel are off by what was added up.
                        let allowed = if spreads { step + 4e-6 * largest } else { 1e-9 };
                        let most = types.quantization.filter(|_| types.output.is_byte()).map_or(f64::MAX, |q| q.real(255.0));
                        let close = (got[at] - wanted[at].min(most)).abs() <= allowed;
                        !close
                    });
                    if let Some(at) = off {
                        failures.push(format!(
                            "{pooling:?} to {restored}, {types:?}, on {adapter}: {at}: expected {}, got {}",
                            wanted[at], got[at]
                        ));
                    }
                }
            }
        }
    }
    assert!(cases > 300, "{cases}");
    record("formats of unpooling", comparisons, &engines, failures.len());
    report(&failures);
}

/// Neighbouring ranges of one buffer lose nothing to each other, however few bytes a tensor has.
#[test]
fn tails_leave_their_neighbours_alone() {
    let mut cases = Vec::new();
    for types in types() {
        for outputs in 1..10 {
            for (kernel, layout) in [
                (Kernel::Direct, Layout::Nchw),
                (Kernel::Reduce, Layout::Nchw),
                (Kernel::TwoStage, Layout::Nhwc),
                (Kernel::Direct, Layout::Nhwc),
            ] {
                let shape = Shape::nchw([1, 3, 2, outputs]).in_layout(layout);
                let pooling = Pooling::max([2, 1]);
                cases.push(Case { pooling, shape, kernel: Some(kernel), types, data: Data::Specials });
            }
            let shape = Shape::nchw([1, 1, outputs, 3]);
            let pooling = Pooling::new(Op::Median, Window::new([1, 3]));
            cases.push(Case { pooling, shape, kernel: Some(Kernel::Sort), types, data: Data::Specials });
        }
    }
    check_each("tails", &engines(), &cases, |case| &case.pooling, Case::check);
}

/// What makes no sense of types is refused, and says why.
#[test]
fn types_that_do_not_go_together_are_refused() {
    let shape = Shape::nchw([1, 1, 8]);
    let quantization = Quantization { scale: 1.0, zero_point: 0 };
    let plan = |request: Request| Plan::new(&Pooling::max(2), &shape, &request, &Limits::WEBGPU).map(|_| ());
    let grad = |request: Request| Plan::grad(&Pooling::max(2), &shape, &request, &Limits::WEBGPU).map(|_| ());
    for (refused, words) in [
        (plan(Request::new().element(Element::F16).output(Element::U8)), "results are f16, as the input is, or f32"),
        (plan(Request::new().output(Element::F16)), "results are f32"),
        (plan(Request::new().element(Element::F16).quantization(quantization)), "u8 and i8"),
        (
            plan(Request::new().element(Element::U8).quantization(Quantization { zero_point: -1, ..quantization })),
            "from 0 to 255",
        ),
        (plan(Request::new().element(Element::U8).quantization(Quantization { scale: f32::NAN, ..quantization })), "above 0"),
        (plan(Request::new().element(Element::U8).output(Element::F32).output_quantization(quantization)), "u8 and i8"),
        (grad(Request::new().element(Element::U8).output(Element::U8)), "they are f32"),
        (grad(Request::new().element(Element::Bf16).output(Element::F16)), "they are bf16, as the input is, or f32"),
    ] {
        let error = refused.expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    }
    let engine = &engines()[0].1;
    let none = plunge::SideInputs::new();
    let request = Request::new().element(Element::F16);
    let short = engine.pool_bytes(&Pooling::max(2), shape, &[0; 15], &request, &none).expect_err("half an element");
    assert!(short.to_string().contains("15 bytes"), "{short}");
}
