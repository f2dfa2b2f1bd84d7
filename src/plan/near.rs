//! The kernels of all shapes like one.

use super::{KernelKey, Limits, Plan, Request};
use crate::{Error, Pooling, Shape, geometry::Geometry};

/// The widest stride of windows that are specialised: wider ones leave no room in registers for neighbours.
const TILE_MOST_STRIDE: u32 = 8;

impl Plan {
    /// The kernels of `pooling` on inputs like one of `shape`, each once: of any number of images and any sizes that are not of another magnitude.
    /// Kernels differ by whether rows and outputs divide by four, and these are all of them, for [`Engine::warm_up`](crate::Engine::warm_up).
    ///
    /// Windows take the same kernels at nearly all sizes. For whole planes and bins, which grow with the input, ask with a shape of each
    /// magnitude that there will be. The number of channels is that of `shape`.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn keys_near(pooling: &Pooling, shape: &Shape, request: &Request, limits: &Limits) -> Result<Vec<KernelKey>, Error> {
        let mut keys: Vec<KernelKey> = Self::new(pooling, shape, request, limits)?.keys().collect();
        let axes = Geometry::resolve(pooling, shape)?.axes;
        let [depth, height, width] = axes.map(|axis| axis.stride);
        // One stride more of input is one output more, so after four strides of columns everything that kernels look at comes again; after one of rows,
        // whether windows stick out.
        let every = |stride: u32| if stride > TILE_MOST_STRIDE { stride as usize } else { 1 };
        for images in [1, 4] {
            for slices in [0, depth] {
                for rows in (0..=height).step_by(every(height)) {
                    for columns in (0..width.saturating_mul(4)).step_by(every(width)) {
                        let Some(near) = shape.grown(images, [slices, rows, columns]) else { continue };
                        // A size that cannot be planned is none that will be asked for.
                        if let Ok(near) = Self::new(pooling, &near, request, limits) {
                            keys.extend(near.keys());
                        }
                    }
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}
