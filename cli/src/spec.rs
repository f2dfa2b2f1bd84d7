//! SPEC.json: the serde form of [`Pooling`].

use std::{fs::File, io::Read as _, path::Path};

use plunge::Pooling;

use crate::Failure;

/// Specs are a few hundred bytes; a file beyond this is something else.
const MOST_BYTES: u64 = 1 << 20;

/// Reads a spec from JSON.
///
/// # Errors
/// [`Failure::Refused`], with line and column, where it is no valid spec.
pub fn read(json: &[u8]) -> Result<Pooling, Failure> {
    serde_json::from_slice(json).map_err(|error| refusal(&error))
}

/// Reads a spec from the JSON in a file.
pub(crate) fn read_file(path: &Path) -> Result<Pooling, Failure> {
    let file = File::open(path).map_err(|error| Failure::unreadable(path, error))?;
    let mut json = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut json).map_err(|error| Failure::unreadable(path, error))?;
    if json.len() as u64 > MOST_BYTES {
        return Err(Failure::unreadable(path, "it is larger than 1 MiB, which no spec is"));
    }
    read(&json).map_err(|failure| failure.of_file(path))
}

pub(crate) fn refusal(error: &serde_json::Error) -> Failure {
    Failure::refused(format!("malformed spec: {error}"))
}
