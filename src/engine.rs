//! The engine: a device, and the pipelines made for it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use crate::{
    Error, Pooler, Pooling, Shape,
    once::OncePerKey,
    pipeline::Pipeline,
    plan::{KernelKey, Limits, Plan, Request},
};

/// How long a wait for the device may last, unless it is said.
const PATIENCE: Duration = Duration::from_secs(120);

/// Pools on one wgpu device. Cheap to clone; clones share one pipeline cache.
///
/// An engine never makes or configures a device that was given to it and installs no callback on it. It submits and polls only
/// in [`pool`](Engine::pool), [`grad`](Engine::grad), [`unpool`](Engine::unpool), their variants and [`download`](Engine::download);
/// [`wait`](Engine::wait) polls, and [`upload`](Engine::upload) writes through the queue.
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
    patience: Duration,
}

struct Inner {
    device: wgpu::Device,
    queue: wgpu::Queue,
    limits: Limits,
    pipelines: Arc<OncePerKey<KernelKey, Arc<Pipeline>>>,
    /// The driver's, to be stored by the caller.
    cache: Option<wgpu::PipelineCache>,
    /// Set by the loss callback of a device that this engine made.
    lost: Arc<OnceLock<String>>,
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
            buffer_bytes: limits.max_buffer_size,
            workgroups_per_dimension: limits.max_compute_workgroups_per_dimension,
            invocations_per_workgroup: limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x),
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
            storage_textures: limits.max_storage_textures_per_shader_stage,
            ..Limits::of_kind(device.adapter_info().device_type)
        };
        let (device, queue) = (device.clone(), queue.clone());
        let inner = Inner { device, queue, limits, pipelines: Arc::default(), cache: None, lost };
        Self { inner: Arc::new(inner), patience: PATIENCE }
    }

    /// An engine on the same device that plans within tighter limits: smaller bindings, buffers and grids than the device's own (what is larger than the device's
    /// is left at that), and dispatches that take no longer than [`Limits::longest_dispatch`]. What is no limit of a device (`invocations_to_fill`, `software`,
    /// `taps_per_second`, `longest_dispatch`) is taken as given. Both share their pipelines.
    ///
    /// ```
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = plunge::Engine::headless()?;
    /// let mut limits = *engine.limits();
    /// limits.longest_dispatch = std::time::Duration::from_millis(20);
    /// let engine = engine.within(&limits);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn within(&self, limits: &Limits) -> Self {
        let Inner { device, queue, limits: own, pipelines, cache, lost } = &*self.inner;
        let (device, queue, limits) = (device.clone(), queue.clone(), own.tighter(limits));
        let (pipelines, cache, lost) = (pipelines.clone(), cache.clone(), lost.clone());
        Self { inner: Arc::new(Inner { device, queue, limits, pipelines, cache, lost }), patience: self.patience }
    }

    /// An engine on the same device, without pipelines, that compiles with this cache of the driver's.
    pub(crate) fn with_cache(&self, cache: wgpu::PipelineCache) -> Self {
        let Inner { device, queue, limits, lost, .. } = &*self.inner;
        let (device, queue, limits, lost) = (device.clone(), queue.clone(), *limits, lost.clone());
        let inner = Inner { device, queue, limits, pipelines: Arc::default(), cache: Some(cache), lost };
        Self { inner: Arc::new(inner), patience: self.patience }
    }

    /// The driver's cache that this engine compiles with.
    pub(crate) fn cache(&self) -> Option<&wgpu::PipelineCache> {
        self.inner.cache.as_ref()
    }

    /// This engine, waiting for the device no longer than this, in place of two minutes: then it gives up with [`Error::Timeout`]. Pipelines are shared with
    /// `self`'s clones.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long this engine waits for the device.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// The device this engine works on.
    #[must_use]
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    /// The queue of the device; [`Engine`] says what of it submits.
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
        self.inner.pipelines.len()
    }

    /// Validates and plans `pooling` for inputs of `shape`, and compiles or finds its pipelines.
    ///
    /// # Errors
    /// As [`Plan::new`]; [`Error::Device`] where the driver refuses a kernel; [`Error::DeviceLost`]. In browsers use [`prepare_async`](Self::prepare_async).
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
        self.compile_plan(self.plan(pooling, shape, request)?).await
    }

    /// Plans what this device can do.
    fn plan(&self, pooling: &Pooling, shape: Shape, request: &Request) -> Result<Plan, Error> {
        let plan = Plan::new(pooling, &shape, request, self.limits())?;
        request.source.map_or(Ok(()), |source| self.check_source(source))?;
        Ok(plan)
    }

    /// Compiles or finds the pipelines of a plan.
    pub(crate) async fn compile_plan(&self, plan: Plan) -> Result<Pooler, Error> {
        let pipelines = self.pipelines(&plan.keys().collect::<Vec<_>>()).await?;
        Ok(Pooler::new(self.clone(), plan, pipelines))
    }

    /// Prepares the gradient of `pooling` for inputs of `shape`: given the input and ∂L/∂output it computes ∂L/∂input, by
    /// gathers in a fixed order, so every run gives the same bits. Bind with [`Bindings::grad`](crate::Bindings::grad).
    ///
    /// Max, min, first, last, rank, median and stochastic samples give all to the tap that was chosen. At kinks: std 0 and norms of 0 give 0, gem gives 0
    /// at x ≤ ε, lp at p = ∞ gives all to the first of the largest. A slope that is computed from an answer that is NaN is NaN too. Beside infinities: in lp and gem
    /// an infinity's own slope is NaN and the others are 0, but for p = 1, whose slopes look at no answer, p = ∞, and −inf in gem, which counts as ε; in the
    /// stochastic expectation what is above 0 has slope NaN; `log_sum_exp` and soft have slope 0 where their answer is infinite. A value that nothing but zeros comes
    /// back to gets 0, even if it is NaN behind an activation.
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
    /// As [`Plan::grad`]; [`Error::Device`] where the driver refuses a kernel; [`Error::DeviceLost`]. In browsers use
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
    /// As [`Plan::unpool`]; [`Error::Device`] where the driver refuses a kernel; [`Error::DeviceLost`]. In browsers use
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
    /// As [`prepare`](Self::prepare), of the first pooling that has one. In browsers use [`prepare_all_async`](Self::prepare_all_async).
    pub fn prepare_all(&self, poolings: &[Pooling], shape: Shape, request: &Request) -> Result<Vec<Pooler>, Error> {
        pollster::block_on(self.prepare_all_async(poolings, shape, request))
    }

    /// [`prepare_all`](Self::prepare_all) without blocking.
    ///
    /// # Errors
    /// As [`prepare_all`](Self::prepare_all).
    pub async fn prepare_all_async(&self, poolings: &[Pooling], shape: Shape, request: &Request) -> Result<Vec<Pooler>, Error> {
        let plans: Vec<Plan> =
            poolings.iter().map(|pooling| self.plan(pooling, shape, request)).collect::<Result<_, Error>>()?;
        self.pipelines(&plans.iter().flat_map(Plan::keys).collect::<Vec<_>>()).await?;
        let mut poolers = Vec::with_capacity(plans.len());
        for plan in plans {
            poolers.push(self.compile_plan(plan).await?);
        }
        Ok(poolers)
    }

    /// The reason why the device was lost, where this engine made the device and so was told.
    pub(crate) fn loss(&self) -> Option<Error> {
        self.inner.lost.get().map(|reason| Error::DeviceLost(reason.clone()))
    }

    /// Whether a kernel is compiled.
    pub(crate) fn has_pipeline(&self, key: &KernelKey) -> bool {
        self.inner.pipelines.get(key).is_some()
    }

    /// Finds or compiles kernels, those that are missing at once.
    pub(crate) async fn pipelines(&self, keys: &[KernelKey]) -> Result<Vec<Arc<Pipeline>>, Error> {
        if let Some((_, error)) = self.compile_all(&self.missing(keys)).await.into_iter().next() {
            return Err(error);
        }
        let mut pipelines = Vec::with_capacity(keys.len());
        for &key in keys {
            pipelines.push(self.pipeline(key).await?);
        }
        Ok(pipelines)
    }

    /// Finds or compiles one kernel; waits where another thread compiles it.
    pub(crate) async fn pipeline(&self, key: KernelKey) -> Result<Arc<Pipeline>, Error> {
        let Inner { device, pipelines, cache, .. } = &*self.inner;
        let compile = || self.watched(|| Arc::new(Pipeline::compile(device, &key, cache.as_ref())));
        pipelines.get_or_make(key, compile).await
    }
}
