//! A good guest: many threads at once answer as one does, the same bits at every run, and nothing is left behind.
//!
//! Short forms in the suite; `cargo xtask soak guest` sets `PLUNGE_SOAK_SECONDS` for the long ones.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use plunge::{
    Activation, Bindings, Element, Engine, Error, Kernel, Op, Pooling, Region, Request, RoiAlign, Shape, SideInputs,
    StochasticMode, Window, wgpu,
};
use plunge_workloads::{Data, figures};

use crate::{adapters::engines, verdict::report};

const THREADS: u64 = 8;
const COMMAND: &str = "cargo xtask soak guest";

/// How long the threads of each test go on; none for the short form.
fn soak() -> Option<Duration> {
    std::env::var("PLUNGE_SOAK_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs)
}

/// One thing that a program may ask of an engine, and all its bits.
#[derive(Debug, Clone)]
struct Job {
    name: &'static str,
    pooling: Pooling,
    shape: Shape,
    request: Request,
    way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// Prepared, bound, recorded and submitted by hand.
    Embedded,
    /// The same, with scratch that is lent.
    Lent,
    /// Uploaded, pooled and downloaded by one call.
    Hosted,
    /// The gradient.
    Back,
    /// Values put back by indices.
    Unpooled,
}

/// Every kernel, ops of all kinds of folds, and every way to ask.
fn jobs() -> Vec<Job> {
    let job = |name, pooling: Pooling, sizes: &[usize], request: Request, way| {
        let shape = Shape::from_nchw(sizes).expect("one to three axes");
        Job { name, pooling, shape, request, way }
    };
    let same = Request::new();
    let window = |op, side: u32| Pooling::new(op, Window::new([side, side])).stride([2, 2]).padding([side / 2, side / 2]);
    let mut boxes = RoiAlign::new([3, 3], 0.5);
    boxes.max_boxes = Some(3);
    vec![
        job("tile", window(Op::Max, 3), &[1, 4, 33, 47], same.indices(true).kernel(Kernel::Tile), Way::Embedded),
        job("direct", window(Op::Gaussian { sigma: 1.0 }, 3), &[2, 3, 17, 19], same.kernel(Kernel::Direct), Way::Embedded),
        job("sort", window(Op::Median, 3), &[1, 3, 21, 23], same.kernel(Kernel::Sort), Way::Hosted),
        job("line", window(Op::Std, 15), &[1, 2, 40, 37], same.kernel(Kernel::Line), Way::Lent),
        job(
            "reduce",
            Pooling::new(Op::Soft { beta: 1.0 }, Region::Global),
            &[2, 2, 31, 33],
            same.kernel(Kernel::Reduce),
            Way::Hosted,
        ),
        job("two_stage", Pooling::new(Op::Std, Region::Global), &[2, 2, 61, 63], same.kernel(Kernel::TwoStage), Way::Lent),
        job(
            "rank",
            Pooling::new(Op::Rank { q: 0.7 }, Region::Global),
            &[1, 2, 31, 33],
            same.kernel(Kernel::TwoStage),
            Way::Embedded,
        ),
        job(
            "draws",
            window(Op::Stochastic { seed: 7, mode: StochasticMode::Sample }, 3),
            &[1, 2, 25, 27],
            same.indices(true),
            Way::Hosted,
        ),
        job(
            "activated",
            Pooling { activation: Some(Activation::Tanh), ..window(Op::AVERAGE, 5) },
            &[1, 3, 28, 30],
            same,
            Way::Embedded,
        ),
        job("boxes", Pooling::new(Op::AVERAGE, boxes), &[1, 3, 16, 16], same, Way::Hosted),
        job("halves", window(Op::Sum, 3), &[1, 4, 19, 21], same.element(Element::F16).output(Element::F16), Way::Hosted),
        job("gradient", window(Op::Lp { p: 3.0 }, 3), &[1, 3, 23, 25], same, Way::Back),
        job("patches", Pooling::average([3, 3]), &[1, 3, 24, 27], same, Way::Back),
        job("unpooled", Pooling::max([2, 2]), &[1, 2, 16, 18], same, Way::Unpooled),
    ]
}

impl Job {
    fn values(&self) -> Vec<f32> {
        Data::Reals.values(self.shape.elements(), 0x67_75_65_73)
    }

    /// What the engine answers, as bits.
    fn run(&self, engine: &Engine) -> Result<Vec<u8>, Error> {
        let (pooling, shape, values) = (&self.pooling, self.shape, self.values());
        let boxes = [[0.0, 1.0, 2.0, 20.0, 30.0], [0.0, 0.5, 0.5, 9.0, 8.0]];
        let sides = match pooling.region {
            Region::RoiAlign(_) => SideInputs::new().boxes(&boxes),
            _ => SideInputs::new(),
        };
        match self.way {
            Way::Embedded | Way::Lent => self.embedded(engine, &values),
            Way::Hosted => {
                let bytes = self.request.element.encode(values.iter().copied().map(f64::from));
                let pooled = engine.pool_bytes(pooling, shape, &bytes, &self.request, &sides)?;
                let indices = pooled.indices.unwrap_or_default();
                Ok([&pooled.values[..], bytemuck::cast_slice(&indices)].concat())
            }
            Way::Back => {
                let ahead = Data::Reals.values(pooling.output_shape(&shape)?.elements(), 9);
                let back = engine.grad(pooling, shape, &values, &ahead, &self.request, &sides)?;
                Ok(bytemuck::cast_slice(&back.input).to_vec())
            }
            Way::Unpooled => {
                let pooled = engine.pool(pooling, shape, &values, &self.request.indices(true))?;
                let indices: Vec<i64> = pooled.indices.unwrap_or_default().into_iter().map(i64::from).collect();
                let restored = engine.unpool(pooling, pooled.shape, shape, &pooled.values, Some(&indices))?;
                Ok(bytemuck::cast_slice(&restored).to_vec())
            }
        }
    }

    /// Prepares, binds, records, submits and reads back, as an embedder does.
    fn embedded(&self, engine: &Engine, values: &[f32]) -> Result<Vec<u8>, Error> {
        let pooler = engine.prepare_with(&self.pooling, self.shape, &self.request)?;
        let input = engine.upload(self.shape, values)?;
        let output = engine.allocate::<f32>(pooler.output_shape())?;
        let indices = engine.allocate::<u32>(pooler.output_shape())?;
        let words = usize::try_from(pooler.scratch_bytes() / 4).expect("scratch fits");
        let scratch = engine.upload(Shape::nchw([1, 1, words.max(1)]), &vec![f32::NAN; words.max(1)])?;
        let mut bindings = Bindings::new(input.buffer(), output.buffer());
        if self.request.indices {
            bindings = bindings.indices(indices.buffer());
        }
        if self.way == Way::Lent {
            bindings = bindings.scratch(scratch.buffer());
        }
        let bound = pooler.bind(&bindings)?;
        let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        bound.encode(&mut encoder);
        engine.queue().submit([encoder.finish()]);
        let mut bits = bytemuck::cast_slice(&engine.download(&output)?).to_vec();
        if self.request.indices {
            bits.extend_from_slice(bytemuck::cast_slice(&engine.download(&indices)?));
        }
        Ok(bits)
    }
}

/// Whether the answers are those expected; else a line that says whose are not.
fn differences(on: &str, jobs: &[Job], engine: &Engine, expected: &[Vec<u8>]) -> Vec<String> {
    let differs = |(job, expected): (&Job, &Vec<u8>)| match job.run(engine) {
        Ok(bits) if bits == *expected => None,
        Ok(bits) => {
            let at = bits.iter().zip(expected).position(|(got, wanted)| got != wanted);
            Some(format!("{} on {on}: other bits than alone, from byte {at:?} of {}", job.name, expected.len()))
        }
        Err(error) => Some(format!("{} on {on}: {error}", job.name)),
    };
    jobs.iter().zip(expected).filter_map(differs).collect()
}

fn serial(engine: &Engine, jobs: &[Job]) -> Vec<Vec<u8>> {
    jobs.iter().map(|job| job.run(engine).unwrap_or_else(|error| panic!("{}: {error}", job.name))).collect()
}

/// Eight threads on one device, each with all jobs in an order of its own, with one engine and with one each, get the bits that one thread gets.
#[test]
fn threads_at_once_answer_as_one() {
    let (jobs, mut failures, answers) = (jobs(), Vec::new(), AtomicU64::new(0));
    let engines = engines();
    for (adapter, first) in &engines {
        let expected = serial(first, &jobs);
        for shared in [true, false] {
            // Pipelines are compiled by the threads, too.
            let common = Engine::new(first.device(), first.queue());
            let (found, begin) = (Mutex::new(Vec::new()), Instant::now());
            let share = soak().map(|all| all / (2 * engines.len() as u32));
            let work = |number: u64| {
                let engine = if shared { common.clone() } else { Engine::new(first.device(), first.queue()) };
                for round in 0u64.. {
                    if share.map_or(round == 2, |share| begin.elapsed() >= share) {
                        break;
                    }
                    let mut turns: Vec<usize> = (0..jobs.len()).collect();
                    // Where each thread compiles for itself, the short form gives each a third.
                    turns.retain(|&at| shared || share.is_some() || (at as u64 + number).is_multiple_of(3));
                    turns.sort_by_key(|&at| (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (number << 32 | round << 1)));
                    for at in turns {
                        let found_here = differences(adapter, &jobs[at..=at], &engine, &expected[at..=at]);
                        answers.fetch_add(1, Ordering::Relaxed);
                        found.lock().unwrap_or_else(PoisonError::into_inner).extend(found_here);
                    }
                }
            };
            thread::scope(|scope| {
                for number in 0..THREADS {
                    let work = &work;
                    scope.spawn(move || work(number));
                }
            });
            failures.extend(found.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
    }
    let answers = answers.into_inner();
    println!("{answers} answers of {} jobs by {THREADS} threads, {} unlike those of one thread", jobs.len(), failures.len());
    report(&failures);
    let time = soak().map_or_else(String::new, |soak| format!(" in {} s", soak.as_secs()));
    note(
        &engines,
        "answers of 8 threads on one device, with one engine and with one each, unlike the serial ones",
        &format!("0 of {answers}{time}"),
    );
}

/// Ops of every kind and all kernels give the same bits at every run.
#[test]
fn every_run_gives_the_same_bits() {
    let runs = if soak().is_some() { 100 } else { 8 };
    let (jobs, engines) = (jobs(), engines());
    let mut failures = Vec::new();
    for (adapter, engine) in &engines {
        let first = serial(engine, &jobs);
        for _ in 1..runs {
            failures.extend(differences(adapter, &jobs, engine, &first));
        }
    }
    println!("{runs} runs of {} jobs: {} unlike the first", jobs.len(), failures.len());
    report(&failures);
    let figure = format!("0 of {}", (runs - 1) * jobs.len() * engines.len());
    note(&engines, &format!("answers unlike the first of {runs} runs"), &figure);
}

/// What a device holds: live objects, and bytes that its allocator reports where it has one.
fn held(engine: &Engine) -> ([isize; 8], u64) {
    let hal = engine.device().get_internal_counters().hal;
    let objects = [
        &hal.buffers,
        &hal.textures,
        &hal.bind_groups,
        &hal.bind_group_layouts,
        &hal.compute_pipelines,
        &hal.shader_modules,
        &hal.pipeline_layouts,
        &hal.buffer_memory,
    ]
    .map(|counter| counter.read());
    let report = engine.device().generate_allocator_report();
    (objects, report.map_or(0, |report| report.total_allocated_bytes))
}

/// Bytes of this process that are in memory.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * 4096)
}

/// Calls leave nothing behind: no objects, no bytes of the device's and, within a few MiB of a driver's own, none of the process.
#[test]
fn calls_leave_nothing_behind() {
    const SLACK: u64 = 8 << 20;
    let calls = if soak().is_some() { 10_000 } else { 400 };
    let (jobs, engines) = (jobs(), engines());
    let mut figures = Vec::new();
    for (adapter, engine) in &engines {
        let run = |calls: usize| {
            for at in 0..calls {
                let job = &jobs[at % jobs.len()];
                job.run(engine).unwrap_or_else(|error| panic!("{} on {adapter}: {error}", job.name));
            }
            engine.wait().expect("the device answers");
        };
        // Drivers fill their pools first.
        run(20 * jobs.len());
        let (objects, bytes) = held(engine);
        assert!(objects[0] > 0 && objects[4] > 0, "{adapter}: the counters count {objects:?}");
        let before = resident();
        run(calls);
        let after = held(engine);
        assert_eq!(after.0, objects, "{adapter}: buffers, textures, groups, layouts, pipelines, modules, layouts, bytes");
        assert_eq!(after.1, bytes, "{adapter}: bytes by the allocator's report");
        let grown = before.zip(resident()).map(|(before, after)| after.saturating_sub(before));
        println!("{adapter}: {calls} calls, objects {objects:?}, {bytes} bytes reported, grown by {grown:?} bytes");
        assert!(grown.is_none_or(|grown| grown < SLACK), "{adapter}: the process grew by {grown:?} bytes in {calls} calls");
        figures.push(format!("0 objects, 0 bytes, {} KiB", grown.unwrap_or(0) >> 10));
    }
    note(
        &engines,
        &format!("growth in {calls} calls: objects of the device, bytes that its allocator reports, memory of the process"),
        &figures.join("; "),
    );
}

/// Notes what the long form found.
fn note(engines: &[(String, Engine)], what: &str, figure: &str) {
    if soak().is_none() {
        return;
    }
    let names = engines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("; ");
    figures::note("guest", what, figure, &names, COMMAND);
}
