//! Watching a device for errors while objects are made, without touching its owner's own scopes or callbacks.

use crate::Error;

/// Runs `make` under error scopes of its own and answers with what it made, or with the first error.
///
/// The scopes are pushed and popped on this thread before the first await, so what the device's owner does meanwhile is not
/// caught by them.
pub(crate) fn watched<T>(device: &wgpu::Device, make: impl FnOnce() -> T) -> impl Future<Output = Result<T, Error>> {
    let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let internal = device.push_error_scope(wgpu::ErrorFilter::Internal);
    let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let made = make();
    let (validation, internal, memory) = (validation.pop(), internal.pop(), memory.pop());
    async move {
        let found = [validation.await, internal.await, memory.await];
        match found.into_iter().flatten().next() {
            None => Ok(made),
            Some(wgpu::Error::OutOfMemory { source }) => Err(Error::OutOfMemory(source.to_string())),
            Some(error) => Err(Error::Device(error.to_string())),
        }
    }
}
