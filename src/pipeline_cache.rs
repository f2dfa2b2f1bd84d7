//! The driver's pipeline cache: compiled kernels that outlive the process, where the caller stores them.

use crate::{Engine, Error};

/// What the data begins with: a name, and the version of what follows, which is a digest and wgpu's own data.
const MAGIC: [u8; 8] = *b"plunge\0\x01";

/// Bytes before wgpu's own data.
const HEADER: usize = 16;

impl Engine {
    /// The features that an engine makes use of where this adapter has them; none is needed. Ask for them when you make the device.
    #[must_use]
    pub fn optional_features(adapter: &wgpu::Adapter) -> wgpu::Features {
        adapter.features() & wgpu::Features::PIPELINE_CACHE
    }

    /// An engine on the same device that compiles with what an earlier one has compiled: `data` is what
    /// [`pipeline_cache_data`](Self::pipeline_cache_data) gave, or empty for a first run. It shares no pipelines with `self`.
    ///
    /// Data that is damaged, or of another device, driver or version, is not used. Where the device lacks [`wgpu::Features::PIPELINE_CACHE`],
    /// as all but Vulkan's do, there is nothing to use it with, and the engine is as it was. Many desktop drivers keep a cache of their own, and gain
    /// little. [`wgpu::util::pipeline_cache_key`] names a file for an adapter's data.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Shape};
    /// # fn main() -> Result<(), plunge::Error> {
    /// # let saved = Vec::new();
    /// // SAFETY: the file is this program's own and holds what it saved.
    /// let engine = unsafe { Engine::headless()?.with_pipeline_cache(&saved) }?;
    /// engine.prepare(&Pooling::max([2, 2]), Shape::nchw([1, 1, 8, 8]))?;
    /// if let Some(data) = engine.pipeline_cache_data() {
    ///     // To be saved for the next run.
    /// # let _ = data;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Safety
    /// `data` must come from [`pipeline_cache_data`](Self::pipeline_cache_data). Accidents on the way, such as half a file, are noticed by a digest;
    /// somebody who forges it can make the driver run what they like, so store it where only those write who may also change the program.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] or [`Error::Device`] where the device makes no cache. In browsers use
    /// [`with_pipeline_cache_async`](Self::with_pipeline_cache_async).
    #[allow(unsafe_code, reason = "drivers check the header of a cache and trust the rest")]
    pub unsafe fn with_pipeline_cache(self, data: &[u8]) -> Result<Self, Error> {
        // SAFETY: the caller's promise is the same.
        pollster::block_on(unsafe { self.with_pipeline_cache_async(data) })
    }

    /// [`with_pipeline_cache`](Self::with_pipeline_cache) without blocking.
    ///
    /// # Safety
    /// As [`with_pipeline_cache`](Self::with_pipeline_cache).
    ///
    /// # Errors
    /// As [`with_pipeline_cache`](Self::with_pipeline_cache).
    #[allow(unsafe_code, reason = "drivers check the header of a cache and trust the rest")]
    pub async unsafe fn with_pipeline_cache_async(self, data: &[u8]) -> Result<Self, Error> {
        let device = self.device();
        if !device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return Ok(self);
        }
        let create = |data| {
            let descriptor = wgpu::PipelineCacheDescriptor { label: Some("plunge"), data, fallback: true };
            // SAFETY: the caller promises that the data was saved by `pipeline_cache_data`, so that its part behind our header is what wgpu gave; the
            // digest has just found it undamaged, and wgpu checks the device, the driver and the length. Without data there is nothing to promise.
            self.watched(move || unsafe { device.create_pipeline_cache(&descriptor) })
        };
        let cache = match create(unframed(data)).await {
            // wgpu calls data of another device a mistake, and does not fall back.
            Err(Error::Device(_)) => create(None).await?,
            made => made?,
        };
        Ok(self.with_cache(cache))
    }

    /// What the driver has compiled for this engine and its clones, and what it was given, for
    /// [`with_pipeline_cache`](Self::with_pipeline_cache) in a later run. `None` for engines without such a cache and for lost devices.
    #[must_use]
    pub fn pipeline_cache_data(&self) -> Option<Vec<u8>> {
        self.cache().and_then(wgpu::PipelineCache::get_data).map(|data| framed(&data))
    }
}

/// The data behind its name and digest.
fn framed(data: &[u8]) -> Vec<u8> {
    [&MAGIC, &digest(data).to_le_bytes(), data].concat()
}

/// The data, if it is whole.
fn unframed(framed: &[u8]) -> Option<&[u8]> {
    let (header, data) = framed.split_at_checked(HEADER)?;
    (header == [MAGIC, digest(data).to_le_bytes()].concat()).then_some(data)
}

/// FNV-1a, of 64 bits: tells damage, not intent.
fn digest(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_noticed() {
        let data = b"compiled kernels".as_slice();
        let whole = framed(data);
        assert_eq!(unframed(&whole), Some(data));
        assert_eq!(unframed(&framed(&[])), Some([].as_slice()));
        for end in 0..whole.len() {
            assert_eq!(unframed(&whole[..end]), None, "{end} bytes");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert_eq!(unframed(&damaged), None, "byte {at}");
        }
    }
}
