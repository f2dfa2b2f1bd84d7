//! Planning: limits, spec and shape in; steps out. Pure: knows no device, and answers the same for the same question.
#![cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the tier above binds what is planned here"))]

mod back;
mod choose;
mod cost;
mod format;
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
mod slot;
mod unpool;

use std::time::Duration;

pub(crate) use format::{Elements, Format, Stored};
pub(crate) use key::{
    BackKey, BackTo, ClusterStep, Digest, Emit, Line, MipKey, PoolKey, Role, Rows, Schedule, Tile, UnpoolStep, WORKGROUP,
};
pub use key::{Kernel, KernelKey};
pub use limits::Limits;
pub use request::{Request, Specialise};

use choose::{TwoStages, choose_kernel, in_runs, is_wide, passes, sort_taps, strip_rows};
use cost::cost;
use key::{SORT_TAPS, WIDE, two_stages};
use line::{line_groups, line_parts, line_passes};
#[cfg(feature = "gpu")]
pub(crate) use mips::{MipPlan, MipStep};
pub(crate) use params::Params;
#[cfg(test)]
pub(crate) use params::layout as params_layout;
pub(crate) use patch::Patch;
use pieces::{Division, Firsts, Shifts, Slices, Widths};
#[cfg(feature = "gpu")]
pub(crate) use pieces::{Part, Slice};
pub(crate) use slot::{Bound, Slot};
pub(crate) use unpool::Manner;

use crate::{
    Error, Op, Pooling, Shape, WeightPreset,
    geometry::{Axis, Found, Geometry, Labels, Side, Walk},
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

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) key: KernelKey,
    pub(crate) params: Params,
    pub(crate) workgroups: [u32; 2],
    /// The ranges that it binds, where the plan is in pieces.
    pub(crate) slices: Option<Slices>,
    /// Taps that it folds, or as many as take as long.
    pub(crate) cost: u64,
}

/// What is planned, and for which device.
#[derive(Clone, Copy)]
struct Site<'a> {
    pooling: &'a Pooling,
    geometry: &'a Geometry,
    elements: Elements,
    limits: &'a Limits,
    /// Where the tensors begin in what is bound.
    shifts: Shifts,
    /// What its numbers are counted from.
    firsts: Firsts,
    /// Whether the whole input is whole fours.
    whole_fours: bool,
}

impl<'a> Site<'a> {
    fn new(pooling: &'a Pooling, geometry: &'a Geometry, elements: Elements, limits: &'a Limits) -> Self {
        let whole_fours = geometry.input.elements().is_multiple_of(4);
        Self { pooling, geometry, elements, limits, shifts: Shifts::default(), firsts: Firsts::default(), whole_fours }
    }

    /// On the way there, if that is possible.
    fn forward(pooling: &'a Pooling, geometry: &'a Geometry, request: &Request, limits: &'a Limits) -> Result<Self, Error> {
        let row = pooling.op.kind().row();
        if request.indices && !row.indices {
            return Err(Error::unsupported(
                format!("indices of {}", row.name),
                "it chooses no tap; max, min and stochastic samples have indices",
            ));
        }
        if request.indices && !pooling.region.has_indices() {
            return Err(Error::unsupported(
                format!("indices in {}", pooling.region.kind().name()),
                "window (padded by absent values), adaptive, global and fractional regions have them",
            ));
        }
        if request.parameters {
            return Err(Error::unsupported("gradients of parameters forward", "prepare_grad gives them"));
        }
        if request.detection && !matches!(pooling.op, Op::ProbabilisticMax { .. }) {
            return Err(Error::unsupported(format!("the detection layer of {}", row.name), "probabilistic_max has one"));
        }
        let site = Self::new(pooling, geometry, Elements::of(request)?, limits);
        site.elements.check_textures(geometry)?;
        Ok(site)
    }

    /// A step of so many workgroups, with the schedule's own numbers.
    fn step(&self, key: Role, groups: u32, own: [u32; 3]) -> Result<Step, Error> {
        let Self { pooling, geometry, elements, limits, .. } = self;
        let [across, down] = limits.grid(groups)?;
        let outputs = index(geometry.output.elements() as u64)?;
        let params = Params::new(&pooling.op, geometry, elements, outputs, [across, own[0], own[1], own[2]]);
        Ok(Step { key: KernelKey(key), params, workgroups: [across, down], slices: None, cost: 0 })
    }

    /// A step whose invocations own `each` of `count` values.
    fn step_over(&self, key: Role, count: u32, each: u32, own: [u32; 3]) -> Result<Step, Error> {
        self.step(key, count.div_ceil(each * WORKGROUP), own)
    }
}

impl Plan {
    /// Plans `pooling` on an input of `shape`.
    ///
    /// # Errors
    /// As [`Pooling::output_shape`]; [`Error::Unsupported`] for indices of an op that chooses no tap, for types of elements that do not go together
    /// and for a forced kernel that does not fit; [`Error::UnsupportedSize`] for tensors beyond the limits.
    pub fn new(pooling: &Pooling, shape: &Shape, request: &Request, limits: &Limits) -> Result<Self, Error> {
        let geometry = Geometry::resolve(pooling, shape)?;
        let site = Site::forward(pooling, &geometry, request, limits)?;
        Self::forward(&site, request, choose_kernel(&site, request, false)?)
    }

    /// Plans the way there by a kernel.
    fn forward(site: &Site<'_>, request: &Request, kernel: Kernel) -> Result<Self, Error> {
        let mut plan = Self::empty(site, Way::Forward { indices: request.indices }, kernel)?;
        plan.detection = request.detection;
        if plan.output.elements() > 0 {
            plan.digest_sides(site)?;
            plan.in_pieces(site, request, Division::forward(site, request), |plan, site| {
                plan.fold(site, if request.indices { Emit::Indices } else { Emit::Values })?;
                if request.detection { plan.detect(site) } else { Ok(()) }
            })?;
        }
        plan.settle(site.limits)?;
        Ok(plan)
    }

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

    /// The steps that digest what stands beside the input.
    fn digest_sides(&mut self, site: &Site<'_>) -> Result<(), Error> {
        let Site { geometry, limits, .. } = site;
        let step = |digest, groups, own| site.step(Role::Digest(digest), groups, own);
        if let Some(Side::Boxes(count)) = geometry.side {
            let digest = if geometry.walk == Walk::RoiPool { Digest::RoiPool } else { Digest::RoiAlign };
            self.steps.push(step(digest, count.div_ceil(WORKGROUP), [count, 0, 0])?);
        }
        if let Some(Side::Clusters(found)) = geometry.side {
            self.scratch_bytes = found.scratch_words() * WORD;
            limits.check_size("scratch of clusters", found.scratch_words())?;
            self.find_clusters(&found, site)?;
        }
        if let Some(labels) = geometry.side.and_then(Side::labels) {
            let [chunks, size] = labels.chunks();
            let counters = u64::from(labels.images) * u64::from(chunks) * u64::from(labels.segments);
            self.scratch_bytes = self.scratch_bytes.max(counters * WORD);
            limits.check_size("counters of labels", counters)?;
            let own = [labels.images, chunks, size];
            let groups = (labels.images * chunks).div_ceil(WORKGROUP);
            self.steps.push(step(Digest::LabelsCount, groups, own)?);
            self.steps.push(step(Digest::LabelsScan, labels.images, own)?);
            self.steps.push(step(Digest::LabelsScatter, groups, own)?);
        }
        Ok(())
    }

    /// The steps that fold every region and keep what is wanted of it.
    fn fold(&mut self, site: &Site<'_>, emit: Emit) -> Result<(), Error> {
        let Site { pooling, geometry, elements, limits, .. } = *site;
        let op = &pooling.op;
        let row = op.kind().row();
        let outputs = index(geometry.output.elements() as u64)?;
        let [_, height, width] = &geometry.axes;
        let Shifts { input: from, output: to, beside } = site.shifts;
        let rows = match ((width.input | from) % 4, site.whole_fours) {
            (0, _) => Rows::Fours,
            (_, true) => Rows::Shifted,
            _ => Rows::One,
        };
        let aligned = (to | beside) % 4 == 0;
        // The way back looks at one value at a time; four accumulators of a tree must fit a workgroup's memory.
        let one_by_one = match self.kernel {
            Kernel::Sort => true,
            Kernel::TwoStage => geometry.walk == Walk::List,
            _ => false,
        };
        let lanes =
            emit != Emit::Saved && !one_by_one && 4 * row.acc_bytes * u64::from(WORKGROUP) <= u64::from(limits.workgroup_bytes);
        let own = Format::pooling(pooling, geometry, &elements, lanes);
        let format = if emit == Emit::Saved { Format { output: Stored::F32, ..own } } else { own };
        if format.splits_texels() {
            let because = "it stores one channel at a time; direct, reduce and two_stage store whole texels, but for segments and clusters";
            return Err(Error::unsupported(format!("{} into a texture of four channels", self.kernel), because));
        }
        let key = |schedule, rows, aligned_store| {
            PoolKey {
                op: op.kind(),
                variant: op.variant(),
                walk: geometry.walk,
                weighting: op.weighting(),
                activation: pooling.activation,
                schedule,
                format,
                rows,
                aligned_store,
                emit,
            }
            .plain_where_it_can_be()
        };
        if self.kernel == Kernel::Line {
            return self.fold_lines(site, key(Schedule::Direct, Rows::One, false));
        }
        let step = |key, groups, own| site.step(Role::Pool(key), groups, own);
        let owners = (outputs / format.lanes()).div_ceil(format.group());
        match self.kernel {
            Kernel::Direct if is_wide(geometry, row, &format, limits) => {
                self.steps.push(step(key(Schedule::Wide, Rows::One, false), (outputs / WIDE).div_ceil(WORKGROUP), [0; 3])?);
            }
            Kernel::Direct => {
                let aligned_store = outputs % 4 == 0 && aligned;
                let rows = if in_runs(site, format.four) { Rows::Shifted } else { Rows::One };
                self.steps.push(step(key(Schedule::Direct, rows, aligned_store), outputs.div_ceil(4 * WORKGROUP), [0; 3])?);
            }
            Kernel::Tile => {
                let tile = Tile::of(&geometry.axes, format.four, row.acc_bytes);
                let across = width.output.div_ceil(tile.columns);
                let slices = outputs / format.lanes() / (height.output * width.output);
                let each = strip_rows(&tile, format.four, height.output, u64::from(slices) * u64::from(across), limits);
                let down = height.output.div_ceil(each);
                let strips = slices * across * down;
                let key = key(Schedule::Tile(tile), rows, width.output % 4 == 0 && aligned);
                let mut step = step(key, strips.div_ceil(WORKGROUP), [strips, across, down])?;
                step.params.set_strip_rows(each);
                self.steps.push(step);
            }
            Kernel::Sort => {
                let taps = sort_taps(geometry).unwrap_or(SORT_TAPS[SORT_TAPS.len() - 1]);
                let key = key(Schedule::Sort(taps), Rows::One, false);
                self.steps.push(step(key, owners.div_ceil(WORKGROUP), [0; 3])?);
            }
            Kernel::Line => {}
            Kernel::Reduce => self.steps.push(step(key(Schedule::Reduce, Rows::One, false), owners, [0; 3])?),
            Kernel::TwoStage => {
                let sizes = TwoStages::new(geometry, row, outputs, &format);
                self.scratch_bytes = self.scratch_bytes.max(sizes.scratch_bytes);
                limits.check_bytes("scratch", self.scratch_bytes)?;
                let [parts, folding, merging] = [index(sizes.parts)?, index(sizes.folding)?, index(sizes.merging)?];
                let carries = index(sizes.accumulators)?;
                let [fold, merge] = two_stages(geometry.walk);
                // A partial accumulator is the same with and without indices wherever an op can have them.
                let own = if row.indices && emit == Emit::Values { Emit::Indices } else { emit };
                let fold = PoolKey { emit: own, ..key(fold, Rows::One, false) };
                for pass in 0..passes(row, emit == Emit::Saved) {
                    self.steps.push(step(fold, folding, [parts, pass, carries])?);
                    self.steps.push(step(key(merge, Rows::One, false), merging, [parts, pass, carries])?);
                }
            }
        }
        Ok(())
    }

    /// The steps of the line kernel, part after part of the planes as scratch holds their accumulators.
    fn fold_lines(&mut self, site: &Site<'_>, plain: PoolKey) -> Result<(), Error> {
        let Site { geometry, limits, shifts, .. } = *site;
        let (from_shift, to_shift) = (shifts.input, shifts.output | shifts.beside);
        let refused = |why| Error::unsupported(format!("kernel {}", Kernel::Line), why);
        let packed = plain.op.packed(plain.variant, plain.emit == Emit::Indices);
        let packed = packed.ok_or_else(|| refused(format!("{} does not go axis by axis", plain.op.row().name)))?;
        let parts = line_parts(geometry, packed, limits).map_err(refused)?;
        self.scratch_bytes = self.scratch_bytes.max(parts.scratch_bytes);
        let [input, output] = [&geometry.input, &geometry.output].map(|shape| shape.elements() as u64);
        let mut begin = 0;
        while begin < parts.planes {
            let each = parts.each.min(parts.planes - begin);
            let (mut left, mut from) = (0, begin * (input / parts.planes));
            for pass in line_passes(geometry, each, packed.shares).unwrap_or_default() {
                let to = if pass.key.to_scratch { left } else { begin * (output / parts.planes) };
                let along = if pass.key.turned { pass.axis.output } else { pass.row };
                let key = PoolKey {
                    schedule: Schedule::Line(pass.key),
                    rows: if (pass.row | from_shift) % 4 == 0 { Rows::Fours } else { Rows::One },
                    aligned_store: (along | to_shift) % 4 == 0,
                    ..plain
                };
                let own = [index(pass.invocations())?, index(pass.columns())?, 0];
                let mut step = site.step(Role::Pool(key.plain_where_it_can_be()), index(line_groups(&pass))?, own)?;
                [step.params.line, step.params.line_window, step.params.line_places] = pass.words(index(from)?, index(to)?);
                self.steps.push(step);
                from = left;
                left += pass.left();
            }
            begin += each;
        }
        Ok(())
    }

    /// The steps that label every position with its cluster: weights, a lot and a choice for every seed, then assignments and moves.
    fn find_clusters(&mut self, found: &Found, site: &Site<'_>) -> Result<(), Error> {
        let Site { pooling, geometry, elements, limits, .. } = *site;
        let format = Format { output: Stored::F32, ..Format::reals(geometry, &elements) };
        let [rows, columns] = found.axes.map(|[size, cells]| Axis::whole(size, cells));
        let axes = [Axis::ABSENT, rows, columns];
        let Found { labels: Labels { images, .. }, channels, centroids, what, .. } = *found;
        let image = Geometry { axes, region_words: [channels, centroids, what, images], ..geometry.clone() };
        let positions = index(found.labels.count())?.div_ceil(WORKGROUP);
        let numbers = index(u64::from(images) * u64::from(centroids) * u64::from(found.numbers()))?;
        #[allow(clippy::cast_possible_truncation, reason = "the two words of a number")]
        let [low, high] = [found.seed as u32, (found.seed >> 32) as u32];
        let mut step = |step, groups, k| {
            let [across, down] = limits.grid(groups)?;
            let params = Params::new(&pooling.op, &image, &elements, 0, [across, k, low, high]);
            let key = KernelKey(Role::Digest(Digest::Clusters(step, pooling.activation, format)));
            self.steps.push(Step { key, params, workgroups: [across, down], slices: None, cost: 0 });
            Ok::<(), Error>(())
        };
        step(ClusterStep::Weigh, positions, 0)?;
        for k in 0..centroids {
            step(ClusterStep::Lot, positions, k)?;
            step(ClusterStep::Seed, images, k)?;
        }
        for _ in 0..found.iterations {
            step(ClusterStep::Assign, positions, 0)?;
            step(ClusterStep::Move, numbers, 0)?;
        }
        step(ClusterStep::Assign, positions, 0)
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
