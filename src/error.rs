//! The one error type: what was asked, and what is possible.

/// Why a request was refused or failed.
///
/// `Invalid…` means that the request makes no sense anywhere; `Unsupported…` that this adapter, or this version, cannot do it.
/// Nothing has been written when either is returned. The rest are failures of the device during work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter outside its domain.
    #[error("invalid {parameter}: {actual}; it must be {expected}")]
    InvalidParameter {
        /// The parameter's field name.
        parameter: &'static str,
        /// What it may be.
        expected: String,
        /// What it was.
        actual: String,
    },
    /// A parameter that does not fit one spatial axis of the input.
    #[error("invalid {parameter} on spatial axis {axis}: {actual}; it must be {expected}")]
    InvalidAxis {
        /// The parameter's field name.
        parameter: &'static str,
        /// The spatial axis, 0 being the outermost.
        axis: usize,
        /// What it may be.
        expected: String,
        /// What it was.
        actual: String,
    },
    /// A per-axis list whose length is not the number of spatial axes.
    #[error(
        "invalid {parameter}: {actual} entries, and the input's spatial axes are {expected}; give one number for all axes or one for each"
    )]
    InvalidAxisCount {
        /// The parameter's field name.
        parameter: &'static str,
        /// Spatial axes of the input.
        expected: usize,
        /// Entries in the list.
        actual: usize,
    },
    /// A shape that no tensor can have.
    #[error("invalid shape {actual}: it must be {expected}")]
    InvalidShape {
        /// What a shape may be.
        expected: String,
        /// What it was.
        actual: String,
    },
    /// A slice or buffer of the wrong size, usage or place.
    #[error("invalid {binding}: {actual}; it must be {expected}")]
    InvalidBinding {
        /// Which binding, or which of the inputs beside the input: `input`, `output`, `indices`, `scratch`, `weights` …
        binding: &'static str,
        /// What it must be.
        expected: String,
        /// What it was.
        actual: String,
    },
    /// Something that makes sense but that is not to be had.
    #[error("unsupported: {what}: {because}")]
    Unsupported {
        /// What was asked.
        what: String,
        /// Why it cannot be had, and what can.
        because: String,
    },
    /// A size beyond what this adapter or 32-bit index arithmetic can take.
    #[error("unsupported {what}: {actual}; the limit is {limit}")]
    UnsupportedSize {
        /// What is too large.
        what: String,
        /// The limit, in the same unit.
        limit: u64,
        /// What was asked.
        actual: u64,
    },
    /// No adapter matches what was asked.
    #[error("no adapter for {asked}; {}", list_adapters(.available))]
    NoAdapter {
        /// The backend or name that was asked for.
        asked: String,
        /// The adapters that are here.
        available: Vec<String>,
    },
    /// An allocation that the device could not make.
    #[error("out of device memory: {0}")]
    OutOfMemory(String),
    /// The device is gone; make another engine on another device.
    #[error("the device was lost: {0}")]
    DeviceLost(String),
    /// The device did not answer in time.
    #[error("the device did not finish within {seconds} s")]
    Timeout {
        /// How long was waited.
        seconds: u64,
    },
    /// Kernels that could not be compiled ahead; the others are.
    #[error("{} of {of} kernels could not be compiled: {}", .refused.len(), list_refused(.refused))]
    Kernels {
        /// Each kernel's key, and what became of it.
        refused: Vec<(String, Error)>,
        /// How many kernels were to be compiled.
        of: usize,
    },
    /// The driver or wgpu refused a call that should have worked.
    #[error("the device refused: {0}")]
    Device(String),
}

impl Error {
    /// Whether the request makes no sense on any adapter.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(
            self,
            Self::InvalidParameter { .. }
                | Self::InvalidAxis { .. }
                | Self::InvalidAxisCount { .. }
                | Self::InvalidShape { .. }
                | Self::InvalidBinding { .. }
        )
    }

    /// Whether the request makes sense but cannot be had on this adapter or in this version.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported { .. } | Self::UnsupportedSize { .. })
    }

    pub(crate) fn parameter(parameter: &'static str, expected: &str, actual: impl std::fmt::Display) -> Self {
        Self::InvalidParameter { parameter, expected: expected.into(), actual: actual.to_string() }
    }

    pub(crate) fn unsupported(what: impl Into<String>, because: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into(), because: because.into() }
    }
}

fn list_adapters(available: &[String]) -> String {
    if available.is_empty() {
        "there is none at all on this machine".into()
    } else {
        format!("there are: {}", available.join(", "))
    }
}

fn list_refused(refused: &[(String, Error)]) -> String {
    refused.iter().map(|(key, error)| format!("{key}: {error}")).collect::<Vec<_>>().join("; ")
}
