//! Where to pool: the choice of an adapter, or the CPU reference.

use clap::{Args, ValueEnum};
use plunge::{
    Engine, Error, HeadlessOptions,
    wgpu::{Backends, DeviceType},
};

use crate::Failure;

/// What `--backend` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// The best GPU, else a software adapter, else the CPU reference.
    Auto,
    /// Vulkan.
    Vulkan,
    /// Metal, on Apple systems.
    Metal,
    /// Direct3D 12, on Windows.
    Dx12,
    /// OpenGL ES 3.1 and OpenGL.
    Gl,
    /// The CPU reference: brute force in f64, for checking.
    Cpu,
}

/// The flags that choose.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where to run")]
pub(crate) struct Choice {
    /// Backend to run on.
    #[arg(long, value_enum, default_value = "auto")]
    backend: Backend,
    /// Adapter to run on, by a part of its name; `plunge adapters` lists them.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
}

/// What was chosen.
#[derive(Debug)]
pub(crate) enum Machine {
    /// An adapter.
    Adapter { engine: Engine, name: String, backend: String, software: bool },
    /// The CPU reference, asked for or for want of anything else.
    Reference,
}

impl Choice {
    pub(crate) fn new(backend: Backend, adapter: Option<&str>) -> Self {
        Self { backend, adapter: adapter.map(Into::into) }
    }

    /// Opens what was asked for, and says on stderr what that is.
    pub(crate) fn open(&self) -> Result<Machine, Failure> {
        let options = match self.options()? {
            Some(options) => options,
            None => {
                say("on the CPU reference");
                return Ok(Machine::Reference);
            }
        };
        match Engine::headless_with(&options) {
            Ok(engine) => {
                let info = engine.adapter_info();
                say(&format!("on {}", plunge::describe(&info)));
                let software = info.device_type == DeviceType::Cpu;
                Ok(Machine::Adapter { engine, name: info.name.clone(), backend: info.backend.to_string(), software })
            }
            Err(Error::NoAdapter { available, .. }) if available.is_empty() && anything_will_do(&options) => {
                say("there is no adapter on this machine; on the CPU reference, which is slow");
                Ok(Machine::Reference)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What to look for; `None` names the reference.
    pub(crate) fn options(&self) -> Result<Option<HeadlessOptions>, Failure> {
        let mut options = HeadlessOptions::from_env();
        match self.backend {
            Backend::Auto => {}
            Backend::Vulkan => options.backends = Backends::VULKAN,
            Backend::Metal => options.backends = Backends::METAL,
            Backend::Dx12 => options.backends = Backends::DX12,
            Backend::Gl => options.backends = Backends::GL,
            Backend::Cpu if self.adapter.is_some() => {
                return Err(Failure::refused(
                    "--adapter names a GPU or software adapter; the CPU reference of --backend cpu has none",
                ));
            }
            Backend::Cpu => return Ok(None),
        }
        if let Some(name) = &self.adapter {
            options = options.adapter_name(name);
        }
        Ok(Some(options))
    }
}

/// Whether neither flags nor the environment ask for one adapter or backend.
fn anything_will_do(options: &HeadlessOptions) -> bool {
    options.backends == Backends::all() && options.adapter_name.is_none()
}

/// Tells the person what is being done.
#[allow(clippy::print_stderr, reason = "which adapter was taken is told to the person")]
pub(crate) fn say(what: &str) {
    eprintln!("plunge: {what}");
}
