//! Planning: limits, spec and shape in; steps out. Pure: knows no device, and answers the same for the same question.
#![cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the tier above binds what is planned here"))]

mod back;
mod key;
mod params;
mod slot;
mod unpool;

pub(crate) use key::{BackKey, BackTo, ClusterStep, Digest, Emit, PoolKey, Role, Schedule, Tile, UnpoolStep, WORKGROUP};
pub use key::{Kernel, KernelKey};
use key::{SORT_TAPS, two_stages};
pub(crate) use params::Params;
#[cfg(test)]
pub(crate) use params::layout as params_layout;
pub(crate) use slot::Slot;
pub(crate) use unpool::Manner;

use crate::{
    Error, Op, Pooling, Shape, WeightPreset,
    geometry::{Axis, Found, Geometry, Labels, Side, Walk},
    op::OpRow,
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
}

impl Limits {
    /// WebGPU's defaults, which every WebGPU adapter allows.
    pub const WEBGPU: Self = Self {
        binding_bytes: 128 << 20,
        workgroups_per_dimension: 65_535,
        invocations_per_workgroup: 256,
        workgroup_bytes: 16 << 10,
        storage_buffers: 8,
    };
}

/// Which windows get kernels of their own, with their size as a constant.
///
/// Each is faster and costs one more pipeline to compile; the dynamic kernel takes any window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Specialise {
    /// None: a program with a thousand odd windows compiles a handful of pipelines.
    Never,
    /// Those that networks use: kernel sizes 2, 3 and 5 with strides up to 2.
    #[default]
    Listed,
    /// Every window that fits in registers.
    Any,
}

/// What to plan, beyond the pooling and the shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Request {
    /// Whether the index of the chosen tap is wanted beside each value.
    pub indices: bool,
    /// A kernel to use in place of the planner's choice; refused where it does not fit.
    pub kernel: Option<Kernel>,
    /// Which windows get kernels of their own.
    pub specialise: Specialise,
    /// Whether a gradient is also wanted with respect to what the op learns: its weights, or gem's p.
    pub parameters: bool,
    /// Whether the detection layer below a probabilistic max is wanted beside the pooling layer.
    pub detection: bool,
}

impl Request {
    /// Values only, and the planner's choice of kernel.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for indices: one u32 an output, the place in its plane of the chosen tap, `u32::MAX` where there is none.
    #[must_use]
    pub fn indices(mut self, indices: bool) -> Self {
        self.indices = indices;
        self
    }

    /// Forces a kernel.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = Some(kernel);
        self
    }

    /// Asks a gradient for that of what the op learns, too: f32, shaped like the weights of weighted and gated, or one number for gem's p.
    #[must_use]
    pub fn parameters(mut self, parameters: bool) -> Self {
        self.parameters = parameters;
        self
    }

    /// Asks for the detection layer of [`Op::ProbabilisticMax`], f32, shaped like the input.
    #[must_use]
    pub fn detection(mut self, detection: bool) -> Self {
        self.detection = detection;
        self
    }

    /// Says which windows get kernels of their own.
    #[must_use]
    pub fn specialise(mut self, specialise: Specialise) -> Self {
        self.specialise = specialise;
        self
    }
}

/// How a pooling will run: dispatches only, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
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

impl Step {
    fn new(
        key: Role,
        op: &Op,
        geometry: &Geometry,
        outputs: u32,
        groups: u32,
        own: [u32; 3],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let [across, down] = fold_grid(groups, limits)?;
        let params = Params::new(op, geometry, outputs, [across, own[0], own[1], own[2]]);
        Ok(Self { key: KernelKey(key), params, workgroups: [across, down] })
    }
}

impl Plan {
    /// Plans `pooling` on an input of `shape`.
    ///
    /// # Errors
    /// As [`Pooling::output_shape`]; [`Error::Unsupported`] for indices of an op that chooses no tap and for a forced kernel
    /// that does not fit; [`Error::UnsupportedSize`] for tensors beyond the limits.
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
        let way = Way::Forward { indices: request.indices };
        let kernel = choose_kernel(pooling, &geometry, request, limits, false)?;
        let mut plan = Self::empty(pooling, &geometry, way, kernel, limits)?;
        if plan.output.elements() > 0 {
            plan.digest_sides(pooling, &geometry, limits)?;
            plan.fold(pooling, &geometry, limits, if request.indices { Emit::Indices } else { Emit::Values })?;
        }
        if request.detection {
            plan.detect(pooling, &geometry, limits)?;
        }
        Ok(plan)
    }

    /// A plan without steps, its sizes checked.
    fn empty(pooling: &Pooling, geometry: &Geometry, way: Way, kernel: Kernel, limits: &Limits) -> Result<Self, Error> {
        check_device(limits)?;
        let mut plan = Self {
            input: geometry.input,
            output: geometry.output,
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
        for (what, shape) in [("input", &geometry.input), ("output", &geometry.output)] {
            check_size(what, shape.elements() as u64, limits)?;
        }
        check_size("region's table", plan.table_words, limits)?;
        check_size("weights", plan.weights, limits)?;
        if let Op::Weighted { preset: Some(WeightPreset::Binomial), .. } = pooling.op {
            plan.preset = binomial(&geometry.axes);
        }
        Ok(plan)
    }

    /// The steps that digest what stands beside the input.
    fn digest_sides(&mut self, pooling: &Pooling, geometry: &Geometry, limits: &Limits) -> Result<(), Error> {
        let outputs = index(self.output.elements() as u64)?;
        let step = |key, groups: u32, own| Step::new(key, &pooling.op, geometry, outputs, groups, own, limits);
        if let Some(Side::Boxes(count)) = geometry.side {
            let digest = if geometry.walk == Walk::RoiPool { Digest::RoiPool } else { Digest::RoiAlign };
            self.steps.push(step(Role::Digest(digest), count.div_ceil(WORKGROUP), [count, 0, 0])?);
        }
        if let Some(Side::Clusters(found)) = geometry.side {
            self.scratch_bytes = found.scratch_words() * WORD;
            check_size("scratch of clusters", found.scratch_words(), limits)?;
            self.find_clusters(&found, pooling, geometry, limits)?;
        }
        if let Some(labels) = geometry.side.and_then(Side::labels) {
            let [chunks, size] = labels.chunks();
            let counters = u64::from(labels.images) * u64::from(chunks) * u64::from(labels.segments);
            self.scratch_bytes = self.scratch_bytes.max(counters * WORD);
            check_size("counters of labels", counters, limits)?;
            let own = [labels.images, chunks, size];
            let groups = (labels.images * chunks).div_ceil(WORKGROUP);
            self.steps.push(step(Role::Digest(Digest::LabelsCount), groups, own)?);
            self.steps.push(step(Role::Digest(Digest::LabelsScan), labels.images, own)?);
            self.steps.push(step(Role::Digest(Digest::LabelsScatter), groups, own)?);
        }
        Ok(())
    }

    /// The steps that fold every region and keep what is wanted of it.
    fn fold(&mut self, pooling: &Pooling, geometry: &Geometry, limits: &Limits, emit: Emit) -> Result<(), Error> {
        let op = &pooling.op;
        let outputs = index(self.output.elements() as u64)?;
        let [_, height, width] = &geometry.axes;
        let aligned_load = width.input % 4 == 0;
        let key = |schedule, aligned_load, aligned_store| PoolKey {
            op: op.kind(),
            variant: op.variant(),
            walk: geometry.walk,
            weighting: op.weighting(),
            activation: if matches!(schedule, Schedule::Merge | Schedule::ListMerge) { None } else { pooling.activation },
            schedule,
            aligned_load,
            aligned_store,
            emit,
        };
        let step = |key, groups, own| Step::new(Role::Pool(key), op, geometry, outputs, groups, own, limits);
        match self.kernel {
            Kernel::Direct => {
                let groups = outputs.div_ceil(4 * WORKGROUP);
                let aligned_store = outputs % 4 == 0 && emit != Emit::Saved;
                self.steps.push(step(key(Schedule::Direct, false, aligned_store), groups, [0; 3])?);
            }
            Kernel::Tile => {
                let tile = Tile::of(height, width, aligned_load);
                let across = width.output.div_ceil(Tile::COLUMNS);
                let down = height.output.div_ceil(tile.rows);
                let slices = outputs / (height.output * width.output);
                let tiles = slices * across * down;
                let key = key(Schedule::Tile(tile), aligned_load, width.output % 4 == 0);
                self.steps.push(step(key, tiles.div_ceil(WORKGROUP), [tiles, across, down])?);
            }
            Kernel::Sort => {
                let taps = sort_taps(geometry).unwrap_or(SORT_TAPS[SORT_TAPS.len() - 1]);
                let key = key(Schedule::Sort(taps), false, false);
                self.steps.push(step(key, outputs.div_ceil(WORKGROUP), [0; 3])?);
            }
            Kernel::Reduce => self.steps.push(step(key(Schedule::Reduce, false, false), outputs, [0; 3])?),
            Kernel::TwoStage => {
                let row = op.kind().row();
                let [accumulators, parts, folding, merging] = two_stage_sizes(geometry, outputs);
                self.scratch_bytes = self.scratch_bytes.max(two_stage_scratch(row, accumulators, outputs));
                check_bytes("scratch", self.scratch_bytes, limits)?;
                let [parts, folding, merging] = [index(parts)?, index(folding)?, index(merging)?];
                let carries = index(accumulators)?;
                let [fold, merge] = two_stages(geometry.walk);
                // A partial accumulator is the same with and without indices wherever an op can have them.
                let own = if row.indices && emit == Emit::Values { Emit::Indices } else { emit };
                let fold = PoolKey { emit: own, ..key(fold, false, false) };
                for pass in 0..passes(row, emit == Emit::Saved) {
                    self.steps.push(step(fold, folding, [parts, pass, carries])?);
                    self.steps.push(step(key(merge, false, false), merging, [parts, pass, carries])?);
                }
            }
        }
        Ok(())
    }

    /// The steps that label every position with its cluster: weights, a lot and a choice for every seed, then assignments and moves.
    fn find_clusters(&mut self, found: &Found, pooling: &Pooling, geometry: &Geometry, limits: &Limits) -> Result<(), Error> {
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
            let params = Params::new(&pooling.op, &image, 0, [across, k, low, high]);
            let key = KernelKey(Role::Digest(Digest::Clusters(step, pooling.activation)));
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
    fn save(&mut self, pooling: &Pooling, geometry: &Geometry, limits: &Limits, least: u64) -> Result<(), Error> {
        let saved = pooling.op.kind().row().saved_bytes.saturating_mul(geometry.output.elements() as u64);
        if saved > 0 {
            self.fold(pooling, geometry, limits, Emit::Saved)?;
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
            Slot::Input if self.way == Way::Unpool => self.output.elements() as u64 * WORD,
            Slot::Input => self.input.elements() as u64 * WORD,
            Slot::Output => self.output_shape().elements() as u64 * WORD,
            Slot::Indices | Slot::GradOutput => self.output.elements() as u64 * WORD,
            Slot::Scratch => self.scratch_bytes,
            Slot::Saved => self.saved_offset.map_or(0, |offset| self.scratch_bytes - offset),
            Slot::Table => self.table_words * WORD,
            Slot::Boxes => self.most_boxes() * 5 * WORD,
            Slot::BoxCount | Slot::Status => WORD,
            Slot::Labels => self.labels().map_or(0, Labels::count) * WORD,
            Slot::Weights => self.weights * WORD,
            Slot::GradParameters => self.learned * WORD,
            Slot::Detection => self.input.elements() as u64 * WORD,
        }
    }
}

/// Taps from which a region is worth a whole workgroup.
const REDUCE_TAPS: u64 = 512;
/// Taps that one workgroup folds before a second stage pays, where there are too few outputs to fill a device.
const STAGE_TAPS: u64 = 32 << 10;
/// Workgroups that fill a device, roughly.
const ENOUGH_WORKGROUPS: u64 = 256;
/// Loop turns that one invocation of the direct kernel may make for each of its four outputs. Mesa's software rasteriser leaves all
/// loops silently once an invocation has made 65,535 turns in all; measured, a row of one column costs six and a slice four more.
const DIRECT_MOST_TURNS: u64 = 16_000;
/// Taps that one workgroup may fold, for the same reason; and because an invocation chains its blocks, so that more of them
/// would cost a sum its accuracy.
const REDUCE_MOST_TAPS: u64 = 1 << 19;
/// Slices in depth that a tile may walk, for the same reason.
const TILE_MOST_SLICES: u64 = 16;
/// Values of one input row that a tile may hold in registers, and input rows under it, before compilers spill or take seconds.
const TILE_SPAN: [u64; 2] = [16, 16];

/// How often a fold sees its taps: once more where an op that chooses by order must also find the tap.
fn passes(row: &OpRow, saves: bool) -> u32 {
    row.passes + u32::from(saves && row.passes > 1)
}

/// The kernel that folds the regions, to values or to what the way back saves.
fn choose_kernel(
    pooling: &Pooling,
    geometry: &Geometry,
    request: &Request,
    limits: &Limits,
    saves: bool,
) -> Result<Kernel, Error> {
    let taps = geometry.most_taps();
    let outputs = geometry.output.elements() as u64;
    let row = pooling.op.kind().row();
    // An op of several passes walks its region as often.
    let passes = u64::from(passes(row, saves));
    let [walk, turns] = [taps, geometry.most_turns()].map(|once| once.saturating_mul(passes));
    let most = |what: &str, asked: u64, most: u64| match asked {
        _ if asked <= most => Ok(()),
        _ if passes == 1 => Err(format!("a region may take {asked} {what}; {most} is the most")),
        _ => Err(format!("a region may take {asked} {what}, since {} walks it {passes} times; {most} is the most", row.name)),
    };
    let fits = |kernel| match kernel {
        Kernel::Direct => most("loop turns", turns, DIRECT_MOST_TURNS),
        Kernel::Tile if saves => Err("it keeps values only, and the way back wants more".into()),
        Kernel::Tile => tile_fits(pooling, geometry, request.kernel.map_or(request.specialise, |_| Specialise::Any)),
        Kernel::Reduce => most("taps", walk, REDUCE_MOST_TAPS),
        Kernel::TwoStage => Ok(()),
        Kernel::Sort if !row.sorts => Err(format!("it sorts, and {} chooses nothing by order", row.name)),
        Kernel::Sort if sort_taps(geometry).is_none() => {
            Err(format!("a region may take {taps} taps; {} fit in registers", SORT_TAPS[SORT_TAPS.len() - 1]))
        }
        Kernel::Sort => Ok(()),
    };
    // Whether the accumulators of two stages fit a binding.
    let staged = index(outputs).is_ok_and(|outputs| {
        let [accumulators, ..] = two_stage_sizes(geometry, outputs);
        two_stage_scratch(row, accumulators, outputs) <= limits.binding_bytes
    });
    // Segments may be of any size; a sequence's tokens are most of its positions.
    let uneven = geometry.side.and_then(Side::labels).is_some_and(|labels| labels.segments > 1);
    let kernel = if let Some(kernel) = request.kernel {
        kernel
    } else if row.sorts && sort_taps(geometry).is_some() {
        Kernel::Sort
    } else if uneven && staged || walk > REDUCE_MOST_TAPS || passes == 1 && taps >= STAGE_TAPS && outputs < ENOUGH_WORKGROUPS {
        Kernel::TwoStage
    } else if uneven || turns > DIRECT_MOST_TURNS || taps >= REDUCE_TAPS && taps * 4 > outputs {
        Kernel::Reduce
    } else if fits(Kernel::Tile).is_ok() {
        Kernel::Tile
    } else {
        Kernel::Direct
    };
    match fits(kernel) {
        Ok(()) => Ok(kernel),
        Err(why) => Err(Error::unsupported(format!("kernel {kernel}"), why)),
    }
}

/// The smallest sorting network that holds every region's taps.
fn sort_taps(geometry: &Geometry) -> Option<u32> {
    SORT_TAPS.into_iter().find(|&taps| geometry.most_taps() <= u64::from(taps))
}

/// Whether the tile kernel can run this, or why not.
fn tile_fits(pooling: &Pooling, geometry: &Geometry, specialise: Specialise) -> Result<(), String> {
    let row = pooling.op.kind().row();
    if geometry.walk != Walk::Window {
        return Err(format!("it takes windows, not {} regions", geometry.walk.name()));
    }
    if !row.shareable || row.passes > 1 {
        return Err(format!("outputs cannot share partial folds of {}", row.name));
    }
    let [depth, height, width] = &geometry.axes;
    let slices = depth.most_taps(geometry.walk);
    if slices > TILE_MOST_SLICES {
        return Err(format!("a window may span {slices} slices in depth; it takes {TILE_MOST_SLICES} at most"));
    }
    let tile = Tile::of(height, width, width.input % 4 == 0);
    let span = tile.span();
    if span[0] > TILE_SPAN[0] || span[1] > TILE_SPAN[1] {
        return Err(format!("a tile would span {} rows and {} columns; 16 and 16 fit in registers", span[0], span[1]));
    }
    let listed =
        || listed_windows().any(|(kernel, stride)| tile.kernel == kernel && tile.stride == stride) && tile.dilation == [1, 1];
    match specialise {
        Specialise::Any => Ok(()),
        Specialise::Listed if listed() => Ok(()),
        Specialise::Listed => Err("the window is not among those specialised by default".into()),
        Specialise::Never => Err("specialised windows are switched off".into()),
    }
}

/// The windows, as kernel size and stride on height and width, that are specialised by default.
fn listed_windows() -> impl Iterator<Item = ([u32; 2], [u32; 2])> {
    const SIDES: [(u32, u32); 5] = [(2, 2), (2, 1), (3, 2), (3, 1), (5, 1)];
    // Windows over channels leave positions alone: 1×1.
    let alone = ([1, 1], [1, 1]);
    std::iter::once(alone)
        .chain(SIDES.into_iter().flat_map(|(kernel, stride)| [([kernel; 2], [stride; 2]), ([1, kernel], [1, stride])]))
}

/// The tiles that the default set of windows makes, with any padding, and whether their rows are aligned.
fn listed_tiles() -> Vec<(Tile, bool)> {
    let mut tiles = Vec::new();
    for (kernel, stride) in listed_windows() {
        let tile = |lead| Tile { rows: Tile::rows(kernel[0]), kernel, stride, dilation: [1, 1], lead };
        tiles.push((tile(0), false));
        tiles.extend((0..kernel[1].min(4)).map(|padding| (tile(Tile::lead(padding)), true)));
    }
    tiles
}

/// Parts that a region is split into: enough workgroups for a device, none with too little or too much to do.
fn parts(taps: u64, outputs: u32) -> u32 {
    let to_fill = ENOUGH_WORKGROUPS.div_ceil(u64::from(outputs.max(1)));
    let most = taps.div_ceil(u64::from(WORKGROUP) * 16);
    let least = taps.div_ceil(u64::from(WORKGROUP) * 1024);
    u32::try_from(to_fill.min(most).max(least).max(2)).unwrap_or(u32::MAX)
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

/// Accumulators in scratch, parts of a region or image, and workgroups of the two steps.
fn two_stage_sizes(geometry: &Geometry, outputs: u32) -> [u64; 4] {
    let outputs = u64::from(outputs);
    if let Some(labels) = geometry.side.and_then(Side::labels) {
        // One invocation a part and column, then one an output.
        let columns = u64::from(geometry.axes[2].output);
        let planes = outputs / columns / u64::from(labels.segments);
        let accumulators = planes.saturating_mul(labels.most_parts()).saturating_mul(columns);
        let [folding, merging] = [accumulators, outputs].map(|invocations| invocations.div_ceil(u64::from(WORKGROUP)));
        return [accumulators, labels.most_parts(), folding, merging];
    }
    let parts = u64::from(parts(geometry.most_taps(), u32::try_from(outputs).unwrap_or(u32::MAX)));
    [outputs * parts, parts, outputs * parts, outputs]
}

/// Bytes of accumulators, and of the carries between passes where there are several.
fn two_stage_scratch(row: &OpRow, accumulators: u64, outputs: u32) -> u64 {
    let carries = if row.passes > 1 { u64::from(outputs) } else { 0 };
    accumulators.saturating_add(carries).saturating_mul(row.acc_bytes)
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

fn check_size(what: &str, elements: u64, limits: &Limits) -> Result<(), Error> {
    if elements > MOST_ELEMENTS {
        return Err(Error::UnsupportedSize { what: format!("{what} elements"), limit: MOST_ELEMENTS, actual: elements });
    }
    check_bytes(what, elements * WORD, limits)
}

fn check_bytes(what: &str, bytes: u64, limits: &Limits) -> Result<(), Error> {
    if bytes > limits.binding_bytes {
        return Err(Error::UnsupportedSize { what: format!("{what} bytes"), limit: limits.binding_bytes, actual: bytes });
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
