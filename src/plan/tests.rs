//! Which kernel is chosen for which request, under literal limits.

use super::line::line_parts;
use super::*;
use crate::{Op, Pooling, Region, geometry::Geometry, op::OpKind};

fn plan(pooling: &Pooling, shape: Shape, request: Request) -> Result<Plan, Error> {
    Plan::new(pooling, &shape, &request, &Limits::WEBGPU)
}

#[test]
fn each_request_gets_the_kernel_that_suits_it() {
    let global = Pooling::new(Op::AVERAGE, Region::Global);
    let gaussian = Pooling::new(Op::Gaussian { sigma: 1.0 }, crate::Window::new([3, 3]));
    let request = Request::new();
    let cases = [
        (
            Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]),
            Shape::nchw([8, 64, 112, 112]),
            request,
            vec!["max/window/tile8_k3x3_s2x2_d1x1_p1_rows/load4/store4"],
        ),
        (
            Pooling::max([2, 2]),
            Shape::nchw([1, 1, 7, 7]),
            request.indices(true),
            vec!["max/window/tile4_k2x2_s2x2_d1x1_p0_one/indices"],
        ),
        (Pooling::average(3).stride(1), Shape::nchw([1, 1, 33]), request, vec!["average/window/tile4_k1x3_s1x1_d1x1_p0_one"]),
        (
            Pooling::max([3, 3]).stride([2, 2]),
            Shape::nchw([1, 4, 8, 8]),
            request.specialise(Specialise::Never),
            vec!["max/window/direct/store4"],
        ),
        (Pooling::max([7, 3]), Shape::nchw([1, 1, 21, 21]), request, vec!["max/window/direct"]),
        (
            Pooling::max([7, 3]),
            Shape::nchw([1, 1, 21, 21]),
            request.specialise(Specialise::Any),
            vec!["max/window/tile4_k7x3_s7x3_d1x1_p0_one"],
        ),
        (gaussian, Shape::nchw([1, 1, 9, 9]), request, vec!["gaussian/window/direct"]),
        // A weight a tap and axis.
        (
            Pooling::new(Op::Gaussian { sigma: 5.0 }, crate::Window::new(31)).stride(1).padding(15),
            Shape::nchw([1, 3, 540, 960]),
            request,
            vec![
                "gaussian/window/line4_alone/to_scratch/turned/load4/columns4",
                "gaussian/window/line4_alone/from_scratch/turned/store4/columns4",
            ],
        ),
        (global.clone(), Shape::nchw([8, 2048, 7, 7]), request, vec!["average/global/direct/shift4/store4"]),
        (global.clone(), Shape::nchw([8, 4, 112, 112]), request, vec!["average/global/reduce/shift4"]),
        (global.clone(), Shape::nchw([1, 3, 1080, 1920]), request, vec!["average/global/partial", "average/global/merge"]),
        (Pooling::new(Op::Median, crate::Window::new(5)), Shape::nchw([1, 1, 20, 20]), request, vec!["median/window/sort25"]),
        (Pooling::new(Op::Median, crate::Window::new(35)), Shape::nchw([1, 1, 80, 80]), request, vec!["median/window/reduce"]),
        // Many outputs of regions that are too large for one invocation.
        (
            Pooling::new(Op::Last, crate::Window::new(130)).stride(1),
            Shape::nchw([1, 1, 400, 400]),
            request,
            vec!["last/window/reduce"],
        ),
        // Large windows, one axis after the other.
        (
            Pooling::max(130).stride(1),
            Shape::nchw([1, 1, 400, 400]),
            request,
            vec!["max/window/line16_s1/to_scratch/load4/columns4", "max/window/line16_s1_along02/from_scratch"],
        ),
        (
            Pooling::max([31, 31]).stride(1).padding(15),
            Shape::nchw([1, 3, 1080, 1920]),
            request.indices(true),
            vec![
                "max/window/line16_s1/to_scratch/load4/indices/columns4",
                "max/window/line16_s1_along10/from_scratch/store4/indices",
            ],
        ),
        (
            Pooling::average([1, 31]).stride(1),
            Shape::nchw([1, 3, 1080, 1920]),
            request,
            vec!["average/window/line16_s1_along03/load4"],
        ),
        (
            Pooling::max([2, 31]).stride(2),
            Shape::nhwc([1, 540, 960, 3]),
            request.kernel(Kernel::Line),
            vec!["max/window/line4_alone/to_scratch/nhwc4", "max/window/line8_s2/from_scratch/nhwc4"],
        ),
        // Too few outputs for more than one dispatch.
        (Pooling::max([8, 8]).stride(1), Shape::nchw([1, 1, 31, 31]), request, vec!["max/window/direct/store4"]),
        (
            Pooling::new(Op::Lp { p: 2.0 }, Region::Adaptive { output_size: 3.into() }),
            Shape::nchw([1, 1, 11]),
            request,
            vec!["lp#2/adaptive/direct"],
        ),
        // Bins that are alike are windows, and one bin is the whole.
        (
            Pooling::new(Op::AVERAGE, Region::Adaptive { output_size: 6.into() }),
            Shape::nchw([8, 512, 13, 13]),
            request,
            vec!["average/window/tile6_k3x3_s2x2_d1x1_p0/shift4"],
        ),
        (
            Pooling::new(Op::AVERAGE, Region::Adaptive { output_size: 1.into() }),
            Shape::nchw([1, 1, 9]),
            request,
            vec!["average/global/direct"],
        ),
        // The features of tokens lie side by side.
        (
            Pooling::new(Op::AVERAGE, Region::Sequence),
            Shape::nchw([32, 128, 8192]),
            request,
            vec!["digest/labels_count", "digest/labels_scan", "digest/labels_scatter", "average/list/wide/columns4"],
        ),
        (global.clone(), Shape::nchw([1, 1, 9]), request.kernel(Kernel::Reduce), vec!["average/global/reduce16"]),
        (Pooling::max(1), Shape::nchw([0, 4, 8]), request, vec![]),
    ];
    let software = Limits { software: true, ..Limits::WEBGPU };
    for (pooling, shape, request, keys) in cases {
        let plan = Plan::new(&pooling, &shape, &request, &software).expect("a plan");
        assert_eq!(plan.keys().map(|key| key.to_string()).collect::<Vec<_>>(), keys, "{pooling:?} on {shape}");
    }
}

/// On GPUs tiles are narrower, and few regions are folded by teams.
#[test]
fn gpus_fold_in_teams() {
    let average = |region: Region| Pooling::new(Op::AVERAGE, region);
    let request = Request::new();
    for (pooling, shape, request, keys) in [
        (
            Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]),
            Shape::nchw([8, 64, 112, 112]),
            request,
            vec!["max/window/tile4_k3x3_s2x2_d1x1_p1_rows/load4/store4"],
        ),
        // Rows are turned, so that neighbours read what lies side by side.
        (
            Pooling::max(130).stride(1),
            Shape::nchw([1, 1, 400, 400]),
            request,
            vec!["max/window/line16_s1/to_scratch/turned/load4/columns4", "max/window/line16_s1/from_scratch/turned/columns4"],
        ),
        (
            Pooling::average([1, 31]).stride(1),
            Shape::nchw([1, 3, 1080, 1920]),
            request,
            vec![
                "average/window/line4_alone/to_scratch/turned/load4/columns4",
                "average/window/line16_s1/from_scratch/turned/columns4",
            ],
        ),
        (average(Region::Global), Shape::nchw([8, 512, 7, 7]), request, vec!["average/global/reduce4/shift4"]),
        (average(Region::Global), Shape::nchw([8, 511, 7, 7]), request, vec!["average/global/reduce4/shift4"]),
        (average(Region::Global), Shape::nchw([1, 511, 7, 7]), request, vec!["average/global/reduce16"]),
        (average(Region::Global), Shape::nhwc([8, 7, 7, 512]), request, vec!["average/global/reduce16/nhwc4"]),
        (average(Region::Global), Shape::nchw([8, 512, 5, 5]), request, vec!["average/global/direct/shift4/store4"]),
        (average(Region::Global), Shape::nchw([800, 512, 7, 7]), request, vec!["average/global/direct/shift4/store4"]),
        // The mask is read as it is.
        (average(Region::Sequence), Shape::nchw([32, 128, 768]), request, vec!["average/mask/masked256/columns4"]),
        (average(Region::Sequence), Shape::nchw([32, 128, 766]), request, vec!["average/mask/masked256"]),
        (
            Pooling::new(Op::Median, Region::Sequence),
            Shape::nchw([32, 128, 766]),
            request,
            vec!["digest/labels_count", "digest/labels_scan", "digest/labels_scatter", "median/list/reduce16"],
        ),
    ] {
        let plan = plan(&pooling, shape, request).expect("a plan");
        assert_eq!(plan.keys().map(|key| key.to_string()).collect::<Vec<_>>(), keys, "{pooling:?} on {shape}");
    }
}

/// Segments go in even parts, or by workgroup where the parts' accumulators are more than a binding holds.
#[test]
fn segments_go_in_parts_where_scratch_holds_them() {
    let pooling = Pooling::new(Op::Std, Region::Segments { count: Some(4000), empty: 0.0 });
    let shape = Shape::nchw([4, 64, 64, 64]);
    let limits = |binding_bytes| Limits { binding_bytes, ..Limits::WEBGPU };
    for (bytes, kernel) in [(128 << 20, Kernel::TwoStage), (8 << 20, Kernel::Reduce)] {
        let plan = Plan::new(&pooling, &shape, &Request::new(), &limits(bytes)).expect("it plans");
        assert_eq!(plan.kernel(), kernel, "{bytes} bytes");
    }
    let forced = Request::new().kernel(Kernel::TwoStage);
    assert!(Plan::new(&pooling, &shape, &forced, &limits(8 << 20)).is_err_and(|error| error.is_unsupported()));
}

/// Accumulators of all planes at once, or part after part of them where a binding holds fewer.
#[test]
fn lines_go_part_by_part_where_scratch_holds_no_more() {
    let pooling = Pooling::max([31, 31]).stride(1).padding(15);
    let shape = Shape::nchw([5, 3, 200, 100]);
    let plane = 200 * 100 * 4;
    for (planes, parts) in [(15, 1), (14, 2), (4, 4), (1, 15)] {
        let limits = Limits { binding_bytes: 15 * plane, ..Limits::WEBGPU };
        let tight = Limits { binding_bytes: planes * plane, ..limits };
        let geometry = Geometry::resolve(&pooling, &shape).expect("it resolves");
        let packed = OpKind::Max.packed(0, false).expect("max goes axis by axis");
        let split = line_parts(&geometry, packed, &tight).expect("it is split");
        assert_eq!(split.planes.div_ceil(split.each), parts, "{planes} planes a binding");
        assert!(split.scratch_bytes <= tight.binding_bytes);
    }
}

#[test]
fn what_cannot_be_planned_says_why() {
    let wide = Shape::nchw([1, 1, 8192, 8192]);
    for (pooling, shape, request, named) in [
        (Pooling::average(2), Shape::nchw([1, 1, 4]), Request::new().indices(true), "indices of average"),
        (
            Pooling::new(Op::Max, Region::Global),
            wide,
            Request::new(),
            "bytes of one plane, which windows and adaptive grids only take in parts: 268435456; the limit is 134217728",
        ),
        (
            Pooling::max(9),
            Shape::nchw([1, 1, 90]),
            Request::new().kernel(Kernel::Tile),
            "kernel tile: a tile would hold 1 rows of outputs and 36 columns",
        ),
        (
            Pooling::new(Op::Max, Region::Global),
            Shape::nchw([1, 1, 90]),
            Request::new().kernel(Kernel::Tile),
            "it takes windows",
        ),
        (
            Pooling::max(2),
            Shape::nchw([1 << 20, 1 << 20, 4]),
            Request::new(),
            "pieces that a pooling is planned in: 131072; the limit is 16384",
        ),
        (
            Pooling::new(Op::Max, Region::Global),
            Shape::nchw([1, 1, 130, 130]),
            Request::new().kernel(Kernel::Direct),
            "kernel direct: a region may take 18498 loop turns; 16000 is the most",
        ),
        (
            Pooling::new(Op::Max, Region::Global),
            Shape::nchw([1, 1, 1100, 1100]),
            Request::new().kernel(Kernel::Reduce),
            "kernel reduce: a region may take 1210000 taps",
        ),
        (Pooling::max([17, 2, 2]), Shape::nchw([1, 1, 20, 20, 20]), Request::new().kernel(Kernel::Tile), "17 slices in depth"),
        (
            Pooling::new(Op::Last, crate::Window::new(9)),
            Shape::nchw([1, 1, 90]),
            Request::new().kernel(Kernel::Line),
            "kernel line: last does not go axis by axis",
        ),
        (
            Pooling::new(Op::Gaussian { sigma: 1.0 }, crate::Window::new(31)).stride(1),
            Shape::nchw([1, 1, 90, 90]),
            Request::new().kernel(Kernel::Line),
            "its least weight is exp(−225), too small to be made axis by axis",
        ),
        (
            Pooling::new(Op::Gaussian { sigma: 9.0 }, crate::Window::new(4)).dilation(5).stride(1).padding(7),
            Shape::nchw([1, 1, 9, 90]),
            Request::new().kernel(Kernel::Line),
            "none of 4 taps 5 apart is near it",
        ),
        (
            Pooling::new(Op::Gaussian { sigma: 9.0 }, crate::Window::new(5)).stride(3).padding(2).ceil_mode(true),
            Shape::nchw([1, 1, 9, 9]),
            Request::new().kernel(Kernel::Line),
            "some windows have theirs where there is no input",
        ),
        (
            Pooling::new(Op::Std, crate::Window::new(9)).stride(1),
            Shape::nchw([1, 1, 4000, 4000]),
            Request::new().kernel(Kernel::Line),
            "bytes of scratch; a binding holds 134217728",
        ),
        (
            Pooling::max(9).dilation(2).stride(7),
            Shape::nchw([1, 1, 90, 91]),
            Request::new().kernel(Kernel::Line).element(crate::Element::F16),
            "it stores whole words of 2 f16, and rows have 11 of them",
        ),
        (
            Pooling::new(Op::Max, Region::Channels { group: 2, strided: false }),
            Shape::nhwc([1, 4, 4, 4]),
            Request::new().kernel(Kernel::Line),
            "the channels, innermost, are the depth",
        ),
    ] {
        let message = plan(&pooling, shape, request).expect_err(named).to_string();
        assert!(message.contains(named), "{message}\n  lacks: {named}");
    }
    let tight = Limits { invocations_per_workgroup: 32, ..Limits::WEBGPU };
    let refused = Plan::new(&Pooling::max(1), &Shape::nchw([1, 1, 4]), &Request::new(), &tight);
    assert!(refused.is_err_and(|error| error.is_unsupported()));
}

#[test]
fn grids_beyond_the_limit_fold_and_cover() {
    let limits = Limits { workgroups_per_dimension: 7, ..Limits::WEBGPU };
    for groups in 1..=49 {
        let [across, down] = limits.grid(groups).expect("it folds");
        assert!(across <= 7 && down <= 7 && across * down >= groups && across * down < groups + down, "{groups}");
    }
    assert!(limits.grid(50).is_err_and(|error| error.is_unsupported()));
}

#[test]
fn two_stages_give_every_workgroup_a_fair_share() {
    for (taps, outputs) in [(32 << 10, 1), (2_073_600, 3), (64 << 20, 1), (40_000, 255), (2, 1)] {
        let parts = u64::from(choose::parts(taps, outputs));
        let share = taps.div_ceil(parts);
        assert!(parts >= 2 && share <= u64::from(WORKGROUP) * 1024, "{taps} taps in {parts} parts");
    }
}

#[test]
fn the_listed_keys_are_many_and_distinct() {
    let keys = KernelKey::listed();
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
    assert!(keys.len() <= 2000, "{}", keys.len());
    let names: std::collections::HashSet<String> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), keys.len(), "names tell keys apart");
}

mod any_numbers {
    //! Whatever the numbers, planning answers: a plan within the limits, or a typed error.

    use proptest::prelude::*;

    use super::*;
    use crate::{ClusterBy, Clusters, Padding, PerAxis, RoiAlign, RoiPool, StochasticMode, Window};

    /// Mostly small, sometimes at an edge of what 32 bits hold.
    fn numbers() -> impl Strategy<Value = u32> {
        prop_oneof![6 => 0u32..9, 1 => any::<u32>(), 1 => prop::sample::select(vec![u32::MAX, 1 << 31, (1 << 31) - 1, 1 << 16, 65_535])]
    }

    fn lists() -> impl Strategy<Value = PerAxis<u32>> {
        prop_oneof![numbers().prop_map(PerAxis::All), prop::collection::vec(numbers(), 0..5).prop_map(PerAxis::Each)]
    }

    fn paddings() -> impl Strategy<Value = Padding> {
        prop_oneof![
            prop::collection::vec([numbers(), numbers()], 0..4).prop_map(|sides| Padding::Explicit(PerAxis::Each(sides))),
            [numbers(), numbers()].prop_map(|sides| Padding::Explicit(PerAxis::All(sides))),
            Just(Padding::SameUpper),
            Just(Padding::SameLower),
            Just(Padding::Valid),
        ]
    }

    fn poolings() -> impl Strategy<Value = Pooling> {
        let windows = (lists(), prop::option::of(lists()), paddings(), lists(), any::<bool>()).prop_map(
            |(kernel_size, stride, padding, dilation, ceil_mode)| {
                let mut window = Window::new(kernel_size);
                (window.stride, window.padding, window.dilation, window.ceil_mode) = (stride, padding, dilation, ceil_mode);
                Region::Window(window)
            },
        );
        let scales = prop_oneof![Just(0.25), any::<f32>()];
        let boxes = (lists(), scales, numbers(), any::<[bool; 3]>(), prop::option::of(numbers())).prop_map(
            |(output_size, scale, ratio, [pool, aligned, position_sensitive], max_boxes)| {
                if pool {
                    return Region::RoiPool(RoiPool { max_boxes, ..RoiPool::new(output_size, scale) });
                }
                let sampling_ratio = ratio;
                let align = RoiAlign::new(output_size, scale);
                Region::RoiAlign(RoiAlign { sampling_ratio, aligned, position_sensitive, max_boxes, ..align })
            },
        );
        let clusters = (numbers(), lists(), numbers(), any::<bool>()).prop_map(|(centroids, cells, iterations, weighted)| {
            let clusters = Clusters::new(centroids, iterations, 7);
            Region::Clusters(Clusters { cells, activation_weighted: weighted, coordinates: ClusterBy::Both, ..clusters })
        });
        let regions = prop_oneof![
            4 => windows,
            1 => lists().prop_map(|output_size| Region::Adaptive { output_size }),
            1 => Just(Region::Global),
            1 => boxes,
            1 => clusters,
            1 => prop::option::of(numbers()).prop_map(|count| Region::Segments { count, empty: 0.0 }),
            1 => Just(Region::Sequence),
            1 => prop::collection::vec(numbers(), 0..4).prop_map(|levels| Region::Pyramid { levels }),
            1 => (numbers(), any::<bool>()).prop_map(|(group, strided)| Region::Channels { group, strided }),
        ];
        let floats = || any::<f32>();
        let ops = prop_oneof![
            Just(Op::Max),
            Just(Op::Std),
            Just(Op::Median),
            any::<bool>().prop_map(|per_channel| Op::Gated { per_channel }),
            any::<bool>().prop_map(|normalize| Op::Weighted {
                preset: Some(WeightPreset::Binomial),
                per_channel: false,
                normalize
            }),
            Just(Op::Weighted { preset: Some(WeightPreset::Position), per_channel: false, normalize: true }),
            any::<u64>().prop_map(|seed| Op::Stochastic { seed, mode: StochasticMode::Sample }),
            floats().prop_map(|p| Op::Lp { p }),
            floats().prop_map(|sigma| Op::Gaussian { sigma }),
            (any::<bool>(), prop::option::of(floats()), any::<bool>()).prop_map(
                |(count_include_pad, divisor_override, sqrt_divisor)| Op::Average {
                    count_include_pad,
                    divisor_override,
                    sqrt_divisor
                }
            ),
        ];
        (ops, regions).prop_map(|(op, region)| Pooling::new(op, region))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn planning_always_answers(
            pooling in poolings(),
            sizes in prop::collection::vec(prop_oneof![4 => 0usize..20, 1 => any::<usize>(), 1 => Just(1 << 16)], 3..6),
            kernel in prop::option::of(prop::sample::select(Kernel::ALL.to_vec())),
            indices in any::<bool>(),
        ) {
            let shape = Shape::from_nchw(&sizes).expect("three to five sizes");
            let mut request = Request::new().indices(indices).specialise(Specialise::Any);
            request.kernel = kernel;
            let back = Request { indices: false, parameters: indices, ..request };
            let limits = &Limits::WEBGPU;
            let mut plans = vec![Plan::new(&pooling, &shape, &request, limits), Plan::grad(&pooling, &shape, &back, limits)];
            // The same sizes as those of pooled values.
            let restored = pooling.unpooled_shape(&shape, None).or_else(|_| pooling.unpooled_shape(&shape, Some(shape.spatial())));
            plans.push(restored.and_then(|restored| Plan::unpool(&pooling, &shape, &restored, &Request::new(), limits)));
            for plan in plans {
                match plan {
                    Ok(plan) => {
                        for step in &plan.steps {
                            prop_assert!(step.workgroups.iter().all(|&groups| (1..=65_535).contains(&groups)), "{step:?}");
                        }
                        for (step, slot) in plan.steps.iter().flat_map(|step| step.key.slots().map(move |slot| (step, slot))) {
                            let part = step.slices.and_then(|slices| slices.at(slot));
                            let bytes = part.map_or_else(|| plan.slot_bytes(slot), |part| part.bytes);
                            prop_assert!(bytes <= limits.binding_bytes, "{slot:?} of {step:?}");
                            prop_assert!(part.is_none_or(|part| part.offset % 256 == 0), "{slot:?} of {step:?}");
                        }
                        prop_assert!(plan.scratch_bytes <= limits.binding_bytes);
                    }
                    Err(error) => prop_assert!(error.is_invalid() != error.is_unsupported(), "{error}"),
                }
            }
        }
    }
}
