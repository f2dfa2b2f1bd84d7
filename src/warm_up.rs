//! Compiling ahead of use, on as many threads as there are processors.

use std::collections::HashSet;

use crate::{Engine, Error, plan::KernelKey};

impl Engine {
    /// Compiles kernels ahead of use, so that no [`prepare`](Self::prepare) that takes them has to: on as many threads as the machine runs at once, each kernel
    /// once, whatever other threads prepare meanwhile.
    ///
    /// A [`Plan`](crate::plan::Plan) tells its kernels without a device: [`Plan::keys`](crate::plan::Plan::keys) for tensors of one shape,
    /// [`Plan::keys_near`](crate::plan::Plan::keys_near) for those of all shapes like it. Drivers that put off a part of the compilation until a
    /// kernel first runs, as Mesa's software rasterisers do, still spend that part then.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Request, Shape, plan::Plan};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let (pooling, request) = (Pooling::max([3, 3]).stride([2, 2]), Request::new());
    /// let shape = Shape::nchw([1, 8, 33, 33]);
    /// let mut keys = Plan::keys_near(&pooling, &shape, &request, engine.limits())?;
    /// keys.extend(Plan::grad(&pooling, &shape, &request, engine.limits())?.keys());
    /// engine.warm_up(keys)?;
    ///
    /// let warm = engine.cached_pipelines();
    /// engine.prepare(&pooling, Shape::nchw([2, 8, 480, 640]))?;
    /// assert_eq!(engine.cached_pipelines(), warm);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Kernels`], which says what the driver said to each kernel that it refused; the others are compiled. [`Error::DeviceLost`]. In browsers use
    /// [`warm_up_async`](Self::warm_up_async).
    pub fn warm_up(&self, keys: impl IntoIterator<Item = KernelKey>) -> Result<(), Error> {
        pollster::block_on(self.warm_up_async(keys))
    }

    /// [`warm_up`](Self::warm_up) for browsers, where kernels are compiled one after the other. Elsewhere it keeps the thread that polls it busy.
    ///
    /// # Errors
    /// As [`warm_up`](Self::warm_up).
    pub async fn warm_up_async(&self, keys: impl IntoIterator<Item = KernelKey>) -> Result<(), Error> {
        let missing = self.missing(&keys.into_iter().collect::<Vec<_>>());
        let refused = self.compile_all(&missing).await;
        if refused.is_empty() {
            return Ok(());
        }
        if let Some((_, lost)) = refused.iter().find(|(_, error)| matches!(error, Error::DeviceLost(_))) {
            return Err(lost.clone());
        }
        let refused = refused.into_iter().map(|(key, error)| (key.to_string(), error)).collect();
        Err(Error::Kernels { refused, of: missing.len() })
    }

    /// Those of these kernels that are not compiled, each once.
    pub(crate) fn missing(&self, keys: &[KernelKey]) -> Vec<KernelKey> {
        let mut seen = HashSet::new();
        keys.iter().copied().filter(|key| !self.has_pipeline(key) && seen.insert(*key)).collect()
    }

    /// Compiles kernels, and answers with those that were refused.
    #[cfg(target_arch = "wasm32")]
    pub(crate) async fn compile_all(&self, keys: &[KernelKey]) -> Vec<(KernelKey, Error)> {
        let mut refused = Vec::new();
        for &key in keys {
            refused.extend(self.pipeline(key).await.err().map(|error| (key, error)));
        }
        refused
    }

    /// Compiles kernels, and answers with those that were refused. Error scopes belong to the thread that pushed them, so each thread has its own.
    #[cfg(not(target_arch = "wasm32"))]
    #[allow(clippy::unused_async, reason = "its twin for browsers awaits")]
    pub(crate) async fn compile_all(&self, keys: &[KernelKey]) -> Vec<(KernelKey, Error)> {
        use std::{
            sync::{
                Mutex, PoisonError,
                atomic::{AtomicUsize, Ordering},
            },
            thread,
        };

        let next = AtomicUsize::new(0);
        let refused = Mutex::new(Vec::new());
        let work = || {
            while let Some(&key) = keys.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = pollster::block_on(self.pipeline(key)) {
                    refused.lock().unwrap_or_else(PoisonError::into_inner).push((key, error));
                }
            }
        };
        thread::scope(|scope| {
            let threads = thread::available_parallelism().map_or(1, usize::from).min(keys.len());
            for _ in 1..threads {
                // A thread that cannot be had is one that does not help.
                let _ = thread::Builder::new().name("plunge warm-up".into()).spawn_scoped(scope, work);
            }
            work();
        });
        let mut refused = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        refused.sort_unstable_by_key(|(key, _)| *key);
        refused
    }
}
