//! A pooling made ready: prepared for a shape, bound to buffers, recorded into the caller's encoder.

use std::{num::NonZeroU64, sync::Arc};

use crate::{
    Bindings, Element, Engine, Error, Kernel, Shape,
    bindings::{Checked, STORAGE, check_range, given_for_nothing},
    geometry::Side,
    pipeline::Pipeline,
    plan::{Bound, Elements, Params, Plan, Slice, Slot, Step, Way},
};

/// A pooling validated, planned and compiled for one input shape: what [`Engine::prepare`] gives.
///
/// Bind it to as many sets of buffers as there are; a pooler holds no buffer of its own.
#[derive(Debug, Clone)]
pub struct Pooler {
    engine: Engine,
    plan: Plan,
    pipelines: Vec<Arc<Pipeline>>,
}

/// A pooling bound to buffers, ready to be recorded any number of times.
///
/// It keeps its buffers alive and borrows nothing. Recording overwrites the pass's pipeline and its bind group 0.
#[derive(Debug, Clone)]
pub struct BoundPooling {
    pub(crate) steps: Vec<BoundStep>,
}

#[derive(Debug, Clone)]
pub(crate) struct BoundStep {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) group: wgpu::BindGroup,
    pub(crate) workgroups: [u32; 2],
    /// Taps that it folds, or as many as take as long.
    pub(crate) cost: u64,
}

impl Pooler {
    pub(crate) fn new(engine: Engine, plan: Plan, pipelines: Vec<Arc<Pipeline>>) -> Self {
        Self { engine, plan, pipelines }
    }

    /// The plan: which kernels will run.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The shape of what is written: the output's, or the input's where gradients come back to it.
    #[must_use]
    pub fn output_shape(&self) -> Shape {
        self.plan.output_shape()
    }

    /// The type of the input's elements.
    #[must_use]
    pub fn input_element(&self) -> Element {
        self.plan.elements.input
    }

    /// The type of the elements that are written.
    #[must_use]
    pub fn output_element(&self) -> Element {
        self.plan.elements.output
    }

    /// The kernel that was chosen or forced.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.plan.kernel
    }

    /// Bytes that the input range must have: whole 32-bit words.
    #[must_use]
    pub fn input_bytes(&self) -> u64 {
        self.plan.slot_bytes(Slot::Input)
    }

    /// Bytes that the output range must have: whole 32-bit words, of which the last may end with bytes that are left as they are.
    #[must_use]
    pub fn output_bytes(&self) -> u64 {
        self.plan.slot_bytes(Slot::Output)
    }

    /// Bytes that the range for indices must have; 0 where none were asked for.
    #[must_use]
    pub fn indices_bytes(&self) -> u64 {
        if self.plan.way == (Way::Forward { indices: true }) { self.plan.slot_bytes(Slot::Indices) } else { 0 }
    }

    /// Bytes of scratch that a run needs; 0 for most poolings.
    #[must_use]
    pub fn scratch_bytes(&self) -> u64 {
        self.plan.scratch_bytes
    }

    /// Bytes that the range for the gradient of what the op learns must have; 0 where none was asked for.
    #[must_use]
    pub fn grad_parameters_bytes(&self) -> u64 {
        self.plan.slot_bytes(Slot::GradParameters)
    }

    /// Binds buffers: makes bind groups, a parameter buffer of 512 bytes a step, and scratch where it is needed and not lent.
    ///
    /// Nothing is submitted or written through the queue. Do this once for a set of buffers, not once a frame.
    ///
    /// # Errors
    /// [`Error::InvalidBinding`] for a range that is missing, too small, unaligned, without `STORAGE` usage, or of a buffer that
    /// is both read and written, and for indices that were not asked for; [`Error::OutOfMemory`] or [`Error::Device`] where the device refuses;
    /// [`Error::DeviceLost`]. In browsers use [`bind_async`](Self::bind_async).
    pub fn bind(&self, bindings: &Bindings<'_>) -> Result<BoundPooling, Error> {
        pollster::block_on(self.bind_async(bindings))
    }

    /// [`bind`](Self::bind) without blocking.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_async(&self, bindings: &Bindings<'_>) -> Result<BoundPooling, Error> {
        if self.plan.steps.is_empty() {
            return Ok(BoundPooling { steps: Vec::new() });
        }
        let device = self.engine.device();
        let own = self.own_buffers(bindings).await?;
        let bindings = own.iter().fold(bindings.clone(), |bindings, (slot, buffer)| bindings.with(*slot, buffer));
        let checked = self.check(&bindings)?;
        let params = self.parameters().await?;
        let views =
            self.engine.watched(|| [bindings.source, bindings.target].map(|level| level.map(|level| level.view()))).await?;
        let steps = self
            .engine
            .watched(|| {
                let numbered = self.plan.steps.iter().zip(&self.pipelines).zip(0..);
                numbered
                    .map(|((step, pipeline), at)| BoundStep {
                        pipeline: pipeline.clone(),
                        group: bind_group(device, pipeline, &params, at, step, self.plan.input_of(&step.key), &checked, &views),
                        workgroups: step.workgroups,
                        cost: step.cost,
                    })
                    .collect()
            })
            .await?;
        Ok(BoundPooling { steps })
    }

    /// What the plan needs and the caller need not give: presets, tables, and defaults for what is absent.
    async fn own_buffers(&self, given: &Bindings<'_>) -> Result<Vec<(Slot, wgpu::Buffer)>, Error> {
        let plan = &self.plan;
        let absent = |slot| self.uses(slot) && given.at(slot).is_none();
        let mut own = Vec::new();
        if absent(Slot::Scratch) {
            own.push((Slot::Scratch, self.empty("plunge scratch", plan.scratch_bytes).await?));
        }
        if self.uses(Slot::Table) {
            let table = match &plan.table[..] {
                [] => self.empty("plunge table", plan.slot_bytes(Slot::Table)).await?,
                table => filled(&self.engine, "plunge table", STORAGE, &[(0, bytemuck::cast_slice(table))]).await?,
            };
            own.push((Slot::Table, table));
        }
        if !plan.preset.is_empty() {
            given_for_nothing(Slot::Weights, given.at(Slot::Weights).is_some())?;
            let weights = filled(&self.engine, "plunge weights", STORAGE, &[(0, bytemuck::cast_slice(&plan.preset))]).await?;
            own.push((Slot::Weights, weights));
        }
        if absent(Slot::BoxCount) {
            let most = u32::try_from(plan.most_boxes()).unwrap_or(u32::MAX);
            own.push((
                Slot::BoxCount,
                filled(&self.engine, "plunge box count", STORAGE, &[(0, bytemuck::bytes_of(&most))]).await?,
            ));
        }
        if matches!(plan.side, Some(Side::Clusters(_))) && self.uses(Slot::Labels) {
            given_for_nothing(Slot::Labels, given.at(Slot::Labels).is_some())?;
            own.push((Slot::Labels, self.empty("plunge labels", plan.slot_bytes(Slot::Labels)).await?));
        }
        if let Some(labels) = plan.labels().filter(|labels| labels.mask && absent(Slot::Labels)) {
            let all = vec![1u32; usize::try_from(labels.count()).unwrap_or(usize::MAX)];
            own.push((Slot::Labels, filled(&self.engine, "plunge mask", STORAGE, &[(0, bytemuck::cast_slice(&all))]).await?));
        }
        if absent(Slot::Status) {
            own.push((Slot::Status, self.empty("plunge status", plan.slot_bytes(Slot::Status)).await?));
        }
        Ok(own)
    }

    /// Whether a step binds `slot`.
    fn uses(&self, slot: Slot) -> bool {
        match slot {
            // A texture stands in for it.
            Slot::Input if self.plan.elements.source.is_some() => false,
            Slot::Output if self.plan.elements.target.is_some() => false,
            // What the way back saves is a part of the scratch.
            Slot::Scratch => self.plan.scratch_bytes > 0,
            Slot::Saved => false,
            slot => self.plan.keys().any(|key| key.slots().any(|used| used == slot)),
        }
    }

    /// A buffer of zeros for steps to write.
    async fn empty(&self, label: &str, size: u64) -> Result<wgpu::Buffer, Error> {
        let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage: STORAGE, mapped_at_creation: false };
        self.engine.buffer(&descriptor).await
    }

    /// The parameter blocks of all steps, in one uniform buffer that is filled as it is made.
    async fn parameters(&self) -> Result<wgpu::Buffer, Error> {
        let numbered = self.plan.steps.iter().zip(0..);
        let slices: Vec<(u64, &[u8])> =
            numbered.map(|(step, at)| (at * Params::SLICE, bytemuck::bytes_of(&step.params))).collect();
        filled(&self.engine, "plunge parameters", wgpu::BufferUsages::UNIFORM, &slices).await
    }

    /// Checks the textures that stand in for buffers, and that no other is given.
    fn check_textures(&self, bindings: &Bindings<'_>) -> Result<(), Error> {
        let Elements { source, target, .. } = self.plan.elements;
        for (binding, texel, level, shape, written) in [
            ("input texture", source, bindings.source, self.plan.input, false),
            ("output texture", target, bindings.target, self.plan.output, true),
        ] {
            let invalid = |expected: &str, actual: &str| {
                Err(Error::InvalidBinding { binding, expected: expected.into(), actual: actual.into() })
            };
            match (texel, level) {
                (Some(texel), Some(level)) => {
                    let side = |axis: usize| u32::try_from(shape.spatial().get(axis).copied().unwrap_or(1)).unwrap_or(u32::MAX);
                    level.check(binding, texel, [side(1), side(0)], written)?;
                }
                (Some(_), None) => return invalid("given: this pooling was prepared for one", "absent"),
                (None, Some(_)) => return invalid("absent: this pooling was prepared for a buffer", "given"),
                (None, None) => {}
            }
        }
        match (bindings.source, bindings.target) {
            (Some(source), Some(target)) if source.texture == target.texture && source.mip_level == target.mip_level => {
                Err(Error::InvalidBinding {
                    binding: "output texture",
                    expected: "another texture or level than the input's".into(),
                    actual: "the same".into(),
                })
            }
            (Some(source), Some(target)) if source.texture == target.texture => self.engine.check_apart(),
            _ => Ok(()),
        }
    }

    /// Checks every range that the plan uses, and that no other is given.
    fn check<'a>(&self, bindings: &Bindings<'a>) -> Result<Vec<Checked<'a>>, Error> {
        self.check_textures(bindings)?;
        let mut checked: Vec<Checked<'a>> = Vec::new();
        for slot in Slot::ALL {
            let invalid = |expected: String, actual: String| Error::InvalidBinding { binding: slot.name(), expected, actual };
            let binding = match (bindings.at(slot), self.uses(slot)) {
                (Some(binding), true) => binding,
                (None, true) => return Err(invalid("given: this pooling uses it".into(), "absent".into())),
                // Scratch may be lent to poolings that need none; and where nothing comes out, nothing is looked at.
                (given, false) => {
                    let moot = slot == Slot::Scratch || self.plan.output.elements() == 0;
                    given_for_nothing(slot, given.is_some() && !moot)?;
                    continue;
                }
            };
            let range = check_range(slot, binding, self.plan.slot_bytes(slot), self.engine.device())?;
            if let Some(other) = checked.iter().find(|other| other.clashes(&range)) {
                let other = other.slot.name();
                let expected = if slot.read_only() || other == Slot::Input.name() {
                    format!("another buffer than {other}")
                } else {
                    format!("another buffer than {other}, or a range apart from it")
                };
                return Err(invalid(expected, "the same buffer".into()));
            }
            checked.push(range);
        }
        let scratch = checked.iter_mut().find(|range| range.slot == Slot::Scratch);
        if let (Some(offset), Some(scratch)) = (self.plan.saved_offset, scratch) {
            let saved =
                Checked { slot: Slot::Saved, offset: scratch.offset + offset, bytes: scratch.bytes - offset, ..*scratch };
            scratch.bytes = offset;
            checked.push(saved);
        }
        Ok(checked)
    }
}

/// A buffer with its contents, given as bytes at offsets, that is never written again.
pub(crate) async fn filled(
    engine: &Engine,
    label: &str,
    usage: wgpu::BufferUsages,
    slices: &[(u64, &[u8])],
) -> Result<wgpu::Buffer, Error> {
    let size = slices.iter().map(|(from, bytes)| from + bytes.len() as u64).max().unwrap_or(0);
    let descriptor =
        wgpu::BufferDescriptor { label: Some(label), size: size.next_multiple_of(4), usage, mapped_at_creation: true };
    let buffer = engine.buffer(&descriptor).await?;
    for &(from, bytes) in slices {
        match buffer.get_mapped_range_mut(from..from + bytes.len() as u64) {
            Ok(mut range) => range.copy_from_slice(bytes),
            Err(error) => return Err(engine.failure(error.to_string()).await),
        }
    }
    buffer.unmap();
    Ok(buffer)
}

#[allow(clippy::too_many_arguments, reason = "one step of a plan and what it binds")]
fn bind_group(
    device: &wgpu::Device,
    pipeline: &Pipeline,
    params: &wgpu::Buffer,
    at: u64,
    step: &Step,
    input: Slot,
    checked: &[Checked<'_>],
    [source, target]: &[Option<wgpu::TextureView>; 2],
) -> wgpu::BindGroup {
    let bound = step.key.slots().filter_map(|slot| {
        let resource = match step.key.bound(slot) {
            Bound::Source(_) => wgpu::BindingResource::TextureView(source.as_ref()?),
            Bound::Target(_) => wgpu::BindingResource::TextureView(target.as_ref()?),
            Bound::Buffer { .. } => {
                let own = if slot == Slot::Input { input } else { slot };
                let Checked { buffer, offset, bytes, .. } = *checked.iter().find(|range| range.slot == own)?;
                let part = step.slices.and_then(|slices| slices.at(own)).unwrap_or(Slice { offset: 0, bytes });
                let (offset, bytes) = (offset + part.offset, part.bytes);
                wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size: NonZeroU64::new(bytes) })
            }
        };
        Some(wgpu::BindGroupEntry { binding: slot as u32, resource })
    });
    let entries: Vec<_> = std::iter::once(Params::entry(params, at)).chain(bound).collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("plunge"), layout: &pipeline.layout, entries: &entries })
}

impl Params {
    /// The binding of a step's slice.
    pub(crate) fn entry(params: &wgpu::Buffer, step: u64) -> wgpu::BindGroupEntry<'_> {
        let size = NonZeroU64::new(size_of::<Self>() as u64);
        let slice = wgpu::BufferBinding { buffer: params, offset: step * Self::SLICE, size };
        wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(slice) }
    }
}

impl BoundPooling {
    /// Several poolings as one, recorded in their order in one pass.
    ///
    /// ```
    /// use plunge::{Bindings, BoundPooling, Engine, Pooling, Request, Shape};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let shape = Shape::nchw([1, 4, 20, 20]);
    /// let windows = [5, 9, 13].map(|side| Pooling::max([side, side]).stride([1, 1]).padding([side / 2, side / 2]));
    /// let input = engine.upload(shape, &vec![1.0f32; shape.elements()])?;
    /// let mut bound = Vec::new();
    /// for pooler in engine.prepare_all(&windows, shape, &Request::new())? {
    ///     let output = engine.allocate::<f32>(pooler.output_shape())?;
    ///     bound.push(pooler.bind(&Bindings::new(input.buffer(), output.buffer()))?);
    /// }
    /// let pyramid = BoundPooling::join(bound);
    /// let mut encoder = engine.device().create_command_encoder(&Default::default());
    /// pyramid.encode(&mut encoder);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn join(poolings: impl IntoIterator<Item = Self>) -> Self {
        Self { steps: poolings.into_iter().flat_map(|pooling| pooling.steps).collect() }
    }

    /// Records the pooling as a compute pass of its own.
    ///
    /// Dispatches only: creates no GPU object, writes no buffer, submits and polls nothing.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        if !self.steps.is_empty() {
            self.encode_pass(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()));
        }
    }

    /// Records the pooling into an open compute pass, whose pipeline and bind group 0 it overwrites.
    pub fn encode_pass(&self, pass: &mut wgpu::ComputePass<'_>) {
        for step in &self.steps {
            step.encode(pass);
        }
    }

    /// Its dispatches one by one, in their order, to be recorded into submissions of their own: [`join`](Self::join) the other way round.
    #[must_use]
    pub fn into_steps(self) -> Vec<Self> {
        self.steps.into_iter().map(|step| Self { steps: vec![step] }).collect()
    }

    /// The steps by runs that fold no more than so many taps, or are one step.
    pub(crate) fn runs(&self, most: u64) -> impl Iterator<Item = &[BoundStep]> {
        let mut rest = &self.steps[..];
        std::iter::from_fn(move || {
            let mut folded = 0u64;
            let fits = rest.iter().take_while(|step| {
                let first = folded == 0;
                folded = folded.saturating_add(step.cost.max(1));
                first || folded <= most
            });
            let (run, left) = rest.split_at(fits.count());
            rest = left;
            (!run.is_empty()).then_some(run)
        })
    }
}

impl BoundStep {
    pub(crate) fn encode(&self, pass: &mut wgpu::ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        let [across, down] = self.workgroups;
        pass.dispatch_workgroups(across, down, 1);
    }
}
