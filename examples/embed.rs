//! Pooling in the middle of somebody else's pipeline: their convolution, their ReLU, our pooling, their next layer, in one
//! compute pass on their device, buffer to buffer, with no copy and one submit.
//!
//! ```text
//! cargo run --example embed
//! WGPU_BACKEND=gl cargo run --example embed
//! ```
#![allow(missing_docs, clippy::print_stdout, clippy::cast_precision_loss, reason = "an example speaks")]

use plunge::{Bindings, Engine, Pooling, Shape, wgpu};
use wgpu::util::DeviceExt as _;

/// The host's kernels: a 3×3 convolution of one channel into four, a ReLU in place, and a dense layer.
const HOST: &str = "
    const SIZE = 32u;
    const CHANNELS = 4u;
    const POOLED = 16u;

    @group(0) @binding(0) var<storage, read> source: array<f32>;
    @group(0) @binding(1) var<storage, read> weights: array<f32>;
    @group(0) @binding(2) var<storage, read_write> result: array<f32>;

    @compute @workgroup_size(8, 8) fn convolve(@builtin(global_invocation_id) id: vec3<u32>) {
      var sum = 0.0;
      for (var y = 0u; y < 3u; y++) {
        for (var x = 0u; x < 3u; x++) {
          let at = vec2<u32>(id.x + x, id.y + y) - 1u;
          if (at.x < SIZE && at.y < SIZE) {
            sum += source[at.y * SIZE + at.x] * weights[(id.z * 3u + y) * 3u + x];
          }
        }
      }
      result[(id.z * SIZE + id.y) * SIZE + id.x] = sum;
    }

    @compute @workgroup_size(64) fn relu(@builtin(global_invocation_id) id: vec3<u32>) {
      result[id.x] = max(result[id.x], 0.0);
    }

    @compute @workgroup_size(1) fn dense(@builtin(global_invocation_id) id: vec3<u32>) {
      var sum = 0.0;
      for (var i = 0u; i < CHANNELS * POOLED * POOLED; i++) {
        sum += source[i] * f32(i % 7u);
      }
      result[id.x] = sum;
    }";

const SIZE: usize = 32;
const CHANNELS: usize = 4;
const POOLED: usize = 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The host: its device, its buffers, its pipelines. None of it is the library's business.
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = pollster::block_on(wgpu::util::initialize_adapter_from_env_or_default(&instance, None))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default()))?;

    let picture: Vec<f32> = (0..SIZE * SIZE).map(|i| ((i * 37 + i / 11) % 17) as f32 - 8.0).collect();
    let weights: Vec<f32> = (0..CHANNELS * 9).map(|i| (i % 5) as f32 - 2.0).collect();
    let storage = |contents: &[f32]| {
        device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: None,
            contents: bytemuck::cast_slice(contents),
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
        })
    };
    let picture_buffer = storage(&picture);
    let weights_buffer = storage(&weights);
    let features = storage(&[0.0; CHANNELS * SIZE * SIZE]);
    let pooled = storage(&[0.0; CHANNELS * POOLED * POOLED]);
    let score = storage(&[0.0]);
    let module = device
        .create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source: wgpu::ShaderSource::Wgsl(HOST.into()) });
    let stage = |entry_point, buffers: &[(u32, &wgpu::Buffer)]| {
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some(entry_point),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let entries: Vec<_> = buffers
            .iter()
            .map(|&(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let layout = &pipeline.get_bind_group_layout(0);
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries });
        (pipeline, group)
    };
    let convolve = stage("convolve", &[(0, &picture_buffer), (1, &weights_buffer), (2, &features)]);
    let relu = stage("relu", &[(2, &features)]);
    let dense = stage("dense", &[(0, &pooled), (2, &score)]);

    // The guest: prepared once, bound once.
    let engine = Engine::new(&device, &queue);
    let pooling = Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]);
    let pooler = engine.prepare(&pooling, Shape::nchw([1, CHANNELS, SIZE, SIZE]))?;
    let bound = pooler.bind(&Bindings::new(&features, &pooled))?;

    // A frame: the host's encoder, the host's pass, the host's submit.
    let readback = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 4,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        let run = |pass: &mut wgpu::ComputePass<'_>, stage: &(wgpu::ComputePipeline, wgpu::BindGroup), [x, y, z]: [u32; 3]| {
            pass.set_pipeline(&stage.0);
            pass.set_bind_group(0, &stage.1, &[]);
            pass.dispatch_workgroups(x, y, z);
        };
        run(&mut pass, &convolve, [4, 4, 4]);
        run(&mut pass, &relu, [64, 1, 1]);
        bound.encode_pass(&mut pass);
        run(&mut pass, &dense, [1, 1, 1]);
    }
    encoder.copy_buffer_to_buffer(&score, 0, &readback, 0, 4);
    queue.submit([encoder.finish()]);
    readback.map_async(wgpu::MapMode::Read, .., |_| ());
    let timeout = Some(std::time::Duration::from_secs(60));
    device.poll(wgpu::PollType::Wait { submission_index: None, timeout })?;
    let got: f32 = *bytemuck::from_bytes(&readback.get_mapped_range(..)?);

    let expected = by_hand(&picture, &weights);
    println!("{} on {}: score {got}, by hand {expected}", pooler.kernel(), plunge::describe(&adapter.get_info()));
    // Small whole numbers all the way: sums are exact, so the answers are equal and not merely close.
    assert_eq!(got, expected);
    Ok(())
}

/// The same network in plain loops.
fn by_hand(picture: &[f32], weights: &[f32]) -> f32 {
    let inside = |y: usize, x: usize| (1..=SIZE).contains(&y) && (1..=SIZE).contains(&x);
    let mut features = vec![0.0f32; CHANNELS * SIZE * SIZE];
    for (i, feature) in features.iter_mut().enumerate() {
        let (c, y, x) = (i / (SIZE * SIZE), i / SIZE % SIZE, i % SIZE);
        for (dy, dx) in (0..9).map(|tap| (tap / 3, tap % 3)).filter(|&(dy, dx)| inside(y + dy, x + dx)) {
            *feature += picture[(y + dy - 1) * SIZE + x + dx - 1] * weights[(c * 3 + dy) * 3 + dx];
        }
        *feature = feature.max(0.0);
    }
    let mut score = 0.0;
    for i in 0..CHANNELS * POOLED * POOLED {
        let (c, y, x) = (i / (POOLED * POOLED), i / POOLED % POOLED * 2, i % POOLED * 2);
        let taps = (0..9).map(|tap| (y + tap / 3, x + tap % 3)).filter(|&(y, x)| inside(y, x));
        let largest = taps.map(|(y, x)| features[(c * SIZE + y - 1) * SIZE + x - 1]).fold(f32::NEG_INFINITY, f32::max);
        score += largest * (i % 7) as f32;
    }
    score
}
