//! Pooling, and its way back, without a pipeline of one's own: upload, run, download.

use bytemuck::Pod;

use crate::{
    Bindings, BoundPooling, Engine, Error, Kernel, Pooler, Pooling, Request, Shape, SideInputs, Tensor, geometry::Geometry,
    indices::check_indices, scopes::watched,
};

/// What [`Engine::pool`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    /// The output's shape.
    pub shape: Shape,
    /// One value an output, row-major.
    pub values: Vec<f32>,
    /// Where asked for: the place in its plane of the tap that each output took, `u32::MAX` where its region is empty.
    pub indices: Option<Vec<u32>>,
    /// Where asked for: the detection layer below a probabilistic max, shaped like the input.
    pub detection: Option<Vec<f32>>,
    /// The kernel that ran.
    pub kernel: Kernel,
}

/// What [`Engine::grad`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// ∂L/∂input, shaped like the input.
    pub input: Vec<f32>,
    /// Where asked for: ∂L/∂weights, shaped like the weights, or the one number ∂L/∂p of gem.
    pub parameters: Option<Vec<f32>>,
    /// The kernel that folded the regions anew.
    pub kernel: Kernel,
}

/// What stands beside the input, copied to the device.
struct Beside {
    weights: Option<Tensor>,
    boxes: Option<Tensor>,
    box_count: Option<Tensor<u32>>,
    labels: Option<Tensor<i32>>,
    mask: Option<Tensor<u32>>,
}

impl Beside {
    fn bind<'a>(&'a self, mut bindings: Bindings<'a>) -> Bindings<'a> {
        if let Some(weights) = &self.weights {
            bindings = bindings.weights(weights.buffer());
        }
        if let (Some(boxes), Some(box_count)) = (&self.boxes, &self.box_count) {
            bindings = bindings.boxes(boxes.buffer()).box_count(box_count.buffer());
        }
        if let Some(labels) = &self.labels {
            bindings = bindings.labels(labels.buffer());
        }
        if let Some(mask) = &self.mask {
            bindings = bindings.mask(mask.buffer());
        }
        bindings
    }
}

impl Engine {
    /// Pools values that are not on the device: uploads, pools, downloads, and waits.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Request, Shape};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let pooled = engine.pool(&Pooling::max([2, 2]), Shape::nchw([1, 1, 2, 4]), &[1., 2., 3., 4., 5., 6., 7., 8.], &Request::new())?;
    /// assert_eq!(pooled.values, [6., 8.]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), [`upload`](Self::upload) and [`download`](Self::download).
    pub fn pool(&self, pooling: &Pooling, shape: Shape, values: &[f32], request: &Request) -> Result<Pooled, Error> {
        self.pool_with(pooling, shape, values, request, &SideInputs::new())
    }

    /// [`pool`](Self::pool) with what the pooling reads beside its input.
    ///
    /// # Errors
    /// As [`pool`](Self::pool); [`Error::InvalidBinding`] for a side input that is missing, malformed or not used.
    pub fn pool_with(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[f32],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled, Error> {
        pollster::block_on(self.pool_async(pooling, shape, values, request, sides))
    }

    /// [`pool_with`](Self::pool_with) without blocking.
    ///
    /// # Errors
    /// As [`pool_with`](Self::pool_with).
    pub async fn pool_async(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[f32],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled, Error> {
        let pooling = &*sides.resolve(pooling);
        sides.check(pooling, &Geometry::resolve(pooling, &shape)?)?;
        let pooler = self.prepare_async(pooling, shape, request).await?;
        let input = self.upload_async(shape, values).await?;
        let output = self.allocate_async::<f32>(pooler.output_shape()).await?;
        let indices = match request.indices {
            true => Some(self.allocate_async::<u32>(pooler.output_shape()).await?),
            false => None,
        };
        let mut bindings = Bindings::new(input.buffer(), output.buffer());
        if let Some(indices) = &indices {
            bindings = bindings.indices(indices.buffer());
        }
        let detection = match request.detection {
            true => Some(self.allocate_async::<f32>(shape).await?),
            false => None,
        };
        if let Some(detection) = &detection {
            bindings = bindings.detection(detection.buffer());
        }
        let beside = self.upload_sides(sides, &pooler).await?;
        self.run(&pooler.bind_async(&beside.bind(bindings)).await?).await?;
        Ok(Pooled {
            shape: pooler.output_shape(),
            values: self.download_async(&output).await?,
            indices: match &indices {
                Some(indices) => Some(self.download_async(indices).await?),
                None => None,
            },
            detection: match &detection {
                Some(detection) => Some(self.download_async(detection).await?),
                None => None,
            },
            kernel: pooler.kernel(),
        })
    }

    /// The gradient of a pooling of values that are not on the device, given that of its output: uploads, runs, downloads, and waits. With
    /// [`Request::parameters`], also that of what the op learns.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Request, Shape, SideInputs};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let shape = Shape::nchw([1, 1, 4]);
    /// let grad = engine.grad(&Pooling::average([2]), shape, &[1., 5., 3., 2.], &[8., 6.], &Request::new(), &SideInputs::new())?;
    /// assert_eq!(grad.input, [4., 4., 3., 3.]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`prepare_grad`](Self::prepare_grad) and [`pool_with`](Self::pool_with); [`Error::InvalidBinding`] where `grad_output` has not the
    /// output's size.
    pub fn grad(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[f32],
        grad_output: &[f32],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients, Error> {
        pollster::block_on(self.grad_async(pooling, shape, values, grad_output, request, sides))
    }

    /// [`grad`](Self::grad) without blocking.
    ///
    /// # Errors
    /// As [`grad`](Self::grad).
    pub async fn grad_async(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[f32],
        grad_output: &[f32],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients, Error> {
        let pooling = &*sides.resolve(pooling);
        let geometry = Geometry::resolve(pooling, &shape)?;
        sides.check(pooling, &geometry)?;
        if grad_output.len() != geometry.output.elements() {
            return Err(Error::InvalidBinding {
                binding: "grad_output",
                expected: format!("{} elements for shape {}", geometry.output.elements(), geometry.output),
                actual: format!("{} elements", grad_output.len()),
            });
        }
        let pooler = self.prepare_grad_async(pooling, shape, request).await?;
        let input = self.upload_async(shape, values).await?;
        let ahead = self.upload_async(geometry.output, grad_output).await?;
        let back = self.allocate_async::<f32>(shape).await?;
        let count = usize::try_from(pooler.grad_parameters_bytes() / 4).unwrap_or(usize::MAX);
        let learned = match count {
            0 => None,
            count => Some(self.allocate_async::<f32>(Shape::nchw([1, 1, count])).await?),
        };
        let mut bindings = Bindings::grad(input.buffer(), ahead.buffer(), back.buffer());
        if let Some(learned) = &learned {
            bindings = bindings.grad_parameters(learned.buffer());
        }
        let beside = self.upload_sides(sides, &pooler).await?;
        self.run(&pooler.bind_async(&beside.bind(bindings)).await?).await?;
        Ok(Gradients {
            input: self.download_async(&back).await?,
            parameters: match &learned {
                Some(learned) => Some(self.download_async(learned).await?),
                None => None,
            },
            kernel: pooler.kernel(),
        })
    }

    /// Puts pooled values that are not on the device back: uploads, runs, downloads, and waits. `indices` are those of
    /// [`IndexConvention::PerPlane`](crate::IndexConvention), at the width of files; they are checked before anything is narrowed or written.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Shape};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let (pooling, pooled) = (Pooling::max([2]), Shape::nchw([1, 1, 2]));
    /// let restored = pooling.unpooled_shape(&pooled, None)?;
    /// assert_eq!(engine.unpool(&pooling, pooled, restored, &[5., 3.], Some(&[1, 2]))?, [0., 5., 3., 0.]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`prepare_unpool`](Self::prepare_unpool); [`Error::InvalidBinding`] for indices that are missing, out of range or not used.
    pub fn unpool(
        &self,
        pooling: &Pooling,
        pooled: Shape,
        restored: Shape,
        values: &[f32],
        indices: Option<&[i64]>,
    ) -> Result<Vec<f32>, Error> {
        pollster::block_on(self.unpool_async(pooling, pooled, restored, values, indices))
    }

    /// [`unpool`](Self::unpool) without blocking.
    ///
    /// # Errors
    /// As [`unpool`](Self::unpool).
    pub async fn unpool_async(
        &self,
        pooling: &Pooling,
        pooled: Shape,
        restored: Shape,
        values: &[f32],
        indices: Option<&[i64]>,
    ) -> Result<Vec<f32>, Error> {
        let checked = check_indices(pooling, &pooled, &restored, indices)?;
        let pooler = self.prepare_unpool_async(pooling, pooled, restored, &Request::new()).await?;
        let input = self.upload_async(pooled, values).await?;
        let output = self.allocate_async::<f32>(restored).await?;
        let indices = match &checked {
            Some(indices) => Some(self.upload_async(pooled, indices).await?),
            None => None,
        };
        let mut bindings = Bindings::new(input.buffer(), output.buffer());
        if let Some(indices) = indices.as_ref().filter(|_| pooled.elements() > 0) {
            bindings = bindings.indices(indices.buffer());
        }
        self.run(&pooler.bind_async(&bindings).await?).await?;
        self.download_async(&output).await
    }

    /// Submits one run.
    async fn run(&self, bound: &BoundPooling) -> Result<(), Error> {
        watched(self.device(), || {
            let mut encoder = self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            bound.encode(&mut encoder);
            self.queue().submit([encoder.finish()]);
        })
        .await
    }

    /// Copies what stands beside the input to the device.
    async fn upload_sides(&self, sides: &SideInputs<'_>, pooler: &Pooler) -> Result<Beside, Error> {
        let count = [u32::try_from(sides.boxes.map_or(0, <[_]>::len)).unwrap_or(u32::MAX)];
        let most = usize::try_from(pooler.plan().most_boxes()).unwrap_or(usize::MAX);
        let padded = sides.boxes.map(|boxes| {
            let mut rows = boxes.to_vec();
            rows.resize(most, [0.0; 5]);
            rows.concat()
        });
        Ok(Beside {
            weights: self.upload_side(sides.weights).await?,
            boxes: self.upload_side(padded.as_deref()).await?,
            box_count: self.upload_side(padded.is_some().then_some(&count[..])).await?,
            labels: self.upload_side(sides.labels).await?,
            mask: self.upload_side(sides.mask).await?,
        })
    }

    /// Copies a side input to the device, where there is one.
    async fn upload_side<T: Pod>(&self, values: Option<&[T]>) -> Result<Option<Tensor<T>>, Error> {
        match values {
            Some(values) => Ok(Some(self.upload_async(Shape::nchw([1, 1, values.len()]), values).await?)),
            None => Ok(None),
        }
    }
}
