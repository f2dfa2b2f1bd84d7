//! Which pictures a command takes, and what those that it writes are called.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{Failure, output, picture::Format};

/// A picture, and the one that it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
}

/// The pictures that `inputs` are, or hold where they are folders, in their order, and what they are called in `folder`.
pub(super) fn of(inputs: &[PathBuf], folder: &Path) -> Result<Vec<Named>, Failure> {
    let mut named = Vec::new();
    for input in inputs {
        if input.is_dir() {
            let pictures = pictures_in(input)?;
            if pictures.is_empty() {
                let (input, kinds) = (input.display(), "its files are taken that end in .png, .jpg, .jpeg, .webp or .bmp");
                return Err(Failure::refused(format!("no pictures in {input}: {kinds}")));
            }
            named.extend(pictures);
        } else {
            named.push(input.clone());
        }
    }
    let named: Vec<Named> = named.into_iter().map(|input| Named { output: folder.join(name_of(&input)), input }).collect();
    let mut taken: HashMap<PathBuf, &Path> = HashMap::new();
    for Named { input, output } in &named {
        if let Some(other) = taken.insert(one_case(output), input) {
            let (other, input, output) = (other.display(), input.display(), output.display());
            return Err(Failure::refused(format!("{other} and {input} would both become {output}; give each its own name")));
        }
        output::check(output)?;
    }
    Ok(named)
}

/// The pictures directly in a folder, by their names.
fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::unreadable(folder, error);
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && Format::of(&path).is_ok() && !path.is_dir() {
            pictures.push(path);
        }
    }
    pictures.sort();
    Ok(pictures)
}

/// A picture's name with an extension that can be written.
fn name_of(input: &Path) -> PathBuf {
    let name = PathBuf::from(input.file_name().unwrap_or_default());
    if Format::of(&name).is_ok() { name } else { name.with_extension("png") }
}

/// A path as the file system knows it, where one name has many spellings.
fn one_case(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) if cfg!(any(windows, target_vendor = "apple")) => text.to_lowercase().into(),
        _ => path.into(),
    }
}

/// A folder to write to, which goes again unless it is kept.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    made: Option<&'a Path>,
}

impl<'a> Folder<'a> {
    /// The folder `path`, made where there is none.
    pub(super) fn at(path: &'a Path) -> Result<Self, Failure> {
        if path.is_dir() {
            return Ok(Self { made: None });
        }
        if Format::of(path).is_ok() {
            let path = path.display();
            return Err(Failure::refused(format!("cannot write {path}: it names a picture, and several want a folder")));
        }
        match fs::create_dir(path) {
            Ok(()) => Ok(Self { made: Some(path) }),
            Err(error) => Err(Failure::refused(format!("cannot make the folder {}: {error}", path.display()))),
        }
    }

    pub(super) fn keep(mut self) {
        self.made = None;
    }
}

impl Drop for Folder<'_> {
    fn drop(&mut self) {
        if let Some(made) = self.made {
            // What somebody else put there meanwhile stays, and the folder with it.
            let _ = fs::remove_dir(made);
        }
    }
}
