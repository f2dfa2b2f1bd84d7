//! Devices for measuring: like those of headless engines, and with timestamps where the adapter has them, which pooling does not need.

use plunge::{
    Engine, Error, HeadlessOptions, adapters,
    wgpu::{Adapter, Device, DeviceDescriptor, ErrorFilter, Features},
};

/// An engine on the best adapter that the options allow, with timestamps where it has them.
///
/// # Errors
/// As [`Engine::headless_with`].
pub fn open(options: &HeadlessOptions) -> Result<Engine, Error> {
    match fitting(options).first() {
        Some(adapter) => on_adapter(adapter),
        // It fails with the list of what is here.
        None => Engine::headless_with(options),
    }
}

/// An engine on every adapter that the options allow, best first.
///
/// # Errors
/// As [`open`].
pub fn open_all(options: &HeadlessOptions) -> Result<Vec<Engine>, Error> {
    match &fitting(options)[..] {
        [] => Ok(vec![Engine::headless_with(options)?]),
        adapters => adapters.iter().map(on_adapter).collect(),
    }
}

fn fitting(options: &HeadlessOptions) -> Vec<Adapter> {
    let mut fitting = adapters(options);
    if let Some(name) = options.adapter_name.as_ref().map(|name| name.to_lowercase()) {
        fitting.retain(|adapter| adapter.get_info().name.to_lowercase().contains(&name));
    }
    fitting
}

fn on_adapter(adapter: &Adapter) -> Result<Engine, Error> {
    let descriptor = DeviceDescriptor {
        label: Some("plunge bench"),
        required_features: adapter.features() & Features::TIMESTAMP_QUERY,
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let (device, queue) =
        pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| Error::Device(error.to_string()))?;
    Ok(Engine::new(&device, &queue))
}

/// Makes objects under error scopes, so that what the device refuses is an error and no panic.
pub(crate) fn watched<T>(device: &Device, make: impl FnOnce() -> T) -> Result<T, Error> {
    let memory = device.push_error_scope(ErrorFilter::OutOfMemory);
    let internal = device.push_error_scope(ErrorFilter::Internal);
    let validation = device.push_error_scope(ErrorFilter::Validation);
    let made = make();
    let (validation, internal, memory) = (validation.pop(), internal.pop(), memory.pop());
    if let Some(error) = pollster::block_on(memory) {
        return Err(Error::OutOfMemory(error.to_string()));
    }
    match pollster::block_on(validation).or(pollster::block_on(internal)) {
        Some(error) => Err(Error::Device(error.to_string())),
        None => Ok(made),
    }
}
