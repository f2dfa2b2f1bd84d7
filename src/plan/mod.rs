//! Planning: limits, spec and shape in; steps out. Pure: knows no device, and answers the same for the same question.
#![cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the tier above binds what is planned here"))]

mod back;
mod choose;
mod format;
mod key;
mod line;
mod listed;
mod mips;
mod near;
mod params;
mod patch;
mod request;
mod slot;
mod unpool;

pub(crate) use format::{Elements, Format, Stored};
pub(crate) use key::{
    BackKey, BackTo, ClusterStep, Digest, Emit, Line, MipKey, PoolKey, Role, Rows, Schedule, Tile, UnpoolStep, WORKGROUP,
};
pub use key::{Kernel, KernelKey};
pub use request::{Request, Specialise};

use choose::{TwoStages, choose_kernel, in_runs, is_wide, passes, sort_taps, strip_rows};
use key::{SORT_TAPS, WIDE, two_stages};
use line::{line_groups, line_parts, line_passes};
#[cfg(feature = "gpu")]
pub(crate) use mips::{MipPlan, MipStep};
pub(crate) use params::Params;
#[cfg(test)]
pub(crate) use params::layout as params_layout;
pub(crate) use patch::Patch;
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

/// What a device allows, as far as planning depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// `max_storage_buffer_binding_size`, and no more than `max_buffer_size`.
    pub binding_bytes: u64,
    /// `max_compute_workgroups_per_dimension`.
    pub workgroups_per_dimension: u32,
    /// `max_compute_invocations_per_workgroup`.
    pub invocations_per_workgroup: u32,
    /// `max_compute_workgroup_storage_size`.
    pub workgroup_bytes: u32,
    /// `max_storage_buffers_per_shader_stage`.
    pub storage_buffers: u32,
    /// `max_storage_textures_per_shader_stage`.
    pub storage_textures: u32,
    /// Invocations that keep the device busy, roughly: where there are more, each may do more and share it.
    pub invocations_to_fill: u32,
}

impl Limits {
    /// WebGPU's defaults, which every WebGPU adapter allows.
    pub const WEBGPU: Self = Self {
        binding_bytes: 128 << 20,
        workgroups_per_dimension: 65_535,
        invocations_per_workgroup: 256,
        workgroup_bytes: 16 << 10,
        storage_buffers: 8,
        storage_textures: 4,
        invocations_to_fill: 1 << 16,
    };
}

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
}

/// What is planned, and for which device.
#[derive(Clone, Copy)]
struct Site<'a> {
    pooling: &'a Pooling,
    geometry: &'a Geometry,
    elements: Elements,
    limits: &'a Limits,
}

impl Site<'_> {
    /// A step of so many workgroups, with the schedule's own numbers.
    fn step(&self, key: Role, groups: u32, own: [u32; 3]) -> Result<Step, Error> {
        let Self { pooling, geometry, elements, limits } = self;
        let [across, down] = fold_grid(groups, limits)?;
        let outputs = index(geometry.output.elements() as u64)?;
        let params = Params::new(&pooling.op, geometry, elements, outputs, [across, own[0], own[1], own[2]]);
        Ok(Step { key: KernelKey(key), params, workgroups: [across, down] })
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
        let row = pooling.op.kind().row();
        if request.indices && !row.indices {
            return Err(Error::unsupported(format!("indices of {}", row.name), "it chooses no tap; max and min have indices"));
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
        let site = Site { pooling, geometry: &geometry, elements: Elements::of(request)?, limits };
        site.elements.check_textures(&geometry)?;
        let kernel = choose_kernel(&site, request, false)?;
        let mut plan = Self::empty(&site, Way::Forward { indices: request.indices }, kernel)?;
        if plan.output.elements() > 0 {
            plan.digest_sides(&site)?;
            plan.fold(&site, if request.indices { Emit::Indices } else { Emit::Values })?;
        }
        if request.detection {
            plan.detect(&site)?;
        }
        plan.check_bindings(limits)?;
        Ok(plan)
    }

    /// Whether the device binds as many and as large buffers as each step has.
    fn check_bindings(&self, limits: &Limits) -> Result<(), Error> {
        for key in self.keys() {
            let most = key.buffers() as u64;
            if most > u64::from(limits.storage_buffers) {
                let (limit, actual) = (limits.storage_buffers.into(), most);
                return Err(Error::UnsupportedSize { what: "number of storage buffers".into(), limit, actual });
            }
            for slot in key.slots() {
                check_bytes(slot.name(), self.slot_bytes(slot), limits)?;
                check_bound(key.bound(slot), limits)?;
            }
        }
        Ok(())
    }

    /// A plan without steps, its sizes checked.
    fn empty(site: &Site<'_>, way: Way, kernel: Kernel) -> Result<Self, Error> {
        let Site { pooling, geometry, elements, limits } = *site;
        check_device(limits)?;
        let mut plan = Self {
            input: geometry.input,
            output: geometry.output,
            elements,
            kernel,
            way,
            steps: Vec::new(),
            scratch_bytes: 0,
            saved_offset: None,
            table_words: geometry.side.map_or(geometry.table.len() as u64, Side::table_words),
            table: geometry.table.clone(),
            side: geometry.side,
            preset: Vec::new(),
            weights: geometry.weights,
            learned: 0,
            detection: false,
        };
        for (what, slot, shape) in [("input", Slot::Input, &geometry.input), ("output", Slot::Output, &geometry.output)] {
            check_count(what, shape.elements() as u64)?;
            check_bytes(what, plan.slot_bytes(slot), limits)?;
        }
        check_size("region's table", plan.table_words, limits)?;
        check_size("weights", plan.weights, limits)?;
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
            check_size("scratch of clusters", found.scratch_words(), limits)?;
            self.find_clusters(&found, site)?;
        }
        if let Some(labels) = geometry.side.and_then(Side::labels) {
            let [chunks, size] = labels.chunks();
            let counters = u64::from(labels.images) * u64::from(chunks) * u64::from(labels.segments);
            self.scratch_bytes = self.scratch_bytes.max(counters * WORD);
            check_size("counters of labels", counters, limits)?;
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
        let Site { pooling, geometry, elements, limits } = *site;
        let op = &pooling.op;
        let row = op.kind().row();
        let outputs = index(self.output.elements() as u64)?;
        let [_, height, width] = &geometry.axes;
        let rows = match (width.input % 4, geometry.input.elements() % 4) {
            (0, _) => Rows::Fours,
            (_, 0) => Rows::Shifted,
            _ => Rows::One,
        };
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
                let aligned_store = outputs % 4 == 0;
                let rows = if in_runs(geometry, format.four) { Rows::Shifted } else { Rows::One };
                self.steps.push(step(key(Schedule::Direct, rows, aligned_store), outputs.div_ceil(4 * WORKGROUP), [0; 3])?);
            }
            Kernel::Tile => {
                let tile = Tile::of(&geometry.axes, format.four, row.acc_bytes);
                let across = width.output.div_ceil(tile.columns);
                let slices = outputs / format.lanes() / (height.output * width.output);
                let each = strip_rows(&tile, format.four, height.output, u64::from(slices) * u64::from(across), limits);
                let down = height.output.div_ceil(each);
                let strips = slices * across * down;
                let key = key(Schedule::Tile(tile), rows, width.output % 4 == 0);
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
                check_bytes("scratch", self.scratch_bytes, limits)?;
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
        let Site { geometry, limits, .. } = *site;
        let words = plain.op.packed(plain.variant, plain.emit == Emit::Indices).map_or(0, |packed| packed.words);
        let refused = |why| Error::unsupported(format!("kernel {}", Kernel::Line), why);
        let parts = line_parts(geometry, words, limits).map_err(refused)?;
        self.scratch_bytes = self.scratch_bytes.max(parts.scratch_bytes);
        let [input, output] = [&geometry.input, &geometry.output].map(|shape| shape.elements() as u64);
        let mut begin = 0;
        while begin < parts.planes {
            let each = parts.each.min(parts.planes - begin);
            let (mut left, mut from) = (0, begin * (input / parts.planes));
            for pass in line_passes(geometry, each).unwrap_or_default() {
                let to = if pass.key.to_scratch { left } else { begin * (output / parts.planes) };
                let along = if pass.key.turned { pass.axis.output } else { pass.row };
                let key = PoolKey {
                    schedule: Schedule::Line(pass.key),
                    rows: if pass.row % 4 == 0 { Rows::Fours } else { Rows::One },
                    aligned_store: along % 4 == 0,
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
        let Site { pooling, geometry, elements, limits } = *site;
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
            let [across, down] = fold_grid(groups, limits)?;
            let params = Params::new(&pooling.op, &image, &elements, 0, [across, k, low, high]);
            let key = KernelKey(Role::Digest(Digest::Clusters(step, pooling.activation, format)));
            self.steps.push(Step { key, params, workgroups: [across, down] });
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

    /// The workgroups of the plan's dispatches, in order: none on any side above `workgroups_per_dimension`, and none without work.
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
        let Site { pooling, geometry, limits, .. } = site;
        let saved = pooling.op.kind().row().saved_bytes.saturating_mul(geometry.output.elements() as u64);
        if saved > 0 {
            self.fold(site, Emit::Saved)?;
            let offset = self.scratch_bytes.max(least).next_multiple_of(Params::SLICE);
            self.scratch_bytes = offset.saturating_add(saved);
            self.saved_offset = Some(offset);
            check_bytes("scratch", self.scratch_bytes, limits)?;
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

/// A grid of at least `groups` workgroups within the limit per dimension.
fn fold_grid(groups: u32, limits: &Limits) -> Result<[u32; 2], Error> {
    let most = limits.workgroups_per_dimension;
    if groups <= most {
        return Ok([groups, 1]);
    }
    let down = groups.div_ceil(most);
    if down > most {
        let limit = u64::from(most) * u64::from(most);
        return Err(Error::UnsupportedSize { what: "number of workgroups".into(), limit, actual: u64::from(groups) });
    }
    // As even as can be, so that few workgroups are idle.
    Ok([groups.div_ceil(down), down])
}

/// Of f32 or u32.
fn check_size(what: &str, elements: u64, limits: &Limits) -> Result<(), Error> {
    check_count(what, elements)?;
    check_bytes(what, elements * WORD, limits)
}

fn check_count(what: &str, elements: u64) -> Result<(), Error> {
    if elements > MOST_ELEMENTS {
        return Err(Error::UnsupportedSize { what: format!("{what} elements"), limit: MOST_ELEMENTS, actual: elements });
    }
    Ok(())
}

fn check_bytes(what: &str, bytes: u64, limits: &Limits) -> Result<(), Error> {
    if bytes > limits.binding_bytes {
        return Err(Error::UnsupportedSize { what: format!("{what} bytes"), limit: limits.binding_bytes, actual: bytes });
    }
    Ok(())
}

/// Whether the device writes textures, where one is written.
fn check_bound(bound: Bound, limits: &Limits) -> Result<(), Error> {
    if matches!(bound, Bound::Target(_)) && limits.storage_textures == 0 {
        return Err(Error::UnsupportedSize { what: "number of storage textures".into(), limit: 0, actual: 1 });
    }
    Ok(())
}

/// What every kernel needs of a device.
fn check_device(limits: &Limits) -> Result<(), Error> {
    const STORAGE_BUFFERS: u32 = 4;
    const WORKGROUP_BYTES: u32 = WORKGROUP * 64;
    for (what, needed, has) in [
        ("workgroup of invocations", WORKGROUP, limits.invocations_per_workgroup),
        ("workgroup memory in bytes", WORKGROUP_BYTES, limits.workgroup_bytes),
        ("number of storage buffers", STORAGE_BUFFERS, limits.storage_buffers),
    ] {
        if needed > has {
            return Err(Error::UnsupportedSize { what: what.into(), limit: u64::from(has), actual: u64::from(needed) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
