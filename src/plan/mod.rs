//! Planning: limits, spec and shape in; steps out. Pure: knows no device, and answers the same for the same question.
#![cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the tier above binds what is planned here"))]

mod back;
mod choose;
mod cost;
mod divide;
mod format;
mod forward;
mod key;
mod limits;
mod line;
mod listed;
mod mips;
mod near;
mod params;
mod patch;
mod pieces;
mod request;
mod schedule;
mod slot;
mod step;
mod unpool;

use std::time::Duration;

pub(crate) use format::{Elements, Format, Lanes, Stored};
pub use key::KernelKey;
pub(crate) use key::{BackKey, BackTo, ClusterStep, Digest, Emit, MipKey, PoolKey, Role, UnpoolStep};
pub use limits::Limits;
pub use request::{Request, Specialise};
pub use schedule::Kernel;
pub(crate) use schedule::{Line, MASKED_TEAMS, Rows, STRIP_TURN, Schedule, Tile, WORKGROUP};

use choose::choose_kernel;
use cost::cost;
use divide::Division;
#[cfg(feature = "gpu")]
pub(crate) use mips::{MipPlan, MipStep};
pub(crate) use params::Params;
#[cfg(test)]
pub(crate) use params::layout as params_layout;
pub(crate) use patch::Patch;
use pieces::Widths;
#[cfg(feature = "gpu")]
pub(crate) use pieces::{Part, Slice};
pub(crate) use slot::{Bound, Slot};
use step::Site;
pub(crate) use step::Step;
pub(crate) use unpool::Manner;

use crate::{
    Error, Op, Shape, WeightPreset,
    geometry::{Axis, Labels, Side},
};

/// Element indices are 32-bit on the device; sums of two must fit too.
const MOST_ELEMENTS: u64 = (1 << 31) - 1;

/// Bytes of an f32 or u32.
const WORD: u64 = 4;

/// How a pooling will run: dispatches only, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) elements: Elements,
    pub(crate) kernel: Kernel,
    pub(crate) way: Way,
    pub(crate) steps: Vec<Step>,
    pub(crate) scratch_bytes: u64,
    /// Where the saved part of the scratch begins, on the way back.
    pub(crate) saved_offset: Option<u64>,
    /// How much that part needs.
    saved_bytes: u64,
    /// Whether regions are folded, by the kernel that was chosen.
    folds: bool,
    /// The region's numbers for [`Slot::Table`], where the host knows them.
    pub(crate) table: Vec<u32>,
    /// The table's words, the host's or those that steps digest.
    pub(crate) table_words: u64,
    /// What the region reads beside the input.
    pub(crate) side: Option<Side>,
    /// Weights that follow from the window.
    pub(crate) preset: Vec<f32>,
    /// How many weights are read, preset or given.
    pub(crate) weights: u64,
    /// How many numbers that learn get a gradient.
    pub(crate) learned: u64,
    /// Whether the detection layer is written too.
    pub(crate) detection: bool,
}

/// Which way a plan goes, and so what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From inputs to outputs, and to indices where they are wanted.
    Forward { indices: bool },
    /// From the gradients of outputs to those of inputs.
    Grad,
    /// From pooled values back to a tensor of the input's shape.
    Unpool,
}

impl Plan {
    /// Plans piece by piece, by `step`, which is told of each.
    fn in_pieces(
        &mut self,
        site: &Site<'_>,
        request: &Request,
        division: Division,
        mut step: impl FnMut(&mut Self, &Site<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let kernel = self.kernel;
        let all = [self.input, self.output].map(|shape| shape.elements() as u64);
        for piece in division.pieces(site, kernel)? {
            let own = Site { geometry: &piece.geometry, shifts: piece.shifts(&division.widths), ..*site };
            if !piece.whole && self.folds {
                self.kernel = choose_kernel(&own, request, division.saves)?;
            }
            let from = self.steps.len();
            step(self, &own)?;
            let cost = cost(&own, self.kernel, division.saves) / (self.steps.len() - from).max(1) as u64;
            for step in &mut self.steps[from..] {
                step.cost = cost;
                let slices = (!piece.whole).then(|| piece.slices(&division.widths, all, self.way));
                step.place(slices, own.shifts, if piece.whole { site.firsts } else { piece.firsts });
            }
        }
        self.kernel = kernel;
        Ok(())
    }

    /// How the way back is divided.
    fn division_back(&self, saved: u64) -> Division {
        let [input, output] = [self.elements.input, self.elements.output].map(|element| element.bytes() as u64);
        let widths = match self.way {
            // Values are put back from the pooled tensor, by marks.
            Way::Unpool => Widths { input: output, like_input: WORD, output: input, beside: WORD.max(saved) },
            Way::Grad | Way::Forward { .. } => Widths { input, like_input: output, output, beside: saved },
        };
        Division { widths, aligned: true, saves: true }
    }

    /// Puts what is saved behind the scratch that finding it takes, and checks all that is bound.
    fn settle(&mut self, limits: &Limits) -> Result<(), Error> {
        if self.saved_bytes > 0 {
            let offset = self.scratch_bytes.next_multiple_of(Params::SLICE);
            self.saved_offset = Some(offset);
            self.scratch_bytes = offset.saturating_add(self.saved_bytes);
        }
        limits.check_bytes("scratch", self.scratch_bytes)?;
        self.check_bindings(limits)
    }

    /// Whether the device binds as many and as large buffers as each step has.
    fn check_bindings(&self, limits: &Limits) -> Result<(), Error> {
        for Step { key, slices, .. } in &self.steps {
            let most = key.buffers() as u64;
            if most > u64::from(limits.storage_buffers) {
                let (limit, actual) = (limits.storage_buffers.into(), most);
                return Err(Error::UnsupportedSize { what: "number of storage buffers".into(), limit, actual });
            }
            for slot in key.slots() {
                let own = if slot == Slot::Input { self.input_of(key) } else { slot };
                let part = slices.and_then(|slices| slices.at(own));
                limits.check_bytes(slot.name(), part.map_or_else(|| self.slot_bytes(own), |part| part.bytes))?;
                limits.check_bound(key.bound(slot))?;
            }
        }
        Ok(())
    }

    /// A plan without steps, its sizes checked.
    fn empty(site: &Site<'_>, way: Way, kernel: Kernel) -> Result<Self, Error> {
        let Site { pooling, geometry, elements, limits, .. } = *site;
        limits.check_device()?;
        let mut plan = Self {
            input: geometry.input,
            output: geometry.output,
            elements,
            kernel,
            way,
            steps: Vec::new(),
            scratch_bytes: 0,
            saved_offset: None,
            saved_bytes: 0,
            folds: true,
            table_words: geometry.side.map_or(geometry.table.len() as u64, Side::table_words),
            table: geometry.table.clone(),
            side: geometry.side,
            preset: Vec::new(),
            weights: geometry.weights,
            learned: 0,
            detection: false,
        };
        limits.check_size("region's table", plan.table_words)?;
        limits.check_size("weights", plan.weights)?;
        if let Op::Weighted { preset: Some(WeightPreset::Binomial), .. } = pooling.op {
            plan.preset = binomial(&geometry.axes);
        }
        Ok(plan)
    }

    /// The shape of what is written: the output's, or the input's where gradients come back to it.
    #[must_use]
    pub fn output_shape(&self) -> Shape {
        match self.way {
            Way::Forward { .. } => self.output,
            Way::Grad | Way::Unpool => self.input,
        }
    }

    /// The kernel that was chosen or forced.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// The keys of the plan's steps, in order. Empty for a tensor without elements.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = KernelKey> + '_ {
        self.steps.iter().map(|step| step.key)
    }

    /// How long the longest of the plan's dispatches is estimated to take under `limits`. It is more than [`Limits::longest_dispatch`] only where there is nothing left to divide.
    #[must_use]
    pub fn longest_dispatch(&self, limits: &Limits) -> Duration {
        let taps = self.steps.iter().map(|step| step.cost).max().unwrap_or(0);
        Duration::from_secs_f64(taps as f64 / limits.taps_per_second.max(1) as f64)
    }

    /// The workgroups of the plan's dispatches, in order: none on any side above [`Limits::workgroups_per_dimension`], and none without work.
    pub fn workgroups(&self) -> impl ExactSizeIterator<Item = [u32; 2]> + '_ {
        self.steps.iter().map(|step| step.workgroups)
    }

    /// Bytes of scratch that the steps need between them; 0 for most.
    #[must_use]
    pub fn scratch_bytes(&self) -> u64 {
        self.scratch_bytes
    }

    /// The buffer that a step reads as its input. What spreading must know of regions follows from their places, so those are folded over
    /// the tensor that is still to be written, whatever it holds.
    pub(crate) fn input_of(&self, key: &KernelKey) -> Slot {
        match (self.way, key.0) {
            (Way::Unpool, Role::Pool(_)) => Slot::Output,
            _ => Slot::Input,
        }
    }

    /// Makes room for what is saved of every output, behind the scratch that finding it takes.
    fn save(&mut self, site: &Site<'_>, least: u64) -> Result<(), Error> {
        let Site { pooling, geometry, .. } = site;
        let saved = pooling.op.kind().row().saved_bytes.saturating_mul(geometry.output.elements() as u64);
        self.scratch_bytes = self.scratch_bytes.max(least);
        if saved > 0 {
            self.fold(site, Emit::Saved)?;
            self.saved_bytes = self.saved_bytes.max(saved);
        }
        Ok(())
    }

    /// The most boxes there may be; 0 where the region has none.
    pub(crate) fn most_boxes(&self) -> u64 {
        match self.side {
            Some(Side::Boxes(count)) => count.into(),
            _ => 0,
        }
    }

    /// How many labels there are, and whether they are a mask.
    pub(crate) fn labels(&self) -> Option<Labels> {
        match self.side {
            Some(side) => side.labels(),
            None => None,
        }
    }

    /// Bytes of the buffer at `slot`.
    pub(crate) fn slot_bytes(&self, slot: Slot) -> u64 {
        match slot {
            Slot::Input if self.way == Way::Unpool => self.elements.input.storage(self.output.elements() as u64),
            Slot::Input if self.elements.source.is_some() => 0,
            Slot::Input => self.elements.input.storage(self.input.elements() as u64),
            Slot::Output if self.elements.target.is_some() => 0,
            Slot::Output => self.elements.output.storage(self.output_shape().elements() as u64),
            Slot::GradOutput => self.elements.output.storage(self.output.elements() as u64),
            Slot::Indices => self.output.elements() as u64 * WORD,
            Slot::Scratch => self.scratch_bytes,
            Slot::Saved => self.saved_offset.map_or(0, |offset| self.scratch_bytes - offset),
            Slot::Table => self.table_words * WORD,
            Slot::Boxes => self.most_boxes() * 5 * WORD,
            Slot::BoxCount | Slot::Status => WORD,
            Slot::Labels => self.labels().map_or(0, Labels::count) * WORD,
            Slot::Weights => self.weights * WORD,
            Slot::GradParameters => self.learned * WORD,
            Slot::Detection => self.input.elements() as u64 * WORD,
            Slot::Level1 | Slot::Level2 | Slot::Level3 | Slot::Level4 => 0,
        }
    }
}

/// The outer product of each axis' binomial coefficients, which sum to 1.
fn binomial(axes: &[Axis]) -> Vec<f32> {
    axes.iter()
        .fold(vec![1.0], |outer: Vec<f64>, axis| {
            let last = axis.kernel - 1;
            // By logarithms, since 2^−1100 is no f64: ln C(last, j) − last ln 2.
            let mut log = -f64::from(last) * std::f64::consts::LN_2;
            let row: Vec<f64> = (0..=last)
                .map(|j| {
                    let weight = log.exp();
                    log += (f64::from(last - j) / f64::from(j + 1)).ln();
                    weight
                })
                .collect();
            outer.iter().flat_map(|&weight| row.iter().map(move |&own| weight * own)).collect()
        })
        .into_iter()
        .map(|weight| {
            #[allow(clippy::cast_possible_truncation, reason = "from 0 to 1")]
            let weight = weight as f32;
            weight
        })
        .collect()
}

/// A count as a 32-bit index.
fn index(count: u64) -> Result<u32, Error> {
    u32::try_from(count).map_err(|_| Error::UnsupportedSize {
        what: "number of elements".into(),
        limit: MOST_ELEMENTS,
        actual: count,
    })
}

#[cfg(test)]
mod tests;
