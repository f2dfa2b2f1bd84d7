//! The record of a measurement, as JSON. `docs/bench.md` explains it field by field; the first five fields and those of workloads up to `correct` are what scripts rely on.

use std::fmt;

use plunge::{
    Engine,
    wgpu::{AdapterInfo, DeviceType},
};
use serde::{Deserialize, Serialize};

use crate::targets::{Measure, Target};

/// What was measured, where and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Plunge's version.
    pub plunge: String,
    /// The adapter.
    pub adapter: Adapter,
    /// GB/s, read and written, of the best copy kernel.
    pub copy_gbs: f64,
    /// The workloads, in the catalogue's order.
    pub workloads: Vec<WorkloadTime>,
    /// When, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Whether the adapter is software: its figures are for comparing kernels with each other, not with GPUs.
    #[serde(default)]
    pub software: bool,
    /// Which clock was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockKind>,
    /// The time of a copy kernel by timestamps over that by the wall clock, where the device has timestamps: they are believed from 0.85 to 1.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamps_over_wall: Option<f64>,
    /// Samples of each contestant, unless it was slow.
    #[serde(default)]
    pub rounds: usize,
    /// The copy kernels.
    #[serde(default)]
    pub copies: Vec<Copy>,
    /// What could not be measured here.
    #[serde(default)]
    pub skipped: Vec<Skipped>,
    /// Times along one size.
    #[serde(default)]
    pub sweeps: Vec<Sweep>,
    /// What recording costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encode: Option<Encoding>,
}

/// The adapter, in wgpu's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// Its backend.
    pub backend: String,
    /// Its driver and the driver's version.
    pub driver: String,
    /// `discrete GPU`, `integrated GPU`, `virtual GPU`, `software` or `unknown`.
    pub device_type: String,
}

/// A workload's times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadTime {
    /// Its name in the catalogue.
    pub name: String,
    /// The keys of the steps of the kernel that the planner chose.
    pub kernel: String,
    /// Milliseconds of one run.
    pub median_ms: f64,
    /// The least.
    pub min_ms: f64,
    /// The most.
    pub max_ms: f64,
    /// Input read once and output written once.
    pub bytes: u64,
    /// `bytes` in the median time, in 10⁹ a second.
    pub gbs: f64,
    /// `gbs` over `copy_gbs`.
    pub copy_ratio: f64,
    /// Whether the kernel's answer to a problem of the same kind was the reference's.
    pub correct: bool,
    /// Where such a pooling is used.
    #[serde(default)]
    pub used_in: String,
    /// Values that are folded, one each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taps: Option<u64>,
    /// The project's target, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetMark>,
    /// Every kernel that takes the workload, the chosen one first.
    #[serde(default)]
    pub kernels: Vec<KernelTime>,
}

/// A workload's times by one kernel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelTime {
    /// The kernel's name.
    pub name: String,
    /// The keys of its steps.
    pub key: String,
    /// Milliseconds of one run.
    pub median_ms: f64,
    /// The least.
    pub min_ms: f64,
    /// The most.
    pub max_ms: f64,
    /// Samples, of which slow kernels have one. With none the time is an estimate, by a thinned problem, of a kernel that would take seconds.
    pub samples: usize,
    /// As of the workload.
    pub correct: bool,
}

/// A target and whether it is met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetMark {
    /// `copy_ratio`, to be reached from below, or `time_over_7x7`, from above.
    pub measure: String,
    /// The target.
    pub bound: f64,
    /// What is hoped for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<f64>,
    /// What was measured.
    pub figure: f64,
    /// Whether it is enough.
    pub met: bool,
}

impl TargetMark {
    /// A target beside the figure.
    #[must_use]
    pub fn new(target: Target, figure: f64) -> Self {
        let measure = match target.measure {
            Measure::CopyRatio => "copy_ratio",
            Measure::TimeOfSeven => "time_over_7x7",
        };
        Self {
            measure: measure.into(),
            bound: target.bound,
            aim: target.aim,
            figure: rounded(figure),
            met: target.met_by(figure),
        }
    }
}

/// As a table tells it: the bound, what is hoped for, and whether it is met.
impl fmt::Display for TargetMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.met { "✓" } else { "✗" };
        if self.measure == "copy_ratio" {
            write!(f, "{mark} ≥ {}", self.bound)?;
        } else {
            write!(f, "{mark} {:.2} ≤ {} × 7×7", self.figure, self.bound)?;
        }
        self.aim.map_or(Ok(()), |aim| write!(f, ", aim {aim}"))
    }
}

/// A copy kernel's times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// Vec4s an invocation, the workgroup's size, MiB of each buffer.
    pub name: String,
    /// Milliseconds of one run.
    pub median_ms: f64,
    /// Read and written, in 10⁹ bytes a second.
    pub gbs: f64,
}

/// What could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// What.
    pub name: String,
    /// Why.
    pub why: String,
}

/// Times along one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// What changes.
    pub name: String,
    /// The rest, which does not.
    pub of: String,
    /// In the order of the size.
    pub points: Vec<Point>,
}

/// One size of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The size.
    pub at: u32,
    /// The kernel that the planner chose.
    pub kernel: String,
    /// Milliseconds of one run.
    pub median_ms: f64,
    /// Input read once and output written once, in 10⁹ bytes a second.
    pub gbs: f64,
}

/// What the host pays for recording, in microseconds: medians.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Encoding {
    /// `BoundPooling::encode` of one step.
    pub one_step_us: f64,
    /// The same with its share of the encoder's creation and end.
    pub one_step_finished_us: f64,
    /// `BoundPooling::encode` of several poolings joined.
    pub join_us: f64,
    /// The same with its share of the encoder's creation and end.
    pub join_finished_us: f64,
    /// Steps that were joined.
    pub join_steps: usize,
}

/// What times were read from.
#[derive(Debug, Clone, std::marker::Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// The device's timestamps, at both ends of a pass.
    Timestamps,
    /// The wall clock, from the submission to the end of the wait for it.
    Wall,
}

/// Why something is not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Not JSON, or not of a record's form.
    #[error("malformed record: {0}")]
    Form(String),
    /// A number that no measurement gives.
    #[error("malformed record: {field} is {actual}; it must be finite and above 0")]
    Number {
        /// Which.
        field: String,
        /// The number.
        actual: String,
    },
    /// The same workload twice.
    #[error("malformed record: {0} is there twice")]
    Twice(String),
}

impl Adapter {
    /// The adapter of an engine.
    #[must_use]
    pub fn of(engine: &Engine) -> Self {
        let AdapterInfo { name, backend, driver, driver_info, device_type, .. } = engine.adapter_info();
        let device_type = match device_type {
            DeviceType::DiscreteGpu => "discrete GPU",
            DeviceType::IntegratedGpu => "integrated GPU",
            DeviceType::VirtualGpu => "virtual GPU",
            DeviceType::Cpu => "software",
            DeviceType::Other => "unknown",
        };
        let driver = format!("{driver} {driver_info}").trim().into();
        Self { name, backend: backend.to_string(), driver, device_type: device_type.into() }
    }

    /// Whether it is a processor that plays a GPU.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.device_type == "software"
    }
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self, Malformed> {
        let record: Self = serde_json::from_slice(json).map_err(|error| Malformed::Form(error.to_string()))?;
        let times = record.workloads.iter().flat_map(|workload| {
            let WorkloadTime { median_ms, min_ms, max_ms, gbs, copy_ratio, .. } = workload;
            [("median_ms", median_ms), ("min_ms", min_ms), ("max_ms", max_ms), ("gbs", gbs), ("copy_ratio", copy_ratio)]
                .map(|(field, number)| (format!("{field} of {}", workload.name), *number))
        });
        for (field, number) in std::iter::once(("copy_gbs".to_string(), record.copy_gbs)).chain(times) {
            if !(number.is_finite() && number > 0.0) {
                return Err(Malformed::Number { field, actual: number.to_string() });
            }
        }
        for (at, workload) in record.workloads.iter().enumerate() {
            if record.workloads[..at].iter().any(|other| other.name == workload.name) {
                return Err(Malformed::Twice(workload.name.clone()));
            }
        }
        Ok(record)
    }

    /// The record as JSON, with a line's end.
    ///
    /// # Errors
    /// [`Malformed::Form`] where JSON cannot hold it; what this crate measures it can.
    pub fn to_json(&self) -> Result<String, Malformed> {
        let json = serde_json::to_string_pretty(self).map_err(|error| Malformed::Form(error.to_string()))?;
        Ok(json + "\n")
    }

    /// The workload of this name.
    #[must_use]
    pub fn workload(&self, name: &str) -> Option<&WorkloadTime> {
        self.workloads.iter().find(|workload| workload.name == name)
    }
}

impl WorkloadTime {
    /// The fastest of the kernels that the planner did not choose.
    #[must_use]
    pub fn best_forced(&self) -> Option<&KernelTime> {
        self.kernels.iter().skip(1).min_by(|one, other| one.median_ms.total_cmp(&other.median_ms))
    }
}

/// A number with the digits that a measurement has.
#[must_use]
pub(crate) fn rounded(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    #[allow(clippy::cast_possible_truncation, reason = "exponents are small")]
    let places = 5 - number.abs().log10().floor() as i32;
    let unit = 10f64.powi(places);
    (number * unit).round() / unit
}

#[cfg(test)]
pub(crate) mod tests;
