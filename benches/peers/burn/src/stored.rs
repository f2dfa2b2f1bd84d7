//! Tensors from files and to them, in the order in which this peer stores them.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};

/// Where the channels stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// \[N, C, H, W\].
    ChannelsFirst,
    /// \[N, H, W, C\], which burn sees through a permuted view.
    ChannelsLast,
}

/// A device and how tensors lie on it.
pub(crate) struct Store {
    pub(crate) device: Device,
    pub(crate) order: Order,
}

impl Store {
    /// \[N, C, H, W\] of a file of f32, stored in this order.
    pub(crate) fn read(&self, path: &Path, sizes: &[usize]) -> Result<Tensor<4>, String> {
        let &[n, c, h, w] = sizes else { return Err(format!("four axes, not {}", sizes.len())) };
        Ok(match self.order {
            Order::ChannelsFirst => Tensor::from_data(TensorData::new(floats(path)?, [n, c, h, w]), &self.device),
            Order::ChannelsLast => {
                Tensor::<4>::from_data(TensorData::new(floats(path)?, [n, h, w, c]), &self.device).permute([0, 3, 1, 2])
            }
        })
    }

    /// Writes a tensor of \[N, C, H, W\] in this order.
    pub(crate) fn write(&self, path: &Path, tensor: Tensor<4>) -> Result<(), String> {
        let stored = match self.order {
            Order::ChannelsFirst => tensor,
            Order::ChannelsLast => tensor.permute([0, 2, 3, 1]),
        };
        let bytes: Vec<u8> = stored.into_data().iter::<f32>().flat_map(f32::to_le_bytes).collect();
        std::fs::write(path, bytes).map_err(|error| error.to_string())
    }
}

/// The f32s of a file.
pub(crate) fn floats(path: &Path) -> Result<Vec<f32>, String> {
    Ok(words(path)?.into_iter().map(f32::from_le_bytes).collect())
}

/// The 32-bit words of a file.
pub(crate) fn words(path: &Path) -> Result<Vec<[u8; 4]>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(bytes.as_chunks().0.to_vec())
}
