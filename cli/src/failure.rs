//! Why a command did not do what was asked, and the exit code that says so.

use std::{fmt::Display, path::Path};

use plunge::Error;

/// A failure, as a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Refused, before work started or where an input turned out to be damaged within; nothing was written. Exit code 2.
    #[error("{0}")]
    Refused(String),
    /// No adapter is what was asked for. Exit code 3.
    #[error("{0}")]
    NoAdapter(String),
    /// Failed during work; no output was left behind. Exit code 1.
    #[error("{0}")]
    Work(String),
}

impl Failure {
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(sentence.into())
    }

    /// Something that makes sense but that this version cannot do.
    pub(crate) fn unsupported(what: impl Display, because: impl Display) -> Self {
        Self::Refused(format!("unsupported: {what}: {because}"))
    }

    /// An input that cannot be read.
    pub(crate) fn unreadable(path: &Path, why: impl Display) -> Self {
        Self::Refused(format!("cannot read {}: {why}", path.display()))
    }

    /// The same failure, saying which file it is about.
    pub(crate) fn of_file(self, path: &Path) -> Self {
        match self {
            Self::Refused(sentence) => Self::Refused(format!("{}: {sentence}", path.display())),
            other => other,
        }
    }

    /// The same refusal, with a note on what it was about.
    pub(crate) fn with_note(self, note: &str) -> Self {
        match self {
            Self::Refused(sentence) => Self::Refused(format!("{sentence} ({note})")),
            other => other,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Work(_) => 1,
            Self::Refused(_) => 2,
            Self::NoAdapter(_) => 3,
        }
    }

    /// Tells the person.
    #[allow(clippy::print_stderr, reason = "this is where a command speaks")]
    pub(crate) fn report(&self) {
        eprintln!("plunge: {self}");
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NoAdapter { .. } => Self::NoAdapter(format!("{error}; --backend cpu names the CPU reference")),
            _ if error.is_invalid() || error.is_unsupported() => Self::Refused(error.to_string()),
            _ => Self::Work(error.to_string()),
        }
    }
}
