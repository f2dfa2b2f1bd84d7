//! Op × region × kernel (forced) × data on every adapter, against the reference.

use plunge::plan::{Limits, Plan};
use plunge::{
    Activation, ClusterBy, Clusters, Engine, Fractional, Kernel, Layout, Op, OpKind, Padding, PaddingMode, Pooling,
    ProbabilisticMode, Region, RegionKind, Request, RoiAlign, RoiPool, Shape, Specialise, StochasticMode, WeightPreset, Window,
    op::WeightingKind,
};
use plunge_workloads::{Data, Wanted, catalogue};

use crate::{
    adapters::engines,
    verdict::{Case, check_all, in_turn},
};

/// Every op, with the parameters that take paths of their own.
pub fn ops() -> Vec<Op> {
    let average =
        |count_include_pad, divisor_override, sqrt_divisor| Op::Average { count_include_pad, divisor_override, sqrt_divisor };
    let ops = vec![
        Op::Max,
        Op::Min,
        Op::Sum,
        Op::AVERAGE,
        average(false, None, false),
        average(true, Some(-3.5), false),
        average(false, None, true),
        Op::Lp { p: 1.0 },
        Op::Lp { p: 2.0 },
        Op::Lp { p: 3.5 },
        Op::Lp { p: 80.0 },
        Op::Lp { p: f32::INFINITY },
        Op::Gaussian { sigma: 0.8 },
        Op::Gaussian { sigma: 1e-12 },
        Op::Gaussian { sigma: 1e12 },
        Op::Std,
        Op::Variance,
        Op::LogSumExp { r: 0.7 },
        Op::LogSumExp { r: 40.0 },
        Op::Soft { beta: 1.0 },
        Op::Soft { beta: -30.0 },
        Op::Soft { beta: 0.0 },
        Op::Gem { p: 3.0, eps: 1e-6 },
        Op::Gem { p: 1.0, eps: 0.5 },
        Op::Mixed { alpha: 0.0 },
        Op::Mixed { alpha: 0.3 },
        Op::Mixed { alpha: 1.0 },
        Op::First,
        Op::Last,
        Op::Rank { q: 0.0 },
        Op::Rank { q: 0.9 },
        Op::Rank { q: 1.0 },
        Op::Median,
        Op::Weighted { preset: None, per_channel: false, normalize: true },
        Op::Weighted { preset: None, per_channel: true, normalize: false },
        Op::Weighted { preset: Some(WeightPreset::Binomial), per_channel: false, normalize: true },
        Op::Weighted { preset: Some(WeightPreset::Binomial), per_channel: false, normalize: false },
        Op::Weighted { preset: Some(WeightPreset::Position), per_channel: false, normalize: true },
        Op::Weighted { preset: Some(WeightPreset::Position), per_channel: false, normalize: false },
        Op::Gated { per_channel: false },
        Op::Gated { per_channel: true },
        Op::Stochastic { seed: 0, mode: StochasticMode::Sample },
        Op::Stochastic { seed: 0x0123_4567_89ab_cdef, mode: StochasticMode::Sample },
        Op::Stochastic { seed: 0, mode: StochasticMode::Expectation },
        Op::ProbabilisticMax { seed: 0, mode: ProbabilisticMode::Probabilities },
        Op::ProbabilisticMax { seed: 9, mode: ProbabilisticMode::Sample },
    ];
    for row in OpKind::TABLE {
        assert!(ops.iter().any(|op| op.kind() == row.kind), "{} is missing from the catalogue of tests", row.name);
    }
    ops
}

/// Every region on one to three spatial axes, at prime and odd sizes.
pub fn regions() -> Vec<(Region, Shape)> {
    let window = |kernel_size: &[u32], change: fn(Pooling) -> Pooling| {
        change(Pooling::new(Op::Max, Window::new(kernel_size.to_vec()))).region
    };
    let padded = |mode, kernel_size: &[u32], padding: &[[u32; 2]], change: fn(&mut Window)| {
        let mut window = Window::new(kernel_size.to_vec());
        (window.padding_mode, window.stride) = (mode, Some(1.into()));
        window.padding = Padding::Explicit(plunge::PerAxis::Each(padding.to_vec()));
        change(&mut window);
        Region::Window(window)
    };
    let roi_pool = |output_size: [u32; 2], scale, max_boxes| {
        let mut region = RoiPool::new(output_size, scale);
        region.max_boxes = Some(max_boxes);
        region.into()
    };
    let roi_align = |output_size: [u32; 2], scale, change: fn(&mut RoiAlign)| {
        let mut region = RoiAlign::new(output_size, scale);
        region.max_boxes = Some(10);
        change(&mut region);
        region.into()
    };
    let clusters = |change: fn(&mut Clusters)| {
        let mut region = Clusters::new(3, 2, 0x0123_4567_89ab);
        change(&mut region);
        region.into()
    };
    let adaptive = |output_size: &[u32]| Region::Adaptive { output_size: output_size.to_vec().into() };
    let regions = vec![
        (window(&[3], |p| p.stride(2).padding(1)), Shape::nchw([2, 3, 37])),
        (window(&[2, 2], |p| p), Shape::nchw([1, 3, 8, 12])),
        (window(&[3], |p| p.padding([[1, 2]])), Shape::nchw([2, 3, 17])),
        (window(&[2, 3, 1], |p| p.ceil_mode(true)), Shape::nchw([1, 2, 5, 7, 3])),
        (window(&[3, 3], |p| p.stride([2, 2]).padding([1, 1])), Shape::nchw([2, 2, 12, 16])),
        (window(&[3, 3], |p| p.stride([2, 2]).padding([1, 1]).ceil_mode(true)), Shape::nchw([1, 2, 12, 14])),
        (window(&[3, 2], |p| p.stride([1, 2]).padding([[2, 0], [0, 1]])), Shape::nchw([1, 2, 7, 9])),
        (window(&[2, 3], |p| p.dilation([3, 2]).stride([1, 1]).padding([[3, 1], [2, 4]])), Shape::nchw([1, 2, 5, 8])),
        (window(&[3, 5], |p| p.padding(Padding::SameUpper).stride([2, 3])), Shape::nchw([1, 1, 10, 17])),
        (window(&[4, 2], |p| p.padding(Padding::SameLower).stride([1, 1])), Shape::nchw([1, 1, 5, 7])),
        // Dilated beyond the input: some windows have no tap at all.
        (window(&[2, 2], |p| p.dilation([4, 1]).padding([[2, 2], [0, 0]]).stride([1, 1])), Shape::nchw([1, 2, 2, 6])),
        (window(&[2, 3, 3], |p| p.stride([1, 2, 2]).padding([1, 1, 1])), Shape::nchw([1, 2, 3, 7, 8])),
        (padded(PaddingMode::Reflect, &[5], &[[2, 2]], |_| ()), Shape::nchw([2, 3, 17])),
        (
            padded(PaddingMode::Reflect, &[3, 4], &[[2, 1], [0, 3]], |window| {
                (window.stride, window.ceil_mode) = (Some([2, 3].into()), true);
            }),
            Shape::nchw([1, 2, 5, 8]),
        ),
        (padded(PaddingMode::Edge, &[3, 7], &[[1, 1], [6, 6]], |_| ()), Shape::nchw([1, 2, 4, 3])),
        (padded(PaddingMode::Edge, &[2, 3], &[[2, 0], [4, 3]], |w| w.dilation = [3, 2].into()), Shape::nchw([1, 2, 6, 5])),
        (padded(PaddingMode::Reflect, &[2, 3, 3], &[[1, 0], [1, 1], [2, 2]], |_| ()), Shape::nchw([1, 1, 3, 4, 5])),
        (adaptive(&[3]), Shape::nchw([2, 3, 17])),
        (adaptive(&[7, 5]), Shape::nchw([1, 3, 13, 5])),
        (adaptive(&[2, 3, 4]), Shape::nchw([1, 2, 5, 7, 3])),
        (Region::Global, Shape::nchw([3, 5, 41])),
        (Region::Global, Shape::nchw([1, 2, 19, 23])),
        (Region::Global, Shape::nchw([1, 1, 7, 11, 13])),
        (Region::Pyramid { levels: vec![1, 2, 5] }, Shape::nchw([2, 2, 7])),
        (Region::Pyramid { levels: vec![4, 1, 2] }, Shape::nchw([1, 3, 13, 11])),
        (Region::Pyramid { levels: vec![3, 2] }, Shape::nchw([1, 2, 5, 3, 7])),
        (Fractional::sampled([3], [5], vec![0.3]).into(), Shape::nchw([2, 3, 17])),
        (Fractional::sampled([2, 3], [7, 4], vec![0.999, 0.0]).into(), Shape::nchw([1, 2, 13, 11])),
        (Fractional::sampled([1, 2, 2], [1, 3, 2], vec![0.1, 0.5, 0.9]).into(), Shape::nchw([1, 2, 3, 7, 5])),
        (Fractional::starting([2, 2], [3, 4], vec![vec![4, 0, 2], vec![3, 3, 0, 1]]).into(), Shape::nchw([1, 2, 6, 5])),
        (roi_pool([2, 3], 0.5, 9), Shape::nchw([2, 3, 9, 11])),
        (roi_pool([7, 7], 1.0, 5), Shape::nchw([1, 2, 13, 8])),
        (roi_align([2, 4], 0.5, |_| ()), Shape::nchw([2, 3, 9, 11])),
        (roi_align([3, 3], 1.0, |region| (region.sampling_ratio, region.aligned) = (2, false)), Shape::nchw([2, 8, 13, 8])),
        (roi_align([2, 2], 1.0, |region| region.position_sensitive = true), Shape::nchw([2, 8, 7, 5])),
        (Region::Channels { group: 3, strided: false }, Shape::nchw([2, 6, 5, 7])),
        (Region::Channels { group: 2, strided: true }, Shape::nchw([2, 6, 4, 4])),
        (Region::ChannelWindow { kernel_size: 5, stride: Some(1), padding: [2, 2] }, Shape::nchw([1, 7, 3])),
        (Region::Segments { count: Some(5), empty: 0.0 }, Shape::nchw([2, 3, 7, 11])),
        (Region::Segments { count: Some(3), empty: -2.5 }, Shape::nchw([1, 2, 1301])),
        (Region::Segments { count: Some(40), empty: 0.0 }, Shape::nchw([2, 1, 3, 5, 7])),
        (Region::Sequence, Shape::nchw([5, 17, 6])),
        (Clusters::new(4, 3, 1).into(), Shape::nchw([2, 3, 7, 9])),
        (clusters(|region| (region.coordinates, region.cells) = (ClusterBy::Both, 2.into())), Shape::nchw([1, 2, 8, 9])),
        (clusters(|region| region.coordinates = ClusterBy::Positions), Shape::nchw([2, 2, 5, 13])),
        (clusters(|region| (region.activation_weighted, region.cells) = (true, 3.into())), Shape::nchw([1, 2, 37])),
        (Region::Sequence, Shape::nchw([2, 700, 3])),
        (Region::ChannelWindow { kernel_size: 4, stride: Some(3), padding: [3, 0] }, Shape::nchw([2, 11, 2, 3, 2])),
    ];
    for kind in RegionKind::ALL {
        assert!(regions.iter().any(|(region, _)| region.kind() == *kind), "{} is missing", kind.name());
    }
    regions
}

/// Whether the planner takes this.
fn takes(pooling: &Pooling, shape: &Shape, request: &Request) -> bool {
    Plan::new(pooling, shape, request, &Limits::WEBGPU).is_ok()
}

/// Op × region × data through one kernel, with indices where the op has them, wherever the kernel can run.
fn product(kernel: Option<Kernel>, specialise: Specialise) -> Vec<Case> {
    let mut cases = Vec::new();
    for op in ops() {
        for (region, shape) in regions() {
            for data in Data::ALL {
                let mut request =
                    Request::new().specialise(specialise).indices(op.kind().row().indices && region.has_indices());
                request.kernel = kernel;
                let pooling = Pooling::new(op, region.clone());
                // These pick and choose; that they take what they should is a test of the planner.
                let picks = matches!(kernel, Some(Kernel::Tile | Kernel::TwoStage | Kernel::Sort | Kernel::Line))
                    || op.kind().row().passes > 1
                    || matches!(op, Op::ProbabilisticMax { .. })
                    || op.kind().row().weighting != WeightingKind::One;
                if !picks || takes(&pooling, &shape, &request) {
                    cases.push(Case { pooling, shape, request, data });
                }
            }
        }
    }
    cases
}

#[test]
fn direct() {
    check_all("conformance direct", &engines(), &product(Some(Kernel::Direct), Specialise::Never));
}

/// Max and average in every region, other ops in one of `every`, counted from `turn`.
fn thinned(every: usize, turn: usize, cases: Vec<Case>) -> Vec<Case> {
    let (ops, regions) = (ops(), regions());
    let kept = |case: &Case| {
        let op = ops.iter().position(|op| *op == case.pooling.op).expect("one of them");
        let region = regions.iter().position(|(region, _)| *region == case.pooling.region).expect("one of them");
        case.pooling.op == Op::Max || case.pooling.op == Op::AVERAGE || in_turn(op + region + turn, every)
    };
    cases.into_iter().filter(kept).collect()
}

/// The adapters, planned for by other limits than their own.
fn engines_within(change: fn(&mut Limits)) -> Vec<(String, Engine)> {
    let changed = |(name, engine): (String, Engine)| {
        let mut limits = *engine.limits();
        change(&mut limits);
        (name, engine.within(&limits))
    };
    engines().into_iter().map(changed).collect()
}

/// The adapters, planned for as discrete GPUs are.
fn as_gpus() -> Vec<(String, Engine)> {
    engines_within(|limits| (limits.software, limits.invocations_to_fill) = (false, 1 << 17))
}

/// What the planner chooses for GPUs, wherever the tests run.
#[test]
fn as_on_gpus() {
    let cases = thinned(6, 3, product(None, Specialise::Listed));
    check_all("as on GPUs", &as_gpus(), &cases);
}

#[test]
fn tile() {
    let cases = thinned(4, 0, product(Some(Kernel::Tile), Specialise::Any));
    assert!(cases.len() > 300, "{} cases; the tile kernel takes most windows", cases.len());
    check_all("conformance tile", &engines(), &cases);
}

/// Ops whose taps are measured by the largest, where that is beyond what devices divide by: by every kernel.
#[test]
fn huge() {
    let mut cases = Vec::new();
    for op in measured_by_the_largest() {
        for (window, kernel) in [2, 3].into_iter().flat_map(|size| Kernel::ALL.iter().map(move |&kernel| (size, kernel))) {
            let pooling = Pooling::new(op, Window::new([1, window])).stride([1, 2]);
            let (shape, request) = (Shape::nchw([2, 3, 5, 12]), Request::new().kernel(kernel).specialise(Specialise::Any));
            if takes(&pooling, &shape, &request) {
                cases.push(Case { pooling, shape, request, data: Data::Huge });
            }
        }
    }
    assert!(cases.len() > 12, "{} cases", cases.len());
    check_all("huge", &engines(), &cases);
}

/// Ops that fold quotients by the largest magnitude.
pub fn measured_by_the_largest() -> [Op; 4] {
    let expectation = Op::Stochastic { seed: 0, mode: StochasticMode::Expectation };
    [Op::Lp { p: 3.5 }, Op::Lp { p: 80.0 }, Op::Gem { p: 3.0, eps: 1e-6 }, expectation]
}

/// Windows that share no rows, by invocations that take up to 32 strips each, eight apart: over columns, rows, planes, slices and channels, whatever is few.
#[test]
fn strips() {
    let engines = engines_within(|limits| limits.invocations_to_fill = 1);
    let flat = [
        Shape::nchw([3, 5, 9, 26]),
        Shape::nchw([1, 70, 2, 6]),
        Shape::nchw([1, 4, 12, 100]),
        Shape::nchw([2, 20, 9, 11]),
        Shape::nchw([1, 64, 6, 7]),
        Shape::nchw([31, 4, 3, 4]),
    ];
    let deep = [Shape::nchw([2, 4, 5, 6, 14]), Shape::nchw([1, 24, 4, 4, 5])];
    let flat_windows = [
        Pooling::max(2).stride(2),
        Pooling::max(3).stride(3).padding(1),
        Pooling::max(1).stride(2),
        Pooling::max([1, 3]).stride([1, 2]).padding([0, 1]),
        Pooling::max([2, 3]).stride([2, 1]).ceil_mode(true),
    ];
    let deep_windows = [Pooling::max(2).stride(2), Pooling::max([3, 2, 2]).stride([1, 2, 2]).padding([1, 0, 1])];
    let windows_of = |deep: bool| if deep { deep_windows.to_vec() } else { flat_windows.to_vec() };
    let mut cases = Vec::new();
    for shape in flat.into_iter().chain(deep) {
        for (at, window) in windows_of(shape.spatial().len() == 3).into_iter().enumerate() {
            for layout in [Layout::Nchw, Layout::Nhwc] {
                // Max, and others in turn.
                for op in [Op::Max].into_iter().chain([Op::AVERAGE, Op::Std, Op::Lp { p: 2.0 }].into_iter().skip(at).take(1)) {
                    let request = Request::new().kernel(Kernel::Tile).specialise(Specialise::Any);
                    let request = request.indices(op.kind().row().indices);
                    let data = if op == Op::Max { Data::Specials } else { Data::Reals };
                    let pooling = Pooling::new(op, window.region.clone());
                    let case = Case { pooling, shape: shape.in_layout(layout), request, data };
                    if takes(&case.pooling, &case.shape, &case.request) {
                        cases.push(case);
                    }
                }
            }
        }
    }
    assert!(cases.len() > 80, "{} cases; the tile kernel takes all windows but those of odd channels last", cases.len());
    check_all("strips", &engines, &cases);
}

/// Windows that share slices, by tiles that make two slices of outputs at once: odd and even counts, windows that begin before the input and end behind it, and such as hold nothing.
#[test]
fn slices() {
    let windows = [
        Pooling::max(3).stride(2).padding(1),
        Pooling::max(3).stride(1).padding(1),
        Pooling::max([2, 3, 3]).stride([1, 2, 1]),
        Pooling::max([5, 2, 2]).stride([2, 2, 2]).padding([[0, 4], [0, 0], [1, 0]]),
        Pooling::max([4, 1, 3]).stride([3, 1, 2]).padding([[3, 3], [0, 0], [0, 1]]).ceil_mode(true),
        Pooling::max([8, 3, 2]).stride(1).padding([[7, 7], [1, 1], [0, 0]]),
        Pooling::max([9, 3, 3]).stride([1, 2, 2]).padding([4, 1, 1]),
        Pooling::max([3, 3, 3]).stride([1, 2, 2]).dilation([2, 1, 1]).padding([2, 1, 1]),
    ];
    let shapes = [Shape::nchw([2, 3, 6, 9, 28]), Shape::nchw([1, 2, 7, 5, 13]), Shape::nchw([1, 5, 11, 4, 8])];
    let mut cases = Vec::new();
    for (w, window) in windows.iter().enumerate() {
        for (s, shape) in shapes.iter().enumerate() {
            let others: Vec<Op> = ops().into_iter().filter(|op| op.kind() != OpKind::Max).collect();
            for op in [Op::Max, others[(3 * w + s) % others.len()], others[(3 * w + s + 7) % others.len()]] {
                let request = Request::new().kernel(Kernel::Tile).specialise(Specialise::Any);
                let request = request.indices(op.kind().row().indices && (w + s) % 3 > 0);
                let data = if op == Op::Max { Data::Specials } else { Data::Reals };
                let case = Case { pooling: Pooling::new(op, window.region.clone()), shape: *shape, request, data };
                if takes(&case.pooling, &case.shape, &case.request) {
                    cases.push(case);
                }
            }
        }
    }
    assert!(cases.len() > 40, "{} cases; every window by max on every shape, and by some other op on most", cases.len());
    check_all("slices", &engines(), &cases);
}

/// Rows of many taps in tensors of whole fours: read four at a time from wherever they begin.
#[test]
fn runs() {
    let mut cases = Vec::new();
    for (region, shape) in [
        (Region::Global, Shape::nchw([2, 2, 7, 13])),
        (Region::Adaptive { output_size: [2, 3].into() }, Shape::nchw([1, 4, 5, 41])),
        (Pooling::max([2, 14]).stride([1, 3]).padding([1, 5]).region, Shape::nchw([2, 2, 4, 33])),
        (Region::Pyramid { levels: vec![1, 2] }, Shape::nchw([1, 4, 3, 31])),
    ] {
        for op in ops() {
            for data in [Data::Specials, Data::Reals] {
                let mut request = Request::new().specialise(Specialise::Never);
                request = request.indices(op.kind().row().indices && region.has_indices()).kernel(Kernel::Direct);
                let pooling = Pooling::new(op, region.clone());
                if let Ok(plan) = Plan::new(&pooling, &shape, &request, &Limits::WEBGPU) {
                    assert!(plan.keys().any(|key| key.to_string().contains("direct/shift4")), "{pooling:?} on {shape}");
                    cases.push(Case { pooling, shape, request, data });
                }
            }
        }
    }
    check_all("runs", &engines(), &cases);
}

/// Regions that teams fold: of every size, by fours and one by one, where teams are left without a region, and sequences of more tokens than a team folds in one block.
#[test]
fn teams() {
    let (mut cases, mut turn) = (Vec::new(), 0);
    for (region, shape, expected) in [
        (Region::Global, Shape::nchw([3, 4, 7, 7]), "reduce4/shift4"),
        (Region::Global, Shape::nchw([4, 7, 5, 3, 11]), "reduce4/shift4"),
        (Region::Global, Shape::nchw([1, 5, 7, 7]), "reduce16"),
        (Region::Global, Shape::nhwc([3, 7, 7, 12]), "reduce16/nhwc4"),
        (Region::Global, Shape::nchw([2, 2, 38, 37]), "reduce/shift4"),
        (Region::Adaptive { output_size: [1, 2].into() }, Shape::nchw([1, 4, 4, 43]), "reduce4/shift4"),
        (Region::Adaptive { output_size: [1, 2].into() }, Shape::nchw([1, 4, 9, 95]), "reduce16/shift4"),
        (Region::Sequence, Shape::nchw([3, 77, 12]), "masked256/columns4"),
        (Region::Sequence, Shape::nchw([3, 40, 7]), "masked256"),
        (Region::Sequence, Shape::nchw([1, 4200, 4]), "masked256/columns4"),
        (Region::Sequence, Shape::nhwc([2, 5, 41]), "masked256/depth_last"),
        (Region::Segments { count: Some(1), empty: 0.5 }, Shape::nchw([2, 3, 9, 13]), "masked256"),
    ] {
        for op in ops() {
            for data in [Data::Specials, Data::Offset] {
                let request = Request::new().kernel(Kernel::Reduce);
                let request = request.indices(op.kind().row().indices && region.has_indices());
                let pooling = Pooling::new(op, region.clone());
                if let Ok(plan) = Plan::new(&pooling, &shape, &request, &Limits::WEBGPU) {
                    let key = plan.keys().next().map_or_else(String::new, |key| key.to_string().replace("/indices", ""));
                    assert!(op != Op::Max || key.ends_with(expected), "{key}, not {expected}, of {pooling:?} on {shape}");
                    turn += 1;
                    if op == Op::Max || in_turn(turn, 3) {
                        cases.push(Case { pooling, shape, request, data });
                    }
                }
            }
        }
    }
    assert!(cases.len() > 100, "{} cases", cases.len());
    check_all("teams", &engines(), &cases);
    // The accumulators of 256 invocations are more than every device's workgroup holds.
    let request = Request::new().kernel(Kernel::Reduce);
    let shapes = [Shape::nchw([2, 300, 8]), Shape::nchw([3, 130, 5]), Shape::nchw([1, 1100, 4])];
    let case = |op, shape, data| Case { pooling: Pooling::new(op, Region::Sequence), shape, request, data };
    let heavy = [Op::Lp { p: 1.0 }, Op::Lp { p: 3.5 }, Op::Gem { p: 3.0, eps: 1e-6 }];
    let small: Vec<Case> = heavy
        .into_iter()
        .flat_map(|op| shapes.map(|shape| [Data::Specials, Data::Reals].map(|data| case(op, shape, data))))
        .flatten()
        .collect();
    for Case { pooling, shape, .. } in &small {
        let plan = Plan::new(pooling, shape, &request, &Limits::WEBGPU).expect("a plan");
        assert!(plan.keys().all(|key| key.to_string().contains("/mask/masked64")), "{pooling:?} on {shape}");
    }
    check_all("small teams", &engines_within(|limits| limits.workgroup_bytes = Limits::WEBGPU.workgroup_bytes), &small);
}

#[test]
fn sort() {
    let cases = product(Some(Kernel::Sort), Specialise::Never);
    assert!(cases.len() > 200, "{} cases; small regions of every kind can be sorted", cases.len());
    check_all("conformance sort", &engines(), &cases);
}

#[test]
fn reduce() {
    let cases = thinned(6, 1, product(Some(Kernel::Reduce), Specialise::Never));
    check_all("conformance reduce", &engines(), &cases);
}

#[test]
fn two_stage() {
    // Others than of reduce, by which it ends.
    let cases = thinned(9, 2, product(Some(Kernel::TwoStage), Specialise::Never));
    check_all("conformance two_stage", &engines(), &cases);
}

#[test]
fn line() {
    let cases = product(Some(Kernel::Line), Specialise::Never);
    assert!(cases.len() > 500, "{} cases; the line kernel takes windows of every size", cases.len());
    let cases = thinned(4, 2, cases);
    check_all("conformance line", &engines(), &cases);
}

/// Windows long enough to share taps in every way: cores, blocks after blocks, and sums of many taps, in every layout, with strides, padding and sizes that end anywhere.
#[test]
fn long_windows() {
    type Change = fn(Pooling) -> Pooling;
    let windows: [(&[u32], Change, Shape); 21] = [
        (&[31, 31], |p| p.stride(1).padding(15), Shape::nchw([1, 2, 37, 43])),
        (&[3, 17], |p| p.stride(1).padding([[1, 1], [7, 8]]), Shape::nchw([1, 2, 5, 258])),
        (&[2, 16], |p| p.stride(1).padding([[1, 0], [2, 13]]), Shape::nchw([2, 1, 4, 264])),
        (&[3, 1, 15], |p| p.stride(1).padding([1, 0, 5]), Shape::nchw([1, 1, 4, 3, 267])),
        (&[9, 17], |p| p.stride(1).padding([[4, 3], [0, 16]]), Shape::nchw([1, 2, 30, 64])),
        (&[67, 5], |p| p.stride(1).padding([[33, 66], [2, 2]]), Shape::nchw([1, 1, 131, 12])),
        (&[5, 128], |p| p.stride([1, 1]), Shape::nchw([2, 1, 9, 300])),
        (&[13, 13], |p| p.stride(2).padding(6).ceil_mode(true), Shape::nchw([1, 2, 41, 38])),
        (&[29, 31], |p| p.stride([3, 4]).padding(14).ceil_mode(true), Shape::nchw([1, 1, 47, 53])),
        (&[3, 40], |p| p.stride([1, 5]).padding([1, 20]), Shape::nchw([1, 2, 5, 97])),
        (&[11, 11], |p| p.stride(1).dilation([3, 2]).padding(10), Shape::nchw([1, 1, 34, 29])),
        (&[33, 1], |p| p.stride(1).padding([16, 0]), Shape::nchw([2, 2, 50, 7])),
        (&[1, 33], |p| p.stride(1).padding([0, 16]), Shape::nchw([2, 3, 7, 50])),
        (&[1, 18], |p| p.stride(1).padding([0, 7]), Shape::nchw([2, 1, 5, 64])),
        (&[6], |p| p.stride(1).padding([[2, 3]]), Shape::nchw([1, 3, 40])),
        (&[65], |p| p.stride(1).padding(32), Shape::nchw([3, 5, 101])),
        (&[100], |p| p.stride(3).padding(50), Shape::nchw([2, 2, 307])),
        (&[9, 8, 10], |p| p.stride(1).padding([4, 3, 5]), Shape::nchw([1, 2, 13, 11, 17])),
        (&[9, 1, 8], |p| p.stride([1, 1, 2]), Shape::nchw([1, 2, 19, 3, 17])),
        (&[12, 7, 1], |p| p.stride([2, 1, 1]).padding([6, 3, 0]), Shape::nchw([1, 3, 21, 9, 5])),
        (&[1, 1], |p| p.stride([2, 3]), Shape::nchw([1, 2, 7, 11])),
    ];
    let mut cases = Vec::new();
    // Wide enough that the largest window's least weight is one.
    let gaussian = Op::Gaussian { sigma: 7.0 };
    for (o, op) in ops().into_iter().chain([gaussian]).enumerate() {
        for (at, (kernel_size, change, shape)) in windows.iter().enumerate() {
            // Layouts and data in turn; of max, which chooses, all. Other ops in one window each, and gaussians, which weigh each tap, in all.
            if ![Op::Max, gaussian].contains(&op) && (o + at) % windows.len() > 0 {
                continue;
            }
            let turns = if op == Op::Max { 0..4 } else { at + o..at + o + 1 };
            for turn in turns {
                let request = Request::new().kernel(Kernel::Line).indices(op.kind().row().indices && at % 3 > 0);
                let pooling = change(Pooling::new(op, Window::new(kernel_size.to_vec())));
                let shape = shape.in_layout([Layout::Nchw, Layout::Nhwc][turn % 2]);
                let data = [Data::Specials, Data::Reals][turn / 2 % 2];
                if takes(&pooling, &shape, &request) {
                    cases.push(Case { pooling, shape, request, data });
                }
            }
        }
    }
    assert!(cases.len() > 60, "{} cases; twenty-one windows with every op that goes axis by axis", cases.len());
    let gaussians = cases.iter().filter(|case| case.pooling.op == gaussian).count();
    assert!(gaussians > 5, "{gaussians} gaussians; most windows have their centres in the input");
    check_all("long windows", &engines(), &cases);
    // GPUs turn lines where software adapters go along rows.
    let gpus: Vec<Case> = cases.into_iter().filter(|case| case.shape.layout() == Layout::Nchw).collect();
    check_all("long windows as on GPUs", &as_gpus(), &gpus);
}

/// The planner's choice, values only: the sources without indices.
#[test]
fn values_only() {
    let cases: Vec<Case> = product(None, Specialise::Any)
        .into_iter()
        .filter(|case| case.request.indices)
        .map(|case| Case { request: case.request.indices(false), ..case })
        .collect();
    check_all("conformance values only", &engines(), &cases);
}

/// The detector stage before ops that choose, add and take powers, by every kernel: any two of activation, op and region meet, and kernels in turn, since each is a
/// pipeline.
#[test]
fn activations() {
    let ops = [Op::Max, Op::Min, Op::AVERAGE, Op::Gem { p: 2.5, eps: 1e-6 }, Op::Last, Op::Median];
    let kernels: Vec<Option<Kernel>> = std::iter::once(None).chain(Kernel::ALL.iter().copied().map(Some)).collect();
    let (mut cases, mut turn) = (Vec::new(), 0);
    let activations = [Activation::Relu, Activation::LeakyRelu, Activation::Sigmoid, Activation::Tanh];
    for (a, activation) in activations.into_iter().enumerate() {
        for (o, op) in ops.into_iter().enumerate() {
            for (r, (region, shape)) in regions().into_iter().enumerate() {
                turn += 1;
                // An activation comes to a region with one or two of the ops.
                if (o + r) % activations.len() != a {
                    continue;
                }
                let pooling = Pooling::new(op, region.clone()).activation(activation);
                let with = |at: usize| {
                    let indices = op.kind().row().indices && region.has_indices();
                    let mut request = Request::new().specialise(Specialise::Any).indices(indices);
                    request.kernel = kernels[at % kernels.len()];
                    request
                };
                if let Some(request) = (turn..turn + kernels.len()).map(with).find(|r| takes(&pooling, &shape, r)) {
                    cases.push(Case { pooling, shape, request, data: Data::Specials });
                }
            }
        }
    }
    check_all("activations", &engines(), &cases);
}

/// The workloads of the benches, thinned out, by every kernel that takes them.
#[test]
fn workloads() {
    let mut cases = Vec::new();
    for workload in catalogue().into_iter().filter(|workload| workload.wanted != Wanted::Gradient) {
        let sizes = workload.shape.sizes();
        let channels = if workload.shape.layout() == Layout::Nhwc { 4 } else { 3 };
        // The tokens of a sequence stand where channels do.
        let channels = if workload.pooling.region == Region::Sequence { 97 } else { channels };
        let thin: Vec<usize> = [&[1, sizes[1].min(channels)], &sizes[2..]].concat();
        // A megapixel through the reference 31 × 31 times, or a workgroup for each of its pixels, is a soak.
        let within = |most: usize| -> Shape {
            let thin: Vec<usize> = thin.iter().map(|&size| if size > 128 { most } else { size }).collect();
            Shape::from_nchw(&thin).expect("a shape").in_layout(workload.shape.layout())
        };
        let mut pooling = workload.pooling.clone();
        if let Region::RoiAlign(region) = &mut pooling.region {
            // A thousand boxes by kernels of a workgroup an output take a minute.
            region.max_boxes = Some(30);
        }
        for kernel in std::iter::once(None).chain(Kernel::ALL.iter().copied().map(Some)) {
            let mut request = Request::new().indices(workload.wanted == Wanted::Indices);
            request.kernel = kernel;
            // A workgroup that selects a median for each of ten thousand outputs takes a minute.
            let selects = matches!(kernel, Some(Kernel::Reduce | Kernel::TwoStage)) && pooling.op == Op::Median;
            let shape = within(if selects { 21 } else { 97 });
            if takes(&pooling, &shape, &request) {
                cases.push(Case { pooling: pooling.clone(), shape, request, data: Data::Reals });
            }
        }
    }
    check_all("workloads", &engines(), &cases);
}

/// Many taps: sums stay within their bound, and std of data about 300 with a spread of 1 keeps its digits.
#[test]
fn large_regions() {
    let shape = Shape::nchw([1, 2, 601, 401]);
    let mut cases = Vec::new();
    let ops = [
        Op::Max,
        Op::Sum,
        Op::AVERAGE,
        Op::Lp { p: 2.0 },
        Op::Lp { p: 3.5 },
        Op::Gaussian { sigma: 60.0 },
        Op::Std,
        Op::Variance,
        Op::LogSumExp { r: 2.0 },
        Op::Soft { beta: 0.5 },
        Op::Mixed { alpha: 0.5 },
        Op::Last,
        Op::Rank { q: 0.75 },
    ];
    for (o, op) in ops.into_iter().enumerate() {
        for (d, data) in [Data::Reals, Data::Offset].into_iter().enumerate() {
            for (k, kernel) in
                [None, Some(Kernel::Direct), Some(Kernel::Reduce), Some(Kernel::TwoStage)].into_iter().enumerate()
            {
                for (r, region) in [
                    Region::Global,
                    Region::Adaptive { output_size: [2, 3].into() },
                    Window::new([512, 399]).into(),
                    Window::new([67, 61]).into(),
                ]
                .into_iter()
                .enumerate()
                {
                    // In turn: each takes a second.
                    if !in_turn(o + k + r + 2 * d, 4) {
                        continue;
                    }
                    let mut request = Request::new();
                    request.kernel = kernel;
                    let pooling = Pooling::new(op, region);
                    if kernel.is_none() && op.kind().row().passes == 1 || takes(&pooling, &shape, &request) {
                        cases.push(Case { pooling, shape, request, data });
                    }
                }
            }
        }
    }
    // Segments of very uneven sizes, in many chunks and parts; long sequences; boxes of whole pictures.
    let mut region = RoiPool::new(1, 1.0);
    region.max_boxes = Some(6);
    for (region, shape) in [
        (Region::Segments { count: Some(300), empty: 0.0 }, shape),
        (Region::Segments { count: Some(9_000), empty: 0.0 }, Shape::nchw([2, 2, 41_003])),
        (Region::Segments { count: Some(2), empty: 0.0 }, Shape::nchw([1, 1, 700_001])),
        (Region::Sequence, Shape::nchw([4, 20_011, 5])),
        (region.into(), shape),
    ] {
        // Thousands of segments take the reference seconds for each.
        let many = matches!(region, Region::Segments { count: Some(9_000), .. });
        let ops = [Op::Max, Op::Std, Op::Sum, Op::Last, Op::Median];
        for &op in if many { &ops[..2] } else { &ops } {
            let request = Request::new();
            cases.push(Case { pooling: Pooling::new(op, region.clone()), shape, request, data: Data::Offset });
        }
    }
    check_all("large regions", &engines(), &cases);
}

/// Long and narrow regions, whose every tap costs several loop turns: the planner's choice, and direct as far as it goes.
#[test]
fn narrow_regions() {
    let mut cases = Vec::new();
    for (kernel_size, shape) in [
        (vec![4096, 1], Shape::nchw([1, 64, 4099, 1])),
        (vec![2600, 1], Shape::nchw([1, 64, 2603, 1])),
        (vec![2048, 1, 1], Shape::nchw([1, 64, 2051, 1, 1])),
        (vec![512, 4, 2], Shape::nchw([1, 8, 514, 4, 3])),
        (vec![4, 1024, 1], Shape::nchw([1, 8, 4, 1027, 1])),
        (vec![256, 1], Shape::nchw([1, 64, 259, 1])),
        (vec![150, 1], Shape::nchw([1, 64, 153, 1])),
        (vec![64, 64], Shape::nchw([1, 4, 66, 67])),
    ] {
        for op in [Op::Sum, Op::Max, Op::Median] {
            for kernel in [None, Some(Kernel::Direct)] {
                let mut request = Request::new();
                request.kernel = kernel;
                let pooling = Pooling::new(op, Window::new(kernel_size.clone())).stride(1);
                if kernel.is_none() || takes(&pooling, &shape, &request) {
                    cases.push(Case { pooling, shape, request, data: Data::Integers });
                }
            }
        }
    }
    // Planes one column wide, whole.
    for shape in [Shape::nchw([64, 16, 256, 1]), Shape::nchw([16, 16, 1800, 1])] {
        for op in [Op::Sum, Op::Median] {
            let pooling = Pooling::new(op, Region::Global);
            cases.push(Case { pooling, shape, request: Request::new(), data: Data::Integers });
        }
    }
    // A centre far in the padding: distances beyond what f32 holds exactly.
    let pooling =
        Pooling::new(Op::Gaussian { sigma: 4096.0 }, Window::new(1 << 25)).padding([[(1 << 25) - 8, 0]]).stride(1 << 28);
    cases.push(Case { pooling, shape: Shape::nchw([1, 1, 8]), request: Request::new(), data: Data::Reals });
    check_all("narrow regions", &engines(), &cases);
}

/// Grids beyond 65535 workgroups fold into two dimensions.
#[test]
fn grids_fold() {
    let cases: Vec<Case> = [Kernel::Direct, Kernel::Reduce, Kernel::TwoStage]
        .into_iter()
        .map(|kernel| {
            // One workgroup more than a row of the grid holds; direct takes 256 outputs a workgroup, and reduce, by teams of 16, four.
            let outputs =
                65_537 * [(Kernel::Direct, 256), (Kernel::Reduce, 4)].iter().find(|own| own.0 == kernel).map_or(1, |own| own.1);
            let shape = Shape::nchw([1, 1, outputs]);
            Case { pooling: Pooling::max(1), shape, request: Request::new().kernel(kernel), data: Data::Integers }
        })
        .collect();
    check_all("folded grids", &engines(), &cases);
}
