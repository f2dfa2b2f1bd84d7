//! What the host pays for recording a bound pooling.

use std::time::Instant;

use plunge::{BoundPooling, Engine, Error, Pooling, Request, Shape, wgpu::CommandEncoderDescriptor};

use crate::{Encoding, Statistics, record::rounded};

/// Recordings in one encoder, which is thrown away.
const IN_ONE: u32 = 64;

/// Times the recording of one step, ResNet's stem, and of YOLO's three windows joined: medians of `times` encoders.
///
/// # Errors
/// As [`Engine::prepare`].
pub fn encoding(engine: &Engine, times: usize) -> Result<Encoding, Error> {
    let shape = Shape::nchw([1, 16, 20, 20]);
    let input = engine.upload(shape, &vec![1.0f32; shape.elements()])?;
    let bind = |pooling: &Pooling| {
        let pooler = engine.prepare_with(pooling, shape, &Request::new())?;
        let output = engine.allocate::<f32>(pooler.output_shape())?;
        pooler.bind(&plunge::Bindings::new(input.buffer(), output.buffer()))
    };
    let one = bind(&Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]))?;
    let windows = [5, 9, 13].map(|side| Pooling::max([side, side]).stride([1, 1]).padding([side / 2, side / 2]));
    let joined = BoundPooling::join(windows.iter().map(bind).collect::<Result<Vec<_>, _>>()?);
    let [one_step_us, one_step_finished_us] = microseconds(engine, &one, times);
    let [join_us, join_finished_us] = microseconds(engine, &joined, times);
    Ok(Encoding { one_step_us, one_step_finished_us, join_us, join_finished_us, join_steps: windows.len() })
}

/// Of one recording: alone, and with its share of the encoder.
fn microseconds(engine: &Engine, bound: &BoundPooling, times: usize) -> [f64; 2] {
    let (mut alone, mut finished) = (Vec::new(), Vec::new());
    let of_one = |since: Instant| since.elapsed().as_secs_f64() * 1e6 / f64::from(IN_ONE);
    for _ in 0..times.max(1) {
        let begun = Instant::now();
        let mut encoder = engine.device().create_command_encoder(&CommandEncoderDescriptor::default());
        let encoding = Instant::now();
        for _ in 0..IN_ONE {
            bound.encode(&mut encoder);
        }
        alone.push(of_one(encoding));
        let commands = encoder.finish();
        finished.push(of_one(begun));
        drop(commands);
    }
    [alone, finished].map(|times| Statistics::of(&times).map_or(0.0, |times| rounded(times.median)))
}
