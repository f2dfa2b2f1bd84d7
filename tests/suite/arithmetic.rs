//! Arithmetic that the kernels make exact, or rounded to nearest, on devices that need not: by a kernel of its own on every adapter.

use plunge::wgpu::{self, util::DeviceExt as _};

use crate::adapters::here;

const WORKGROUP: u32 = 64;

/// `function` of every pair of words on an adapter.
fn on(adapter: &wgpu::Adapter, files: &str, function: &str, pairs: &[[u32; 2]]) -> Vec<u32> {
    let (device, queue) =
        pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            required_limits: wgpu::Limits::downlevel_defaults(),
            ..Default::default()
        }))
        .expect("a device");
    let text = format!(
        "{files}
        @group(0) @binding(0) var<storage, read> pairs: array<vec2<u32>>;
        @group(0) @binding(1) var<storage, read_write> answers: array<u32>;
        @compute @workgroup_size({WORKGROUP}) fn main(@builtin(global_invocation_id) own: vec3<u32>) {{
          let a = pairs[own.x].x;
          let b = pairs[own.x].y;
          answers[own.x] = {function};
        }}"
    );
    let module = device
        .create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source: wgpu::ShaderSource::Wgsl(text.into()) });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let contents: Vec<u8> = pairs.iter().flatten().flat_map(|word| word.to_ne_bytes()).collect();
    let usage = wgpu::BufferUsages::STORAGE;
    let input = device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: None, contents: &contents, usage });
    let buffer = |usage| {
        let size = pairs.len() as u64 * 4;
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    let answers = buffer(usage | wgpu::BufferUsages::COPY_SRC);
    let read = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[
            wgpu::BindGroupEntry { binding: 0, resource: input.as_entire_binding() },
            wgpu::BindGroupEntry { binding: 1, resource: answers.as_entire_binding() },
        ],
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(pairs.len() as u32 / WORKGROUP, 1, 1);
    }
    encoder.copy_buffer_to_buffer(&answers, 0, &read, 0, None);
    queue.submit([encoder.finish()]);
    read.map_async(wgpu::MapMode::Read, .., |mapped| mapped.expect("mapped"));
    device.poll(wgpu::PollType::wait_indefinitely()).expect("done");
    let bytes = read.get_mapped_range(..).expect("mapped");
    bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// Compares `function` with what is right, pair by pair.
fn check(files: &str, function: &str, pairs: &[[u32; 2]], right: impl Fn([u32; 2]) -> u32) {
    for adapter in here() {
        let name = plunge::describe(&adapter.get_info());
        let answers = on(&adapter, files, function, pairs);
        for (&pair, &answer) in pairs.iter().zip(&answers) {
            let wanted = right(pair);
            assert_eq!(answer, wanted, "{function} of {pair:x?} on {name}: {answer:x} and not {wanted:x}");
        }
    }
}

/// A float of any digits and sign, times 2 to the power of −`most` to `most`.
fn float(random: &mut fastrand::Rng, most: u32) -> u32 {
    (random.u32(127 - most..=127 + most) << 23) | (random.u32(..) & 0x807f_ffff)
}

#[test]
fn quotients_are_rounded_to_nearest() {
    let mut random = fastrand::Rng::with_seed(0x71_75_6f_74);
    let any = (0..1 << 15).map(|_| [float(&mut random, 62), float(&mut random, 62)]).collect::<Vec<_>>();
    // Of whole numbers, as positions and counts are; and of products by their factors, which leave nothing.
    let whole = (0..1 << 14).map(|_| [random.u32(1..1 << 12) as f32, random.u32(1..1 << 12) as f32].map(f32::to_bits));
    let whole = whole.collect::<Vec<_>>();
    let exact = (0..1 << 14).map(|_| {
        let [a, b] = [random.u32(1..1 << 12), random.u32(1..1 << 12)].map(|number| number as f32);
        [(a * b).to_bits(), b.to_bits()]
    });
    let pairs: Vec<_> = exact.collect::<Vec<_>>().into_iter().chain(any).chain(whole).collect();
    let right = |pair: [u32; 2]| (f32::from_bits(pair[0]) / f32::from_bits(pair[1])).to_bits();
    let file = include_str!("../../shaders/common/quotient_rounded.wgsl");
    check(file, "bitcast<u32>(quotient_rounded(bitcast<f32>(a), bitcast<f32>(b)))", &pairs, right);
}

/// Divisors of every size, numbers of every size, and such as lie beside a multiple.
#[test]
fn whole_numbers_are_divided_exactly() {
    let mut random = fastrand::Rng::with_seed(0x64_69_76);
    let mut sized = |most: u32| random.u32(..) >> (32 - most);
    let mut pairs: Vec<[u32; 2]> = Vec::new();
    while pairs.len() < 1 << 16 {
        let most = 1 + pairs.len() as u32 / 7 % 31;
        let (a, b) = (sized(31), sized(most).max(1));
        let multiple = a / b * b;
        pairs.extend([[a, b], [multiple, b], [multiple.saturating_sub(1), b], [(multiple + (b - 1)).min(i32::MAX as u32), b]]);
    }
    check(include_str!("../../shaders/common/divide.wgsl"), "divided(a, b)", &pairs, |[a, b]| a / b);
}
