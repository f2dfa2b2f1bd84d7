//! What a kernel costs before its second run: `cargo xtask first-use`, which switches Mesa's own cache on disk off.
//!
//! For each workload of the catalogue by each kernel that takes it: compiling (naga and the driver's part), the first run beyond the second (what
//! drivers put off), and the second run, of one small image. Then for the whole catalogue: one plan after the other, warmed up at once, and
//! warmed up with the driver's pipeline cache of an earlier engine. The adapter is the one that `WGPU_BACKEND` and `WGPU_ADAPTER_NAME` name, or the best.
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, unsafe_code, reason = "a bench stops at the first error")]

use std::{collections::BTreeSet, time::Instant};

use plunge::{
    Engine, Kernel, Pooling, Request, Shape,
    plan::{KernelKey, Plan},
};
use plunge_workloads::{Data, Sides, Wanted, Workload, catalogue};

/// Milliseconds that something takes.
fn time<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let made = what();
    (start.elapsed().as_secs_f64() * 1e3, made)
}

/// The workload on one small image of few channels, so that running takes no time beside compiling.
fn small(workload: &Workload) -> Shape {
    let shape = workload.shape;
    let spatial = shape.spatial().iter().map(|&size| size.min(64));
    let sizes: Vec<usize> = [1, shape.channels().min(4)].into_iter().chain(spatial).collect();
    Shape::from_nchw(&sizes).expect("a shape").in_layout(shape.layout())
}

fn plan(engine: &Engine, workload: &Workload, shape: Shape, request: &Request) -> Option<Plan> {
    let Workload { pooling, wanted, .. } = workload;
    match wanted {
        Wanted::Gradient => Plan::grad(pooling, &shape, request, engine.limits()).ok(),
        _ => Plan::new(pooling, &shape, request, engine.limits()).ok(),
    }
}

/// Uploads, runs and downloads.
fn run(engine: &Engine, workload: &Workload, shape: Shape, request: &Request) {
    let Workload { pooling, wanted, .. } = workload;
    let values = Data::Reals.values(shape.elements(), 0);
    let sides = Sides::in_use(pooling, &shape);
    if *wanted == Wanted::Gradient {
        let outputs = Pooling::output_shape(pooling, &shape).expect("a shape").elements();
        engine.grad(pooling, shape, &values, &vec![1.0; outputs], request, &sides.borrow()).expect("it runs");
    } else {
        engine.pool_with(pooling, shape, &values, request, &sides.borrow()).expect("it runs");
    }
}

fn kernels(engine: &Engine) {
    println!("{:6}{:11}{:>7}{:>9}{:>10}{:>10}", "", "kernel", "steps", "compile", "put off", "then ms");
    for workload in catalogue() {
        let shape = small(&workload);
        let chosen = plan(engine, &workload, workload.shape, &Request::new()).expect("it is planned").kernel();
        for kernel in Kernel::ALL {
            let request = Request::new().kernel(*kernel).indices(workload.wanted == Wanted::Indices);
            let Some(plan) = plan(engine, &workload, shape, &request) else { continue };
            let new = plan.keys().collect::<BTreeSet<_>>().len();
            let (compile, ()) = time(|| engine.warm_up(plan.keys()).expect("it compiles"));
            let (first, ()) = time(|| run(engine, &workload, shape, &request));
            let (second, ()) = time(|| run(engine, &workload, shape, &request));
            let put_off = (first - second).max(0.0);
            let name = format!("{}{}", kernel.name(), if *kernel == chosen { " *" } else { "" });
            println!("{:6}{name:11}{new:>7}{compile:>9.1}{put_off:>10.1}{second:>10.1}", workload.name);
        }
    }
}

fn catalogue_at_once(fresh: impl Fn() -> Engine) {
    let engine = fresh();
    let plans: Vec<Plan> = catalogue()
        .iter()
        .map(|workload| {
            let request = Request::new().indices(workload.wanted == Wanted::Indices);
            plan(&engine, workload, workload.shape, &request).expect("it is planned")
        })
        .collect();
    let keys: BTreeSet<KernelKey> = plans.iter().flat_map(Plan::keys).collect();
    println!("\nthe catalogue's {} kernels, planner's choice:", keys.len());
    for round in 1..=3 {
        let engine = fresh();
        let (one_by_one, ()) = time(|| keys.iter().for_each(|&key| engine.warm_up([key]).expect("it compiles")));
        let engine = fresh();
        let (at_once, ()) = time(|| engine.warm_up(keys.iter().copied()).expect("they compile"));
        println!("round {round}: one by one {one_by_one:.0} ms, warmed up {at_once:.0} ms");
        // SAFETY: nothing but what an engine has just given goes in.
        let saving = unsafe { fresh().with_pipeline_cache(&[]) }.expect("a cache");
        saving.warm_up(keys.iter().copied()).expect("they compile");
        let Some(data) = saving.pipeline_cache_data() else { continue };
        // SAFETY: as above.
        let engine = unsafe { fresh().with_pipeline_cache(&data) }.expect("a cache");
        let (cached, ()) = time(|| engine.warm_up(keys.iter().copied()).expect("they compile"));
        println!("         warmed up with the driver's cache, {} bytes: {cached:.0} ms", data.len());
    }
}

/// Steps of one plan, compiled one after the other and at once.
fn several_steps(fresh: impl Fn() -> Engine) {
    for workload in catalogue().into_iter().filter(|workload| matches!(workload.name, "W10m" | "W14" | "W15")) {
        let engine = fresh();
        let plan = plan(&engine, &workload, workload.shape, &Request::new()).expect("it is planned");
        let keys: BTreeSet<KernelKey> = plan.keys().collect();
        let (mut apart, mut at_once) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..5 {
            let engine = fresh();
            apart = apart.min(time(|| keys.iter().for_each(|&key| engine.warm_up([key]).expect("it compiles"))).0);
            let engine = fresh();
            at_once = at_once.min(time(|| engine.warm_up(keys.iter().copied()).expect("they compile")).0);
        }
        println!("{:6}{} kernels: one by one {apart:.1} ms, at once {at_once:.1} ms", workload.name, keys.len());
    }
}

fn main() {
    let fresh = || Engine::headless().expect("an adapter");
    let engine = fresh();
    let info = engine.adapter_info();
    println!("on {}, {} {}", plunge::describe(&info), info.driver, info.driver_info);
    println!("milliseconds, one small image; * is the planner's choice for the whole workload\n");
    kernels(&engine);
    catalogue_at_once(fresh);
    several_steps(fresh);
}
