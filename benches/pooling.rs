//! The catalogue of workloads by every kernel that takes them, beside a copy kernel: `cargo bench`, or `cargo xtask bench`.
//!
//! Times are wall time of a batch of runs submitted together, divided by their number; the rate counts the input read once and
//! the output written once. Each answer is checked against the reference before it is timed. The adapter is the one that
//! `WGPU_BACKEND` and `WGPU_ADAPTER_NAME` name, or the best.
#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a bench stops at the first error")]

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plunge::{Bindings, Element, Engine, Kernel, Layout, Op, Pooling, Request, Shape, plan::Plan, reference, wgpu};
use plunge_workloads::{Data, Wanted, Workload, catalogue};

/// Reads and writes what a pooling with 1×1 windows would, and does nothing else: four vec4s an invocation.
const COPY: &str = "
    @group(0) @binding(0) var<storage, read> input: array<vec4<f32>>;
    @group(0) @binding(1) var<storage, read_write> output: array<vec4<f32>>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      let at = id.x * 4u;
      output[at] = input[at];
      output[at + 1u] = input[at + 1u];
      output[at + 2u] = input[at + 2u];
      output[at + 3u] = input[at + 3u];
    }";
const COPY_BYTES: u64 = 64 << 20;

fn wait(engine: &Engine) {
    let timeout = Some(Duration::from_secs(120));
    engine.device().poll(wgpu::PollType::Wait { submission_index: None, timeout }).expect("the device answers");
}

/// Wall time of `runs` recordings submitted together.
fn time(engine: &Engine, runs: u64, mut encode: impl FnMut(&mut wgpu::CommandEncoder)) -> Duration {
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    for _ in 0..runs {
        encode(&mut encoder);
    }
    let commands = encoder.finish();
    wait(engine);
    let start = Instant::now();
    engine.queue().submit([commands]);
    wait(engine);
    start.elapsed()
}

fn copy(engine: &Engine, criterion: &mut Criterion) {
    let device = engine.device();
    let buffer = |_| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: COPY_BYTES,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        })
    };
    let source = wgpu::ShaderSource::Wgsl(COPY.into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let buffers = [0, 1].map(buffer);
    let entries = [0, 1].map(|at| wgpu::BindGroupEntry { binding: at, resource: buffers[at as usize].as_entire_binding() });
    let layout = &pipeline.get_bind_group_layout(0);
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries });
    let groups = u32::try_from(COPY_BYTES / (4 * 16 * 64)).expect("a grid");
    let mut timed = criterion.benchmark_group("copy");
    timed.throughput(Throughput::Bytes(2 * COPY_BYTES));
    timed.bench_function("vec4 × 4", |bencher| {
        bencher.iter_custom(|runs| {
            time(engine, runs, |encoder| {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &group, &[]);
                pass.dispatch_workgroups(groups, 1, 1);
            })
        });
    });
    timed.finish();
}

/// One plane of the workload against the reference, by the same kernel.
fn check(engine: &Engine, workload: &Workload, request: &Request) {
    let sizes = workload.shape.sizes();
    let shape = Shape::from_nchw(&[&[1, 1], &sizes[2..]].concat()).expect("a shape");
    let input = Data::Integers.values(shape.elements(), 0);
    let Ok(pooled) = engine.pool(&workload.pooling, shape, &input, request) else {
        panic!("{}: the kernel does not take one plane", workload.name);
    };
    let expected = reference::pool(&workload.pooling, &shape, &input).expect("the reference takes it");
    for (got, wanted) in pooled.values.iter().zip(&expected.values) {
        assert!((f64::from(*got) - wanted).abs() <= 1e-5 * wanted.abs().max(1.0), "{}: {got}, not {wanted}", workload.name);
    }
}

fn workloads(engine: &Engine, criterion: &mut Criterion) {
    for workload in catalogue().into_iter().filter(|workload| workload.wanted != Wanted::Gradient) {
        let mut timed = criterion.benchmark_group(workload.name);
        for kernel in Kernel::ALL {
            let request = Request::new().indices(workload.wanted == Wanted::Indices).kernel(*kernel);
            // Small regions leave reduce and two_stage idle; they are forced in the tests, not here.
            let small = !matches!(kernel, Kernel::Direct | Kernel::Tile);
            let chosen = Plan::new(&workload.pooling, &workload.shape, &Request::new(), engine.limits());
            if small && chosen.is_ok_and(|plan| plan.kernel() != *kernel) {
                continue;
            }
            let Ok(pooler) = engine.prepare_with(&workload.pooling, workload.shape, &request) else { continue };
            check(engine, &workload, &request);
            let input = Data::Reals.values(workload.shape.elements(), 0);
            let input = engine.upload(workload.shape, &input).expect("it fits");
            let output = engine.allocate::<f32>(pooler.output_shape()).expect("it fits");
            let indices = engine.allocate::<u32>(pooler.output_shape()).expect("it fits");
            let mut bindings = Bindings::new(input.buffer(), output.buffer());
            if workload.wanted == Wanted::Indices {
                bindings = bindings.indices(indices.buffer());
            }
            let bound = pooler.bind(&bindings).expect("it binds");
            timed.throughput(Throughput::Bytes(pooler.input_bytes() + pooler.output_bytes() + pooler.indices_bytes()));
            timed.bench_function(kernel.name(), |bencher| {
                bencher.iter_custom(|runs| time(engine, runs, |encoder| bound.encode(encoder)));
            });
        }
        timed.finish();
    }
}

/// Layouts and element types of the same workloads: what narrow elements gain, and what channels last cost.
fn formats(engine: &Engine, criterion: &mut Criterion) {
    let none = plunge::SideInputs::new();
    for workload in catalogue().into_iter().filter(|workload| matches!(workload.name, "W1" | "W2" | "W3" | "W5" | "W8")) {
        let mut timed = criterion.benchmark_group(format!("formats of {}", workload.name));
        for layout in [Layout::Nchw, Layout::Nhwc] {
            for element in Element::ALL {
                let shape = workload.shape.in_layout(layout);
                let request = Request::new().indices(workload.wanted == Wanted::Indices).element(element);
                let stored =
                    |shape: Shape| element.encode(Data::Integers.values(shape.elements(), 0).into_iter().map(f64::from));
                // Four channels of one image against the reference.
                let small = Shape::from_nchw(&[&[1, 4], shape.spatial()].concat()).expect("a shape").in_layout(layout);
                let bytes = stored(small);
                let pooled = engine.pool_bytes(&workload.pooling, small, &bytes, &request, &none).expect("it pools");
                let expected =
                    reference::pool(&workload.pooling, &small, &element.decode(&bytes)).expect("the reference takes it");
                let wanted = element.decode(&reference::encode(&workload.pooling, element, None, &expected.values));
                for (got, wanted) in element.decode(&pooled.values).iter().zip(wanted) {
                    assert!((got - wanted).abs() <= 1e-2 * wanted.abs().max(0.1), "{element}: {got}, not {wanted}");
                }
                let pooler = engine.prepare_with(&workload.pooling, shape, &request).expect("it is planned");
                let bytes = stored(shape);
                let input = engine.upload(Shape::nchw([1, 1, bytes.len()]), &bytes).expect("it fits");
                let size = usize::try_from(pooler.output_bytes()).expect("it fits");
                let output = engine.allocate::<u8>(Shape::nchw([1, 1, size])).expect("it fits");
                let indices = engine.allocate::<u32>(pooler.output_shape()).expect("it fits");
                let mut bindings = Bindings::new(input.buffer(), output.buffer());
                if workload.wanted == Wanted::Indices {
                    bindings = bindings.indices(indices.buffer());
                }
                let bound = pooler.bind(&bindings).expect("it binds");
                timed.throughput(Throughput::Bytes(pooler.input_bytes() + pooler.output_bytes() + pooler.indices_bytes()));
                timed.bench_function(format!("{layout:?} {element} by {}", pooler.kernel()), |bencher| {
                    bencher.iter_custom(|runs| time(engine, runs, |encoder| bound.encode(encoder)));
                });
            }
        }
        timed.finish();
    }
}

/// One workload's window with every op: what an op costs.
fn ops(engine: &Engine, criterion: &mut Criterion) {
    let shape = Shape::nchw([8, 64, 112, 112]);
    let input = Data::Reals.values(shape.elements(), 0);
    let input = engine.upload(shape, &input).expect("it fits");
    let mut timed = criterion.benchmark_group("ops on W2");
    let ops = [Op::Max, Op::AVERAGE, Op::Lp { p: 2.0 }, Op::Lp { p: 3.0 }, Op::Gaussian { sigma: 1.0 }, Op::Std];
    for op in ops {
        let region = Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]).region;
        let pooler = engine.prepare(&Pooling::new(op, region), shape).expect("it is planned");
        let output = engine.allocate::<f32>(pooler.output_shape()).expect("it fits");
        let bound = pooler.bind(&Bindings::new(input.buffer(), output.buffer())).expect("it binds");
        timed.throughput(Throughput::Bytes(pooler.input_bytes() + pooler.output_bytes()));
        timed.bench_function(format!("{op:?} by {}", pooler.kernel()), |bencher| {
            bencher.iter_custom(|runs| time(engine, runs, |encoder| bound.encode(encoder)));
        });
    }
    timed.finish();
}

fn all(criterion: &mut Criterion) {
    let engine = Engine::headless().expect("an adapter");
    let info = engine.adapter_info();
    eprintln!("on {}, {} {}", plunge::describe(&info), info.driver, info.driver_info);
    copy(&engine, criterion);
    workloads(&engine, criterion);
    formats(&engine, criterion);
    ops(&engine, criterion);
}

criterion_group! {
    name = benches;
    // Software adapters on shared machines are noisy: few samples of long batches, and medians.
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = all
}
criterion_main!(benches);
