//! Poolings in pieces: tight limits put seams into small tensors, whose answers must be those of one piece.

use std::time::{Duration, Instant};

use plunge::{
    Bindings, BoundPooling, Element, Engine, Error, Kernel, Layout, Op, Pooling, Region, Request, Shape, StochasticMode,
    Window,
    plan::{Limits, Plan},
    reference, wgpu,
};
use plunge_workloads::{Data, Sides, Wanted, Workload, catalogue, figures};

use crate::{
    adapters::{engines, here},
    conformance::regions,
    gradients, guarded,
    verdict::{Case, compare, in_turn, record, report, sharing},
};

/// Engines on every adapter that bind, buffer and dispatch no more than that.
fn tight(binding_bytes: u64, longest_dispatch: Duration) -> Vec<(String, Engine)> {
    let within = |engine: &Engine| {
        let mut limits = *engine.limits();
        (limits.binding_bytes, limits.longest_dispatch) = (binding_bytes, longest_dispatch);
        engine.within(&limits)
    };
    engines().into_iter().map(|(name, engine)| (name, within(&engine))).collect()
}

/// Records and notes what was tried, and fails where an answer was wrong or little was tried.
fn conclude(suite: &str, what: &str, tried: usize, least: usize, failures: &[String]) {
    let names: Vec<String> = here().iter().map(|adapter| plunge::describe(&adapter.get_info())).collect();
    record(suite, tried, &engines(), failures.len());
    let figure = format!("{} of {tried} right", tried - failures.len());
    figures::note("limits", what, &figure, &names.join("; "), "cargo xtask test");
    report(failures);
    assert!(tried > least, "{tried} tried, no more than {least}");
}

/// Whether limits refused it, which is no failure.
fn beyond<T>(prepared: &Result<T, Error>) -> bool {
    matches!(prepared, Err(Error::UnsupportedSize { .. }))
}

/// Steps of the pooling's plan, by the engine's limits and by the device's.
fn steps(case: &Case, engine: &Engine) -> [usize; 2] {
    [*engine.limits(), Limits::WEBGPU].map(|limits| {
        let plan = Plan::new(&case.pooling, &case.shape, &case.request, &limits);
        plan.map_or(0, |plan| plan.keys().len())
    })
}

fn ops() -> Vec<Op> {
    vec![
        Op::Max,
        Op::AVERAGE,
        Op::Lp { p: 2.0 },
        Op::Std,
        Op::Gaussian { sigma: 0.8 },
        Op::Last,
        Op::Median,
        Op::Weighted { preset: None, per_channel: true, normalize: true },
        Op::Stochastic { seed: 7, mode: StochasticMode::Sample },
    ]
}

/// Op × region in bindings that hold a few rows, a few planes, and in dispatches of some thousand taps.
#[test]
fn of_every_region() {
    let mut larger = regions();
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let window =
            |kernel: &[u32], change: fn(Pooling) -> Pooling| change(Pooling::new(Op::Max, Window::new(kernel.to_vec()))).region;
        larger.extend([
            (window(&[3, 3], |p| p.stride(2).padding(1).ceil_mode(true)), Shape::nchw([2, 3, 41, 23]).in_layout(layout)),
            (window(&[5, 3], |p| p.stride([1, 2]).padding([2, 1])), Shape::nchw([1, 4, 64, 16]).in_layout(layout)),
            (window(&[15, 15], |p| p.stride(1).padding(7)), Shape::nchw([1, 4, 64, 24]).in_layout(layout)),
            (window(&[2, 3, 3], |p| p.stride(1)), Shape::nchw([1, 2, 9, 11, 7]).in_layout(layout)),
            (window(&[7], |p| p.stride(3).padding(3)), Shape::nchw([2, 3, 997]).in_layout(layout)),
            (Region::Adaptive { output_size: [7, 5].to_vec().into() }, Shape::nchw([1, 3, 45, 31]).in_layout(layout)),
        ]);
    }
    let (mut tried, mut refused, mut failures) = (0, 0, Vec::new());
    let long = Duration::from_secs(1);
    for (turn, (bytes, longest)) in
        [(1 << 10, long), (3 << 10, long), (10 << 10, long), (1 << 27, Duration::from_micros(8))].into_iter().enumerate()
    {
        let engines = tight(bytes, longest);
        for (at, (region, shape)) in larger.iter().enumerate() {
            for (number, op) in ops().into_iter().enumerate() {
                let pooling = Pooling::new(op, region.clone());
                // Every op meets every region, and every limit.
                if (at + number + turn) % 3 != 0 || pooling.output_shape(shape).is_err() {
                    continue;
                }
                let indices = op == Op::Max && region.has_indices();
                let case = Case { pooling, shape: *shape, request: Request::new().indices(indices), data: Data::Integers };
                for (adapter, engine) in sharing(&engines, &case.pooling) {
                    if beyond(&engine.prepare_with(&case.pooling, case.shape, &case.request)) {
                        refused += 1;
                        continue;
                    }
                    let [own, whole] = steps(&case, engine);
                    if own <= whole {
                        continue;
                    }
                    tried += 1;
                    failures.extend(case.check(adapter, engine).err());
                }
            }
        }
    }
    println!("{tried} in pieces, {refused} beyond the limits");
    assert!(tried > refused, "{tried} in pieces, {refused} refused");
    let what = "poolings in pieces, op × region, under limits of 1, 3 and 10 KiB a binding and 4,000 taps a dispatch";
    conclude("seams of every region", what, tried, 110, &failures);
}

/// Every kernel, forced, over seams between rows and between planes, at widths that are and are not whole fours.
#[test]
fn by_every_kernel() {
    let (mut tried, mut failures) = (0, Vec::new());
    let engines = tight(3 << 10, Duration::from_secs(1));
    for kernel in Kernel::ALL.iter().copied() {
        for (kernel_size, stride, width) in [(3, 2, 24), (3, 1, 22), (3, 2, 21), (2, 2, 24), (5, 1, 23)] {
            for (op, layout) in
                [(Op::Max, Layout::Nchw), (Op::Median, Layout::Nchw), (Op::Max, Layout::Nhwc), (Op::Std, Layout::Nhwc)]
            {
                let pooling = Pooling::new(op, Window::new([kernel_size; 2])).stride(stride).padding(kernel_size / 2);
                for shape in [Shape::nchw([1, 4, 40, width]), Shape::nchw([3, 4, 7, width])] {
                    let request = Request::new().kernel(kernel).indices(op == Op::Max && kernel != Kernel::Line);
                    let case = Case { pooling: pooling.clone(), shape: shape.in_layout(layout), request, data: Data::Integers };
                    for (adapter, engine) in sharing(&engines, &case.pooling) {
                        if engine.prepare_with(&case.pooling, case.shape, &case.request).is_err() {
                            continue;
                        }
                        tried += 1;
                        failures.extend(case.check(adapter, engine).err());
                    }
                }
            }
        }
    }
    conclude("seams by every kernel", "every kernel, forced, over seams between rows and planes", tried, 120, &failures);
}

/// Devices that were asked for no more than WebGPU's and wgpu's downlevel defaults, whole and in pieces.
#[test]
fn on_devices_of_default_limits() {
    let (mut tried, mut failures) = (0, Vec::new());
    for (what, required_limits) in
        [("WebGPU's defaults", wgpu::Limits::default()), ("downlevel defaults", wgpu::Limits::downlevel_defaults())]
    {
        for adapter in here() {
            let name = format!("{} with {what}", plunge::describe(&adapter.get_info()));
            let descriptor = wgpu::DeviceDescriptor { required_limits: required_limits.clone(), ..Default::default() };
            let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).expect("a device");
            let engine = Engine::new(&device, &queue);
            assert_eq!(engine.limits().binding_bytes, required_limits.max_storage_buffer_binding_size, "{name}");
            let mut limits = *engine.limits();
            limits.binding_bytes = 3 << 10;
            for (engine, turn) in [(&engine, 0), (&engine.within(&limits), 1)] {
                for (at, (region, shape)) in regions().into_iter().enumerate() {
                    for (_, op) in ops().into_iter().enumerate().filter(|(number, _)| in_turn(at + number + turn, 4)) {
                        let pooling = Pooling::new(op, region.clone());
                        let request = Request::new().indices(op == Op::Max && region.has_indices());
                        let case = Case { pooling, shape, request, data: Data::Integers };
                        if case.pooling.output_shape(&shape).is_err()
                            || beyond(&engine.prepare_with(&case.pooling, shape, &request))
                        {
                            continue;
                        }
                        tried += 1;
                        failures.extend(case.check(&name, engine).err());
                    }
                }
            }
        }
    }
    let what = "poolings on devices of WebGPU's and wgpu's downlevel default limits, op × region, whole and in pieces";
    conclude("devices of default limits", what, tried, 150, &failures);
}

/// Narrow elements, whose words no seam may cut.
#[test]
fn of_narrow_elements() {
    let mut tried = 0;
    let sides = plunge::SideInputs::new();
    for (adapter, engine) in &tight(2 << 10, Duration::from_secs(1)) {
        for element in Element::ALL {
            for (shape, pooling) in [
                (Shape::nchw([3, 5, 24, 16]), Pooling::max(3).stride(2).padding(1)),
                (Shape::nchw([2, 1, 99, 32]), Pooling::max(2)),
                (Shape::nchw([2, 3, 37, 21]), Pooling::max(3).stride(1).padding(1)),
                (Shape::nchw([1, 1, 403, 7]), Pooling::max([4, 1])),
                (Shape::nhwc([2, 30, 9, 8]), Pooling::max(2)),
            ] {
                let values = Data::Integers.values(shape.elements(), 3).into_iter().map(f64::from);
                let bytes = element.encode(values);
                let request = Request::new().element(element);
                let pooled = guarded::pool_bytes(engine, &pooling, shape, &bytes, &request, &sides);
                if beyond(&pooled) {
                    continue;
                }
                let pooled = pooled.unwrap_or_else(|error| panic!("{element} {shape} on {adapter}: {error}"));
                let wanted = reference::pool(&pooling, &shape, &element.decode(&bytes)).expect("a valid pooling");
                assert_eq!(
                    element.decode(&pooled.values)[..wanted.values.len()],
                    wanted.values,
                    "{element} {shape} on {adapter}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "{tried} tried");
}

/// What is larger than a buffer is uploaded part by part.
#[test]
fn of_what_no_buffer_holds() {
    for (adapter, engine) in engines() {
        let mut limits = *engine.limits();
        limits.buffer_bytes = 6 << 10;
        let engine = engine.within(&limits);
        for (pooling, shape) in [
            (Pooling::max(3).stride(2).padding(1), Shape::nchw([2, 3, 40, 23])),
            (Pooling::max([5, 3]).stride([2, 1]), Shape::nhwc([1, 90, 11, 4])),
            (
                Pooling::new(Op::Stochastic { seed: 3, mode: StochasticMode::Sample }, Window::new(2)),
                Shape::nchw([3, 5, 30, 22]),
            ),
            (Pooling::new(Op::Std, Region::Global), Shape::nchw([9, 7, 13, 11])),
        ] {
            let values = Data::Integers.values(shape.elements(), 9);
            let indices = pooling.op == Op::Max;
            let request = Request::new().indices(indices);
            let pooled =
                engine.pool(&pooling, shape, &values, &request).unwrap_or_else(|error| panic!("{shape} on {adapter}: {error}"));
            compare(&pooling, shape, &values, &Sides::default(), &pooled)
                .unwrap_or_else(|error| panic!("{shape} on {adapter}: {error}"));
            assert_eq!(pooled.indices.is_some(), indices);
        }
    }
}

/// The way back over seams between planes.
#[test]
fn of_gradients() {
    let (mut tried, mut failures) = (0, Vec::new());
    for (adapter, engine) in &tight(12 << 10, Duration::from_secs(1)) {
        for (at, (region, shape)) in regions().into_iter().enumerate() {
            for (number, op) in ops().into_iter().enumerate() {
                if (at + number) % 3 != 0 {
                    continue;
                }
                let pooling = Pooling::new(op, region.clone());
                let many = shape.sizes();
                let shape = Shape::from_nchw(&[&[5, 8], &many[2..]].concat()).expect("a shape").in_layout(shape.layout());
                let request = Request::new().parameters(pooling.op.learns());
                if pooling.output_shape(&shape).is_err() || beyond(&engine.prepare_grad_with(&pooling, shape, &request)) {
                    continue;
                }
                tried += 1;
                failures.extend(gradients::check(&pooling, shape, adapter, engine).err());
            }
        }
    }
    conclude("seams of gradients", "gradients over seams between planes", tried, 60, &failures);
}

/// Values put back over seams between planes.
#[test]
fn of_unpooling() {
    for (adapter, engine) in &tight(70 << 10, Duration::from_secs(1)) {
        for shape in [Shape::nchw([20, 9, 16, 14]), Shape::nhwc([20, 16, 14, 9])] {
            let (max, average) = (Pooling::max(2), Pooling::average(2));
            let values = Data::Integers.values(shape.elements(), 5);
            let pooled = reference::pool(&max, &shape, &values).expect("a valid pooling");
            let kept: Vec<f32> = pooled.values.iter().map(|&value| value as f32).collect();
            let indices: Vec<i64> =
                pooled.indices.expect("max has them").into_iter().map(|at| at.expect("a tap") as i64).collect();
            let restored = engine.unpool(&max, pooled.shape, shape, &kept, Some(&indices)).expect("it is put back");
            let whole = engines()[0].1.unpool(&max, pooled.shape, shape, &kept, Some(&indices)).expect("it is put back");
            assert_eq!(restored, whole, "{adapter} {shape}");
            assert!(restored.iter().filter(|&&value| value != 0.0).count() > kept.len() / 2);
            let spread = engine.unpool(&average, pooled.shape, shape, &kept, None).expect("it is spread");
            assert_eq!(spread, engines()[0].1.unpool(&average, pooled.shape, shape, &kept, None).expect("it is spread"));
        }
    }
}

/// No dispatch of the catalogue is estimated to take longer than the limits say. In a soak each is timed alone.
#[test]
fn dispatches_of_the_catalogue() {
    let soak = std::env::var_os("PLUNGE_SOAK_SECONDS").is_some();
    let (mut longest, mut timed) = ((Duration::ZERO, "nothing"), (Duration::ZERO, String::new()));
    for (adapter, engine) in engines() {
        for workload in catalogue() {
            let request = Request::new().indices(workload.wanted == Wanted::Indices);
            let grad = workload.wanted == Wanted::Gradient;
            let plan = if grad { Plan::grad } else { Plan::new };
            let plan = plan(&workload.pooling, &workload.shape, &request, engine.limits()).expect("it is planned");
            let estimate = plan.longest_dispatch(engine.limits());
            assert!(!estimate.is_zero() && estimate <= engine.limits().longest_dispatch, "{}: {estimate:?}", workload.name);
            longest = longest.max((estimate, workload.name));
            if soak && adapter.contains("vulkan") && !grad {
                for step in steps_of(&engine, &workload, &request) {
                    let run = || {
                        let begun = Instant::now();
                        let mut encoder = engine.device().create_command_encoder(&Default::default());
                        step.encode(&mut encoder);
                        engine.queue().submit([encoder.finish()]);
                        engine.wait().expect("it ends");
                        begun.elapsed()
                    };
                    // The first compiles.
                    run();
                    timed = timed.max((run(), workload.name.into()));
                }
            }
        }
    }
    let command = "cargo xtask soak limits";
    let planned = format!("{} ms, {}", longest.0.as_millis(), longest.1);
    figures::note(
        "dispatches",
        "longest dispatch of the catalogue, as estimated for software adapters",
        &planned,
        "the planner",
        command,
    );
    if soak {
        let measured = format!("{} ms, {}", timed.0.as_millis(), timed.1);
        figures::note(
            "dispatches",
            "longest dispatch of the catalogue, submitted alone, once it is compiled",
            &measured,
            "lavapipe",
            command,
        );
    }
}

/// A workload's dispatches, bound to buffers of their own.
fn steps_of(engine: &Engine, workload: &Workload, request: &Request) -> Vec<BoundPooling> {
    let buffers = Sides::in_use(&workload.pooling, &workload.shape);
    let values = Data::Reals.values(workload.shape.elements(), 0);
    let input = engine.upload(workload.shape, &values).expect("it fits");
    let pooler = engine.prepare_with(&workload.pooling, workload.shape, request).expect("it is prepared");
    let output = engine.allocate::<f32>(pooler.output_shape()).expect("it fits");
    let indices = engine.allocate::<u32>(pooler.output_shape()).expect("it fits");
    let line = |values: &[u32]| engine.upload(Shape::nchw([1, 1, values.len()]), values).expect("it fits");
    let boxes = buffers.boxes.map(|rows| line(&rows.concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()));
    let mask = buffers.mask.map(|mask| line(&mask));
    let mut bindings = Bindings::new(input.buffer(), output.buffer());
    if request.indices {
        bindings = bindings.indices(indices.buffer());
    }
    if let Some(boxes) = &boxes {
        bindings = bindings.boxes(boxes.buffer());
    }
    if let Some(mask) = &mask {
        bindings = bindings.mask(mask.buffer());
    }
    pooler.bind(&bindings).expect("it is bound").into_steps()
}

/// A tensor of more than a GiB, whose planes no binding holds: in a soak, since it takes as much memory three times over. Else its plan.
#[test]
fn more_than_a_gibibyte() {
    let (pooling, shape) = (Pooling::max(2), Shape::nchw([1, 4, 8200, 8202]));
    assert!(shape.elements() * 4 > 1 << 30);
    for (adapter, engine) in engines() {
        let plan = Plan::new(&pooling, &shape, &Request::new(), engine.limits()).expect("it is planned");
        assert!(plan.keys().len() > 4, "{} pieces on {adapter}", plan.keys().len());
        if std::env::var_os("PLUNGE_SOAK_SECONDS").is_none() {
            continue;
        }
        let value = |at: usize| (at as u32).wrapping_mul(0x9e37_79b1) as f32;
        let values: Vec<f32> = (0..shape.elements()).map(value).collect();
        let begun = Instant::now();
        let pooled =
            engine.pool(&pooling, shape, &values, &Request::new()).unwrap_or_else(|error| panic!("{adapter}: {error}"));
        let seconds = begun.elapsed().as_secs_f64();
        drop(values);
        let (rows, columns) = (8200 / 2, 8202 / 2);
        for (at, &got) in pooled.values.iter().enumerate() {
            let corner = at / (rows * columns) * 8200 * 8202 + at / columns % rows * 2 * 8202 + at % columns * 2;
            let wanted = [0, 1, 8202, 8203].map(|step| value(corner + step)).into_iter().fold(0.0, f32::max);
            assert_eq!(got, wanted, "output {at} on {adapter}");
        }
        let figure = format!("{} steps, every output right, {seconds:.1} s with upload and download", plan.keys().len());
        figures::note("limits", &format!("1.08 GB, max 2×2, on {adapter}"), &figure, &adapter, "cargo xtask soak limits");
    }
}
