//! Pooling from and to textures, and mip chains, against the reference.

use plunge::{
    Bindings, Element, Engine, Error, Kernel, Op, Pooling, Region, Request, Shape, Texel, TextureLevel, Window,
    plan::{Limits, Plan},
    reference, wgpu,
};
use plunge_workloads::Data;

use crate::{
    adapters::engines,
    guarded::download,
    verdict::{record, report},
};

const USAGE: wgpu::TextureUsages = wgpu::TextureUsages::TEXTURE_BINDING
    .union(wgpu::TextureUsages::STORAGE_BINDING)
    .union(wgpu::TextureUsages::COPY_SRC)
    .union(wgpu::TextureUsages::COPY_DST);

fn texture(engine: &Engine, texel: Texel, [width, height]: [u32; 2], levels: u32) -> wgpu::Texture {
    let usage = match texel {
        Texel::Depth32Float => wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::RENDER_ATTACHMENT,
        _ => USAGE,
    };
    engine.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: levels,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: texel.format(),
        usage,
        view_formats: &[],
    })
}

/// How a texel's channels are stored: type and bytes, unorm being bytes over 255.
fn element(texel: Texel) -> Element {
    match texel {
        Texel::Rgba8Unorm => Element::U8,
        Texel::Rgba16Float => Element::F16,
        _ => Element::F32,
    }
}

/// The numbers that stored bytes are to a shader.
fn numbers(texel: Texel, bytes: &[u8]) -> Vec<f64> {
    let stored = element(texel).decode(bytes);
    if texel == Texel::Rgba8Unorm { stored.iter().map(|&byte| f64::from((byte / 255.0) as f32)).collect() } else { stored }
}

fn write(engine: &Engine, texture: &wgpu::Texture, texel: Texel, bytes: &[u8]) {
    let row = texture.width() * (element(texel).bytes() * texel.channels()) as u32;
    engine.queue().write_texture(
        texture.as_image_copy(),
        bytes,
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None },
        texture.size(),
    );
}

fn read(engine: &Engine, texture: &wgpu::Texture, texel: Texel, mip_level: u32) -> Vec<f64> {
    let [width, height] = TextureLevel::new(texture, mip_level).size();
    let row = width * (element(texel).bytes() * texel.channels()) as u32;
    let padded = row.next_multiple_of(256);
    let buffer = engine.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: u64::from(padded * height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_texture_to_buffer(
        wgpu::TexelCopyTextureInfo { mip_level, ..texture.as_image_copy() },
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded), rows_per_image: None },
        },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
    engine.queue().submit([encoder.finish()]);
    let words = download(engine, &buffer);
    let rows = bytemuck::cast_slice::<u32, u8>(&words).chunks(padded as usize);
    rows.flat_map(|bytes| numbers(texel, &bytes[..row as usize])).collect()
}

fn submit(engine: &Engine, bound: &plunge::BoundPooling) {
    let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    bound.encode(&mut encoder);
    engine.queue().submit([encoder.finish()]);
}

/// Stored texels: any bytes for unorm, reals for floats.
fn content(texel: Texel, count: usize, seed: u64) -> Vec<u8> {
    match texel {
        Texel::Rgba8Unorm => Data::Reals.bits(count, seed),
        texel => element(texel).encode(Data::Reals.values(count, seed).into_iter().map(f64::from)),
    }
}

/// The largest error that storing a number as a texel may make; drivers round unorm as they like.
fn step(texel: Texel, number: f64) -> f64 {
    match texel {
        Texel::Rgba8Unorm => 0.6 / 255.0,
        Texel::Rgba16Float => number.abs() / 1024.0 + 1e-7,
        _ => 0.0,
    }
}

/// The first texel that is too far off.
fn compare(target: Texel, exact: bool, got: &[f64], wanted: &[f64]) -> Option<String> {
    assert_eq!(got.len(), wanted.len());
    got.iter().zip(wanted).enumerate().find_map(|(at, (&got, &wanted))| {
        let wanted = if target == Texel::Rgba8Unorm { wanted.clamp(0.0, 1.0) } else { wanted };
        let allowed = step(target, wanted) + if exact { 0.0 } else { 2e-5 * wanted.abs().max(1.0) };
        let close = (got - wanted).abs() <= allowed;
        (!close).then(|| format!("texel's value {at}: expected {wanted}, got {got}, allowed {allowed:e}"))
    })
}

/// From each format to each, to and from buffers, by ops and regions in turn.
#[test]
fn pooling_from_and_to_every_format() {
    let regions: [Region; 6] = [
        Window::new([2, 2]).into(),
        Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]).region,
        Region::Adaptive { output_size: [5, 3].into() },
        Region::Global,
        Region::Pyramid { levels: vec![1, 2] },
        Pooling::max([5, 1]).stride([1, 1]).padding([2, 0]).dilation([1, 1]).region,
    ];
    let ops = [Op::Max, Op::Min, Op::AVERAGE, Op::Std, Op::Lp { p: 2.0 }, Op::Median, Op::Gaussian { sigma: 1.0 }, Op::Last];
    let [four, one] = [&[None, Some(Texel::Rgba8Unorm), Some(Texel::Rgba16Float)][..], &[None, Some(Texel::R32Float)]];
    let (engines, mut cases, mut failures) = (engines(), 0, Vec::new());
    for (channels, texels) in [(4, four), (1, one)] {
        for (o, &op) in ops.iter().enumerate() {
            for (f, (&source, &target)) in texels.iter().flat_map(|a| texels.iter().map(move |b| (a, b))).enumerate() {
                if (source, target) == (None, None) {
                    continue;
                }
                let mut region = regions[(o + f) % regions.len()].clone();
                if let (Region::Pyramid { .. }, Some(_)) = (&region, target) {
                    region = Region::Global;
                }
                let (pooling, shape) = (Pooling::new(op, region), Shape::nhwc([1, 19, 23, channels]));
                let mut request = Request::new();
                (request.source, request.target) = (source, target);
                // Kernels in turn, where they fit.
                request.kernel = [None, Some(Kernel::Direct), Some(Kernel::Reduce), Some(Kernel::TwoStage)][(o + f) % 4];
                if Plan::new(&pooling, &shape, &request, &Limits::WEBGPU).is_err() {
                    request.kernel = None;
                }
                let output = pooling.output_shape(&shape).expect("a valid pooling");
                let bytes = match source {
                    Some(texel) => content(texel, shape.elements(), 7),
                    None => Element::F32.encode(Data::Reals.values(shape.elements(), 7).into_iter().map(f64::from)),
                };
                let reals = source.map_or_else(|| Element::F32.decode(&bytes), |texel| numbers(texel, &bytes));
                let wanted = reference::pool(&pooling, &shape, &reals).expect("the reference takes it").values;
                cases += 1;
                for (adapter, engine) in &engines {
                    let pooler = engine.prepare_with(&pooling, shape, &request).expect("it can be prepared");
                    let size = |shape: &Shape| [shape.spatial()[1] as u32, shape.spatial()[0] as u32];
                    let from = source.map(|texel| texture(engine, texel, size(&shape), 1));
                    let to = target.map(|texel| texture(engine, texel, size(&output), 1));
                    if let (Some(texel), Some(texture)) = (source, &from) {
                        write(engine, texture, texel, &bytes);
                    }
                    let values: Vec<f32> = reals.iter().map(|&real| real as f32).collect();
                    let input = engine.upload(shape, &values).expect("it uploads");
                    let results = engine.allocate::<f32>(output).expect("it allocates");
                    let bindings = match (&from, &to) {
                        (Some(from), Some(to)) => Bindings::textures(from, to),
                        (Some(from), None) => Bindings::from_texture(from, results.buffer()),
                        (None, Some(to)) => Bindings::to_texture(input.buffer(), to),
                        (None, None) => Bindings::new(input.buffer(), results.buffer()),
                    };
                    submit(engine, &pooler.bind(&bindings).expect("it binds"));
                    let got = match (&to, target) {
                        (Some(to), Some(texel)) => read(engine, to, texel, 0),
                        _ => engine.download(&results).expect("it downloads").iter().map(|&value| value.into()).collect(),
                    };
                    // Devices turn bytes into reals to an ulp.
                    let exact = op.kind().row().exact && source != Some(Texel::Rgba8Unorm);
                    if let Some(difference) = compare(target.unwrap_or(Texel::R32Float), exact, &got, &wanted) {
                        failures.push(format!("{pooling:?} from {source:?} to {target:?} on {adapter}: {difference}"));
                    }
                }
            }
        }
    }
    record("textures", cases * engines.len(), &engines, failures.len());
    report(&failures);
}

/// Whole chains, of even, odd, narrow and tiny textures: each level as the adaptive pooling of the one above.
#[test]
fn mip_chains_are_the_pooling_of_level_by_level() {
    let (engines, mut cases, mut failures) = (engines(), 0, Vec::new());
    for (s, size) in
        [[64, 64], [200, 120], [37, 53], [511, 31], [1, 300], [17, 1], [2, 2], [3, 3], [135, 240], [1023, 5], [600, 700]]
            .into_iter()
            .enumerate()
    {
        for (o, op) in [Op::Max, Op::Min, Op::AVERAGE].into_iter().enumerate() {
            let texel = [Texel::Rgba8Unorm, Texel::Rgba16Float, Texel::R32Float][(s + o) % 3];
            cases += 1;
            for (adapter, engine) in &engines {
                let mips = engine.prepare_mips(&op, texel, texel, size).expect("it can be prepared");
                let source = texture(engine, texel, size, 1 + mips.levels());
                let bytes = content(texel, (size[0] * size[1]) as usize * texel.channels(), 9);
                write(engine, &source, texel, &bytes);
                assert_eq!(mips.dispatches(), (mips.levels() as usize).div_ceil(4));
                // One texture's levels, or another texture, which is the only way on GL.
                let (chain, first) = match mips.bind(&source, TextureLevel::new(&source, 1)) {
                    Ok(bound) => {
                        submit(engine, &bound);
                        (source, 1)
                    }
                    Err(error) => {
                        assert!(error.is_unsupported() && adapter.contains("(gl,"), "{error}");
                        let chain = texture(engine, texel, mips.sizes()[0], mips.levels());
                        submit(engine, &mips.bind(&source, &chain).expect("it binds"));
                        (chain, 0)
                    }
                };
                let mut above = numbers(texel, &bytes);
                let mut shape = Shape::nhwc([1, size[1] as usize, size[0] as usize, texel.channels()]);
                for (level, &[columns, rows]) in (first..).zip(mips.sizes()) {
                    let pooling = Pooling::new(op, Region::Adaptive { output_size: [rows, columns].into() });
                    let wanted = reference::pool(&pooling, &shape, &above).expect("the reference takes it");
                    let got = read(engine, &chain, texel, level);
                    let off = compare(texel, op != Op::AVERAGE, &got, &wanted.values);
                    if let Some(difference) = off {
                        failures.push(format!("{op:?} of {size:?} as {texel}, level {level}, on {adapter}: {difference}"));
                    }
                    // Nothing is rounded before the next level is made.
                    (above, shape) = (wanted.values, wanted.shape);
                }
            }
        }
    }
    record("mip chains", cases * engines.len(), &engines, failures.len());
    report(&failures);
}

/// A depth buffer goes into a pyramid of r32float in one call; GL cannot read it and says so.
#[test]
fn depth_buffers_make_pyramids() {
    let size = [75, 42];
    let mut tried = 0;
    for (adapter, engine) in &engines() {
        let prepared = engine.prepare_mips(&Op::Max, Texel::Depth32Float, Texel::R32Float, size);
        let pooling = Pooling::max([2, 2]);
        let request = Request::new().source(Texel::Depth32Float);
        let pooler = engine.prepare_with(&pooling, Shape::nhwc([1, 42, 75, 1]), &request);
        if adapter.contains("(gl,") {
            for refused in [prepared.err(), pooler.err()] {
                assert!(
                    refused.is_some_and(|error| error.is_unsupported() && error.to_string().contains("copy it into r32float"))
                );
            }
            continue;
        }
        tried += 1;
        let mips = prepared.expect("it can be prepared");
        let depth = texture(engine, Texel::Depth32Float, size, 1);
        // A depth of 0.25 all over, which is what a pass without a draw leaves.
        let view = depth.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        drop(encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: &view,
                depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(0.25), store: wgpu::StoreOp::Store }),
                stencil_ops: None,
            }),
            ..Default::default()
        }));
        engine.queue().submit([encoder.finish()]);
        let pyramid = texture(engine, Texel::R32Float, [37, 21], mips.levels());
        submit(engine, &mips.bind(&depth, &pyramid).expect("it binds"));
        for level in 0..mips.levels() {
            assert!(read(engine, &pyramid, Texel::R32Float, level).iter().all(|&depth| depth == 0.25), "level {level}");
        }
        let output = engine.allocate::<f32>(Shape::nhwc([1, 21, 37, 1])).expect("it allocates");
        let bound =
            pooler.expect("it can be prepared").bind(&Bindings::from_texture(&depth, output.buffer())).expect("it binds");
        submit(engine, &bound);
        assert!(engine.download(&output).expect("it downloads").iter().all(|&depth| depth == 0.25));
    }
    assert!(tried > 0, "an adapter that reads depth");
}

#[test]
fn textures_that_do_not_fit_are_refused() {
    let engine = &engines()[0].1;
    let shape = Shape::nhwc([1, 8, 8, 4]);
    let pooling = Pooling::max([2, 2]);
    let request = Request::new().source(Texel::Rgba8Unorm).target(Texel::Rgba8Unorm);
    let prepare = |pooling: &Pooling, shape, request: Request| engine.prepare_with(pooling, shape, &request).map(|_| ());
    let grad = |request: Request| engine.prepare_grad_with(&pooling, shape, &request).map(|_| ());
    for (refused, words) in [
        (prepare(&pooling, Shape::nhwc([2, 8, 8, 4]), request), "one rgba8unorm texture"),
        (prepare(&pooling, Shape::nchw([1, 4, 8, 8]), request), "channels last"),
        (prepare(&pooling, Shape::nhwc([1, 8, 8, 3]), request), "4 channels"),
        (prepare(&pooling, shape, request.target(Texel::Depth32Float)), "pool depth into r32float"),
        (prepare(&pooling, shape, request.element(Element::U8)), "says itself what it holds"),
        (prepare(&pooling, shape, request.kernel(Kernel::Sort)), "unsupported"),
        (grad(request), "forward"),
    ] {
        let error = refused.expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    }
    let pooler = engine.prepare_with(&pooling, shape, &request).expect("it can be prepared");
    let [from, to, wrong] = [[8, 8], [4, 4], [5, 4]].map(|size| texture(engine, Texel::Rgba8Unorm, size, 1));
    let float = texture(engine, Texel::Rgba16Float, [4, 4], 1);
    let buffer = engine.allocate::<f32>(shape).expect("it allocates");
    for (bindings, words) in [
        (Bindings::textures(&from, &wrong), "4 columns and 4 rows"),
        (Bindings::textures(&from, &float), "a texture of rgba8unorm"),
        (Bindings::textures(&from, TextureLevel::new(&to, 1)), "a level below 1"),
        (Bindings::new(buffer.buffer(), buffer.buffer()), "prepared for one"),
        (Bindings::from_texture(&from, buffer.buffer()), "prepared for one"),
    ] {
        let error = pooler.bind(&bindings).expect_err(words);
        assert!(error.is_invalid() && error.to_string().contains(words), "{error}");
    }
    let mips = |op: Op, source, target, size| engine.prepare_mips(&op, source, target, size).map(|_| ());
    for (refused, words) in [
        (mips(Op::Std, Texel::R32Float, Texel::R32Float, [8, 8]), "max, min and average"),
        (mips(Op::Max, Texel::R32Float, Texel::Rgba8Unorm, [8, 8]), "channels"),
        (mips(Op::Max, Texel::R32Float, Texel::R32Float, [0, 8]), "at least one texel"),
        (mips(Op::Max, Texel::R32Float, Texel::R32Float, [1 << 16, 8]), "the limit is 32768"),
    ] {
        let error: Error = refused.expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    }
    let chain = engine.prepare_mips(&Op::Max, Texel::Rgba8Unorm, Texel::Rgba8Unorm, [8, 8]).expect("it can be prepared");
    let short = texture(engine, Texel::Rgba8Unorm, [8, 8], 2);
    let error = chain.bind(&short, TextureLevel::new(&short, 1)).expect_err("too few levels");
    assert!(error.to_string().contains("a level below 2"), "{error}");
}
