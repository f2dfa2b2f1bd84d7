//! burn's wgpu backend as a peer: `plunge-peer-burn nchw|nhwc DEVICE`, requests on stdin, answers on stdout.
//!
//! Tensors stay on the device; a batch of runs is waited for once. burn pools with channels last: of a tensor that is stored
//! otherwise it makes a copy first, which is why it runs in both.

mod poolings;
mod stored;

use std::{
    io::{BufRead, Write, stdin, stdout},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use burn::tensor::{Device, DeviceKind};
use plunge_peers_protocol::{Answer, MOST_RUNS, Request};

use crate::{
    poolings::{Prepared, prepare},
    stored::{Order, Store},
};

/// Seconds that `runs` runs take, with one wait at their end.
fn timed(device: &Device, prepared: &Prepared, runs: u32) -> Result<f64, String> {
    let start = Instant::now();
    for _ in 0..runs {
        (prepared.run)();
    }
    device.sync().map_err(|error| error.to_string())?;
    Ok(start.elapsed().as_secs_f64())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn time(device: &Device, prepared: &Prepared, seconds: f64) -> Result<Answer, String> {
    let one = timed(device, prepared, 1)?;
    let runs = (seconds / one).ceil().clamp(1.0, MOST_RUNS) as u32;
    // Where one run takes longer than was asked for, it is the sample.
    let all = if runs == 1 { one } else { timed(device, prepared, runs)? };
    Ok(Answer::Timed { ms: all * 1e3 / f64::from(runs), runs })
}

fn answer(request: Request, store: &Store, prepared: &mut Option<Prepared>) -> Result<Answer, String> {
    match request {
        Request::Prepare(problem) => {
            *prepared = None;
            let made = match prepare(&problem, store)? {
                Ok(made) => made,
                Err(why) => return Ok(Answer::Unsupported { why }),
            };
            store.write(&problem.answer, (made.run)())?;
            let note = made.note.map(Into::into);
            *prepared = Some(made);
            Ok(Answer::Ready { note, differs: None })
        }
        Request::Time { seconds } => match prepared {
            Some(prepared) => time(&store.device, prepared, seconds),
            None => Err("nothing is prepared".into()),
        },
    }
}

fn say(answer: &Answer) -> std::io::Result<()> {
    let mut out = stdout().lock();
    serde_json::to_writer(&mut out, answer)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let order = if arguments.next().as_deref() == Some("nhwc") { Order::ChannelsLast } else { Order::ChannelsFirst };
    let kind = match arguments.next().as_deref() {
        Some("software") => DeviceKind::Cpu,
        Some("discrete") => DeviceKind::DiscreteGpu(0),
        Some("integrated") => DeviceKind::IntegratedGpu(0),
        Some("virtual") => DeviceKind::VirtualGpu(0),
        _ => DeviceKind::DefaultDevice,
    };
    // burn panics where it finds no device and where a kernel fails; a peer says so and goes on.
    let store = catch_unwind(|| Store { device: Device::vulkan(kind), order });
    let Ok(store) = store else {
        return say(&Answer::Unavailable { why: "burn finds no such Vulkan device".into() });
    };
    say(&Answer::Hello { version: "0.22.1".into(), device: None })?;
    let mut prepared = None;
    for line in stdin().lock().lines() {
        let answered = match serde_json::from_str(&line?) {
            Ok(request) => catch_unwind(AssertUnwindSafe(|| answer(request, &store, &mut prepared)))
                .unwrap_or_else(|_| Err("burn panicked".into())),
            Err(error) => Err(error.to_string()),
        };
        say(&answered.unwrap_or_else(|why| Answer::Failed { why }))?;
    }
    Ok(())
}
