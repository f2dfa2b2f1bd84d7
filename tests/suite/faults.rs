//! Lost devices, no memory and no answer in time: typed errors, wherever they come, and nothing of the host's is touched.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use plunge::{
    Bindings, Engine, Error, HeadlessOptions, Kernel, Op, Pooling, Region, Request, RoiAlign, Shape, SideInputs, Texel,
    TextureLevel, Window, plan::Plan, wgpu,
};
use plunge_workloads::{Data, figures};

use crate::{
    adapters::engines,
    verdict::{Case, report},
};

const COMMAND: &str = "cargo xtask soak faults";

/// A program with a device of its own, callbacks on it and error scopes open, in which the engine is a guest.
struct Host {
    adapter: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// What the callbacks were called with.
    lost: Arc<Mutex<Vec<wgpu::DeviceLostReason>>>,
    uncaptured: Arc<AtomicUsize>,
    scopes: Vec<wgpu::ErrorScopeGuard>,
}

impl Host {
    fn new(adapter: &wgpu::Adapter) -> Self {
        let descriptor = wgpu::DeviceDescriptor {
            required_features: Engine::optional_features(adapter),
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).expect("a device");
        let (lost, uncaptured) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicUsize>::default());
        let (told, counter) = (lost.clone(), uncaptured.clone());
        device.set_device_lost_callback(move |reason, _| told.lock().unwrap_or_else(PoisonError::into_inner).push(reason));
        device.on_uncaptured_error(Arc::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        let filters = [wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation];
        let scopes = filters.map(|filter| device.push_error_scope(filter)).into();
        Self { adapter: plunge::describe(&adapter.get_info()), device, queue, lost, uncaptured, scopes }
    }

    fn engine(&self) -> Engine {
        Engine::new(&self.device, &self.queue)
    }

    /// The scopes hold nothing, the handler was not called, and the loss was told once and to the host.
    fn untouched(mut self, losses: usize) -> Result<(), String> {
        while let Some(scope) = self.scopes.pop() {
            if let Some(error) = pollster::block_on(scope.pop()) {
                return Err(format!("the host's scope caught {error}"));
            }
        }
        let timeout = Some(Duration::from_secs(60));
        self.device.poll(wgpu::PollType::Wait { submission_index: None, timeout }).map_err(|error| error.to_string())?;
        let told = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if told != vec![wgpu::DeviceLostReason::Destroyed; losses] {
            return Err(format!("the host's callback was told {told:?}"));
        }
        match self.uncaptured.load(Ordering::Relaxed) {
            0 => Ok(()),
            count => Err(format!("the host's handler was called {count} times")),
        }
    }
}

fn adapters() -> Vec<wgpu::Adapter> {
    crate::adapters::here()
}

fn described() -> String {
    adapters().iter().map(|adapter| plunge::describe(&adapter.get_info())).collect::<Vec<_>>().join("; ")
}

const SHAPE: Shape = Shape::nchw([1, 2, 6, 6]);

fn pooling() -> Pooling {
    Pooling::max([2, 2])
}

fn input() -> Vec<f32> {
    Data::Integers.values(SHAPE.elements(), 5)
}

fn texture(engine: &Engine) -> wgpu::Texture {
    engine.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width: 8, height: 8, depth_or_array_layers: 1 },
        mip_level_count: 4,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::R32Float,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::STORAGE_BINDING,
        view_formats: &[],
    })
}

/// Where to lose the device while it records and submits by hand.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Bind,
    Encode,
    Finish,
    Submit,
    Download,
}

/// Pools through the embedder's calls and loses the device at one of them.
fn by_hand(engine: &Engine, lose: &dyn Fn(), at: At) -> Result<(), Error> {
    let reached = |here| {
        if here == at {
            lose();
        }
    };
    let pooler = engine.prepare(&pooling(), SHAPE)?;
    let (values, output) = (engine.upload(SHAPE, &input())?, engine.allocate::<f32>(pooler.output_shape())?);
    reached(At::Bind);
    let bound = pooler.bind(&Bindings::new(values.buffer(), output.buffer()))?;
    reached(At::Encode);
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    bound.encode(&mut encoder);
    reached(At::Finish);
    let commands = encoder.finish();
    reached(At::Submit);
    engine.queue().submit([commands]);
    reached(At::Download);
    engine.download(&output).map(drop)
}

/// Loses the device somewhere by calling its second argument, and answers with what came of it.
type Point = fn(&Engine, &dyn Fn()) -> Result<(), Error>;

/// Every place where a device may be lost, as far as one thread goes.
fn points() -> Vec<(&'static str, Point)> {
    vec![
        ("before prepare", |engine, lose| {
            lose();
            engine.prepare(&pooling(), SHAPE).map(drop)
        }),
        ("before prepare_grad", |engine, lose| {
            lose();
            engine.prepare_grad(&pooling(), SHAPE).map(drop)
        }),
        ("before prepare_unpool", |engine, lose| {
            lose();
            engine.prepare_unpool(&pooling(), Shape::nchw([1, 2, 3, 3]), SHAPE).map(drop)
        }),
        ("before prepare_all", |engine, lose| {
            lose();
            engine.prepare_all(&[pooling(), Pooling::average([3, 3])], SHAPE, &Request::new()).map(drop)
        }),
        ("before prepare_mips", |engine, lose| {
            lose();
            engine.prepare_mips(&Op::Max, Texel::R32Float, Texel::R32Float, [8, 8]).map(drop)
        }),
        ("before warm_up", |engine, lose| {
            let plan = Plan::new(&pooling(), &SHAPE, &Request::new(), engine.limits())?;
            lose();
            engine.warm_up(plan.keys())
        }),
        #[allow(unsafe_code, reason = "there is no data")]
        ("before with_pipeline_cache", |engine, lose| {
            lose();
            // SAFETY: there is no data.
            let cached = unsafe { engine.clone().with_pipeline_cache(&[]) }?;
            assert_eq!(cached.pipeline_cache_data(), None);
            cached.wait()
        }),
        ("between prepare and bind", |engine, lose| by_hand(engine, lose, At::Bind)),
        ("between bind and encode", |engine, lose| by_hand(engine, lose, At::Encode)),
        ("between encode and finish", |engine, lose| by_hand(engine, lose, At::Finish)),
        ("between finish and submit", |engine, lose| by_hand(engine, lose, At::Submit)),
        ("between submit and download", |engine, lose| by_hand(engine, lose, At::Download)),
        ("before bind of textures", |engine, lose| {
            let shape = Shape::nchw([1, 1, 8, 8]);
            let request = Request::new().source(Texel::R32Float).target(Texel::R32Float);
            let pooler = engine.prepare_with(&pooling(), shape, &request)?;
            let [source, target] = [(); 2].map(|()| texture(engine));
            lose();
            pooler.bind(&Bindings::textures(&source, TextureLevel::new(&target, 1))).map(drop)
        }),
        ("before bind of mips", |engine, lose| {
            let mips = engine.prepare_mips(&Op::Max, Texel::R32Float, Texel::R32Float, [8, 8])?;
            let [source, target] = [(); 2].map(|()| texture(engine));
            lose();
            mips.bind(&source, TextureLevel::new(&target, 1)).map(drop)
        }),
        ("before allocate", |engine, lose| {
            lose();
            engine.allocate::<f32>(SHAPE).map(drop)
        }),
        ("before an allocation above the limit", |engine, lose| {
            lose();
            engine.allocate::<f32>(Shape::nchw([1 << 20, 1 << 20, 1])).map(drop)
        }),
        ("before upload", |engine, lose| {
            lose();
            engine.upload(SHAPE, &input()).map(drop)
        }),
        ("before download", |engine, lose| {
            let tensor = engine.upload(SHAPE, &input())?;
            lose();
            engine.download(&tensor).map(drop)
        }),
        ("before wait", |engine, lose| {
            engine.upload(SHAPE, &input())?;
            lose();
            engine.wait()
        }),
        ("before pool", |engine, lose| {
            lose();
            engine.pool(&pooling(), SHAPE, &input(), &Request::new()).map(drop)
        }),
        ("before another pool", |engine, lose| {
            let pool = || engine.pool(&pooling(), SHAPE, &input(), &Request::new().indices(true)).map(drop);
            pool()?;
            lose();
            pool()
        }),
        ("before pool with boxes", |engine, lose| {
            let mut region = RoiAlign::new([2, 2], 1.0);
            region.max_boxes = Some(4);
            let pooling = Pooling::new(Op::AVERAGE, region);
            let boxes = [[0.0, 0.0, 0.0, 3.0, 3.0]];
            let sides = SideInputs::new().boxes(&boxes);
            let pool = || engine.pool_with(&pooling, SHAPE, &input(), &Request::new(), &sides).map(drop);
            pool()?;
            lose();
            pool()
        }),
        ("before pool_bytes", |engine, lose| {
            let bytes = [1, 2, 3, 4];
            let request = Request::new().element(plunge::Element::U8);
            lose();
            engine.pool_bytes(&Pooling::max([2]), Shape::nchw([1, 1, 4]), &bytes, &request, &SideInputs::new()).map(drop)
        }),
        ("before grad", |engine, lose| {
            lose();
            engine.grad(&pooling(), SHAPE, &input(), &[1.0; 18], &Request::new(), &SideInputs::new()).map(drop)
        }),
        ("before unpool", |engine, lose| {
            lose();
            engine.unpool(&pooling(), Shape::nchw([1, 2, 3, 3]), SHAPE, &[1.0; 18], Some(&[0; 18])).map(drop)
        }),
        ("again and again", |engine, lose| {
            lose();
            for _ in 0..3 {
                let lost = engine.pool(&pooling(), SHAPE, &input(), &Request::new());
                assert!(matches!(lost, Err(Error::DeviceLost(_))), "{lost:?}");
            }
            engine.wait()
        }),
    ]
}

/// Wherever a guest's device is destroyed, what follows is `Error::DeviceLost`, and the host alone is told by its callbacks.
#[test]
fn a_loss_at_any_point_is_a_typed_error() {
    let (adapters, points) = (adapters(), points());
    let mut failures = Vec::new();
    for adapter in &adapters {
        for (name, point) in &points {
            let host = Host::new(adapter);
            let (engine, on) = (host.engine(), host.adapter.clone());
            let answer = point(&engine, &|| host.device.destroy());
            if !matches!(answer, Err(Error::DeviceLost(_))) {
                failures.push(format!("{name} on {on}: {answer:?}"));
            }
            failures.extend(host.untouched(1).err().map(|error| format!("{name} on {on}: {error}")));
        }
    }
    let of = points.len() * adapters.len();
    println!("{of} losses, {} not told as such", failures.len());
    report(&failures);
    let figure = format!("{of} of {of}");
    figures::note(
        "faults",
        "losses of a guest's device that came out as a typed error, the host untouched",
        &figure,
        &described(),
        COMMAND,
    );
}

/// A device that is destroyed by another thread, at any time: each call answers rightly or says that the device is lost, in time.
#[test]
fn a_loss_in_the_middle_is_a_typed_error() {
    let soak = std::env::var_os("PLUNGE_SOAK_SECONDS").is_some();
    let losses = if soak { 400 } else { 24 };
    let expected = {
        let (_, engine) = engines().remove(0);
        engine.pool(&pooling(), SHAPE, &input(), &Request::new()).expect("it pools").values
    };
    let (mut answers, mut longest) = (0, Duration::ZERO);
    for adapter in adapters() {
        for round in 0..losses {
            let host = Host::new(&adapter);
            let (engine, device) = (host.engine(), host.device.clone());
            // The first rounds lose it while kernels are compiled, the others in calls of a warm engine.
            if round >= losses / 4 {
                engine.pool(&pooling(), SHAPE, &input(), &Request::new()).expect("it pools");
            }
            let begin = Instant::now();
            let loser = thread::spawn(move || {
                thread::sleep(Duration::from_micros(round * 411 % 5000));
                device.destroy();
                Instant::now()
            });
            let lost = loop {
                match engine.pool(&pooling(), SHAPE, &input(), &Request::new()) {
                    Ok(pooled) => assert_eq!(pooled.values, expected, "{}: round {round}", host.adapter),
                    Err(error) => break error,
                }
                answers += 1;
                assert!(begin.elapsed() < Duration::from_secs(60), "{}: the loss is not noticed", host.adapter);
            };
            let noticed = loser.join().expect("the other thread destroys").elapsed();
            longest = longest.max(noticed);
            assert!(matches!(lost, Error::DeviceLost(_)), "{}: round {round}: {lost:?}", host.adapter);
            let name = host.adapter.clone();
            host.untouched(1).unwrap_or_else(|error| panic!("{name}: round {round}: {error}"));
        }
    }
    println!("{answers} right answers before {losses} losses on each adapter; the slowest was noticed within {longest:?}");
    if soak {
        let what = format!("{losses} losses an adapter in the middle of calls: the longest until the typed error");
        figures::note("faults", &what, &format!("{} ms", longest.as_millis()), &described(), COMMAND);
    }
}

/// One case for each kernel, on engines of new devices.
fn representatives() -> Vec<Case> {
    let case = |pooling: Pooling, sizes: [usize; 4], request: Request| Case {
        pooling,
        shape: Shape::nchw(sizes),
        request,
        data: Data::Specials,
    };
    let same = Request::new();
    vec![
        case(Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]), [2, 3, 23, 17], same.indices(true).kernel(Kernel::Tile)),
        case(Pooling::average([3, 3]), [1, 4, 13, 16], same.kernel(Kernel::Direct)),
        case(Pooling::new(Op::Median, Window::new([3, 3])), [1, 2, 11, 13], same.kernel(Kernel::Sort)),
        case(Pooling::max([15, 15]).stride([1, 1]).padding([7, 7]), [1, 2, 40, 37], same.kernel(Kernel::Line)),
        case(Pooling::new(Op::Std, Region::Global), [2, 2, 31, 33], same.kernel(Kernel::Reduce)),
        case(Pooling::new(Op::LogSumExp { r: 1.0 }, Region::Global), [1, 2, 31, 33], same.kernel(Kernel::TwoStage)),
    ]
}

/// After losses a new engine on a new device works, in the same process.
#[test]
fn new_devices_work_after_losses() {
    let mut failures = Vec::new();
    for adapter in adapters() {
        for _ in 0..3 {
            let own = pollster::block_on(Engine::on_adapter(&adapter)).expect("a device");
            failures.extend(representatives().iter().filter_map(|case| case.check("a new device", &own).err()));
            own.device().destroy();
            let lost = own.pool(&pooling(), SHAPE, &input(), &Request::new());
            assert!(matches!(lost, Err(Error::DeviceLost(_))), "{lost:?}");
            // The engine that made the device says why, once that is told.
            let told = own.wait();
            assert_eq!(told, Err(Error::DeviceLost("it was destroyed".into())));
        }
        let again = pollster::block_on(Engine::on_adapter(&adapter)).expect("a device");
        failures.extend(representatives().iter().filter_map(|case| case.check("after losses", &again).err()));
    }
    report(&failures);
}

/// What errors a host makes among a guest's calls go where they went without it; the guest's go nowhere but to its caller.
#[test]
fn a_hosts_own_errors_stay_its_own() {
    for adapter in adapters() {
        let mut host = Host::new(&adapter);
        let engine = host.engine();
        let mistake = || {
            let usage = wgpu::BufferUsages::empty();
            drop(host.device.create_buffer(&wgpu::BufferDescriptor { label: None, size: 4, usage, mapped_at_creation: false }));
        };
        let guest = || {
            engine.pool(&pooling(), SHAPE, &input(), &Request::new()).expect("it pools");
            let vast = engine.allocate::<f32>(Shape::nchw([1 << 20, 1 << 20, 1]));
            assert!(matches!(vast, Err(Error::OutOfMemory(_))), "{vast:?}");
        };
        guest();
        mistake();
        guest();
        let caught = host.scopes.pop().map(|scope| pollster::block_on(scope.pop()));
        assert!(matches!(caught, Some(Some(wgpu::Error::Validation { .. }))), "{}: {caught:?}", host.adapter);
        while let Some(scope) = host.scopes.pop() {
            assert!(pollster::block_on(scope.pop()).is_none(), "{}", host.adapter);
        }
        let seen = || host.uncaptured.load(Ordering::Relaxed);
        assert_eq!(seen(), 0, "{}", host.adapter);
        // Without a scope it is the handler's, and another thread's scope is not in its way.
        thread::scope(|scope| scope.spawn(guest).join()).expect("the guest works in another thread");
        mistake();
        guest();
        assert_eq!(seen(), 1, "{}: the handler sees the host's mistake, and it alone", host.adapter);
        assert!(host.lost.lock().unwrap_or_else(PoisonError::into_inner).is_empty(), "{}", host.adapter);
    }
}

/// Buffers larger than the device makes are refused as such, by every call that allocates, and the device goes on.
#[test]
fn oversized_allocations_are_typed_errors() {
    for adapter in adapters() {
        let host = Host::new(&adapter);
        let engine = host.engine();
        let most = host.device.limits().max_buffer_size;
        for elements in [most / 4 + 1, u64::from(u32::MAX), 1 << 40, usize::MAX as u64] {
            let vast = engine.allocate::<f32>(Shape::nchw([1, 1, elements as usize]));
            let Err(Error::OutOfMemory(message)) = &vast else { panic!("{}: {elements} elements: {vast:?}", host.adapter) };
            assert!(message.contains(&most.to_string()), "{message}");
        }
        assert!(engine.pool(&pooling(), SHAPE, &input(), &Request::new()).is_ok(), "{}", host.adapter);
        host.untouched(0).unwrap();
    }
}

/// The variable that makes the test below the process that is short of memory, on the backend that it names.
const STARVED: &str = "PLUNGE_STARVED";

/// Memory that the system does not give is a typed error too, and what is freed can be had again: in a process of its own, whose address space is bounded.
/// Not on GL, where wgpu does not ask whether there was memory for a buffer.
#[test]
#[cfg(target_os = "linux")]
fn memory_that_is_not_there_is_a_typed_error() {
    const GIB: usize = 1 << 30;
    if let Ok(backend) = std::env::var(STARVED) {
        let options = HeadlessOptions::default().backends(wgpu::Backends::from_comma_list(&backend));
        let engine = Engine::headless_with(&options).expect("the adapter is still here");
        for _ in 0..2 {
            let mut held = Vec::new();
            let refused = loop {
                match engine.allocate::<u8>(Shape::nchw([1, 1, GIB])) {
                    Ok(tensor) => held.push(tensor),
                    Err(error) => break error,
                }
                assert!(held.len() < 64, "there is no end of memory");
            };
            println!("{} GiB, then {refused:?}", held.len());
            assert!(matches!(refused, Error::OutOfMemory(_)), "{refused:?}");
        }
        assert!(engine.pool(&pooling(), SHAPE, &input(), &Request::new()).is_ok());
        println!("starved");
        return;
    }
    let mut starved = 0;
    for (adapter, engine) in engines() {
        let backend = engine.adapter_info().backend;
        if backend == wgpu::Backend::Gl {
            continue;
        }
        starved += 1;
        let program = std::env::current_exe().expect("this program");
        let name = "faults::memory_that_is_not_there_is_a_typed_error";
        let script = format!("ulimit -v {}; exec \"$0\" --exact {name} --nocapture", 8 * GIB / 1024);
        let child = std::process::Command::new("sh").arg("-c").arg(script).arg(program).env(STARVED, backend.to_str()).output();
        let output = child.expect("a shell");
        let told = String::from_utf8_lossy(&output.stdout);
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.contains("starved"), "{adapter}: {told}\n{failed}");
        println!("{adapter}: {told}");
    }
    assert!(starved > 0, "no adapter was short of memory");
}

/// The device's work is waited for no longer than the engine is patient, and can be waited for again.
#[test]
fn every_wait_ends() {
    let shape = Shape::nchw([1, 4, 512, 512]);
    let pooling = Pooling::max([5, 5]).stride([1, 1]).padding([2, 2]);
    let values = Data::Integers.values(shape.elements(), 3);
    let mut given_up = 0;
    for (adapter, engine) in engines() {
        let pooler = engine.prepare(&pooling, shape).expect("it is planned");
        let input = engine.upload(shape, &values).expect("it uploads");
        let output = engine.allocate::<f32>(shape).expect("there is room");
        let bound = pooler.bind(&Bindings::new(input.buffer(), output.buffer())).expect("it binds");
        let hasty = engine.clone().with_patience(Duration::from_millis(1));
        let busy = || {
            let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            (0..40).for_each(|_| bound.encode(&mut encoder));
            engine.queue().submit([encoder.finish()]);
        };
        // Some drivers do the work in the call that submits it, or that which submits the copy to read, and leave nothing to wait for.
        let mut hurried = |answer: Result<(), Error>| {
            assert!(matches!(answer, Ok(()) | Err(Error::Timeout { seconds: 0 })), "{adapter}: {answer:?}");
            given_up += u32::from(answer.is_err());
        };
        busy();
        hurried(hasty.wait());
        engine.wait().unwrap();
        busy();
        let begin = Instant::now();
        hurried(hasty.download(&output).map(drop));
        assert!(begin.elapsed() < Duration::from_secs(20), "{adapter}: it waited for {:?}", begin.elapsed());
        let patient = engine.download(&output).expect("it answers");
        let right = engine.pool(&pooling, shape, &values, &Request::new()).unwrap().values;
        assert!(patient == right, "{adapter}: what was not waited for is right all the same");
    }
    assert!(given_up > 0, "no adapter here can be waited for too briefly");
}

/// Every poll and every wait for another thread in the library, the command line, measuring and examples has a timeout, or is listed here with what ends it.
#[test]
fn no_wait_is_without_end() {
    const ENDED_OTHERWISE: [(&str, &str); 1] = [("cli/src/commands/image/many.rs", ".recv()")]; // its sender is of the same scope
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = ["src", "cli/src", "measure/src", "examples", "benches"].map(|folder| root.join(folder)).to_vec();
    let (mut polls, mut endless) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let name = path.strip_prefix(root).expect("it is the project's").to_string_lossy().into_owned();
                polls += text.matches("PollType::Wait {").count();
                for wait in ["wait_indefinitely", "timeout: None", ".recv()", "poll_all"] {
                    if text.contains(wait) && !ENDED_OTHERWISE.contains(&(&*name, wait)) {
                        endless.push(format!("{name}: {wait}"));
                    }
                }
            }
        }
    }
    assert!(polls >= 2, "the search finds polls");
    assert!(endless.is_empty(), "{endless:?}");
}
