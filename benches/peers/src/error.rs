//! What can go wrong in the driver itself; what goes wrong in a peer is part of the record.

use std::path::PathBuf;

/// An error that ends the comparison.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Plunge, or the device.
    #[error(transparent)]
    Plunge(#[from] plunge::Error),
    /// A name that is none.
    #[error("no {kind} is called {name:?}: there are {known}")]
    Unknown { kind: &'static str, name: String, known: String },
    /// A file.
    #[error("{path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    /// A record that is none.
    #[error("{path} is no record of this comparison: {error}")]
    Record { path: PathBuf, error: serde_json::Error },
    /// Records that cannot stand in one table.
    #[error("{path} was measured on {actual}, and the one before on {expected}")]
    OtherAdapter { path: PathBuf, expected: String, actual: String },
}

impl Error {
    /// An error about a file, for `map_err`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
