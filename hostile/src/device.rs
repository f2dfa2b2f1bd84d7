//! The first software adapter beside the reference, every buffer between canaries.

use std::{num::NonZeroU64, sync::OnceLock};

use arbitrary::{Result, Unstructured};
use plunge::{
    Bindings, Engine, HeadlessOptions, Kernel, Op, Pooler, Pooling, Region, Request, Shape, Specialise, Window, reference, wgpu,
};
use plunge_workloads::{Sides, verdict};

use crate::{
    draw::{self, Range},
    sides::{index, sensible, small, spoil_box, spoiled_label, taking_sides},
};

/// Bytes before and after every range; a multiple of every offset alignment.
const MARGIN: u64 = 256;
/// What stands there.
const CANARY: u32 = 0x7149_f2ca;
/// What is to be overwritten: a NaN that no kernel makes.
const SENTINEL: u32 = 0x7fc0_dead;
/// Values and outputs beyond which the reference takes too long.
const MOST_ELEMENTS: usize = 4096;
const MOST_WORK: u64 = 1 << 18;

/// A small pooling of any values by kernels with dynamic windows: the reference's answer, or refused by the same words.
///
/// # Panics
/// Where something does not hold.
pub fn reference_vs_gpu(data: &[u8]) -> bool {
    // Bytes that end too soon leave nothing to try.
    beside_the_reference(&mut Unstructured::new(data)).unwrap_or(false)
}

/// Boxes, labels, masks and indices of any value, which only the device sees: nothing outside is touched, and the status word says what the host would.
///
/// # Panics
/// Where something does not hold.
pub fn sides_on_gpu(data: &[u8]) -> bool {
    let u = &mut Unstructured::new(data);
    let tried = if u.ratio(1, 3).unwrap_or(false) { indices(u) } else { unseen(u) };
    // Bytes that end too soon leave nothing to try.
    tried.unwrap_or(false)
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let adapters = plunge::adapters(&HeadlessOptions::default());
        let software = adapters.iter().find(|adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu);
        let adapter = software.expect("a software adapter; `cargo xtask test` installs one");
        pollster::block_on(Engine::on_adapter(adapter)).expect("a device")
    })
}

fn beside_the_reference(u: &mut Unstructured<'_>) -> Result<bool> {
    let axes = u.int_in_range(1..=3)?;
    let (pooling, shape) = (draw::pooling(u, axes, Range::Small)?, draw::shape(u, axes, Range::Small)?);
    let chooses = pooling.op.kind().row().indices && pooling.region.has_indices();
    let mut request = Request::new().specialise(Specialise::Never).indices(chooses && u.arbitrary()?);
    if u.ratio(1, 4)? {
        request = request.kernel(*u.choose(&[Kernel::Direct, Kernel::Line, Kernel::Reduce, Kernel::TwoStage])?);
    }
    let Some(output) = workable(&pooling, &shape) else {
        let own = pooling.output_shape(&shape).err();
        if let Some(error) = own {
            assert_eq!(engine().prepare_with(&pooling, shape, &request).map(|_| ()), Err(error), "{pooling:?} on {shape}");
        }
        return Ok(false);
    };
    let exact = pooling.op.kind().row().exact && pooling.activation.is_none() && !matches!(pooling.region, Region::RoiAlign(_));
    let any = exact && u.arbitrary()?;
    let values = draw::values(u, shape.elements(), any)?;
    let sides = sensible(&pooling, &shape, u.arbitrary()?);
    let pooler = match engine().prepare_with(&pooling, shape, &request) {
        Ok(pooler) => pooler,
        // Not every kernel takes everything, and not every op has indices.
        Err(error) => {
            assert!(error.is_unsupported() || error.is_invalid(), "{error:?}");
            return Ok(false);
        }
    };
    let ran = run(&pooler, &values, &sides, &request, output);
    assert_eq!(ran.status, 0, "{pooling:?} on {shape}: what stands beside it makes sense");
    agree(&pooling, shape, &values, &sides, &ran, &request);
    Ok(true)
}

fn agree(pooling: &Pooling, shape: Shape, values: &[f32], sides: &Sides, ran: &Ran, request: &Request) {
    if let Err(why) = verdict::compare(pooling, shape, values, sides, ran.shape, &ran.values, ran.indices.as_deref()) {
        panic!("{pooling:?} on {shape}, {request:?}, by {:?}: {why}", ran.keys);
    }
}

/// The output's shape where the pooling is one, and small.
fn workable(pooling: &Pooling, shape: &Shape) -> Option<Shape> {
    let output = pooling.output_shape(shape).ok()?;
    let taps = pooling.most_taps(shape).ok()?;
    let small = shape.elements().max(output.elements()) <= MOST_ELEMENTS;
    (small && taps.saturating_mul(output.elements() as u64) <= MOST_WORK).then_some(output)
}

fn unseen(u: &mut Unstructured<'_>) -> Result<bool> {
    let pooling = taking_sides(u)?;
    let shape = small(u, &pooling)?;
    let Some(output) = workable(&pooling, &shape) else { return Ok(false) };
    let mut sides = sensible(&pooling, &shape, u.arbitrary()?);
    for row in sides.boxes.iter_mut().flatten() {
        spoil_box(u, row)?;
    }
    for label in sides.labels.iter_mut().flatten() {
        if u.ratio(1, 16)? {
            *label = spoiled_label(u)?;
        }
    }
    for bit in sides.mask.iter_mut().flatten() {
        if u.ratio(1, 16)? {
            *bit = u.arbitrary()?;
        }
    }
    let values = draw::values(u, shape.elements(), false)?;
    let request = Request::new().specialise(Specialise::Never);
    let Ok(pooler) = engine().prepare_with(&pooling, shape, &request) else { return Ok(false) };
    let ran = run(&pooler, &values, &sides, &request, output);
    match reference::pool_with(&pooling, &shape, &values, &sides.borrow()) {
        Ok(_) => {
            assert_eq!(ran.status, 0, "{pooling:?} on {shape}: the host takes {sides:?}");
            agree(&pooling, shape, &values, &sides, &ran, &request);
        }
        Err(error) => assert_ne!(ran.status, 0, "{pooling:?} on {shape}: the host says {error}"),
    }
    Ok(true)
}

fn indices(u: &mut Unstructured<'_>) -> Result<bool> {
    let pooling = Pooling::new(*u.choose(&[Op::Max, Op::Min])?, Window::new(u.int_in_range(1..=4u32)?));
    let pooled = draw::shape(u, 2, Range::Small)?;
    let Ok(restored) = pooling.unpooled_shape(&pooled, None) else { return Ok(false) };
    if restored.elements() > MOST_ELEMENTS {
        return Ok(false);
    }
    let plane: usize = restored.spatial().iter().product();
    let given: Vec<u32> = (0..pooled.elements()).map(|_| Ok(index(u, plane)? as u32)).collect::<Result<_>>()?;
    let values = draw::values(u, pooled.elements(), false)?;
    let request = Request::new();
    let pooler = engine().prepare_unpool_with(&pooling, pooled, restored, &request).expect("it unpools");
    let mut ranges = Ranges::default();
    let [input, at, output, status] = [
        ranges.add("input", bytemuck::cast_slice(&values)),
        ranges.add("indices", &given),
        ranges.add("output", &vec![SENTINEL; restored.elements()]),
        ranges.add("status", &[0]),
    ];
    let scratch = ranges.add("scratch", &vec![SENTINEL; (pooler.scratch_bytes() / 4) as usize]);
    let mut bindings =
        Bindings::new(ranges.range(input), ranges.range(output)).indices(ranges.range(at)).status(ranges.range(status));
    if pooler.scratch_bytes() > 0 {
        bindings = bindings.scratch(ranges.range(scratch));
    }
    let words = ranges.submit(&pooler, &bindings);
    let wide: Vec<i64> = given.iter().map(|&index| index.into()).collect();
    assert_eq!(words[at], given, "indices are only read");
    match reference::unpool(&pooling, &pooled, &restored, &values, Some(&wide)) {
        Ok(wanted) => {
            assert_eq!(words[status], [0], "the host takes {given:?}");
            for (at, (got, wanted)) in words[output].iter().zip(wanted).enumerate() {
                let got = f64::from(f32::from_bits(*got));
                assert!(
                    got == wanted || got.is_nan() && wanted.is_nan(),
                    "value {at} of {restored}: expected {wanted}, got {got}"
                );
            }
        }
        Err(error) => assert_ne!(words[status], [0], "the host says {error}"),
    }
    assert!(!words[output].contains(&SENTINEL), "a value was never written");
    Ok(true)
}

/// What a run wrote.
struct Ran {
    shape: Shape,
    values: Vec<f32>,
    indices: Option<Vec<u32>>,
    status: u32,
    keys: Vec<String>,
}

fn run(pooler: &Pooler, values: &[f32], sides: &Sides, request: &Request, output: Shape) -> Ran {
    let mut ranges = Ranges::default();
    let input = ranges.add("input", bytemuck::cast_slice(values));
    let answer = ranges.add("output", &vec![SENTINEL; output.elements()]);
    let indices = ranges.add("indices", &vec![SENTINEL; output.elements()]);
    let scratch = ranges.add("scratch", &vec![SENTINEL; (pooler.scratch_bytes() / 4) as usize]);
    let status = ranges.add("status", &[0]);
    // Rows that are none stand behind those that count.
    let most = output.batch();
    let rows = sides.boxes.as_ref().map(|rows| [rows.concat(), vec![f32::NAN; (most - rows.len().min(most)) * 5]].concat());
    let boxes = rows.map(|rows| ranges.add("boxes", bytemuck::cast_slice(&rows)));
    let count = ranges.add("box_count", &[sides.boxes.as_ref().map_or(0, |rows| rows.len() as u32)]);
    let weights = sides.weights.as_ref().map(|weights| ranges.add("weights", bytemuck::cast_slice(weights)));
    let labels = sides.labels.as_ref().map(|labels| ranges.add("labels", bytemuck::cast_slice(labels)));
    let mask = sides.mask.as_ref().map(|mask| ranges.add("mask", mask));
    let mut bindings = Bindings::new(ranges.range(input), ranges.range(answer));
    if request.indices {
        bindings = bindings.indices(ranges.range(indices));
    }
    if pooler.scratch_bytes() > 0 {
        bindings = bindings.scratch(ranges.range(scratch));
    }
    if let Some(boxes) = boxes {
        bindings = bindings.boxes(ranges.range(boxes)).box_count(ranges.range(count)).status(ranges.range(status));
    }
    if let Some(weights) = weights {
        bindings = bindings.weights(ranges.range(weights));
    }
    if let Some(labels) = labels {
        bindings = bindings.labels(ranges.range(labels)).status(ranges.range(status));
    }
    if let Some(mask) = mask {
        bindings = bindings.mask(ranges.range(mask)).status(ranges.range(status));
    }
    let words = ranges.submit(pooler, &bindings);
    assert!(!words[answer].contains(&SENTINEL), "a value was never written");
    assert!(!request.indices || !words[indices].contains(&SENTINEL), "an index was never written");
    Ran {
        shape: pooler.output_shape(),
        values: words[answer].iter().map(|&bits| f32::from_bits(bits)).collect(),
        indices: request.indices.then(|| words[indices].clone()),
        status: words[status][0],
        keys: pooler.plan().keys().map(|key| key.to_string()).collect(),
    }
}

/// Ranges of buffers, each with canaries before and behind it.
#[derive(Default)]
struct Ranges(Vec<(&'static str, wgpu::Buffer)>);

impl Ranges {
    fn add(&mut self, name: &'static str, words: &[u32]) -> usize {
        let margin = [CANARY; (MARGIN / 4) as usize];
        // Nothing can be bound of no word; one more stands in.
        let words = if words.is_empty() { &[CANARY] } else { words };
        let all = [&margin, words, &margin].concat();
        let buffer = engine().device().create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: all.len() as u64 * 4,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        engine().queue().write_buffer(&buffer, 0, bytemuck::cast_slice(&all));
        self.0.push((name, buffer));
        self.0.len() - 1
    }

    fn range(&self, at: usize) -> wgpu::BufferBinding<'_> {
        let buffer = &self.0[at].1;
        wgpu::BufferBinding { buffer, offset: MARGIN, size: NonZeroU64::new(buffer.size() - 2 * MARGIN) }
    }

    /// Runs once, and answers with the words of all ranges, after a look at their canaries.
    fn submit(&self, pooler: &Pooler, bindings: &Bindings<'_>) -> Vec<Vec<u32>> {
        let (device, queue) = (engine().device(), engine().queue());
        let bound = pooler.bind(bindings).expect("it binds");
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        bound.encode(&mut encoder);
        let staging = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: self.0.iter().map(|(_, buffer)| buffer.size()).sum(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut offset = 0;
        for (_, buffer) in &self.0 {
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, offset, buffer.size());
            offset += buffer.size();
        }
        queue.submit([encoder.finish()]);
        staging.map_async(wgpu::MapMode::Read, .., |result| result.expect("the buffer maps"));
        let timeout = Some(std::time::Duration::from_secs(120));
        device.poll(wgpu::PollType::Wait { submission_index: None, timeout }).expect("the device answers");
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&staging.get_mapped_range(..).expect("the buffer is mapped"));
        let mut rest = &words[..];
        let mut ranges = Vec::new();
        for (name, buffer) in &self.0 {
            let (own, after) = rest.split_at((buffer.size() / 4) as usize);
            let margin = (MARGIN / 4) as usize;
            let (before, behind) = (&own[..margin], &own[own.len() - margin..]);
            assert!(before.iter().chain(behind).all(|&word| word == CANARY), "a word beside {name} was overwritten");
            ranges.push(own[margin..own.len() - margin].to_vec());
            rest = after;
        }
        ranges
    }
}
