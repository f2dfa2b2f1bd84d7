//! What an embedder relies on: encode does nothing but record, mistakes are typed errors, and the device stays its owner's.

use std::{
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use plunge::{Bindings, BoundPooling, Engine, Error, Kernel, Op, Pooler, Pooling, Region, Request, Shape, Tensor, wgpu};

use crate::adapters::engines;

fn ready<T>(result: Result<T, Error>) -> T {
    result.expect("the device does as it should")
}

fn buffer(engine: &Engine, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    engine.device().create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
}

fn range(buffer: &wgpu::Buffer, offset: u64, size: u64) -> wgpu::BufferBinding<'_> {
    wgpu::BufferBinding { buffer, offset, size: NonZeroU64::new(size) }
}

fn encoder(engine: &Engine) -> wgpu::CommandEncoder {
    engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
}

/// A pooling with two steps and scratch, and buffers for it.
fn two_steps(engine: &Engine) -> (Pooler, Tensor, Tensor) {
    let shape = Shape::nchw([1, 2, 31, 33]);
    let pooling = Pooling::new(Op::Std, Region::Global);
    let pooler = engine.prepare_with(&pooling, shape, &Request::new().kernel(Kernel::TwoStage)).expect("it is planned");
    let input = ready(engine.upload(shape, &vec![1.5f32; shape.elements()]));
    let output = ready(engine.upload(pooler.output_shape(), &[-7.0f32, -7.0]));
    (pooler, input, output)
}

#[test]
fn engines_and_poolings_can_go_anywhere() {
    fn anywhere<T: Send + Sync + Clone + 'static>() {}
    anywhere::<Engine>();
    anywhere::<Pooler>();
    anywhere::<BoundPooling>();
    anywhere::<Tensor>();
}

/// Recordings of every shape, and of how many dispatches each is.
fn recordings(engine: &Engine) -> Vec<(&'static str, BoundPooling, usize)> {
    let (pooler, input, output) = two_steps(engine);
    let staged = pooler.bind(&Bindings::new(input.buffer(), output.buffer())).expect("it binds");
    let shape = Shape::nchw([1, 4, 20, 20]);
    let input = ready(engine.upload(shape, &vec![1.5f32; shape.elements()]));
    let windows = [5, 9, 13].map(|side| Pooling::max([side, side]).stride([1, 1]).padding([side / 2, side / 2]));
    let poolers = engine.prepare_all(&windows, shape, &Request::new()).expect("they are planned");
    let several = poolers.iter().map(|pooler| {
        let output = ready(engine.allocate::<f32>(pooler.output_shape()));
        pooler.bind(&Bindings::new(input.buffer(), output.buffer())).expect("it binds")
    });
    let joined = BoundPooling::join(several.collect::<Vec<_>>());
    let grad = engine.prepare_grad(&windows[0], shape).expect("it is planned");
    let [ahead, back] = [(); 2].map(|()| ready(engine.allocate::<f32>(shape)));
    let bindings = Bindings::grad(input.buffer(), ahead.buffer(), back.buffer());
    let gradient = grad.bind(&bindings).expect("it binds");
    let all = BoundPooling::join([staged.clone(), joined.clone(), gradient.clone()]);
    let [two, three, back] = [pooler.plan().keys().len(), poolers.len(), grad.plan().keys().len()];
    assert!(two > 1 && back > 1, "several steps each");
    vec![
        ("two steps", staged, two),
        ("three joined", joined, three),
        ("a gradient", gradient, back),
        ("all joined", all, two + three + back),
    ]
}

/// Recording allocates no more than the same set_pipeline, set_bind_group and dispatch calls written by hand.
#[test]
fn encode_allocates_no_more_than_the_same_calls_by_hand() {
    const TEXT: &str = "
        @group(0) @binding(0) var<uniform> factor: vec4<f32>;
        @group(0) @binding(1) var<storage, read> input: array<f32>;
        @group(0) @binding(2) var<storage, read_write> output: array<f32>;
        @compute @workgroup_size(1) fn main() { output[0] = input[0] * factor.x; }";
    for (adapter, engine) in engines() {
        let device = engine.device();
        let source = wgpu::ShaderSource::Wgsl(TEXT.into());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
        let factor = buffer(&engine, 16, wgpu::BufferUsages::UNIFORM);
        let [input, output] = [64, 64].map(|size| buffer(&engine, size, wgpu::BufferUsages::STORAGE));
        for (name, bound, steps) in recordings(&engine) {
            // As many pipelines and bind groups as the recording has dispatches.
            let steps: Vec<_> = (0..steps)
                .map(|_| {
                    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                        label: None,
                        layout: None,
                        module: &module,
                        entry_point: None,
                        compilation_options: wgpu::PipelineCompilationOptions::default(),
                        cache: None,
                    });
                    let entries = [(0, &factor), (1, &input), (2, &output)]
                        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() });
                    let layout = &pipeline.get_bind_group_layout(0);
                    let group = device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries });
                    (pipeline, group)
                })
                .collect();
            let by_hand_in = |pass: &mut wgpu::ComputePass<'_>| {
                for (pipeline, group) in &steps {
                    pass.set_pipeline(pipeline);
                    pass.set_bind_group(0, group, &[]);
                    pass.dispatch_workgroups(1, 1, 1);
                }
            };
            let open = |encoder: &mut wgpu::CommandEncoder| {
                encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime()
            };
            let by_hand = |encoder: &mut wgpu::CommandEncoder| by_hand_in(&mut open(encoder));
            let compare = |call: &str, ours: allocation_counter::AllocationInfo, theirs: allocation_counter::AllocationInfo| {
                println!(
                    "{adapter}: {name}, {call} {} allocations, {} bytes; by hand {}, {}",
                    ours.count_total, ours.bytes_total, theirs.count_total, theirs.bytes_total
                );
                assert!(theirs.count_total > 0, "the counter counts");
                let more = ours.count_total > theirs.count_total || ours.bytes_total > theirs.bytes_total;
                assert!(!more, "{adapter}: {name}, {call}: {ours:?} against {theirs:?} by hand");
            };
            // The first recordings of a device grow its pools.
            bound.encode(&mut encoder(&engine));
            by_hand(&mut encoder(&engine));
            let [mut ours, mut theirs] = [(); 2].map(|()| encoder(&engine));
            compare(
                "encode",
                allocation_counter::measure(|| bound.encode(&mut ours)),
                allocation_counter::measure(|| by_hand(&mut theirs)),
            );
            let [mut ours, mut theirs] = [(); 2].map(|()| encoder(&engine));
            let [mut our_pass, mut their_pass] = [open(&mut ours), open(&mut theirs)];
            compare(
                "encode_pass",
                allocation_counter::measure(|| bound.encode_pass(&mut our_pass)),
                allocation_counter::measure(|| by_hand_in(&mut their_pass)),
            );
        }
    }
}

/// `encode` creates no GPU object, writes no buffer and submits nothing; its work happens where the caller submits it.
#[test]
fn encode_only_records() {
    for (adapter, engine) in engines() {
        let (pooler, input, output) = two_steps(&engine);
        let bound = pooler.bind(&Bindings::new(input.buffer(), output.buffer())).expect("it binds");
        let mut encoder = encoder(&engine);
        let counters = || {
            let hal = engine.device().get_internal_counters().hal;
            [
                &hal.buffers,
                &hal.bind_groups,
                &hal.bind_group_layouts,
                &hal.compute_pipelines,
                &hal.shader_modules,
                &hal.command_encoders,
            ]
            .map(|counter| counter.read())
        };
        let before = counters();
        assert!(before.iter().sum::<isize>() > 0, "the counters count");
        bound.encode(&mut encoder);
        assert_eq!(counters(), before, "{adapter}: buffers, groups, layouts, pipelines, modules, encoders");
        engine.queue().submit([]);
        assert_eq!(ready(engine.download(&output)), [-7.0, -7.0], "{adapter}: nothing runs before the caller submits");
        engine.queue().submit([encoder.finish()]);
        assert_eq!(ready(engine.download(&output)), [0.0, 0.0], "{adapter}");
    }
}

/// Inside an open pass, between the caller's own dispatches, many times over, and after pooler and buffers went out of scope.
#[test]
fn encode_pass_works_between_the_callers_own_dispatches() {
    for (adapter, engine) in engines() {
        let output;
        let bound = {
            let (pooler, input, made) = two_steps(&engine);
            output = made;
            pooler.bind(&Bindings::new(input.buffer(), output.buffer())).expect("it binds")
        };
        let shape = Shape::nchw([1, 1, 2]);
        let copy = engine.prepare(&Pooling::max(1), shape).expect("it is planned");
        let last = ready(engine.upload(shape, &[9.0f32, 9.0]));
        let then = copy.bind(&Bindings::new(output.buffer(), last.buffer())).expect("it binds");
        let mut encoder = encoder(&engine);
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in 0..3 {
                bound.encode_pass(&mut pass);
                then.encode_pass(&mut pass);
            }
        }
        engine.queue().submit([encoder.finish()]);
        assert_eq!(ready(engine.download(&last)), [0.0, 0.0], "{adapter}");
    }
}

#[test]
fn clones_share_pipelines_and_sizes_compile_nothing_new() {
    let (_, engine) = engines().remove(0);
    let clone = engine.clone();
    let pooling = Pooling::max([3, 3]);
    let request = Request::new().kernel(Kernel::Direct);
    engine.prepare_with(&pooling, Shape::nchw([1, 1, 9, 9]), &request).expect("it is planned");
    assert_eq!(clone.cached_pipelines(), 1);
    for size in [7, 11, 13, 50] {
        // Odd numbers of outputs: the same class of alignment.
        let shape = Shape::nchw([1, 1, size, 3]);
        let pooling = Pooling::max([size as u32 % 4 + 1, 3]).stride([size as u32, 1]);
        clone.prepare_with(&pooling, shape, &request).expect("it is planned");
    }
    assert_eq!(engine.cached_pipelines(), 1);
}

/// Each mistake in binding is refused by an error that names the binding, what it must be and what it was.
#[test]
fn mistakes_in_binding_are_typed_errors() {
    use wgpu::BufferUsages as Usage;
    for (adapter, engine) in engines() {
        let request = Request::new().indices(true);
        let pooler = engine.prepare_with(&Pooling::max([2, 2]), Shape::nchw([1, 1, 16, 16]), &request).expect("it is planned");
        let [input, output, both] = [1024, 256, 2048].map(|size| buffer(&engine, size, Usage::STORAGE));
        let uniform = buffer(&engine, 2048, Usage::UNIFORM);
        let plain = engine.prepare(&Pooling::max([2, 2]), Shape::nchw([1, 1, 16, 16])).expect("it is planned");
        let given = |bindings: Bindings<'_>, pooler: &Pooler| pooler.bind(&bindings).map(|_| ());
        let cases = [
            (given(Bindings::new(&input, &input).indices(&both), &pooler), "invalid output: the same buffer"),
            (
                given(Bindings::new(range(&both, 0, 1024), range(&both, 1024, 256)).indices(&output), &pooler),
                "another buffer than input",
            ),
            (
                given(Bindings::new(&input, range(&both, 0, 256)).indices(range(&both, 0, 256)), &pooler),
                "invalid indices: the same",
            ),
            (
                given(Bindings::new(range(&input, 0, 1000), &output).indices(&both), &pooler),
                "input: 1000 bytes; it must be at least 1024",
            ),
            (given(Bindings::new(&input, range(&both, 2048, 0)).indices(&output), &pooler), "output: 0 bytes"),
            (given(Bindings::new(&input, range(&both, 1 << 40, 256)).indices(&output), &pooler), "output: 256 bytes from byte"),
            (
                given(Bindings::new(&input, range(&both, u64::MAX - 255, 256)).indices(&output), &pooler),
                "within its buffer of 2048",
            ),
            (given(Bindings::new(range(&both, 4, 1024), &output).indices(&output), &pooler), "input: at byte 4"),
            (given(Bindings::new(&uniform, &output).indices(&both), &pooler), "STORAGE"),
            (given(Bindings::new(&input, &output), &pooler), "invalid indices: absent"),
            (given(Bindings::new(&input, &output).indices(&both), &plain), "prepared without indices"),
        ];
        for (result, named) in cases {
            let message = result.expect_err(named).to_string();
            assert!(message.contains(named), "{adapter}: {message}\n  lacks: {named}");
        }
        // Two outputs may share a buffer where they do not overlap.
        let bindings = Bindings::new(&input, range(&both, 0, 256)).indices(range(&both, 1024, 256));
        let mut encoder = encoder(&engine);
        pooler.bind(&bindings).expect("ranges apart").encode(&mut encoder);
        engine.queue().submit([encoder.finish()]);

        let (staged, input, output) = two_steps(&engine);
        let little = buffer(&engine, staged.scratch_bytes() - 4, Usage::STORAGE);
        let error = staged.bind(&Bindings::new(input.buffer(), output.buffer()).scratch(&little)).expect_err("too little");
        assert!(error.to_string().contains("invalid scratch"), "{error}");
    }
}

/// Errors of the device come back as values; the owner's handler and scopes see nothing of them.
#[test]
fn a_guest_leaves_its_hosts_callbacks_alone() {
    let engines = engines();
    for (adapter, host) in &engines {
        let seen = Arc::new(AtomicUsize::new(0));
        let counter = seen.clone();
        host.device().on_uncaptured_error(Arc::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        let scope = host.device().push_error_scope(wgpu::ErrorFilter::Validation);
        let guest = Engine::new(host.device(), host.queue());
        let shape = Shape::nchw([1, 1, 8]);
        let pooler = guest.prepare(&Pooling::max(2), shape).expect("it is planned");
        let [input, output] = [32, 16].map(|size| buffer(host, size, wgpu::BufferUsages::STORAGE));
        input.destroy();
        // A destroyed buffer is wgpu's to find: at bind or at submit.
        let bound = pooler.bind(&Bindings::new(&input, &output));
        assert!(matches!(bound, Ok(_) | Err(Error::Device(_))), "{adapter}: {bound:?}");
        // Far more than any device has, within what planning allows.
        let vast = guest.allocate::<f32>(Shape::nchw([1 << 20, 1 << 20, 1 << 10]));
        assert!(matches!(vast, Err(Error::OutOfMemory(_))), "{adapter}: {vast:?}");
        assert!(pollster::block_on(scope.pop()).is_none(), "{adapter}: the host's scope caught a guest's error");
        assert_eq!(seen.load(Ordering::Relaxed), 0, "{adapter}: the host's handler was called");
    }
}

/// Elements narrower than a word, in numbers that do not fill one.
#[test]
fn narrow_elements_survive_the_round_trip() {
    for (_, engine) in engines() {
        let tensor = ready(engine.upload(Shape::nchw([1, 1, 7]), &[1u8, 2, 3, 4, 5, 6, 7]));
        assert_eq!(ready(engine.download(&tensor)), [1, 2, 3, 4, 5, 6, 7]);
    }
}

#[test]
fn tensors_without_elements_pool_to_nothing() {
    for (adapter, engine) in engines() {
        for sizes in [[0, 3, 4], [2, 0, 4]] {
            let pooled = engine.pool(&Pooling::max(2), Shape::nchw(sizes), &[], &Request::new().indices(true));
            let pooled = pooled.unwrap_or_else(|error| panic!("{adapter}: {error}"));
            assert_eq!((pooled.values.len(), pooled.indices.map(|i| i.len())), (0, Some(0)), "{adapter}");
            assert_eq!(pooled.shape, Shape::nchw([sizes[0], sizes[1], 2]));
        }
    }
}

#[test]
fn a_guest_on_a_device_with_tight_limits_plans_by_them() {
    for adapter in crate::adapters::here() {
        let name = plunge::describe(&adapter.get_info());
        let required_limits = wgpu::Limits { max_storage_buffer_binding_size: 1 << 16, ..wgpu::Limits::downlevel_defaults() };
        let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).expect("a device");
        let engine = Engine::new(&device, &queue);
        let steps = |elements: usize| {
            engine.prepare(&Pooling::max(2), Shape::nchw([1, 1, elements])).map(|pooler| pooler.plan().workgroups().len())
        };
        assert!(matches!(steps(1 << 14), Ok(1)), "{name}");
        assert!(matches!(steps((1 << 14) + 1), Ok(2)), "{name}: a plane beyond a binding is pooled by runs of its outputs");
        // Its only window is the plane.
        let refused = engine.prepare(&Pooling::new(Op::Max, Region::Global), Shape::nchw([1, 1, (1 << 14) + 1]));
        assert!(matches!(refused, Err(Error::UnsupportedSize { limit: 65536, .. })), "{name}: {refused:?}");
    }
}

/// Three windows over one input, recorded as one, answer as each alone; their outputs may be ranges of one buffer.
#[test]
fn several_poolings_of_one_input_are_recorded_as_one() {
    let shape = Shape::nchw([1, 3, 20, 20]);
    let input: Vec<f32> = (0..shape.elements()).map(|at| (at * 7919 % 1009) as f32).collect();
    let windows = [5, 9, 13].map(|side| Pooling::max([side, side]).stride([1, 1]).padding([side / 2, side / 2]));
    for (adapter, engine) in engines() {
        let values = engine.upload(shape, &input).expect("it uploads");
        let all = engine.allocate::<f32>(Shape::nchw([1, 3 * 3, 32, 32])).expect("there is room");
        let poolers = engine.prepare_all(&windows, shape, &Request::new()).expect("they plan");
        let bytes = 3 * 32 * 32 * 4;
        let bound = poolers.iter().zip(0..).map(|(pooler, at)| {
            let size = NonZeroU64::new(bytes);
            let range = wgpu::BufferBinding { buffer: all.buffer(), offset: at * bytes, size };
            pooler.bind(&Bindings::new(values.buffer(), range)).expect("it binds")
        });
        let joined = BoundPooling::join(bound.collect::<Vec<_>>());
        let mut encoder = encoder(&engine);
        joined.encode(&mut encoder);
        engine.queue().submit([encoder.finish()]);
        let answers = engine.download(&all).expect("it answers");
        for (window, answer) in windows.iter().zip(answers.chunks(3 * 32 * 32)) {
            let alone = engine.pool(window, shape, &input, &Request::new()).expect("it pools").values;
            assert_eq!(&answer[..alone.len()], &alone[..], "{adapter}: {window:?}");
        }
    }
}
