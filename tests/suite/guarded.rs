//! Runs a pooling between canaries: every buffer is a range inside a larger one whose rest must not change.

use std::num::NonZeroU64;

use plunge::{Bindings, Element, Engine, Error, Pooled, Pooling, Request, Shape, SideInputs, wgpu};

/// Bytes before and after every range; a multiple of every offset alignment.
const MARGIN: u64 = 256;
/// What surrounds the ranges.
const CANARY: u32 = 0x7149_f2ca; // 1e30: not to be overlooked in a maximum or a sum
/// What outputs hold before: a NaN that no kernel makes.
const SENTINEL: u32 = 0x7fc0_dead;

/// What they hold before a second run, for elements of which any bits may be an answer.
const OTHER: u32 = 0x5aa5_3cc3;

/// Pools like `Engine::pool`, and checks that every output was written and nothing else was.
pub fn pool(
    engine: &Engine,
    pooling: &Pooling,
    shape: Shape,
    input: &[f32],
    request: &Request,
    sides: &SideInputs<'_>,
) -> Result<Pooled, Error> {
    let Pooled { shape, values, indices, detection, kernel } =
        pool_bytes(engine, pooling, shape, bytemuck::cast_slice(input), request, sides)?;
    Ok(Pooled { shape, values: bytemuck::pod_collect_to_vec(&values), indices, detection, kernel })
}

/// The same of elements of any type, as their bytes.
pub fn pool_bytes(
    engine: &Engine,
    pooling: &Pooling,
    shape: Shape,
    bytes: &[u8],
    request: &Request,
    sides: &SideInputs<'_>,
) -> Result<Pooled<u8>, Error> {
    let pooler = engine.prepare_with(pooling, shape, request)?;
    let outputs = pooler.output_shape().elements();
    let input = guarded(engine, &words(bytes, 0));
    let beside = Beside::new(engine, sides, pooler.output_shape().batch());
    let run = |fill: u32| {
        let output = guarded(engine, &vec![fill; (pooler.output_bytes() / 4) as usize]);
        let indices = guarded(engine, &vec![SENTINEL; outputs]);
        let scratch = guarded(engine, &vec![SENTINEL; usize::try_from(pooler.scratch_bytes() / 4).expect("scratch fits")]);
        let mut bindings = beside.bind(Bindings::new(range(&input), range(&output)));
        if request.indices {
            bindings = bindings.indices(range(&indices));
        }
        if pooler.scratch_bytes() > 0 {
            bindings = bindings.scratch(range(&scratch));
        }
        record(engine, &pooler, &bindings)?;
        let indices = request.indices.then(|| read(engine, &indices, "indices"));
        read(engine, &scratch, "scratch");
        if let Some(at) = indices.as_ref().and_then(|words| words.iter().position(|&word| word == SENTINEL)) {
            panic!("index {at} of {outputs} was never written ({:?})", keys(&pooler));
        }
        Ok((written(engine, &output, &pooler, outputs, fill), indices))
    };
    let (values, indices) = both(&pooler, run)?;
    read(engine, &input, "input");
    beside.check(engine);
    Ok(Pooled { shape: pooler.output_shape(), values, indices, detection: None, kernel: pooler.kernel() })
}

/// Brings gradients back, between canaries too, as `pool` pools: the gradient of the input, and that of what the op learns
/// where the request asks for it.
pub fn grad(
    engine: &Engine,
    pooling: &Pooling,
    shape: Shape,
    input: &[f32],
    grad_output: &[f32],
    request: &Request,
    sides: &SideInputs<'_>,
) -> Result<(Vec<f32>, Vec<f32>), Error> {
    let [input, ahead] = [input, grad_output].map(bytemuck::cast_slice);
    let (back, learned) = grad_bytes(engine, pooling, shape, input, ahead, request, sides)?;
    Ok((bytemuck::pod_collect_to_vec(&back), learned))
}

/// The same of elements of any type, as their bytes.
pub fn grad_bytes(
    engine: &Engine,
    pooling: &Pooling,
    shape: Shape,
    bytes: &[u8],
    grad_output: &[u8],
    request: &Request,
    sides: &SideInputs<'_>,
) -> Result<(Vec<u8>, Vec<f32>), Error> {
    let pooler = engine.prepare_grad_with(pooling, shape, request)?;
    let input = guarded(engine, &words(bytes, 0));
    let ahead = guarded(engine, &words(grad_output, 0));
    let beside = Beside::new(engine, sides, pooling.output_shape(&shape)?.batch());
    let run = |fill: u32| {
        let back = guarded(engine, &vec![fill; (pooler.output_bytes() / 4) as usize]);
        let scratch = guarded(engine, &vec![SENTINEL; usize::try_from(pooler.scratch_bytes() / 4).expect("scratch fits")]);
        let count = usize::try_from(pooler.grad_parameters_bytes() / 4).expect("weights fit");
        let learned = guarded(engine, &vec![SENTINEL; count]);
        let mut bindings = beside.bind(Bindings::grad(range(&input), range(&ahead), range(&back)));
        if request.parameters {
            bindings = bindings.grad_parameters(range(&learned));
        }
        if pooler.scratch_bytes() > 0 {
            bindings = bindings.scratch(range(&scratch));
        }
        record(engine, &pooler, &bindings)?;
        for (name, buffer) in [("input", &input), ("grad_output", &ahead), ("scratch", &scratch)] {
            read(engine, buffer, name);
        }
        let learned = read(engine, &learned, "grad_parameters");
        assert!(!learned.contains(&SENTINEL), "a parameter's gradient was never written ({:?})", keys(&pooler));
        Ok((written(engine, &back, &pooler, shape.elements(), fill), learned))
    };
    let (back, learned) = both(&pooler, run)?;
    beside.check(engine);
    Ok((back, learned.into_iter().map(f32::from_bits).collect()))
}

/// Puts values back, between canaries too: the tensor, and the status.
pub fn unpool(
    engine: &Engine,
    pooling: &Pooling,
    pooled: Shape,
    restored: Shape,
    values: &[f32],
    indices: Option<&[u32]>,
) -> (Vec<f32>, u32) {
    let bytes = bytemuck::cast_slice(values);
    let (back, status) = unpool_bytes(engine, pooling, pooled, restored, bytes, indices, &Request::new());
    (bytemuck::pod_collect_to_vec(&back), status)
}

/// The same of elements of any type, as their bytes.
pub fn unpool_bytes(
    engine: &Engine,
    pooling: &Pooling,
    pooled: Shape,
    restored: Shape,
    bytes: &[u8],
    indices: Option<&[u32]>,
    request: &Request,
) -> (Vec<u8>, u32) {
    let pooler = engine.prepare_unpool_with(pooling, pooled, restored, request).expect("it unpools");
    let input = guarded(engine, &words(bytes, 0));
    let given = indices.map(|indices| guarded(engine, indices));
    let run = |fill: u32| {
        let output = guarded(engine, &vec![fill; (pooler.output_bytes() / 4) as usize]);
        let scratch = guarded(engine, &vec![SENTINEL; usize::try_from(pooler.scratch_bytes() / 4).expect("scratch fits")]);
        let status = guarded(engine, &[0]);
        let mut bindings = Bindings::new(range(&input), range(&output));
        if let Some(given) = &given {
            bindings = bindings.indices(range(given)).status(range(&status));
        }
        if pooler.scratch_bytes() > 0 {
            bindings = bindings.scratch(range(&scratch));
        }
        record(engine, &pooler, &bindings)?;
        read(engine, &scratch, "scratch");
        Ok((written(engine, &output, &pooler, restored.elements(), fill), read(engine, &status, "status")[0]))
    };
    let answer = both(&pooler, run).expect("it binds");
    read(engine, &input, "input");
    assert_eq!(given.as_ref().map(|given| read(engine, given, "indices")).as_deref(), indices);
    answer
}

/// Records and submits one run.
fn record(engine: &Engine, pooler: &plunge::Pooler, bindings: &Bindings<'_>) -> Result<(), Error> {
    let bound = pooler.bind(bindings)?;
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    bound.encode(&mut encoder);
    engine.queue().submit([encoder.finish()]);
    Ok(())
}

/// Runs once, and where an element may hold any bits once more over other ones: what was not written would differ.
fn both<T: PartialEq + std::fmt::Debug>(
    pooler: &plunge::Pooler,
    run: impl Fn(u32) -> Result<(Vec<u8>, T), Error>,
) -> Result<(Vec<u8>, T), Error> {
    let first = run(SENTINEL)?;
    if pooler.output_element() != Element::F32 {
        let second = run(OTHER)?;
        assert!(first.0 == second.0, "something was never written, or read before ({:?})", keys(pooler));
    }
    Ok(first)
}

/// The bytes of the elements that were written, after a look at those behind them.
fn written(engine: &Engine, buffer: &wgpu::Buffer, pooler: &plunge::Pooler, elements: usize, fill: u32) -> Vec<u8> {
    let words = read(engine, buffer, "output");
    if pooler.output_element() == Element::F32 {
        let never = words.iter().take(elements).position(|&word| word == SENTINEL);
        assert_eq!(never, None, "a value of {elements} was never written ({:?})", keys(pooler));
    }
    let mut bytes: Vec<u8> = bytemuck::cast_slice(&words).to_vec();
    let tail = bytes.split_off(elements * pooler.output_element().bytes());
    let before = bytemuck::cast_slice::<u32, u8>(&vec![fill; words.len()])[bytes.len()..].to_vec();
    assert_eq!(tail, before, "bytes behind the last of {elements} elements were overwritten ({:?})", keys(pooler));
    bytes
}

/// Bytes as words, the last filled up.
fn words(bytes: &[u8], fill: u8) -> Vec<u32> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), fill);
    bytemuck::pod_collect_to_vec(&bytes)
}

/// What stands beside the input, on the device.
struct Beside {
    weights: Option<wgpu::Buffer>,
    boxes: Option<wgpu::Buffer>,
    labels: Option<wgpu::Buffer>,
    mask: Option<wgpu::Buffer>,
    box_count: wgpu::Buffer,
    status: wgpu::Buffer,
}

impl Beside {
    /// `most`: the most boxes there may be.
    fn new(engine: &Engine, sides: &SideInputs<'_>, most: usize) -> Self {
        let rows = sides.boxes.map(|rows| [rows.concat(), vec![f32::NAN; (most - rows.len()) * 5]].concat());
        Self {
            weights: sides.weights.map(|weights| guarded(engine, bytemuck::cast_slice(weights))),
            boxes: rows.map(|rows| guarded(engine, bytemuck::cast_slice(&rows))),
            labels: sides.labels.map(|labels| guarded(engine, bytemuck::cast_slice(labels))),
            mask: sides.mask.map(|mask| guarded(engine, mask)),
            box_count: guarded(engine, &[sides.boxes.map_or(0, |rows| rows.len() as u32)]),
            status: guarded(engine, &[0]),
        }
    }

    fn bind<'a>(&'a self, mut bindings: Bindings<'a>) -> Bindings<'a> {
        if let Some(weights) = &self.weights {
            bindings = bindings.weights(range(weights));
        }
        if let Some(boxes) = &self.boxes {
            bindings = bindings.boxes(range(boxes)).box_count(range(&self.box_count)).status(range(&self.status));
        }
        if let Some(labels) = &self.labels {
            bindings = bindings.labels(range(labels)).status(range(&self.status));
        }
        if let Some(mask) = &self.mask {
            bindings = bindings.mask(range(mask)).status(range(&self.status));
        }
        bindings
    }

    /// Nothing beside these was written, and nothing was found to make no sense.
    fn check(&self, engine: &Engine) {
        for (name, buffer) in
            [("boxes", &self.boxes), ("labels", &self.labels), ("mask", &self.mask), ("weights", &self.weights)]
        {
            if let Some(buffer) = buffer {
                read(engine, buffer, name);
            }
        }
        read(engine, &self.box_count, "box_count");
        assert_eq!(read(engine, &self.status, "status"), [0], "nothing stands beside the input that makes no sense");
    }
}

/// The names of the kernels that a pooler runs.
pub fn keys(pooler: &plunge::Pooler) -> Vec<String> {
    pooler.plan().keys().map(|key| key.to_string()).collect()
}

fn guarded(engine: &Engine, words: &[u32]) -> wgpu::Buffer {
    let margin = vec![CANARY; (MARGIN / 4) as usize];
    let all = [&margin, words, &margin].concat();
    let buffer = engine.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: all.len() as u64 * 4,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    engine.queue().write_buffer(&buffer, 0, bytemuck::cast_slice(&all));
    buffer
}

fn range(buffer: &wgpu::Buffer) -> wgpu::BufferBinding<'_> {
    wgpu::BufferBinding { buffer, offset: MARGIN, size: NonZeroU64::new(buffer.size() - 2 * MARGIN) }
}

/// The words of a range, after a look at its canaries.
fn read(engine: &Engine, buffer: &wgpu::Buffer, name: &str) -> Vec<u32> {
    let words = download(engine, buffer);
    let margin = (MARGIN / 4) as usize;
    let inside = margin..words.len() - margin;
    let touched = (0..words.len()).find(|at| !inside.contains(at) && words[*at] != CANARY);
    assert_eq!(touched, None, "a word beside {name} was overwritten");
    words[inside].to_vec()
}

/// The words of a whole buffer.
pub fn download(engine: &Engine, buffer: &wgpu::Buffer) -> Vec<u32> {
    let staging = engine.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: buffer.size(),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, buffer.size());
    engine.queue().submit([encoder.finish()]);
    staging.map_async(wgpu::MapMode::Read, .., |result| result.expect("the buffer maps"));
    // SwiftShader, beside other work, is minutes over one dispatch.
    let timeout = Some(std::time::Duration::from_secs(600));
    engine.device().poll(wgpu::PollType::Wait { submission_index: None, timeout }).expect("the device answers");
    bytemuck::pod_collect_to_vec(&staging.get_mapped_range(..).expect("the buffer is mapped"))
}
