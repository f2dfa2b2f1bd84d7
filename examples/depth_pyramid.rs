//! A depth pyramid for occlusion culling: a scene's depth buffer, its whole chain of farthest depths in one call, and boxes tested against it.
//!
//! The host renders three walls into a depth buffer. Each level of the pyramid holds, for every texel, the farthest depth of all that lies under it, so a
//! box whose nearest depth is behind the level at which it covers a few texels cannot be seen, and need not be drawn.
//!
//! ```text
//! cargo run --release --example depth_pyramid
//! ```
//!
//! A depth buffer cannot be loaded from on GL; there the host writes the same scene into a texture of r32float.
#![allow(missing_docs, clippy::print_stdout, clippy::cast_precision_loss, reason = "an example speaks")]

use plunge::{Bindings, Engine, Op, Pooling, Request, Shape, Texel, TextureLevel, wgpu};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;

/// Walls: left, top, right and bottom in shares of the screen, and depth.
const WALLS: [[f32; 5]; 3] = [[0.05, 0.1, 0.45, 0.9, 0.3], [0.4, 0.3, 0.75, 1.0, 0.5], [0.7, 0.0, 0.95, 0.6, 0.7]];

/// Draws them, given as constants.
const SCENE: &str = "
    @vertex fn wall(@builtin(vertex_index) vertex: u32, @builtin(instance_index) own: u32) -> @builtin(position) vec4<f32> {
      var walls = WALLS;
      let corner = vec2<f32>(f32(vertex % 2u), f32(vertex / 2u));
      let at = mix(vec2(walls[own][0], walls[own][1]), vec2(walls[own][2], walls[own][3]), corner) * 2.0 - 1.0;
      return vec4<f32>(at.x, -at.y, walls[own][4], 1.0);
    }";

/// A box of the screen in texels, and its nearest depth.
struct Candidate {
    name: &'static str,
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
    nearest: f32,
    seen: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::headless()?;
    let (device, queue) = (engine.device(), engine.queue());
    println!("on {}", plunge::describe(&engine.adapter_info()));
    let gl = engine.adapter_info().backend == wgpu::Backend::Gl;

    let texture = |format, usage, [width, height]: [u32; 2], mip_level_count| {
        device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage,
            view_formats: &[],
        })
    };
    // The host's depth buffer.
    let read_from = wgpu::TextureUsages::TEXTURE_BINDING;
    let (source, depth) = if gl {
        let usage = read_from | wgpu::TextureUsages::COPY_DST;
        (Texel::R32Float, texture(wgpu::TextureFormat::R32Float, usage, [WIDTH, HEIGHT], 1))
    } else {
        let usage = read_from | wgpu::TextureUsages::RENDER_ATTACHMENT;
        (Texel::Depth32Float, texture(wgpu::TextureFormat::Depth32Float, usage, [WIDTH, HEIGHT], 1))
    };

    // Once: the pyramid's first level is half the depth buffer's size.
    let mips = engine.prepare_mips(&Op::Max, source, Texel::R32Float, [WIDTH, HEIGHT])?;
    let usage = wgpu::TextureUsages::STORAGE_BINDING | read_from;
    let pyramid = texture(wgpu::TextureFormat::R32Float, usage, mips.sizes()[0], mips.levels());
    let bound = mips.bind(&depth, &pyramid)?;

    // Every frame: the scene, then the pyramid, in one submit.
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    if gl {
        write(queue, &depth);
    } else {
        render(device, &mut encoder, &depth);
    }
    bound.encode(&mut encoder);
    queue.submit([encoder.finish()]);
    println!("{} levels of {WIDTH}x{HEIGHT} in {} dispatches", mips.levels(), mips.dispatches());

    // What a culling shader does with it, here on the host.
    let levels: Vec<Vec<f32>> = (0..mips.levels()).map(|level| read(&engine, &pyramid, level)).collect::<Result<_, _>>()?;
    let candidate =
        |name, [left, top, right, bottom]: [u32; 4], nearest, seen| Candidate { name, left, top, right, bottom, nearest, seen };
    let candidates = [
        candidate("behind the first wall", [100, 120, 200, 220], 0.6, false),
        candidate("before the first wall", [100, 120, 200, 220], 0.2, true),
        candidate("half above the first wall", [100, 10, 200, 110], 0.9, true),
        candidate("a speck behind the last wall", [530, 100, 536, 108], 0.8, false),
        candidate("behind two walls side by side", [262, 190, 330, 290], 0.95, false),
        candidate("between those two", [270, 150, 280, 200], 0.35, false),
    ];
    for own in &candidates {
        // The level at which the box is about four texels wide and high at most, and what is farthest under it there.
        let side = (own.right - own.left).max(own.bottom - own.top);
        let level = (side.next_power_of_two().trailing_zeros().max(3) - 3).min(mips.levels() - 1) as usize;
        let [columns, rows] = mips.sizes()[level];
        let place = |at: u32, size: u32, texels: u32| (at * texels / size).min(texels - 1);
        let mut farthest = 0.0f32;
        for y in place(own.top, HEIGHT, rows)..=place(own.bottom - 1, HEIGHT, rows) {
            for x in place(own.left, WIDTH, columns)..=place(own.right - 1, WIDTH, columns) {
                farthest = farthest.max(levels[level][(y * columns + x) as usize]);
            }
        }
        let seen = own.nearest <= farthest;
        println!(
            "{:<30} level {level}, nearest {:.2}, farthest before it {farthest:.2}: {}",
            own.name,
            own.nearest,
            word(seen)
        );
        assert_eq!(seen, own.seen, "{}", own.name);
    }
    Ok(())
}

fn word(seen: bool) -> &'static str {
    if seen { "drawn" } else { "culled" }
}

/// Draws the walls into the depth buffer.
fn render(device: &wgpu::Device, encoder: &mut wgpu::CommandEncoder, depth: &wgpu::Texture) {
    let walls: Vec<String> = WALLS.iter().map(|[l, t, r, b, z]| format!("array({l:?}, {t:?}, {r:?}, {b:?}, {z:?})")).collect();
    let source = SCENE.replace("WALLS", &format!("array({})", walls.join(", ")));
    let source = wgpu::ShaderSource::Wgsl(source.into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
    let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: None,
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("wall"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState { topology: wgpu::PrimitiveTopology::TriangleStrip, ..Default::default() },
        depth_stencil: Some(wgpu::DepthStencilState {
            format: depth.format(),
            depth_write_enabled: Some(true),
            depth_compare: Some(wgpu::CompareFunction::Less),
            stencil: wgpu::StencilState::default(),
            bias: wgpu::DepthBiasState::default(),
        }),
        multisample: wgpu::MultisampleState::default(),
        fragment: None,
        multiview_mask: None,
        cache: None,
    });
    let view = depth.create_view(&wgpu::TextureViewDescriptor::default());
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
            view: &view,
            depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Store }),
            stencil_ops: None,
        }),
        ..Default::default()
    });
    pass.set_pipeline(&pipeline);
    pass.draw(0..4, 0..3);
}

/// The same depths, from the host.
fn write(queue: &wgpu::Queue, depth: &wgpu::Texture) {
    let at = |texel: u32| {
        let [x, y] = [(texel % WIDTH) as f32 / WIDTH as f32, (texel / WIDTH) as f32 / HEIGHT as f32];
        let inside = |[l, t, r, b, _]: &&[f32; 5]| x >= *l && x < *r && y >= *t && y < *b;
        WALLS.iter().filter(inside).map(|wall| wall[4]).fold(1.0, f32::min)
    };
    let depths: Vec<u8> = (0..WIDTH * HEIGHT).flat_map(|texel| at(texel).to_ne_bytes()).collect();
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * WIDTH), rows_per_image: None };
    queue.write_texture(depth.as_image_copy(), &depths, layout, depth.size());
}

/// One level of the pyramid, on the host: pooled by windows of one texel from the texture into a buffer.
fn read(engine: &Engine, pyramid: &wgpu::Texture, level: u32) -> Result<Vec<f32>, plunge::Error> {
    let level = TextureLevel::new(pyramid, level);
    let [width, height] = level.size().map(|side| side as usize);
    let request = Request::new().source(Texel::R32Float);
    let pooler = engine.prepare_with(&Pooling::max(1), Shape::nhwc([1, height, width, 1]), &request)?;
    let output = engine.allocate::<f32>(pooler.output_shape())?;
    let bound = pooler.bind(&Bindings::from_texture(level, output.buffer()))?;
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    bound.encode(&mut encoder);
    engine.queue().submit([encoder.finish()]);
    engine.download(&output)
}
