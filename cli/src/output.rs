//! Output files that appear whole or not at all: written beside their place under another name, then renamed.

use std::{
    collections::HashMap,
    fs,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempPath};

use crate::{Failure, array::Place};

/// A file to be, open under a temporary name in the folder of its target.
#[derive(Debug)]
pub(crate) struct Output {
    asked: PathBuf,
    target: PathBuf,
    file: NamedTempFile,
}

/// A file that has been written and waits for its name.
#[derive(Debug)]
pub(crate) struct Finished {
    asked: PathBuf,
    target: PathBuf,
    file: TempPath,
}

impl Output {
    /// Checks that `path` can be written, by making the temporary file.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let refused = |why: String| Failure::refused(format!("cannot write {}: {why}", path.display()));
        let target = resolve(path).map_err(&refused)?;
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let old = fs::metadata(&target).ok();
        let mut builder = tempfile::Builder::new();
        builder.prefix(".plunge-").suffix(".part");
        // Without this the file would be its owner's alone; with it the umask decides, as for any new file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|error| refused(error_in(folder, &error)))?;
        if let Some(old) = old {
            fs::set_permissions(file.path(), old.permissions()).map_err(|error| refused(error.to_string()))?;
        }
        Ok(Self { asked: path.into(), target, file })
    }

    /// Whether both would be the same file.
    pub(crate) fn same_file(&self, other: &Self) -> bool {
        let place = |output: &Self| {
            let folder = output.target.parent().map(Path::to_path_buf).unwrap_or_default();
            let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
            (fs::canonicalize(folder).ok(), output.target.file_name().map(ToOwned::to_owned))
        };
        place(self) == place(other)
    }

    /// Writes the contents, all of them, to the temporary file.
    pub(crate) fn write(
        &mut self,
        contents: impl FnOnce(&mut BufWriter<&mut fs::File>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut buffered = BufWriter::with_capacity(1 << 16, self.file.as_file_mut());
        let written = contents(&mut buffered).and_then(|()| buffered.flush());
        drop(buffered);
        // A rename may reach the disk before the data does.
        written.and_then(|()| self.file.as_file().sync_data()).map_err(|error| self.failed(&error))
    }

    /// Closes the file, for [`commit`].
    pub(crate) fn finish(self) -> Finished {
        Finished { asked: self.asked, target: self.target, file: self.file.into_temp_path() }
    }

    /// The temporary file, for what is written in parts; it must be synced before [`commit`].
    pub(crate) fn handle(&self) -> io::Result<fs::File> {
        self.file.as_file().try_clone()
    }

    pub(crate) fn failed(&self, error: &io::Error) -> Failure {
        Failure::Work(format!("writing {} failed: {error}", self.asked.display()))
    }
}

/// Refuses what could not be written over, before anything is.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    resolve(path).map(|_| ()).map_err(|why| Failure::refused(format!("cannot write {}: {why}", path.display())))
}

/// Refuses to replace what is being read: the inputs would be gone.
pub(crate) fn keep_inputs<'a>(outputs: impl IntoIterator<Item = &'a Path>, inputs: &[&Path]) -> Result<(), Failure> {
    let file = |path: &Path| fs::canonicalize(Place::of(path).map_or_else(|_| path.into(), |place| place.file)).ok();
    let kept: HashMap<PathBuf, &Path> = inputs.iter().filter_map(|&input| Some((file(input)?, input))).collect();
    for output in outputs {
        if let Some(input) = file(output).and_then(|file| kept.get(&file)) {
            return Err(Failure::refused(format!(
                "{} would replace the input {}; give the output another name",
                output.display(),
                input.display()
            )));
        }
    }
    Ok(())
}

/// Puts written outputs in their places: all of them, or on a failure none.
pub(crate) fn commit(outputs: Vec<Finished>) -> Result<(), Failure> {
    let mut done: Vec<(PathBuf, Option<TempPath>)> = Vec::new();
    let alone = outputs.len() == 1;
    for output in outputs {
        let Finished { asked, target, file } = output;
        let placed = if alone { Ok(None) } else { keep_old(&target) }
            .and_then(|old| file.persist(&target).map_err(|error| error.error).map(|_| old));
        match placed {
            Ok(old) => done.push((target, old)),
            Err(error) => {
                for (target, old) in done.into_iter().rev() {
                    // Nothing better can be done where putting things back fails as well.
                    let _ = match old {
                        Some(old) => old.persist(&target).map_err(|error| error.error),
                        None => fs::remove_file(&target),
                    };
                }
                return Err(Failure::Work(format!("writing {} failed: {error}", asked.display())));
            }
        }
    }
    Ok(())
}

/// A second name for the file that is about to be replaced.
fn keep_old(target: &Path) -> io::Result<Option<TempPath>> {
    if !target.exists() {
        return Ok(None);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".plunge-").suffix(".old");
    let link = builder.make_in(folder, |name| fs::hard_link(target, name));
    // Some file systems know no hard links.
    let old = link.or_else(|_| builder.make_in(folder, |name| fs::copy(target, name).map(|_| ())))?;
    Ok(Some(old.into_temp_path()))
}

/// The file that would be replaced: a link's own target, never a device or folder.
fn resolve(path: &Path) -> Result<PathBuf, String> {
    if path.file_name().is_none() {
        return Err("it names no file".into());
    }
    let target = match fs::symlink_metadata(path) {
        Ok(about) if about.is_symlink() => fs::canonicalize(path).map_err(|_| "it is a link to nothing")?,
        Ok(_) => path.into(),
        // Where even looking fails, making the temporary file says why.
        Err(_) => return Ok(path.into()),
    };
    match fs::metadata(&target) {
        Ok(about) if about.is_dir() => Err("it is a folder".into()),
        Ok(about) if !about.is_file() => {
            Err("it is not a regular file, and a finished output replaces what it is written over".into())
        }
        Ok(about) if about.permissions().readonly() => Err("it is there already and read-only".into()),
        _ => Ok(target),
    }
}

fn error_in(folder: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no folder {}", folder.display()),
        io::ErrorKind::NotADirectory => format!("{} is not a folder", folder.display()),
        io::ErrorKind::PermissionDenied => format!("no permission to write in {}", folder.display()),
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The second rename fails because a folder has taken the name since the outputs were made.
    #[test]
    fn a_failed_second_rename_puts_the_first_file_back() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["y", "i"].map(|name| folder.path().join(name));
        for old in [None, Some("old")] {
            if let Some(old) = old {
                fs::write(&first, old).unwrap();
            }
            let outputs: Vec<Finished> = [&first, &second]
                .map(|path| {
                    let mut output = Output::create(path).unwrap();
                    output.write(|file| file.write_all(b"new")).unwrap();
                    output.finish()
                })
                .into();
            fs::create_dir_all(second.join("taken")).unwrap();
            assert!(matches!(commit(outputs), Err(Failure::Work(_))));
            assert_eq!(fs::read_to_string(&first).ok().as_deref(), old);
            fs::remove_dir_all(&second).unwrap();
            assert_eq!(names(folder.path()), if old.is_some() { vec!["y"] } else { vec![] });
        }
    }

    #[test]
    fn an_output_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Output::create(&folder.path().join("y")).unwrap());
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}
