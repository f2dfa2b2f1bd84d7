//! Times what is recorded into a compute pass.
//!
//! A sample is the time of a batch of runs in one pass, divided by their number. Where the device has timestamps the pass is timed by them, else
//! by the wall clock from the submission to the end of the wait for it. Which of them is believed is found out, since drivers exist that
//! answer with numbers of no meaning.

use std::time::Instant;

use plunge::{
    BoundPooling, Engine, Error,
    wgpu::{
        Buffer, BufferDescriptor, BufferUsages, CommandEncoderDescriptor, ComputePass, ComputePassDescriptor,
        ComputePassTimestampWrites, DeviceType, Features, MapMode, QuerySet, QuerySetDescriptor, QueryType,
    },
};

use crate::{ClockKind, CopyKernel, device::watched};

/// Timestamps are believed that say between so much of the wall time and a little more than all of it. A batch of a tenth of a second or so hides what a
/// submission costs.
const BELIEVED: std::ops::RangeInclusive<f64> = 0.85..=1.05;

/// What can be timed.
pub trait Contestant {
    /// Records one run.
    fn encode_pass(&self, pass: &mut ComputePass<'_>);
}

impl Contestant for BoundPooling {
    fn encode_pass(&self, pass: &mut ComputePass<'_>) {
        BoundPooling::encode_pass(self, pass);
    }
}

/// The time of one run of a batch, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elapsed {
    /// By the wall clock.
    pub wall: f64,
    /// By the device's timestamps, where it has them.
    pub timestamps: Option<f64>,
}

/// A clock for one device.
#[derive(Debug)]
pub struct Clock {
    engine: Engine,
    stamps: Option<Stamps>,
    kind: ClockKind,
    agreement: Option<f64>,
}

#[derive(Debug)]
struct Stamps {
    set: QuerySet,
    resolved: Buffer,
    read: Buffer,
}

impl Clock {
    /// The wall clock.
    #[must_use]
    pub fn wall(engine: &Engine) -> Self {
        Self { engine: engine.clone(), stamps: None, kind: ClockKind::Wall, agreement: None }
    }

    /// Timestamps, where the device has them and they agree with the wall clock on batches of `known`; else the wall clock.
    ///
    /// # Errors
    /// As [`time`](Self::time).
    pub fn best(engine: &Engine, known: &CopyKernel) -> Result<Self, Error> {
        let mut clock = Self::wall(engine);
        if !engine.device().features().contains(Features::TIMESTAMP_QUERY) {
            return Ok(clock);
        }
        clock.stamps = Some(watched(engine.device(), || Stamps::new(engine))?);
        let once = clock.time(known, 1)?.wall.max(1e-3);
        let runs = batch(clock.time(known, 1)?.wall.min(once), 100.0);
        let mut shares = Vec::new();
        for _ in 0..3 {
            let elapsed = clock.time(known, runs)?;
            shares.push(elapsed.timestamps.unwrap_or(0.0) / elapsed.wall.max(f64::MIN_POSITIVE));
        }
        clock.agreement = crate::Statistics::of(&shares).map(|shares| shares.median);
        if clock.agreement.is_some_and(|share| BELIEVED.contains(&share)) {
            clock.kind = ClockKind::Timestamps;
        } else {
            clock.stamps = None;
        }
        Ok(clock)
    }

    /// The engine on whose device it times.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether the device is a software adapter.
    pub(crate) fn is_of_software(&self) -> bool {
        self.engine.adapter_info().device_type == DeviceType::Cpu
    }

    /// Which clock is read.
    #[must_use]
    pub fn kind(&self) -> ClockKind {
        self.kind
    }

    /// The time by timestamps over that by the wall clock, where both were looked at.
    #[must_use]
    pub fn agreement(&self) -> Option<f64> {
        self.agreement
    }

    /// The milliseconds of one of `runs` runs, by the clock that is believed. Waits for the device.
    ///
    /// # Errors
    /// As [`time`](Self::time).
    pub fn milliseconds(&self, contestant: &dyn Contestant, runs: u32) -> Result<f64, Error> {
        let elapsed = self.time(contestant, runs)?;
        Ok(match self.kind {
            ClockKind::Timestamps => elapsed.timestamps.unwrap_or(elapsed.wall),
            ClockKind::Wall => elapsed.wall,
        })
    }

    /// Times `runs` runs, recorded one after the other in one pass, by all clocks there are. Waits for the device.
    ///
    /// # Errors
    /// [`Error::Timeout`] where the device needs longer than two minutes, [`Error::DeviceLost`] where it is lost, [`Error::Device`] where it refuses.
    pub fn time(&self, contestant: &dyn Contestant, runs: u32) -> Result<Elapsed, Error> {
        let device = self.engine.device();
        let mut encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        {
            let timestamp_writes = self.stamps.as_ref().map(|stamps| ComputePassTimestampWrites {
                query_set: &stamps.set,
                beginning_of_pass_write_index: Some(0),
                end_of_pass_write_index: Some(1),
            });
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor { label: None, timestamp_writes });
            for _ in 0..runs {
                contestant.encode_pass(&mut pass);
            }
        }
        if let Some(stamps) = &self.stamps {
            encoder.resolve_query_set(&stamps.set, 0..2, &stamps.resolved, 0);
            encoder.copy_buffer_to_buffer(&stamps.resolved, 0, &stamps.read, 0, Stamps::BYTES);
        }
        let commands = encoder.finish();
        self.engine.wait()?;
        let start = Instant::now();
        watched(device, || self.engine.queue().submit([commands]))?;
        self.engine.wait()?;
        let wall = start.elapsed().as_secs_f64() * 1e3;
        let timestamps = self.stamps.as_ref().map(|stamps| self.read(stamps)).transpose()?;
        let of_one = |all: f64| all / f64::from(runs.max(1));
        Ok(Elapsed { wall: of_one(wall), timestamps: timestamps.map(of_one) })
    }

    /// Milliseconds between the two timestamps.
    fn read(&self, stamps: &Stamps) -> Result<f64, Error> {
        stamps.read.map_async(MapMode::Read, .., |_| {});
        self.engine.wait()?;
        let ticks: Vec<u64> = {
            let view = stamps.read.get_mapped_range(..).map_err(|error| Error::Device(error.to_string()))?;
            bytemuck::pod_collect_to_vec(&view)
        };
        stamps.read.unmap();
        #[allow(clippy::cast_precision_loss, reason = "differences of seconds at most")]
        let ticks = ticks[1].saturating_sub(ticks[0]) as f64;
        Ok(ticks * f64::from(self.engine.queue().get_timestamp_period()) * 1e-6)
    }
}

impl Stamps {
    const BYTES: u64 = 16;

    fn new(engine: &Engine) -> Self {
        let device = engine.device();
        let buffer = |label, usage| {
            device.create_buffer(&BufferDescriptor { label: Some(label), size: Self::BYTES, usage, mapped_at_creation: false })
        };
        Self {
            set: device.create_query_set(&QuerySetDescriptor {
                label: Some("plunge timestamps"),
                ty: QueryType::Timestamp,
                count: 2,
            }),
            resolved: buffer("plunge timestamps", BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC),
            read: buffer("plunge timestamps to read", BufferUsages::MAP_READ | BufferUsages::COPY_DST),
        }
    }
}

/// How many runs of so many milliseconds fill a batch of `target`.
pub(crate) fn batch(milliseconds: f64, target: f64) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let runs = (target / milliseconds.max(1e-6)).clamp(1.0, 1000.0) as u32;
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_fill_their_time_and_are_never_empty() {
        for (milliseconds, target, runs) in [(10.0, 100.0, 10), (30.0, 100.0, 3), (500.0, 100.0, 1), (0.0, 100.0, 1000)] {
            assert_eq!(batch(milliseconds, target), runs, "{milliseconds} ms in {target}");
        }
    }
}
