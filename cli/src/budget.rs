//! Memory that threads share: who wants more than is left waits.

use std::sync::{Condvar, Mutex, PoisonError};

/// So many bytes.
#[derive(Debug)]
pub(crate) struct Budget {
    all: usize,
    left: Mutex<usize>,
    given_back: Condvar,
}

/// A part of a [`Budget`], given back as it goes.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    budget: &'a Budget,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { all: bytes, left: Mutex::new(bytes), given_back: Condvar::new() }
    }

    /// Waits until so many bytes are left, or all, where more are wanted than there are.
    pub(crate) fn take(&self, bytes: usize) -> Share<'_> {
        let bytes = bytes.min(self.all);
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = self.given_back.wait_while(left, |left| *left < bytes).unwrap_or_else(PoisonError::into_inner);
        *left -= bytes;
        Share { budget: self, bytes }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.budget.left.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn no_more_is_out_than_there_is() {
        let (budget, out) = (Budget::new(10), AtomicUsize::new(0));
        thread::scope(|scope| {
            for bytes in [3, 4, 7, 10, 25, 1, 0, 6] {
                let (budget, out) = (&budget, &out);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let share = budget.take(bytes);
                        let before = out.fetch_add(share.bytes, Ordering::SeqCst);
                        assert!(before + share.bytes <= 10, "{before} and {}", share.bytes);
                        thread::yield_now();
                        out.fetch_sub(share.bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert_eq!(budget.left.into_inner().ok(), Some(10));
    }
}
