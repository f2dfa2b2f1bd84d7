//! Engines for programs that have no device yet.

use std::sync::{Arc, OnceLock};

use wgpu::{Backend, Backends, DeviceType, PowerPreference};

use crate::{Engine, Error};

/// Which adapter [`Engine::headless_with`] should take.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadlessOptions {
    /// The backends to look in.
    pub backends: Backends,
    /// Part of the adapter's name, whatever the case.
    pub adapter_name: Option<String>,
    /// Whether a discrete GPU (the default) or an integrated one comes first.
    pub power_preference: PowerPreference,
}

impl Default for HeadlessOptions {
    fn default() -> Self {
        Self { backends: Backends::all(), adapter_name: None, power_preference: PowerPreference::HighPerformance }
    }
}

impl HeadlessOptions {
    /// The default, as the variables `WGPU_BACKEND`, `WGPU_ADAPTER_NAME` and `WGPU_POWER_PREF` change it.
    #[must_use]
    pub fn from_env() -> Self {
        Self {
            backends: match std::env::var("WGPU_BACKEND") {
                // Set but empty is how scripts unset a variable.
                Ok(names) if !names.trim().is_empty() => Backends::from_comma_list(&names),
                _ => Backends::all(),
            },
            adapter_name: std::env::var("WGPU_ADAPTER_NAME").ok().filter(|name| !name.is_empty()),
            power_preference: match PowerPreference::from_env() {
                None | Some(PowerPreference::None) => PowerPreference::HighPerformance,
                Some(preference) => preference,
            },
        }
    }

    /// Looks in these backends only.
    #[must_use]
    pub fn backends(mut self, backends: Backends) -> Self {
        self.backends = backends;
        self
    }

    /// Takes an adapter whose name contains this.
    #[must_use]
    pub fn adapter_name(mut self, name: impl Into<String>) -> Self {
        self.adapter_name = Some(name.into());
        self
    }

    fn asked(&self) -> String {
        let names: Vec<String> = self.backends.iter_names().map(|(name, _)| name.to_lowercase()).collect();
        let backends = match self.backends {
            backends if backends == Backends::all() => "any backend".into(),
            backends if backends.is_empty() => "no backend at all (vulkan, metal, dx12 and gl are known)".into(),
            _ => names.join(", "),
        };
        match &self.adapter_name {
            Some(name) => format!("{backends} with a name containing {name:?}"),
            None => backends,
        }
    }
}

/// Every adapter of these backends that can run compute kernels, best first: discrete GPUs, integrated, virtual, software.
#[must_use]
pub fn adapters(options: &HeadlessOptions) -> Vec<wgpu::Adapter> {
    pollster::block_on(adapters_async(options))
}

/// [`adapters`] without blocking.
pub async fn adapters_async(options: &HeadlessOptions) -> Vec<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = options.backends;
    // Diagnostics go to whoever asks for them by WGPU_VALIDATION or WGPU_DEBUG; a guest library brings none.
    descriptor.flags = wgpu::InstanceFlags::empty().with_env();
    let instance = wgpu::Instance::new(descriptor);
    let mut adapters = instance.enumerate_adapters(options.backends).await;
    adapters.retain(|adapter| {
        adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
            && adapter.limits().max_compute_invocations_per_workgroup > 0
            && {
                let info = adapter.get_info();
                !is_gl_too_old(info.backend, &info.driver_info)
            }
    });
    adapters.sort_by_key(|adapter| {
        let info = adapter.get_info();
        let low_power = options.power_preference == PowerPreference::LowPower;
        let device = match info.device_type {
            DeviceType::DiscreteGpu => u8::from(low_power),
            DeviceType::IntegratedGpu => u8::from(!low_power),
            DeviceType::VirtualGpu => 2,
            DeviceType::Other => 3,
            DeviceType::Cpu => 4,
        };
        (device, u8::from(info.backend == Backend::Gl))
    });
    adapters
}

/// Whether an adapter is of a desktop OpenGL below 4.2. wgpu asks for 3.3 at least, of which NVIDIA's driver gives exactly that; by its extensions it has
/// compute shaders, yet naga writes none for versions before 4.2.
fn is_gl_too_old(backend: Backend, driver: &str) -> bool {
    let mut numbers = driver.split(['.', ' ']).map_while(|number| number.parse::<u32>().ok());
    // OpenGL ES says its name before its version.
    match (backend, numbers.next(), numbers.next()) {
        (Backend::Gl, Some(major), Some(minor)) => (major, minor) < (4, 2),
        _ => false,
    }
}

/// An adapter for a person: name, backend and kind.
#[must_use]
pub fn describe(info: &wgpu::AdapterInfo) -> String {
    let kind = match info.device_type {
        DeviceType::DiscreteGpu => "discrete GPU",
        DeviceType::IntegratedGpu => "integrated GPU",
        DeviceType::VirtualGpu => "virtual GPU",
        DeviceType::Cpu => "software",
        DeviceType::Other => "kind unknown",
    };
    format!("{} ({}, {kind})", info.name, info.backend)
}

impl Engine {
    /// An engine on a device of its own, on the best adapter here; honours `WGPU_BACKEND`, `WGPU_ADAPTER_NAME` and
    /// `WGPU_POWER_PREF`.
    ///
    /// # Errors
    /// [`Error::NoAdapter`], which lists what is here; [`Error::Device`] where the adapter makes no device.
    pub fn headless() -> Result<Self, Error> {
        Self::headless_with(&HeadlessOptions::from_env())
    }

    /// [`headless`](Self::headless) by options in place of the environment.
    ///
    /// # Errors
    /// As [`headless`](Self::headless).
    pub fn headless_with(options: &HeadlessOptions) -> Result<Self, Error> {
        pollster::block_on(Self::headless_async(options))
    }

    /// [`headless_with`](Self::headless_with) without blocking.
    ///
    /// # Errors
    /// As [`headless`](Self::headless).
    pub async fn headless_async(options: &HeadlessOptions) -> Result<Self, Error> {
        let adapters = adapters_async(options).await;
        let wanted = options.adapter_name.as_ref().map(|name| name.to_lowercase());
        let fits =
            |adapter: &&wgpu::Adapter| wanted.as_ref().is_none_or(|name| adapter.get_info().name.to_lowercase().contains(name));
        if let Some(adapter) = adapters.iter().find(fits) {
            return Self::on_adapter(adapter).await;
        }
        let all = adapters_async(&HeadlessOptions::default()).await;
        Err(Error::NoAdapter {
            asked: options.asked(),
            available: all.iter().map(|adapter| describe(&adapter.get_info())).collect(),
        })
    }

    /// An engine on a new device of this adapter, with all of the adapter's limits and the [features](Self::optional_features) that help.
    ///
    /// # Errors
    /// [`Error::Device`] where the adapter makes no device.
    pub async fn on_adapter(adapter: &wgpu::Adapter) -> Result<Self, Error> {
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("plunge"),
            required_features: Self::optional_features(adapter),
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) = adapter.request_device(&descriptor).await.map_err(|error| Error::Device(error.to_string()))?;
        // This device is the engine's own; a guest engine must not do this, since wgpu replaces the owner's callback.
        let lost = Arc::new(OnceLock::new());
        let report = lost.clone();
        device.set_device_lost_callback(move |reason, message| {
            let destroyed = reason == wgpu::DeviceLostReason::Destroyed;
            let _ = report.set(if destroyed { "it was destroyed".into() } else { message });
        });
        Ok(Self::with_loss_report(&device, &queue, lost))
    }

    /// The adapter of the engine's device, as far as wgpu tells.
    #[must_use]
    pub fn adapter_info(&self) -> wgpu::AdapterInfo {
        self.device().adapter_info()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn desktop_opengl_below_4_2_is_left_out() {
        for (driver, too_old) in [
            ("3.3.0 NVIDIA 580.159.04", true),
            ("4.1 (Core Profile) Mesa 22.3.6", true),
            ("4.2.0 NVIDIA 580.159.04", false),
            ("4.5 (Core Profile) Mesa 22.3.6", false),
            ("OpenGL ES 3.1 Mesa 22.3.6", false),
            ("WebGL 2.0 (OpenGL ES 3.0 Chromium)", false),
            ("", false),
        ] {
            assert_eq!(is_gl_too_old(Backend::Gl, driver), too_old, "{driver}");
            assert!(!is_gl_too_old(Backend::Vulkan, driver), "{driver}");
        }
    }
}
