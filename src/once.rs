//! Values made once a key, however many ask at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::Error;

/// A cache whose values are made on the first demand. Who asks for a value while another makes it waits for that one, and who asks for another value
/// does not wait.
#[derive(Debug)]
pub(crate) struct OncePerKey<K, V> {
    cells: Mutex<HashMap<K, Arc<Cell<V>>>>,
}

#[derive(Debug)]
struct Cell<V> {
    made: OnceLock<V>,
    /// Held by whoever makes the value, across awaits.
    making: futures_intrusive::sync::Mutex<()>,
}

impl<K, V> Default for OncePerKey<K, V> {
    fn default() -> Self {
        Self { cells: Mutex::default() }
    }
}

impl<K: Eq + Hash, V: Clone> OncePerKey<K, V> {
    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.values().filter(|cell| cell.made.get().is_some()).count()
    }

    /// The value of `key`, if it has been made.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(key).and_then(|cell| cell.made.get().cloned())
    }

    /// The value of `key`, made by `make` if there is none. After an error there still is none, and the next to ask tries again.
    pub(crate) async fn get_or_make<F>(&self, key: K, make: impl FnOnce() -> F) -> Result<V, Error>
    where
        F: Future<Output = Result<V, Error>>,
    {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            let empty = || Arc::new(Cell { made: OnceLock::new(), making: futures_intrusive::sync::Mutex::new((), false) });
            cells.entry(key).or_insert_with(empty).clone()
        };
        if let Some(made) = cell.made.get() {
            return Ok(made.clone());
        }
        let _making = cell.making.lock().await;
        if let Some(made) = cell.made.get() {
            return Ok(made.clone());
        }
        let made = make().await?;
        Ok(cell.made.get_or_init(|| made).clone())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
        time::Duration,
    };

    use super::*;

    #[test]
    fn threads_that_ask_at_once_make_one_value() {
        let values = OncePerKey::default();
        let (made, together) = (AtomicUsize::new(0), Barrier::new(8));
        let make = |key: usize| {
            let made = &made;
            async move {
                thread::sleep(Duration::from_millis(20));
                Ok(key * 100 + made.fetch_add(1, Ordering::Relaxed))
            }
        };
        thread::scope(|scope| {
            for at in 0..8 {
                let (values, together) = (&values, &together);
                scope.spawn(move || {
                    together.wait();
                    let key = at % 2;
                    let value = pollster::block_on(values.get_or_make(key, || make(key))).unwrap();
                    assert_eq!(value / 100, key);
                    assert_eq!(values.get(&key), Some(value));
                });
            }
        });
        assert_eq!((made.load(Ordering::Relaxed), values.len()), (2, 2));
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let values = OncePerKey::default();
        let fail = || async { Err(Error::Device("not today".into())) };
        assert!(pollster::block_on(values.get_or_make("key", fail)).is_err());
        assert_eq!((values.len(), values.get(&"key")), (0, None));
        assert_eq!(pollster::block_on(values.get_or_make("key", || async { Ok(7) })), Ok(7));
        assert_eq!((values.len(), values.get(&"key")), (1, Some(7)));
    }
}
