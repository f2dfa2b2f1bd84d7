//! The engine: a device, and the pipelines made for it.

use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU64,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::{
    Error, Pooler, Pooling, Shape, Texel,
    plan::{Bound, KernelKey, Limits, Params, Plan, Request},
    scopes::watched,
};

/// Pools on one wgpu device. Cheap to clone; clones share one pipeline cache.
///
/// An engine never makes or configures a device that was given to it and installs no callback on it. It submits and polls only
/// in the conveniences that say so: [`pool`](Engine::pool) and [`download`](Engine::download).
///
/// ```
/// use plunge::{Bindings, Engine, Pooling, Shape};
/// # fn main() -> Result<(), plunge::Error> {
/// # let host = Engine::headless()?;
/// # let (device, queue) = (host.device(), host.queue());
/// let engine = Engine::new(device, queue);
/// let pooling = Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]);
/// let pooler = engine.prepare(&pooling, Shape::nchw([1, 3, 8, 8]))?;
/// assert_eq!(pooler.output_shape(), Shape::nchw([1, 3, 4, 4]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    device: wgpu::Device,
    queue: wgpu::Queue,
    limits: Limits,
    pipelines: Mutex<HashMap<KernelKey, Arc<Pipeline>>>,
    /// Set by the loss callback of a device that this engine made.
    lost: Arc<OnceLock<String>>,
}

/// A compiled kernel and the layout of its group 0.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) layout: wgpu::BindGroupLayout,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("limits", &self.inner.limits).field("pipelines", &self.cached_pipelines()).finish()
    }
}

impl Engine {
    /// An engine on somebody's device. Decisions follow the device's limits, not the adapter's.
    #[must_use]
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        Self::with_loss_report(device, queue, Arc::default())
    }

    pub(crate) fn with_loss_report(device: &wgpu::Device, queue: &wgpu::Queue, lost: Arc<OnceLock<String>>) -> Self {
        let limits = device.limits();
        let limits = Limits {
            binding_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            workgroups_per_dimension: limits.max_compute_workgroups_per_dimension,
            invocations_per_workgroup: limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x),
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
            storage_textures: limits.max_storage_textures_per_shader_stage,
            invocations_to_fill: match device.adapter_info().device_type {
                wgpu::DeviceType::Cpu => 1 << 12,
                wgpu::DeviceType::IntegratedGpu => 1 << 14,
                _ => Limits::WEBGPU.invocations_to_fill,
            },
        };
        let (device, queue) = (device.clone(), queue.clone());
        Self { inner: Arc::new(Inner { device, queue, limits, pipelines: Mutex::default(), lost }) }
    }

    /// The device this engine works on.
    #[must_use]
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    /// The queue of the device. The engine itself submits only in the conveniences of [`Tensor`](crate::Tensor).
    #[must_use]
    pub fn queue(&self) -> &wgpu::Queue {
        &self.inner.queue
    }

    /// The limits that plans are made for.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Pipelines compiled so far, by this engine and all its clones.
    #[must_use]
    pub fn cached_pipelines(&self) -> usize {
        self.inner.pipelines.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Validates and plans `pooling` for inputs of `shape`, and compiles or finds its pipelines.
    ///
    /// # Errors
    /// As [`Plan::new`]; [`Error::Device`] where the driver refuses a kernel. In browsers use [`prepare_async`](Self::prepare_async).
    pub fn prepare(&self, pooling: &Pooling, shape: Shape) -> Result<Pooler, Error> {
        self.prepare_with(pooling, shape, &Request::new())
    }

    /// [`prepare`](Self::prepare) with indices, a forced kernel or specialised windows: see [`Request`].
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub fn prepare_with(&self, pooling: &Pooling, shape: Shape, request: &Request) -> Result<Pooler, Error> {
        pollster::block_on(self.prepare_async(pooling, shape, request))
    }

    /// [`prepare_with`](Self::prepare_with) without blocking.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub async fn prepare_async(&self, pooling: &Pooling, shape: Shape, request: &Request) -> Result<Pooler, Error> {
        let plan = Plan::new(pooling, &shape, request, self.limits())?;
        request.source.map_or(Ok(()), |source| self.check_source(source))?;
        self.compile_plan(plan).await
    }

    /// Compiles or finds the pipelines of a plan.
    async fn compile_plan(&self, plan: Plan) -> Result<Pooler, Error> {
        let mut pipelines = Vec::with_capacity(plan.keys().len());
        for key in plan.keys() {
            pipelines.push(self.pipeline(key).await?);
        }
        Ok(Pooler::new(self.clone(), plan, pipelines))
    }

    /// Prepares the gradient of `pooling` for inputs of `shape`: given the input and ∂L/∂output it computes ∂L/∂input, by
    /// gathers in a fixed order, so every run gives the same bits. Bind with [`Bindings::grad`](crate::Bindings::grad).
    ///
    /// Max, min, first, last, rank, median and stochastic samples give all to the tap that was chosen. At kinks: std 0 and norms of 0 give 0, gem gives 0
    /// at x ≤ ε, lp at p = ∞ gives all to the first of the largest.
    ///
    /// ```
    /// use plunge::{Bindings, Engine, Pooling, Shape};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let shape = Shape::nchw([1, 1, 4]);
    /// let grad = engine.prepare_grad(&Pooling::max([2]), shape)?;
    /// let input = engine.upload(shape, &[1.0f32, 5.0, 3.0, 2.0])?;
    /// let grad_output = engine.upload(Shape::nchw([1, 1, 2]), &[10.0f32, 20.0])?;
    /// let grad_input = engine.allocate::<f32>(shape)?;
    /// let bound = grad.bind(&Bindings::grad(input.buffer(), grad_output.buffer(), grad_input.buffer()))?;
    /// let mut encoder = engine.device().create_command_encoder(&Default::default());
    /// bound.encode(&mut encoder);
    /// engine.queue().submit([encoder.finish()]);
    /// assert_eq!(engine.download(&grad_input)?, [0.0, 10.0, 20.0, 0.0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Plan::grad`]; [`Error::Device`] where the driver refuses a kernel. In browsers use
    /// [`prepare_grad_async`](Self::prepare_grad_async).
    pub fn prepare_grad(&self, pooling: &Pooling, shape: Shape) -> Result<Pooler, Error> {
        self.prepare_grad_with(pooling, shape, &Request::new())
    }

    /// [`prepare_grad`](Self::prepare_grad) with a forced kernel for the step that folds the regions anew.
    ///
    /// # Errors
    /// As [`prepare_grad`](Self::prepare_grad).
    pub fn prepare_grad_with(&self, pooling: &Pooling, shape: Shape, request: &Request) -> Result<Pooler, Error> {
        pollster::block_on(self.prepare_grad_async(pooling, shape, request))
    }

    /// [`prepare_grad_with`](Self::prepare_grad_with) without blocking.
    ///
    /// # Errors
    /// As [`prepare_grad`](Self::prepare_grad).
    pub async fn prepare_grad_async(&self, pooling: &Pooling, shape: Shape, request: &Request) -> Result<Pooler, Error> {
        self.compile_plan(Plan::grad(pooling, &shape, request, self.limits())?).await
    }

    /// Prepares to put pooled values of shape `pooled` back into a tensor of shape `restored`, as
    /// [`Pooling::unpooled_shape`] gives it.
    ///
    /// Max, min and stochastic samples put each value at its index and 0 elsewhere; of several values at one index the last in row-major order wins, on
    /// every adapter. Average and gaussian give each position the mean of the outputs whose regions hold it, weighted by the share that it has
    /// in each. Other ops give each position the value of the output whose centre is nearest to it. Bind with
    /// `Bindings::new(values, restored)`, and `.indices(…)` where there are any: u32, one a value, which count over one plane. An index outside the
    /// plane puts nothing anywhere and raises bit 2 of the status ([`Bindings::status`](crate::Bindings::status)).
    ///
    /// # Errors
    /// As [`Plan::unpool`]; [`Error::Device`] where the driver refuses a kernel. In browsers use
    /// [`prepare_unpool_async`](Self::prepare_unpool_async).
    pub fn prepare_unpool(&self, pooling: &Pooling, pooled: Shape, restored: Shape) -> Result<Pooler, Error> {
        self.prepare_unpool_with(pooling, pooled, restored, &Request::new())
    }

    /// [`prepare_unpool`](Self::prepare_unpool) of other elements than f32, or with a forced kernel for the step that folds the regions anew.
    ///
    /// # Errors
    /// As [`prepare_unpool`](Self::prepare_unpool).
    pub fn prepare_unpool_with(
        &self,
        pooling: &Pooling,
        pooled: Shape,
        restored: Shape,
        request: &Request,
    ) -> Result<Pooler, Error> {
        pollster::block_on(self.prepare_unpool_async(pooling, pooled, restored, request))
    }

    /// [`prepare_unpool_with`](Self::prepare_unpool_with) without blocking.
    ///
    /// # Errors
    /// As [`prepare_unpool`](Self::prepare_unpool).
    pub async fn prepare_unpool_async(
        &self,
        pooling: &Pooling,
        pooled: Shape,
        restored: Shape,
        request: &Request,
    ) -> Result<Pooler, Error> {
        self.compile_plan(Plan::unpool(pooling, &pooled, &restored, request, self.limits())?).await
    }

    /// [`prepare_with`](Self::prepare_with) for several poolings of inputs of one shape, such as the 5, 9 and 13 wide windows of YOLO's spatial
    /// pyramid. Bind each, and [`BoundPooling::join`](crate::BoundPooling::join) makes one recording of them.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), of the first pooling that has one.
    pub fn prepare_all(&self, poolings: &[Pooling], shape: Shape, request: &Request) -> Result<Vec<Pooler>, Error> {
        poolings.iter().map(|pooling| self.prepare_with(pooling, shape, request)).collect()
    }

    /// The reason why the device was lost, where this engine made the device and so was told.
    pub(crate) fn loss(&self) -> Option<Error> {
        self.inner.lost.get().map(|reason| Error::DeviceLost(reason.clone()))
    }

    /// Finds or compiles one kernel. Two threads that miss at once both compile; one result is kept.
    pub(crate) async fn pipeline(&self, key: KernelKey) -> Result<Arc<Pipeline>, Error> {
        let cache = || self.inner.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = cache().get(&key) {
            return Ok(found.clone());
        }
        let made = watched(&self.inner.device, || compile(&self.inner.device, &key)).await?;
        Ok(cache().entry(key).or_insert_with(|| Arc::new(made)).clone())
    }
}

fn compile(device: &wgpu::Device, key: &KernelKey) -> Pipeline {
    let label = key.to_string();
    let label = Some(label.as_str());
    let source = wgpu::ShaderModuleDescriptor { label, source: wgpu::ShaderSource::Wgsl(key.wgsl().into()) };
    let checks =
        wgpu::ShaderRuntimeChecks { force_loop_bounding: false, int_div_checks: false, ..wgpu::ShaderRuntimeChecks::checked() };
    // SAFETY: two checks are left out, bounds checks stay. Every loop in shaders/ counts up to a bound that is a constant or a
    // size the planner has checked, or halves a constant, so it ends without the injected counter, which would keep drivers
    // from unrolling. Every integer division is unsigned and by a constant, by a parameter that is at least 1 (sizes, strides,
    // dilations, part and tile counts), or, inside a loop over a region's taps, by their number on an axis, which is then at
    // least 1.
    #[allow(unsafe_code, reason = "the one call: with the loop counter the tile kernel took a quarter longer on lavapipe")]
    let module = unsafe { device.create_shader_module_trusted(source, checks) };
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::COMPUTE, ty, count: None };
    let buffer = |ty, min_binding_size| wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size };
    let params = buffer(wgpu::BufferBindingType::Uniform, NonZeroU64::new(size_of::<Params>() as u64));
    let params = entry(0, params);
    let slots = key.slots().map(|slot| {
        let view_dimension = wgpu::TextureViewDimension::D2;
        let ty = match key.bound(slot) {
            Bound::Buffer { read_only } => buffer(wgpu::BufferBindingType::Storage { read_only }, None),
            Bound::Source(texel) => {
                let sample_type = match texel {
                    Texel::Depth32Float => wgpu::TextureSampleType::Depth,
                    _ => wgpu::TextureSampleType::Float { filterable: false },
                };
                wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false }
            }
            Bound::Target(texel) => {
                let access = wgpu::StorageTextureAccess::WriteOnly;
                wgpu::BindingType::StorageTexture { access, format: texel.format(), view_dimension }
            }
        };
        entry(slot as u32, ty)
    });
    let entries: Vec<_> = std::iter::once(params).chain(slots).collect();
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label,
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        // Workgroup memory is written before it is read.
        compilation_options: wgpu::PipelineCompilationOptions { zero_initialize_workgroup_memory: false, ..Default::default() },
        cache: None,
    });
    Pipeline { pipeline, layout }
}
