//! Unpooling values on the host.

use bytemuck::Pod;

use super::check_bytes;
use crate::{Bindings, Engine, Error, Pooling, Request, Shape, indices::check_indices};

impl Engine {
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
}
