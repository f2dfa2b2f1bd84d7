//! Tensors that own their buffer: upload, download.

use std::marker::PhantomData;

use bytemuck::Pod;

use crate::{Engine, Error, Shape};

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

impl Engine {
    /// A tensor without defined contents.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where the device cannot hold it; [`Error::DeviceLost`]. In browsers use the method's `_async` form, here and below.
    pub fn allocate<T: Pod>(&self, shape: Shape) -> Result<Tensor<T>, Error> {
        pollster::block_on(self.allocate_async(shape))
    }

    /// [`allocate`](Self::allocate) without blocking.
    ///
    /// # Errors
    /// As [`allocate`](Self::allocate).
    pub async fn allocate_async<T: Pod>(&self, shape: Shape) -> Result<Tensor<T>, Error> {
        let bytes = (shape.elements() as u64).saturating_mul(size_of::<T>() as u64);
        Ok(Tensor { buffer: self.allocate_bytes(bytes).await?, shape, element: PhantomData })
    }

    /// Copies values to the device.
    ///
    /// # Errors
    /// [`Error::InvalidBinding`] where their number is not the shape's; [`Error::OutOfMemory`]; [`Error::DeviceLost`].
    pub fn upload<T: Pod>(&self, shape: Shape, values: &[T]) -> Result<Tensor<T>, Error> {
        pollster::block_on(self.upload_async(shape, values))
    }

    /// [`upload`](Self::upload) without blocking.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub async fn upload_async<T: Pod>(&self, shape: Shape, values: &[T]) -> Result<Tensor<T>, Error> {
        check_count("input", shape, shape.elements(), values.len(), "elements")?;
        Ok(Tensor { buffer: self.upload_bytes(bytemuck::cast_slice(values)).await?, shape, element: PhantomData })
    }

    /// Copies values from the device: submits a copy and waits for it, two minutes at most or as [`with_patience`](Self::with_patience) says.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::DeviceLost`], [`Error::OutOfMemory`], [`Error::Device`].
    pub fn download<T: Pod>(&self, tensor: &Tensor<T>) -> Result<Vec<T>, Error> {
        pollster::block_on(self.download_async(tensor))
    }

    /// [`download`](Self::download) without blocking.
    ///
    /// # Errors
    /// As [`download`](Self::download).
    pub async fn download_async<T: Pod>(&self, tensor: &Tensor<T>) -> Result<Vec<T>, Error> {
        self.download_bytes(&tensor.buffer, tensor.shape.elements() * size_of::<T>()).await
    }

    /// A buffer of at least so many bytes.
    pub(crate) async fn allocate_bytes(&self, bytes: u64) -> Result<wgpu::Buffer, Error> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("plunge tensor"),
            // Buffers of size 0 cannot be bound, and copies go by whole words.
            size: bytes.max(4).checked_next_multiple_of(4).unwrap_or(u64::MAX),
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        self.buffer(&descriptor).await
    }

    /// A buffer that holds these bytes.
    pub(crate) async fn upload_bytes(&self, bytes: &[u8]) -> Result<wgpu::Buffer, Error> {
        let buffer = self.allocate_bytes(bytes.len() as u64).await?;
        // Writes go by whole words; the last bytes of narrow elements are filled up.
        let (words, rest) = bytes.split_at(bytes.len() / 4 * 4);
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        self.watched(|| {
            self.queue().write_buffer(&buffer, 0, words);
            if !rest.is_empty() {
                self.queue().write_buffer(&buffer, words.len() as u64, &last);
            }
        })
        .await?;
        Ok(buffer)
    }

    /// The first bytes of a buffer, as values.
    pub(crate) async fn download_bytes<T: Pod>(&self, buffer: &wgpu::Buffer, bytes: usize) -> Result<Vec<T>, Error> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("plunge download"),
            size: (bytes as u64).max(4).next_multiple_of(4),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        #[cfg(not(target_arch = "wasm32"))]
        let (sender, receiver) = std::sync::mpsc::channel();
        #[cfg(target_arch = "wasm32")]
        let (sender, receiver) = futures_intrusive::channel::shared::oneshot_channel();
        let staging = self.buffer(&descriptor).await?;
        self.watched(|| {
            let mut encoder = self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, staging.size());
            self.queue().submit([encoder.finish()]);
            staging.map_async(wgpu::MapMode::Read, .., move |result| {
                // The receiver is gone only where the caller gave up waiting.
                let _ = sender.send(result);
            });
        })
        .await?;
        self.poll()?;
        #[cfg(not(target_arch = "wasm32"))]
        let mapped = self.sent(receiver).await?;
        #[cfg(target_arch = "wasm32")]
        let mapped = receiver.receive().await.unwrap_or(Err(wgpu::BufferAsyncError));
        let view = match mapped {
            Ok(()) => staging.get_mapped_range(..).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let view = match view {
            Ok(view) => view,
            Err(message) => return Err(self.failure(message).await),
        };
        Ok(bytemuck::pod_collect_to_vec(&view[..bytes]))
    }
}

/// Refuses values that are not as many as the shape has.
pub(crate) fn check_count(
    binding: &'static str,
    shape: Shape,
    expected: usize,
    actual: usize,
    unit: &str,
) -> Result<(), Error> {
    if expected == actual {
        return Ok(());
    }
    Err(Error::InvalidBinding {
        binding,
        expected: format!("{expected} {unit} for shape {shape}"),
        actual: format!("{actual} {unit}"),
    })
}
