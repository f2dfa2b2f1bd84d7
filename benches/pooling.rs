//! The catalogue of workloads by every kernel that takes them, beside the copy kernels; layouts, element types and ops: `cargo bench`, or `cargo xtask bench`.
//!
//! For statistics of one kernel and for changes since the last run; `plunge bench` gives the figures that records and targets are about. Both time by
//! the same clock and check each answer against the reference first. The adapter is the one that `WGPU_BACKEND` and `WGPU_ADAPTER_NAME` name, or the best.
#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a bench stops at the first error")]

use std::time::Duration;

use criterion::{Bencher, Criterion, Throughput, criterion_group, criterion_main};
use plunge::{Bindings, Element, HeadlessOptions, Kernel, Layout, Op, Pooling, Request, Shape, reference};
use plunge_measure::{Buffers, Clock, Contestant, CopyKernel, Prepared, check::check};
use plunge_workloads::{Data, Wanted, catalogue};

/// Batches of one contestant.
fn time(bencher: &mut Bencher<'_>, clock: &Clock, contestant: &dyn Contestant) {
    bencher.iter_custom(|runs| {
        let runs = u32::try_from(runs).expect("a batch");
        let milliseconds = clock.milliseconds(contestant, runs).expect("the device answers");
        Duration::from_secs_f64(milliseconds * 1e-3 * f64::from(runs))
    });
}

fn copies(clock: &Clock, kernels: &[CopyKernel], criterion: &mut Criterion) {
    let mut timed = criterion.benchmark_group("copy");
    for kernel in kernels {
        timed.throughput(Throughput::Bytes(kernel.moved()));
        timed.bench_function(kernel.name(), |bencher| time(bencher, clock, kernel));
    }
    timed.finish();
}

fn workloads(clock: &Clock, criterion: &mut Criterion) {
    let engine = clock.engine();
    for workload in catalogue() {
        let mut timed = criterion.benchmark_group(workload.name);
        timed.throughput(Throughput::Bytes(workload.bytes().expect("it makes sense")));
        let buffers = Buffers::new(engine, &workload).expect("it fits");
        let chosen = Prepared::new(engine, &workload, None, &buffers).expect("it is planned").kernel();
        for &kernel in Kernel::ALL {
            // Small regions leave reduce and two_stage idle; `plunge bench` tells their time, too.
            if !matches!(kernel, Kernel::Direct | Kernel::Tile) && kernel != chosen {
                continue;
            }
            let Ok(prepared) = Prepared::new(engine, &workload, Some(kernel), &buffers) else { continue };
            assert!(check(engine, &workload, kernel).expect("it pools"), "{} by {kernel} is wrong", workload.name);
            timed.bench_function(kernel.name(), |bencher| time(bencher, clock, &prepared));
        }
        timed.finish();
    }
}

/// Layouts and element types of the same workloads: what narrow elements gain, and what channels last cost.
fn formats(clock: &Clock, criterion: &mut Criterion) {
    let engine = clock.engine();
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
                    time(bencher, clock, &bound);
                });
            }
        }
        timed.finish();
    }
}

/// One workload's window with every op: what an op costs.
fn ops(clock: &Clock, criterion: &mut Criterion) {
    let engine = clock.engine();
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
            time(bencher, clock, &bound);
        });
    }
    timed.finish();
}

fn all(criterion: &mut Criterion) {
    let engine = plunge_measure::open(&HeadlessOptions::from_env()).expect("an adapter");
    let info = engine.adapter_info();
    let (kernels, _) = CopyKernel::all(&engine).expect("they fit");
    let clock = Clock::best(&engine, kernels.first().expect("a copy kernel")).expect("the device answers");
    eprintln!("on {}, {} {}, by {:?}", plunge::describe(&info), info.driver, info.driver_info, clock.kind());
    copies(&clock, &kernels, criterion);
    workloads(&clock, criterion);
    formats(&clock, criterion);
    ops(&clock, criterion);
}

criterion_group! {
    name = benches;
    // Software adapters on shared machines are noisy: few samples of long batches, and medians.
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = all
}
criterion_main!(benches);
