//! Pooling, and its way back, without a pipeline of one's own: upload, run, download.

use bytemuck::Pod;

use crate::{
    Bindings, BoundPooling, Element, Engine, Error, Kernel, Pooler, Pooling, Request, Shape, SideInputs, Tensor, Value,
    geometry::Geometry,
    indices::check_indices,
    plan::{Part, Plan},
    tensor::check_count,
};

/// What [`Engine::pool`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled<T = f32> {
    /// The output's shape.
    pub shape: Shape,
    /// One value an output, as the shape stores them; of [`Engine::pool_bytes`], their bytes.
    pub values: Vec<T>,
    /// Where asked for: the place in its plane of the tap that each output took, `u32::MAX` where its region is empty.
    pub indices: Option<Vec<u32>>,
    /// Where asked for: the detection layer below a probabilistic max, shaped like the input.
    pub detection: Option<Vec<f32>>,
    /// The kernel that ran.
    pub kernel: Kernel,
}

impl<T> Pooled<T> {
    /// Puts the next part's outputs behind this one's.
    fn append(&mut self, part: Self) {
        self.values.extend(part.values);
        self.indices.iter_mut().for_each(|own| own.extend(part.indices.iter().flatten()));
        self.detection.iter_mut().for_each(|own| own.extend(part.detection.iter().flatten()));
    }
}

/// What [`Engine::grad`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients<T = f32> {
    /// ∂L/∂input, shaped like the input; of [`Engine::grad_bytes`], its bytes.
    pub input: Vec<T>,
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
        self.pool_as(pooling, shape, values, request, sides)
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
        let request = request.element(Element::F32).output(Element::F32);
        self.pool_stored(pooling, shape, bytemuck::cast_slice(values), &request, sides).await
    }

    /// [`pool_with`](Self::pool_with) of any types: results are of the values' own type, or f32. The slices' types stand for what the request says
    /// of them.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Request, Shape, SideInputs};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let (shape, none) = (Shape::nhwc([1, 1, 4, 1]), SideInputs::new());
    /// let mean = Pooling::average([1, 2]);
    /// let rounded = engine.pool_as::<u8, u8>(&mean, shape, &[1, 2, 3, 4], &Request::new(), &none)?;
    /// assert_eq!(rounded.values, [2, 4]);
    /// let exact = engine.pool_as::<u8, f32>(&mean, shape, &[1, 2, 3, 4], &Request::new(), &none)?;
    /// assert_eq!(exact.values, [1.5, 3.5]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`pool_with`](Self::pool_with); [`Error::Unsupported`] for results of another type.
    pub fn pool_as<I: Value, O: Value>(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[I],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<O>, Error> {
        let request = request.element(I::ELEMENT).output(O::ELEMENT);
        pollster::block_on(self.pool_stored(pooling, shape, bytemuck::cast_slice(values), &request, sides))
    }

    /// [`pool_with`](Self::pool_with) of elements whose type is known at run time, as their bytes: the request says what they are.
    ///
    /// # Errors
    /// As [`pool_with`](Self::pool_with).
    pub fn pool_bytes(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<u8>, Error> {
        pollster::block_on(self.pool_bytes_async(pooling, shape, bytes, request, sides))
    }

    /// [`pool_bytes`](Self::pool_bytes) without blocking.
    ///
    /// # Errors
    /// As [`pool_bytes`](Self::pool_bytes).
    pub async fn pool_bytes_async(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<u8>, Error> {
        self.pool_stored(pooling, shape, bytes, request, sides).await
    }

    /// Stored values in, stored values out, as `O` or as bytes.
    async fn pool_stored<O: Pod>(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<O>, Error> {
        let pooling = &*sides.resolve(pooling);
        sides.check(pooling, &Geometry::resolve(pooling, &shape)?)?;
        request.source.map_or(Ok(()), |source| self.check_source(source))?;
        let parts = Plan::parts(pooling, &shape, request, self.limits())?;
        check_bytes("input", shape, request.element, bytes)?;
        let mut all: Option<Pooled<O>> = None;
        for Part { plan, input } in parts {
            let pooler = self.compile_plan(plan).await?;
            let size = request.element.bytes();
            let part = self.pool_part(&pooler, &bytes[input.start * size..input.end * size], request, sides).await?;
            match &mut all {
                None => all = Some(part),
                Some(all) => all.append(part),
            }
        }
        // Nothing is divided into no parts.
        let all = all.ok_or_else(|| Error::Device("a pooling without parts".into()))?;
        Ok(Pooled { shape: pooling.output_shape(&shape)?, ..all })
    }

    /// Pools what fits buffers.
    async fn pool_part<O: Pod>(
        &self,
        pooler: &Pooler,
        bytes: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<O>, Error> {
        let (input, shape) = (self.upload_bytes(bytes).await?, pooler.output_shape());
        let output = self.allocate_bytes(pooler.output_bytes()).await?;
        let indices = match request.indices {
            true => Some(self.allocate_async::<u32>(shape).await?),
            false => None,
        };
        let mut bindings = Bindings::new(&input, &output);
        if let Some(indices) = &indices {
            bindings = bindings.indices(indices.buffer());
        }
        let detection = match request.detection {
            true => Some(self.allocate_async::<f32>(pooler.plan().input).await?),
            false => None,
        };
        if let Some(detection) = &detection {
            bindings = bindings.detection(detection.buffer());
        }
        let beside = self.upload_sides(sides, pooler).await?;
        self.run(&pooler.bind_async(&beside.bind(bindings)).await?).await?;
        Ok(Pooled {
            shape,
            values: self.download_bytes(&output, shape.elements() * pooler.output_element().bytes()).await?,
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
        self.grad_as(pooling, shape, values, grad_output, request, sides)
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
        let [values, ahead] = [values, grad_output].map(bytemuck::cast_slice);
        self.grad_stored(pooling, shape, values, ahead, &request.element(Element::F32).output(Element::F32), sides).await
    }

    /// [`grad`](Self::grad) of any types: gradients are of the values' own type where that is a float type, or f32.
    ///
    /// # Errors
    /// As [`grad`](Self::grad); [`Error::Unsupported`] for gradients of another type.
    pub fn grad_as<I: Value, G: Value>(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[I],
        grad_output: &[G],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients<G>, Error> {
        let (values, ahead) = (bytemuck::cast_slice(values), bytemuck::cast_slice(grad_output));
        let request = request.element(I::ELEMENT).output(G::ELEMENT);
        pollster::block_on(self.grad_stored(pooling, shape, values, ahead, &request, sides))
    }

    /// [`grad`](Self::grad) of elements whose type is known at run time, as their bytes: the request says what they are.
    ///
    /// # Errors
    /// As [`grad`](Self::grad).
    pub fn grad_bytes(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        grad_output: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients<u8>, Error> {
        pollster::block_on(self.grad_stored(pooling, shape, bytes, grad_output, request, sides))
    }

    /// Stored values and gradients in, stored gradients out, as `G` or as bytes.
    async fn grad_stored<G: Pod>(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        grad_output: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients<G>, Error> {
        let pooling = &*sides.resolve(pooling);
        let geometry = Geometry::resolve(pooling, &shape)?;
        sides.check(pooling, &geometry)?;
        let pooler = self.prepare_grad_async(pooling, shape, request).await?;
        let element = pooler.output_element();
        check_bytes("grad_output", geometry.output, element, grad_output)?;
        check_bytes("input", shape, request.element, bytes)?;
        let (input, ahead) = (self.upload_bytes(bytes).await?, self.upload_bytes(grad_output).await?);
        let back = self.allocate_bytes(pooler.output_bytes()).await?;
        let count = usize::try_from(pooler.grad_parameters_bytes() / 4).unwrap_or(usize::MAX);
        let learned = match count {
            0 => None,
            count => Some(self.allocate_async::<f32>(Shape::nchw([1, 1, count])).await?),
        };
        let mut bindings = Bindings::grad(&input, &ahead, &back);
        if let Some(learned) = &learned {
            bindings = bindings.grad_parameters(learned.buffer());
        }
        let beside = self.upload_sides(sides, &pooler).await?;
        self.run(&pooler.bind_async(&beside.bind(bindings)).await?).await?;
        Ok(Gradients {
            input: self.download_bytes(&back, shape.elements() * element.bytes()).await?,
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
        let values = bytemuck::cast_slice(values);
        pollster::block_on(self.unpool_stored(pooling, pooled, restored, values, indices, &Request::new()))
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
        self.unpool_stored(pooling, pooled, restored, bytemuck::cast_slice(values), indices, &Request::new()).await
    }

    /// [`unpool`](Self::unpool) of elements whose type is known at run time, as their bytes: the request says what they are.
    ///
    /// # Errors
    /// As [`unpool`](Self::unpool).
    pub fn unpool_bytes(
        &self,
        pooling: &Pooling,
        pooled: Shape,
        restored: Shape,
        bytes: &[u8],
        indices: Option<&[i64]>,
        request: &Request,
    ) -> Result<Vec<u8>, Error> {
        pollster::block_on(self.unpool_stored(pooling, pooled, restored, bytes, indices, request))
    }

    /// Stored values in, stored values out, as `O` or as bytes.
    async fn unpool_stored<O: Pod>(
        &self,
        pooling: &Pooling,
        pooled: Shape,
        restored: Shape,
        bytes: &[u8],
        indices: Option<&[i64]>,
        request: &Request,
    ) -> Result<Vec<O>, Error> {
        let checked = check_indices(pooling, &pooled, &restored, indices)?;
        let pooler = self.prepare_unpool_async(pooling, pooled, restored, request).await?;
        check_bytes("input", pooled, request.element, bytes)?;
        let (input, output) = (self.upload_bytes(bytes).await?, self.allocate_bytes(pooler.output_bytes()).await?);
        let indices = match &checked {
            Some(indices) => Some(self.upload_async(pooled, indices).await?),
            None => None,
        };
        let mut bindings = Bindings::new(&input, &output);
        if let Some(indices) = indices.as_ref().filter(|_| pooled.elements() > 0) {
            bindings = bindings.indices(indices.buffer());
        }
        self.run(&pooler.bind_async(&bindings).await?).await?;
        self.download_bytes(&output, restored.elements() * pooler.output_element().bytes()).await
    }

    /// Submits one run: in several submissions where it is estimated to be long, since what waits for the device waits for whole submissions.
    async fn run(&self, bound: &BoundPooling) -> Result<(), Error> {
        self.watched(|| {
            for run in bound.runs(self.limits().taps_per_dispatch()) {
                let mut encoder = self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                {
                    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                    run.iter().for_each(|step| step.encode(&mut pass));
                }
                self.queue().submit([encoder.finish()]);
            }
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

/// Refuses bytes that are not as many as the shape's elements have.
fn check_bytes(binding: &'static str, shape: Shape, element: Element, bytes: &[u8]) -> Result<(), Error> {
    // A slice has whole elements, so their number says it better.
    let whole = bytes.len().is_multiple_of(element.bytes());
    let (size, unit) = if whole { (element.bytes(), "elements") } else { (1, "bytes") };
    check_count(binding, shape, shape.elements().saturating_mul(element.bytes()) / size, bytes.len() / size, unit)
}
