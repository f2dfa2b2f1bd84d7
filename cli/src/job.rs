//! One pooling on one machine: the bounds within which it is worth starting, and the walk over groups of planes or images.

use std::time::{Duration, Instant};

use plunge::{Engine, Error, Op, OpKind, Padding, PerAxis, Pooling, Region, Request, Shape, reference};

use crate::{Failure, backend::Machine, progress::Progress, sides::Sides};

/// Outputs that any input may have; beyond that, twice as many as it has values.
const MOST_OUTPUTS: usize = 1 << 26;
/// Taps that the reference holds at once, for one output.
const MOST_REFERENCE_TAPS: u64 = 1 << 26;
/// Taps in all: minutes on the reference, on a software adapter and on a GPU.
const MOST_STEPS: [u64; 3] = [1 << 33, 1 << 36, 1 << 44];
/// Taps in one group of planes, on a software adapter and on a GPU: seconds, so that no driver takes the device for hung.
const GROUP_STEPS: [u64; 2] = [1 << 30, 1 << 36];

/// A pooling that has been checked against its input.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pooling: &'a Pooling,
    input: Shape,
    output: Shape,
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
    fn of(pooling: &Pooling) -> Self {
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
        if channels || own { Self::Image } else { Self::Plane }
    }
}

/// What a job gives.
#[derive(Debug)]
pub(crate) struct Pooled {
    pub(crate) values: Vec<f32>,
    /// int64, −1 where a region is empty.
    pub(crate) indices: Option<Vec<i64>>,
    /// The layer below a probabilistic max, shaped like the input, where asked for.
    pub(crate) detection: Option<Vec<f32>>,
    /// The kernel that ran, or `reference`, or `none` where there was nothing to do.
    pub(crate) kernel: String,
    pub(crate) elapsed: Duration,
}

impl<'a> Job<'a> {
    /// Checks all that can be checked without a machine.
    pub(crate) fn new(pooling: &'a Pooling, input: Shape, indices: bool, sides: &'a Sides) -> Result<Self, Failure> {
        let output = pooling.output_shape(&input)?;
        let row = pooling.op.kind().row();
        if indices && !row.indices {
            let why = "it chooses no tap; max, min and stochastic samples have indices";
            return Err(Failure::unsupported(format!("indices of {}", row.name), why));
        }
        if indices && !pooling.region.has_indices() {
            let why = "window (padded by absent values), adaptive, global, fractional and roi_pool regions have them";
            return Err(Failure::unsupported(format!("indices in this {}", pooling.region.kind().name()), why));
        }
        let most = MOST_OUTPUTS.max(input.elements().saturating_mul(2));
        if output.elements() > most {
            let actual = output.elements() as u64;
            return Err(Error::UnsupportedSize { what: "number of outputs".into(), limit: most as u64, actual }.into());
        }
        Ok(Self {
            pooling,
            input,
            output,
            taps: pooling.most_taps(&input)?,
            indices,
            detection: false,
            sides,
            unit: Unit::of(pooling),
        })
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

    pub(crate) fn output_shape(&self) -> Shape {
        self.output
    }

    /// Runs on `machine`. Planes, or images, are pooled apart where they can be, so that inputs beyond a device's limits fit in groups.
    pub(crate) fn run(&self, machine: &Machine, input: &[f32]) -> Result<Pooled, Failure> {
        let units = match self.unit {
            Unit::Plane => self.input.batch().saturating_mul(self.input.channels()),
            Unit::Image if self.input.channels() > 0 => self.input.batch(),
            Unit::Image => 0,
            Unit::Whole => 1,
        };
        let started = Instant::now();
        let mut pooled = Pooled {
            values: Vec::new(),
            indices: self.indices.then(Vec::new),
            detection: self.detection.then(Vec::new),
            kernel: "none".into(),
            elapsed: Duration::ZERO,
        };
        if units > 0 && self.output.elements() > 0 {
            let group = self.group(machine, units)?;
            pooled
                .values
                .try_reserve_exact(self.output.elements())
                .map_err(|_| Failure::refused(format!("not enough memory for an output of {}", self.output)))?;
            let progress = Progress::new("pooling", units);
            let in_unit = self.input.elements() / units;
            for values in input.chunks(group * in_unit) {
                self.run_group(machine, values, values.len() / in_unit, &mut pooled)?;
                progress.advance(values.len() / in_unit);
            }
        }
        pooled.elapsed = started.elapsed();
        Ok(pooled)
    }

    /// Refuses what would take the machine too long, done as a whole.
    pub(crate) fn check_work(&self, machine: &Machine) -> Result<(), Failure> {
        self.group(machine, 1).map(|_| ())
    }

    fn run_group(&self, machine: &Machine, values: &[f32], units: usize, pooled: &mut Pooled) -> Result<(), Failure> {
        let [n, c] = match self.unit {
            Unit::Plane => [1, units],
            Unit::Image => [units, self.input.channels()],
            Unit::Whole => [self.input.batch(), self.input.channels()],
        };
        let shape = Shape::from_nchw(&[&[n, c], self.input.spatial()].concat())?;
        let sides = self.sides.borrow();
        match machine {
            Machine::Adapter { engine, .. } => {
                let request = Request::new().indices(self.indices).detection(self.detection);
                let answer = engine.pool_with(self.pooling, shape, values, &request, &sides).map_err(|error| {
                    if matches!(error, Error::Timeout { .. }) {
                        // Dropping the device would wait for it once more.
                        std::mem::forget(engine.clone());
                    }
                    Failure::from(error)
                })?;
                if pooled.values.is_empty() {
                    pooled.kernel = answer.kernel.to_string();
                }
                pooled.values.extend_from_slice(&answer.values);
                if let (Some(all), Some(detection)) = (&mut pooled.detection, &answer.detection) {
                    all.extend_from_slice(detection);
                }
                if let (Some(all), Some(indices)) = (&mut pooled.indices, &answer.indices) {
                    all.extend(indices.iter().map(|&index| if index == u32::MAX { -1 } else { i64::from(index) }));
                }
            }
            Machine::Reference => {
                let answer = reference::pool_with(self.pooling, &shape, values, &sides)?;
                pooled.kernel = "reference".into();
                if let Some(all) = &mut pooled.detection {
                    #[allow(clippy::cast_possible_truncation, reason = "layers are f32")]
                    all.extend(reference::detection(self.pooling, &shape, values)?.into_iter().map(|value| value as f32));
                }
                #[allow(clippy::cast_possible_truncation, reason = "outputs are f32")]
                pooled.values.extend(answer.values.iter().map(|&value| value as f32));
                if let (Some(all), Some(indices)) = (&mut pooled.indices, &answer.indices) {
                    let flat = |index: &Option<usize>| index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1);
                    all.extend(indices.iter().map(flat));
                }
            }
        }
        Ok(())
    }

    /// Units to pool at once, or why the job is too much for the machine.
    fn group(&self, machine: &Machine, units: usize) -> Result<usize, Failure> {
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
        let Machine::Adapter { engine, .. } = machine else {
            let taps = self.taps;
            if taps > MOST_REFERENCE_TAPS {
                let what = "region for the CPU reference, in taps".into();
                return Err(Error::UnsupportedSize { what, limit: MOST_REFERENCE_TAPS, actual: taps }.into());
            }
            return Ok(1);
        };
        let by_steps = usize::try_from(GROUP_STEPS[kind - 1] / steps.max(1)).unwrap_or(usize::MAX);
        Ok(by_steps.min(self.fitting(engine, units)).clamp(1, units))
    }

    /// Units that fit the device's largest binding.
    fn fitting(&self, engine: &Engine, units: usize) -> usize {
        let larger = self.input.elements().max(self.output.elements()) / units;
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

fn of_axis(numbers: &PerAxis<u32>, axis: usize) -> u32 {
    match numbers {
        PerAxis::All(number) => *number,
        PerAxis::Each(numbers) => numbers.get(axis).copied().unwrap_or(1),
    }
}
