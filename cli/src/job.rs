//! One pooling on one machine: the bounds within which it is worth starting, and the walk over groups of planes or images.

use std::time::{Duration, Instant};

use plunge::{Engine, Error, Layout, Op, OpKind, Padding, PerAxis, Pooling, Region, Shape, reference};

use crate::{Failure, backend::Machine, progress::Progress, sides::Sides, types::Types};

/// Outputs that any input may have; beyond that, twice as many as it has values.
const MOST_OUTPUTS: usize = 1 << 26;
/// Taps that the reference holds at once, for one output.
const MOST_REFERENCE_TAPS: u64 = 1 << 26;
/// Taps in all: minutes on the reference, on a software adapter and on a GPU.
const MOST_STEPS: [u64; 3] = [1 << 33, 1 << 36, 1 << 44];
/// Taps in one group of planes, on a software adapter and on a GPU: seconds, so that no driver takes the device for hung.
const GROUP_STEPS: [u64; 2] = [1 << 30, 1 << 36];
/// Bytes in one group, read and written: what is gained by larger ones is little, and a software adapter holds each several times.
const GROUP_BYTES: usize = 32 << 20;

/// A pooling that has been checked against its input.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pooling: &'a Pooling,
    input: Shape,
    output: Shape,
    types: Types,
    /// Taps of one output, at most.
    taps: u64,
    indices: bool,
    detection: bool,
    sides: &'a Sides,
    unit: Unit,
}

/// What can be pooled apart from the rest of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Plane,
    /// All channels of one batch element, where channels mix or differ.
    Image,
    /// What stands beside the input, or the output's number, ties everything together.
    Whole,
}

impl Unit {
    fn of(pooling: &Pooling, layout: Layout) -> Self {
        let beside = !matches!(
            pooling.region,
            Region::Window(_)
                | Region::Adaptive { .. }
                | Region::Global
                | Region::Pyramid { .. }
                | Region::Fractional(_)
                | Region::Channels { .. }
                | Region::ChannelWindow { .. }
        );
        if beside || matches!(pooling.op.kind(), OpKind::StochasticSample | OpKind::ProbabilisticMaxSample) {
            return Self::Whole;
        }
        let channels = matches!(pooling.region, Region::Channels { .. } | Region::ChannelWindow { .. });
        let own = matches!(pooling.op, Op::Weighted { per_channel: true, .. } | Op::Gated { per_channel: true });
        // With channels last the planes of an image lie among one another.
        if channels || own || layout == Layout::Nhwc { Self::Image } else { Self::Plane }
    }
}

/// What one group of a job gives.
#[derive(Debug)]
pub(crate) struct Pooled {
    pub(crate) values: Vec<u8>,
    /// int64, −1 where a region is empty.
    pub(crate) indices: Option<Vec<i64>>,
    /// The layer below a probabilistic max, shaped like the input, where asked for.
    pub(crate) detection: Option<Vec<f32>>,
    /// The kernel that ran, or `reference`.
    pub(crate) kernel: String,
}

/// What is told of a job that is done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) kernel: String,
    pub(crate) elapsed: Duration,
}

impl Done {
    /// Times the work on one group, and keeps the name of its kernel.
    pub(crate) fn time<T>(&mut self, work: impl FnOnce() -> Result<(T, String), Failure>) -> Result<T, Failure> {
        let started = Instant::now();
        let (answer, kernel) = work()?;
        self.elapsed += started.elapsed();
        if self.kernel.is_empty() {
            self.kernel = kernel;
        }
        Ok(answer)
    }
}

impl<'a> Job<'a> {
    /// Checks all that can be checked without a machine.
    pub(crate) fn new(pooling: &'a Pooling, input: Shape, types: Types, sides: &'a Sides) -> Result<Self, Failure> {
        let output = pooling.output_shape(&input)?;
        let most = MOST_OUTPUTS.max(input.elements().saturating_mul(2));
        if output.elements() > most {
            let actual = output.elements() as u64;
            return Err(Error::UnsupportedSize { what: "number of outputs".into(), limit: most as u64, actual }.into());
        }
        let empty = input.elements() == 0 || output.elements() == 0;
        let unit = if empty { Unit::Whole } else { Unit::of(pooling, input.layout()) };
        let taps = pooling.most_taps(&input)?;
        Ok(Self { pooling, input, output, types, taps, indices: false, detection: false, sides, unit })
    }

    /// With indices, where `wanted`.
    pub(crate) fn indices(mut self, wanted: bool) -> Result<Self, Failure> {
        let row = self.pooling.op.kind().row();
        if wanted && !row.indices {
            let why = "it chooses no tap; max, min and stochastic samples have indices";
            return Err(Failure::unsupported(format!("indices of {}", row.name), why));
        }
        if wanted && !self.pooling.region.has_indices() {
            let why = "window (padded by absent values), adaptive, global, fractional and roi_pool regions have them";
            return Err(Failure::unsupported(format!("indices in this {}", self.pooling.region.kind().name()), why));
        }
        self.indices = wanted;
        Ok(self)
    }

    /// With the detection layer, where `wanted`.
    pub(crate) fn detection(mut self, wanted: bool) -> Result<Self, Failure> {
        if wanted && !matches!(self.pooling.op, Op::ProbabilisticMax { .. }) {
            let why = "probabilistic_max has one";
            return Err(Failure::unsupported(format!("the detection layer of {}", self.pooling.op.kind()), why));
        }
        self.detection = wanted;
        Ok(self)
    }

    /// As one group, where `wanted`.
    pub(crate) fn whole(mut self, wanted: bool) -> Self {
        if wanted {
            self.unit = Unit::Whole;
        }
        self
    }

    pub(crate) fn output_shape(&self) -> Shape {
        self.output
    }

    /// A bar that counts what is pooled apart.
    pub(crate) fn progress(&self, what: &str) -> Progress {
        let things = match self.unit {
            Unit::Plane => "planes",
            Unit::Image => "images",
            Unit::Whole => "arrays",
        };
        Progress::new(what, self.units(), things)
    }

    /// How many planes or images there are that can be pooled apart.
    fn units(&self) -> usize {
        match self.unit {
            Unit::Plane => self.input.batch() * self.input.channels(),
            Unit::Image => self.input.batch(),
            Unit::Whole => 1,
        }
    }

    /// The shape that so many units of a tensor have.
    pub(crate) fn part_of(&self, whole: &Shape, units: usize) -> Result<Shape, Failure> {
        let [n, c] = match self.unit {
            Unit::Plane => [1, units],
            Unit::Image => [units, whole.channels()],
            Unit::Whole => [whole.batch(), whole.channels()],
        };
        Ok(Shape::from_nchw(&[&[n, c], whole.spatial()].concat())?.in_layout(whole.layout()))
    }

    /// Runs on `machine`: `read` gives the next elements of the input, `write` takes what they pool to and how many outputs were before.
    pub(crate) fn run(
        &self,
        machine: &Machine,
        progress: &Progress,
        mut read: impl FnMut(usize, &mut Vec<u8>) -> Result<(), Failure>,
        mut write: impl FnMut(usize, Pooled) -> Result<(), Failure>,
    ) -> Result<Done, Failure> {
        let (mut done, mut bytes, mut before) = (Done::default(), Vec::new(), 0);
        let beside =
            usize::from(self.indices) * 8 * self.output.elements() + usize::from(self.detection) * 4 * self.input.elements();
        let written = self.output.elements() * self.types.output.bytes() + beside;
        for units in self.groups(machine, self.input.elements() * self.types.input.bytes() + written)? {
            let shape = self.part_of(&self.input, units)?;
            read(shape.elements(), &mut bytes)?;
            let pooled = done.time(|| {
                let pooled = self.pool(machine, shape, &bytes)?;
                let kernel = pooled.kernel.clone();
                Ok((pooled, kernel))
            })?;
            write(before, pooled)?;
            before += self.part_of(&self.output, units)?.elements();
            progress.advance(units);
        }
        Ok(done)
    }

    fn pool(&self, machine: &Machine, shape: Shape, bytes: &[u8]) -> Result<Pooled, Failure> {
        let sides = self.sides.borrow();
        match machine {
            Machine::Adapter { engine, .. } => {
                let request = self.types.request().indices(self.indices).detection(self.detection);
                let answer = engine
                    .pool_bytes(self.pooling, shape, bytes, &request, &sides)
                    .map_err(|error| engine_failed(engine, error))?;
                let wide = |&index: &u32| if index == u32::MAX { -1 } else { i64::from(index) };
                Ok(Pooled {
                    values: answer.values,
                    indices: answer.indices.map(|indices| indices.iter().map(wide).collect()),
                    detection: answer.detection,
                    kernel: answer.kernel.to_string(),
                })
            }
            Machine::Reference => {
                let reals = self.types.reals(bytes);
                let answer = reference::pool_with(self.pooling, &shape, &reals, &sides)?;
                let detection = self.detection.then(|| reference::detection(self.pooling, &shape, &reals)).transpose()?;
                let wide = |index: &Option<usize>| index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1);
                let indices = answer.indices.filter(|_| self.indices);
                #[allow(clippy::cast_possible_truncation, reason = "layers are f32")]
                Ok(Pooled {
                    values: self.types.stored(self.pooling, answer.values),
                    indices: indices.map(|indices| indices.iter().map(wide).collect()),
                    detection: detection.map(|layer| layer.into_iter().map(|value| value as f32).collect()),
                    kernel: "reference".into(),
                })
            }
        }
    }

    /// How many units to do at once, group after group, where all have so many bytes; or why the job is too much for the machine.
    pub(crate) fn groups(&self, machine: &Machine, bytes: usize) -> Result<impl Iterator<Item = usize> + use<>, Failure> {
        let units = self.units();
        let steps = self.steps(matches!(machine, Machine::Reference)) / units as u64;
        let kind = match machine {
            Machine::Reference => 0,
            Machine::Adapter { software: true, .. } => 1,
            Machine::Adapter { .. } => 2,
        };
        let (most, all) = (MOST_STEPS[kind], steps.saturating_mul(units as u64));
        if all > most {
            let what = if kind == 0 { "work for the CPU reference, in taps" } else { "work for this adapter, in taps" };
            return Err(Error::UnsupportedSize { what: what.into(), limit: most, actual: all }.into());
        }
        let at_once = match machine {
            Machine::Adapter { engine, .. } => {
                let by_steps = usize::try_from(GROUP_STEPS[kind - 1] / steps.max(1)).unwrap_or(usize::MAX);
                let by_bytes = GROUP_BYTES / (bytes / units).max(1);
                by_steps.min(by_bytes).min(self.fitting(engine)).clamp(1, units)
            }
            Machine::Reference if self.taps > MOST_REFERENCE_TAPS => {
                let what = "region for the CPU reference, in taps".into();
                return Err(Error::UnsupportedSize { what, limit: MOST_REFERENCE_TAPS, actual: self.taps }.into());
            }
            Machine::Reference => 1,
        };
        Ok((0..units).step_by(at_once).map(move |from| at_once.min(units - from)))
    }

    /// Units that fit the device's largest binding, by words.
    fn fitting(&self, engine: &Engine) -> usize {
        let larger = self.input.elements().max(self.output.elements()) / self.units();
        let most = usize::try_from(engine.limits().binding_bytes / 4).unwrap_or(usize::MAX).min((1 << 31) - 1);
        most / larger.max(1)
    }

    /// Taps that are folded in all. The reference also tries positions that turn out to be no taps.
    fn steps(&self, reference: bool) -> u64 {
        let mut outputs = 1u64;
        let mut tried = 0u64;
        for (axis, &size) in self.output.spatial().iter().enumerate() {
            outputs = outputs.saturating_mul(size as u64);
            let input = self.input.spatial().get(axis).copied().unwrap_or(1) as u64;
            let positions = match &self.pooling.region {
                Region::Window(window) => {
                    let same = matches!(window.padding, Padding::SameUpper | Padding::SameLower);
                    2 * u64::from(of_axis(&window.kernel_size, axis)) + if same { input } else { 0 }
                }
                _ => 2 * input,
            };
            tried = tried.saturating_add(outputs.saturating_mul(positions));
        }
        let planes = (self.output.elements() as u64 / outputs.max(1)).max(1);
        // Segments share their taps out: however many there are, each position is in one.
        let folded = match self.pooling.region {
            Region::Segments { .. } | Region::Clusters(_) if !reference => self.taps,
            _ => outputs.saturating_mul(self.taps),
        };
        (if reference { folded.saturating_add(tried) } else { folded }).saturating_mul(planes)
    }
}

/// Why an engine failed; one that does not answer is left as it is.
pub(crate) fn engine_failed(engine: &Engine, error: Error) -> Failure {
    if matches!(error, Error::Timeout { .. }) {
        // Dropping the device would wait for it once more.
        std::mem::forget(engine.clone());
    }
    error.into()
}

fn of_axis(numbers: &PerAxis<u32>, axis: usize) -> u32 {
    match numbers {
        PerAxis::All(number) => *number,
        PerAxis::Each(numbers) => numbers.get(axis).copied().unwrap_or(1),
    }
}
