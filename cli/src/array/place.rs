//! Where an array is: a file, what kind of file, and which of its arrays.

use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
};

use super::safetensors;
use crate::Failure;

/// Names that a refusal lists.
const MOST_LISTED: usize = 6;
/// A longer name is a mistake; zip has no room for more than 65,535 bytes.
const MOST_NAME_BYTES: usize = 1024;

/// A kind of file that holds arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Container {
    /// One array, as `numpy.save` writes it.
    Npy,
    /// A zip file of NPY files, as `numpy.savez` and `numpy.savez_compressed` write it.
    Npz,
    /// Tensors by their names, behind a header of JSON.
    Safetensors,
}

impl Container {
    /// The kind that a path's extension names; what has another extension is read as NPY.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let is = |name: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(name));
        if is("npz") {
            Self::Npz
        } else if is("safetensors") {
            Self::Safetensors
        } else {
            Self::Npy
        }
    }

    pub(super) fn malformed(self, why: impl fmt::Display) -> Failure {
        Failure::refused(format!("malformed {self} file: {why}"))
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Npy => "NPY",
            Self::Npz => "NPZ",
            Self::Safetensors => "safetensors",
        })
    }
}

/// What a path on the command line names: `x.npy`, `all.npz:x`, `weights.safetensors:conv1.x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    pub(crate) container: Container,
    /// The array's name, where one is given.
    pub(crate) member: Option<String>,
}

impl Place {
    /// Takes `path` apart, unless a file has all of it for its name.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        let whole = || Self { file: path.into(), container: Container::of(path), member: None };
        let Some((file, member)) = path.to_str().and_then(split).filter(|_| !path.exists()) else {
            return Ok(whole());
        };
        let container = Container::of(Path::new(file));
        let member = if container == Container::Npz { member.strip_suffix(".npy").unwrap_or(member) } else { member };
        let refused = |why: &str| Err(Failure::refused(format!("invalid {}: {why}", path.display())));
        match member {
            "" => refused("no name follows the colon; leave it out, or name an array of the file"),
            _ if member.len() > MOST_NAME_BYTES => refused("the array's name is longer than 1,024 bytes"),
            _ if member.contains('\0') => refused("the array's name has a byte of 0"),
            safetensors::METADATA if container == Container::Safetensors => {
                refused("safetensors files keep this name for what is no tensor")
            }
            _ => Ok(Self { file: file.into(), container, member: Some(member.into()) }),
        }
    }
}

/// A path and what follows the colon behind the first extension of a container.
fn split(path: &str) -> Option<(&str, &str)> {
    path.match_indices(':').map(|(at, _)| (&path[..at], &path[at + 1..])).find(|(file, _)| {
        let file = Path::new(file);
        file.extension().and_then(OsStr::to_str).is_some() && Container::of(file) != Container::Npy
    })
}

/// Which of the arrays called `names` is the one that was asked for, or the only one.
pub(super) fn choose(names: &[&str], asked: Option<&str>) -> Result<usize, Failure> {
    let count = names.len();
    let list = || {
        let listed: Vec<String> = names.iter().take(MOST_LISTED).map(|name| format!("{name:?}")).collect();
        let more = if count > MOST_LISTED { format!(" and {} more", count - MOST_LISTED) } else { String::new() };
        format!("{}{more}", listed.join(", "))
    };
    match asked {
        _ if count == 0 => Err(Failure::refused("it holds no arrays")),
        Some(asked) => {
            let found = names.iter().position(|&name| name == asked);
            found.ok_or_else(|| Failure::refused(format!("there is no array {asked:?} in it; it holds {}", list())))
        }
        None if count == 1 => Ok(0),
        None => {
            let why = "say which, its name after a colon, as in FILE.npz:NAME";
            Err(Failure::refused(format!("it holds {count} arrays, {}; {why}", list())))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_extension_of_a_container() {
        for (path, file, container, member) in [
            ("x.npy", "x.npy", Container::Npy, None),
            ("x", "x", Container::Npy, None),
            ("x.NPZ", "x.NPZ", Container::Npz, None),
            ("x.npz:y", "x.npz", Container::Npz, Some("y")),
            ("x.npz:y.npy", "x.npz", Container::Npz, Some("y")),
            ("a:b/w.safetensors:conv1.x", "a:b/w.safetensors", Container::Safetensors, Some("conv1.x")),
            ("w.Safetensors:a/b:c.npz:d", "w.Safetensors", Container::Safetensors, Some("a/b:c.npz:d")),
            ("x.npy:y", "x.npy:y", Container::Npy, None),
            (".npz:y", ".npz:y", Container::Npy, None),
        ] {
            let expected = Place { file: file.into(), container, member: member.map(Into::into) };
            assert_eq!(Place::of(Path::new(path)), Ok(expected), "{path}");
        }
        for (path, why) in [("x.npz:", "no name"), ("x.npz:.npy", "no name"), ("x.safetensors:__metadata__", "no tensor")] {
            assert!(Place::of(Path::new(path)).unwrap_err().to_string().contains(why), "{path}");
        }
        assert!(Place::of(Path::new(&format!("x.npz:{}", "y".repeat(1025)))).is_err());
    }

    #[test]
    fn a_file_of_that_very_name_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz:y");
        std::fs::write(&path, "").unwrap();
        assert_eq!(Place::of(&path), Ok(Place { file: path.clone(), container: Container::Npy, member: None }));
    }

    #[test]
    fn the_only_array_needs_no_name() {
        assert_eq!(choose(&["a"], None), Ok(0));
        assert_eq!(choose(&["a", "b"], Some("b")), Ok(1));
        let said = choose(&["a", "b", "c", "d", "e", "f", "g", "h"], None).unwrap_err().to_string();
        assert!(said.contains(r#"8 arrays, "a", "b", "c", "d", "e", "f" and 2 more"#), "{said}");
        let said = choose(&["a", "b"], Some("z")).unwrap_err().to_string();
        assert!(said.contains(r#"no array "z" in it; it holds "a", "b""#), "{said}");
        assert!(choose(&[], Some("a")).is_err() && choose(&[], None).is_err());
    }
}
