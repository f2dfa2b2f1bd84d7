//! Watching a device for errors while objects are made, without touching its owner's own scopes or callbacks.

use crate::{Engine, Error};

impl Engine {
    /// Runs `make` under error scopes of its own and answers with what it made, or with the first error.
    ///
    /// The scopes are pushed and popped on this thread before the first await, so what the device's owner does meanwhile is not
    /// caught by them.
    pub(crate) fn watched<T>(&self, make: impl FnOnce() -> T) -> impl Future<Output = Result<T, Error>> {
        let device = self.device();
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = make();
        let (validation, internal, memory) = (validation.pop(), internal.pop(), memory.pop());
        let there = is_there(device);
        async move {
            let found = [validation.await, internal.await, memory.await].into_iter().flatten().next();
            if !there.await {
                return Err(self.lost(&found.map_or_else(String::new, |error| error.to_string())));
            }
            match found {
                None => Ok(made),
                Some(wgpu::Error::OutOfMemory { source }) => Err(Error::OutOfMemory(source.to_string())),
                Some(error) => Err(Error::Device(error.to_string())),
            }
        }
    }

    /// Makes a buffer. One above the device's limit is refused as one that its memory does not hold.
    pub(crate) async fn buffer(&self, descriptor: &wgpu::BufferDescriptor<'_>) -> Result<wgpu::Buffer, Error> {
        let most = self.device().limits().max_buffer_size;
        if descriptor.size > most {
            self.still_there().await?;
            let size = descriptor.size;
            return Err(Error::OutOfMemory(format!("a buffer of {size} bytes; this device's are of {most} at most")));
        }
        self.watched(|| self.device().create_buffer(descriptor)).await
    }

    /// What a failure was: the device's loss where it is lost, else that the device refused.
    pub(crate) async fn failure(&self, message: String) -> Error {
        if is_there(self.device()).await { Error::Device(message) } else { self.lost(&message) }
    }

    /// Fails where the device is lost.
    pub(crate) async fn still_there(&self) -> Result<(), Error> {
        if is_there(self.device()).await { Ok(()) } else { Err(self.lost("")) }
    }

    /// The loss of the device, by the reason that its callback was told where this engine has one, else by what was noticed.
    pub(crate) fn lost(&self, noticed: &str) -> Error {
        let noticed = if noticed.is_empty() { "it no longer answers" } else { noticed };
        self.loss().unwrap_or_else(|| Error::DeviceLost(noticed.into()))
    }
}

/// Whether the device is there. That it is lost is told to its owner's callback, which only the owner may set, and to no error scope. So it is asked for
/// a buffer that may be used for nothing: a device that is there complains, and a lost one is silent. Nothing is made either way.
fn is_there(device: &wgpu::Device) -> impl Future<Output = bool> + use<> {
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let _ = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 4,
        usage: wgpu::BufferUsages::empty(),
        mapped_at_creation: false,
    });
    let complaint = scope.pop();
    async move { complaint.await.is_some() }
}
