//! What a device allows, as far as planning depends on it, and the checks against it.

use std::time::Duration;

use super::{Bound, MOST_ELEMENTS, WORD, WORKGROUP};
use crate::Error;

/// What a device allows, as far as planning depends on it.
///
/// [`Engine::within`](crate::Engine::within) plans within tighter ones than the device's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// `max_storage_buffer_binding_size`, and no more than `max_buffer_size`. Larger tensors are pooled part by part.
    pub binding_bytes: u64,
    /// `max_buffer_size`. What is larger, [`Engine::pool`](crate::Engine::pool) and its kin upload part by part.
    pub buffer_bytes: u64,
    /// `max_compute_workgroups_per_dimension`.
    pub workgroups_per_dimension: u32,
    /// `max_compute_invocations_per_workgroup`.
    pub invocations_per_workgroup: u32,
    /// `max_compute_workgroup_storage_size`.
    pub workgroup_bytes: u32,
    /// `max_storage_buffers_per_shader_stage`.
    pub storage_buffers: u32,
    /// `max_storage_textures_per_shader_stage`.
    pub storage_textures: u32,
    /// Invocations that keep the device busy, roughly: where there are more, each may do more and share it. 2,048 on software adapters, 16,384 on
    /// integrated GPUs, 131,072 on discrete ones, 65,536 elsewhere.
    pub invocations_to_fill: u32,
    /// Whether a processor plays the GPU. Then it does not matter how far apart neighbouring invocations read, and several gain nothing by folding one region together, since few
    /// run at the same time. On a GPU reads are coalesced, and whoever is alone with a region waits for every one of them.
    pub software: bool,
    /// Taps that the device folds in a second, roughly and rather too few: what the duration of a dispatch is estimated by. 5·10⁸ on software
    /// adapters, 10¹⁰ elsewhere.
    pub taps_per_second: u64,
    /// No dispatch is planned that is estimated to take longer, where it can be divided: systems reset devices that do not answer for two seconds or so.
    /// 500 ms.
    pub longest_dispatch: Duration,
}

impl Limits {
    /// WebGPU's defaults, which every WebGPU adapter allows.
    pub const WEBGPU: Self = Self {
        binding_bytes: 128 << 20,
        buffer_bytes: 256 << 20,
        workgroups_per_dimension: 65_535,
        invocations_per_workgroup: 256,
        workgroup_bytes: 16 << 10,
        storage_buffers: 8,
        storage_textures: 4,
        invocations_to_fill: 1 << 16,
        software: false,
        taps_per_second: 10_000_000_000,
        longest_dispatch: Duration::from_millis(500),
    };

    /// What is no limit of a device but a guess by its kind.
    #[cfg(feature = "gpu")]
    pub(crate) fn of_kind(kind: wgpu::DeviceType) -> Self {
        match kind {
            wgpu::DeviceType::Cpu => {
                Self { invocations_to_fill: 1 << 11, software: true, taps_per_second: 500_000_000, ..Self::WEBGPU }
            }
            wgpu::DeviceType::IntegratedGpu => Self { invocations_to_fill: 1 << 14, ..Self::WEBGPU },
            wgpu::DeviceType::DiscreteGpu => Self { invocations_to_fill: 1 << 17, ..Self::WEBGPU },
            _ => Self::WEBGPU,
        }
    }

    /// The tighter of both, one by one.
    #[cfg(feature = "gpu")]
    pub(crate) fn tighter(self, other: &Self) -> Self {
        Self {
            binding_bytes: self.binding_bytes.min(other.binding_bytes),
            buffer_bytes: self.buffer_bytes.min(other.buffer_bytes),
            workgroups_per_dimension: self.workgroups_per_dimension.min(other.workgroups_per_dimension),
            invocations_per_workgroup: self.invocations_per_workgroup.min(other.invocations_per_workgroup),
            workgroup_bytes: self.workgroup_bytes.min(other.workgroup_bytes),
            storage_buffers: self.storage_buffers.min(other.storage_buffers),
            storage_textures: self.storage_textures.min(other.storage_textures),
            // These are no limits of the device.
            ..*other
        }
    }

    /// Taps that one dispatch may fold.
    pub(crate) fn taps_per_dispatch(&self) -> u64 {
        let taps = u128::from(self.taps_per_second) * self.longest_dispatch.as_micros() / 1_000_000;
        u64::try_from(taps).unwrap_or(u64::MAX).max(1)
    }

    /// What every kernel needs of a device.
    pub(super) fn check_device(&self) -> Result<(), Error> {
        const STORAGE_BUFFERS: u32 = 4;
        const WORKGROUP_BYTES: u32 = WORKGROUP * 64;
        for (what, needed, has) in [
            ("workgroup of invocations", WORKGROUP, self.invocations_per_workgroup),
            ("workgroup memory in bytes", WORKGROUP_BYTES, self.workgroup_bytes),
            ("number of storage buffers", STORAGE_BUFFERS, self.storage_buffers),
        ] {
            if needed > has {
                return Err(Error::UnsupportedSize { what: what.into(), limit: u64::from(has), actual: u64::from(needed) });
            }
        }
        Ok(())
    }

    /// A number of f32 or u32.
    pub(super) fn check_size(&self, what: &str, elements: u64) -> Result<(), Error> {
        if elements > MOST_ELEMENTS {
            let what = format!("{what} elements");
            return Err(Error::UnsupportedSize { what, limit: MOST_ELEMENTS, actual: elements });
        }
        self.check_bytes(what, elements * WORD)
    }

    /// What is bound as one range.
    pub(super) fn check_bytes(&self, what: &str, bytes: u64) -> Result<(), Error> {
        if bytes > self.binding_bytes {
            let what = format!("{what} bytes");
            return Err(Error::UnsupportedSize { what, limit: self.binding_bytes, actual: bytes });
        }
        Ok(())
    }

    /// Whether the device writes textures, where one is written.
    pub(super) fn check_bound(&self, bound: Bound) -> Result<(), Error> {
        if matches!(bound, Bound::Target(_)) && self.storage_textures == 0 {
            return Err(Error::UnsupportedSize { what: "number of storage textures".into(), limit: 0, actual: 1 });
        }
        Ok(())
    }

    /// A grid of at least `groups` workgroups within the limit per dimension.
    pub(super) fn grid(&self, groups: u32) -> Result<[u32; 2], Error> {
        let most = self.workgroups_per_dimension;
        if groups <= most {
            return Ok([groups, 1]);
        }
        let down = groups.div_ceil(most.max(1));
        if down > most {
            let limit = u64::from(most) * u64::from(most);
            return Err(Error::UnsupportedSize { what: "number of workgroups".into(), limit, actual: u64::from(groups) });
        }
        // As even as can be, so that few workgroups are idle.
        Ok([groups.div_ceil(down), down])
    }
}
