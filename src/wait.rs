//! Waiting for the device: never longer than the engine's patience, and never by a panic.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use wgpu::{PollError, PollType};

use crate::{Engine, Error};

impl Engine {
    /// Waits until the device has done all that was submitted to its queue, two minutes at most or as [`with_patience`](Self::with_patience) says. Polls
    /// the device, so callbacks that are due are called. In browsers it does not wait.
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::DeviceLost`] where the device is gone, before or meanwhile.
    pub fn wait(&self) -> Result<(), Error> {
        self.poll()?;
        if cfg!(target_arch = "wasm32") { Ok(()) } else { pollster::block_on(self.still_there()) }
    }

    /// Polls until the queue is empty. In browsers this does nothing, and the page's event loop calls what is due.
    pub(crate) fn poll(&self) -> Result<(), Error> {
        let wait = PollType::Wait { submission_index: None, timeout: Some(self.patience()) };
        match unless_it_panics(|| self.device().poll(wait)) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(PollError::Timeout)) => Err(self.timeout()),
            Ok(Err(error)) => Err(Error::Device(error.to_string())),
            Err(message) => Err(self.lost(&message)),
        }
    }

    /// What a callback that a poll calls has sent. Another thread's poll may be the one that calls it, a little later.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) async fn sent<T>(&self, receiver: std::sync::mpsc::Receiver<T>) -> Result<T, Error> {
        use std::sync::mpsc::RecvTimeoutError;
        match receiver.recv_timeout(self.patience()) {
            Ok(sent) => Ok(sent),
            Err(RecvTimeoutError::Timeout) => Err(self.timeout()),
            Err(RecvTimeoutError::Disconnected) => Err(self.failure("it dropped a callback".into()).await),
        }
    }

    fn timeout(&self) -> Error {
        Error::Timeout { seconds: self.patience().as_secs() }
    }
}

/// What `call` answers, or the message of its panic: wgpu panics in a poll where the driver says that the device is lost.
fn unless_it_panics<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| message(&*payload))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a poll panicked").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_its_message() {
        assert_eq!(unless_it_panics(|| 7), Ok(7));
        let device = "the device";
        assert_eq!(unless_it_panics(|| -> u8 { panic!("{device} is lost") }), Err("the device is lost".into()));
        assert_eq!(unless_it_panics(|| -> u8 { panic!("lost") }), Err("lost".into()));
    }
}
