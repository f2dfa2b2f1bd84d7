//! Tensors that own their buffer, and pooling without a pipeline of one's own: upload, pool, download.

use std::{marker::PhantomData, time::Duration};

use bytemuck::Pod;
use futures_intrusive::channel::shared::oneshot_channel;

use crate::{Bindings, Engine, Error, Kernel, Pooling, Request, Shape, SideInputs, geometry::Geometry, scopes::watched};

/// How long a wait for the device may last before it is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A tensor in a buffer of its own on the engine's device, row-major.
#[derive(Debug, Clone)]
pub struct Tensor<T = f32> {
    buffer: wgpu::Buffer,
    shape: Shape,
    element: PhantomData<T>,
}

impl<T> Tensor<T> {
    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Its buffer, with usages `STORAGE`, `COPY_SRC` and `COPY_DST`.
    #[must_use]
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}

/// What [`Engine::pool`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    /// The output's shape.
    pub shape: Shape,
    /// One value an output, row-major.
    pub values: Vec<f32>,
    /// Where asked for: the place in its plane of the tap that each output took, `u32::MAX` where its region is empty.
    pub indices: Option<Vec<u32>>,
    /// The kernel that ran.
    pub kernel: Kernel,
}

impl Engine {
    /// A tensor without defined contents.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where the device cannot hold it. In browsers use the method's `_async` form, here and below.
    pub fn allocate<T: Pod>(&self, shape: Shape) -> Result<Tensor<T>, Error> {
        pollster::block_on(self.allocate_async(shape))
    }

    /// [`allocate`](Self::allocate) without blocking.
    ///
    /// # Errors
    /// As [`allocate`](Self::allocate).
    pub async fn allocate_async<T: Pod>(&self, shape: Shape) -> Result<Tensor<T>, Error> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("plunge tensor"),
            // Buffers of size 0 cannot be bound, and copies go by whole words.
            size: (shape.elements() as u64).saturating_mul(size_of::<T>() as u64).max(4).next_multiple_of(4),
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let buffer = watched(self.device(), || self.device().create_buffer(&descriptor)).await?;
        Ok(Tensor { buffer, shape, element: PhantomData })
    }

    /// Copies values to the device.
    ///
    /// # Errors
    /// [`Error::InvalidBinding`] where their number is not the shape's; [`Error::OutOfMemory`].
    pub fn upload<T: Pod>(&self, shape: Shape, values: &[T]) -> Result<Tensor<T>, Error> {
        pollster::block_on(self.upload_async(shape, values))
    }

    /// [`upload`](Self::upload) without blocking.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub async fn upload_async<T: Pod>(&self, shape: Shape, values: &[T]) -> Result<Tensor<T>, Error> {
        if values.len() != shape.elements() {
            return Err(Error::InvalidBinding {
                binding: "input",
                expected: format!("{} elements for shape {shape}", shape.elements()),
                actual: format!("{} elements", values.len()),
            });
        }
        let tensor = self.allocate_async(shape).await?;
        let bytes: &[u8] = bytemuck::cast_slice(values);
        // Writes go by whole words; the last bytes of narrow elements are filled up.
        let (words, rest) = bytes.split_at(bytes.len() / 4 * 4);
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        watched(self.device(), || {
            self.queue().write_buffer(&tensor.buffer, 0, words);
            if !rest.is_empty() {
                self.queue().write_buffer(&tensor.buffer, words.len() as u64, &last);
            }
        })
        .await?;
        Ok(tensor)
    }

    /// Copies values from the device: submits a copy and waits for it, two minutes at most.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::DeviceLost`], [`Error::OutOfMemory`].
    pub fn download<T: Pod>(&self, tensor: &Tensor<T>) -> Result<Vec<T>, Error> {
        pollster::block_on(self.download_async(tensor))
    }

    /// [`download`](Self::download) without blocking.
    ///
    /// # Errors
    /// As [`download`](Self::download).
    pub async fn download_async<T: Pod>(&self, tensor: &Tensor<T>) -> Result<Vec<T>, Error> {
        let device = self.device();
        let descriptor = wgpu::BufferDescriptor {
            label: Some("plunge download"),
            size: tensor.buffer.size(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let (sender, receiver) = oneshot_channel();
        let staging = watched(device, || {
            let staging = device.create_buffer(&descriptor);
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(&tensor.buffer, 0, &staging, 0, staging.size());
            self.queue().submit([encoder.finish()]);
            staging.map_async(wgpu::MapMode::Read, .., move |result| {
                // The receiver is gone only where the caller gave up waiting.
                let _ = sender.send(result);
            });
            staging
        })
        .await
        .map_err(|error| self.loss().unwrap_or(error))?;
        // In browsers this does nothing and the page's event loop delivers the result.
        match device.poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(PATIENCE) }) {
            Ok(_) => {}
            Err(wgpu::PollError::Timeout) => return Err(Error::Timeout { seconds: PATIENCE.as_secs() }),
            Err(error) => return Err(Error::Device(error.to_string())),
        }
        let mapped = receiver.receive().await;
        if !matches!(mapped, Some(Ok(()))) {
            let reason = mapped.map_or_else(String::new, |result| result.err().map_or_else(String::new, |e| e.to_string()));
            return Err(self.loss().unwrap_or(Error::DeviceLost(reason)));
        }
        let view = staging.get_mapped_range(..).map_err(|error| Error::Device(error.to_string()))?;
        let bytes = tensor.shape.elements() * size_of::<T>();
        Ok(bytemuck::pod_collect_to_vec(&view[..bytes]))
    }

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
        let weights = self.upload_side(sides.weights).await?;
        if let Some(weights) = &weights {
            bindings = bindings.weights(weights.buffer());
        }
        let count = [u32::try_from(sides.boxes.map_or(0, <[_]>::len)).unwrap_or(u32::MAX)];
        let most = usize::try_from(pooler.plan().most_boxes()).unwrap_or(usize::MAX);
        let padded = sides.boxes.map(|boxes| {
            let mut rows = boxes.to_vec();
            rows.resize(most, [0.0; 5]);
            rows.concat()
        });
        let boxes = self.upload_side(padded.as_deref()).await?;
        let box_count = self.upload_side(boxes.as_ref().map(|_| &count[..])).await?;
        if let (Some(boxes), Some(box_count)) = (&boxes, &box_count) {
            bindings = bindings.boxes(boxes.buffer()).box_count(box_count.buffer());
        }
        let labels = self.upload_side(sides.labels).await?;
        if let Some(labels) = &labels {
            bindings = bindings.labels(labels.buffer());
        }
        let mask = self.upload_side(sides.mask).await?;
        if let Some(mask) = &mask {
            bindings = bindings.mask(mask.buffer());
        }
        let bound = pooler.bind_async(&bindings).await?;
        watched(self.device(), || {
            let mut encoder = self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            bound.encode(&mut encoder);
            self.queue().submit([encoder.finish()]);
        })
        .await?;
        Ok(Pooled {
            shape: pooler.output_shape(),
            values: self.download_async(&output).await?,
            indices: match &indices {
                Some(indices) => Some(self.download_async(indices).await?),
                None => None,
            },
            kernel: pooler.kernel(),
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
