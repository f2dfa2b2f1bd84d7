//! The arrays that a command writes, in as many files as their paths name. All files appear whole, or none.

use std::{fs::File, io, path::Path};

use crate::{
    Failure,
    array::{Container, Declared, Dtype, Place, Sink},
    output::{self, Output},
};

/// The arrays of one command.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    files: Vec<Target>,
    slots: Vec<Slot>,
}

/// An array of [`Outputs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written(usize);

/// A file to be.
#[derive(Debug)]
struct Target {
    output: Output,
    container: Container,
    names: Vec<String>,
    declared: Vec<Option<Declared>>,
    sink: Option<Sink<File>>,
}

/// Where an array is: its file, and its number in that.
#[derive(Debug)]
struct Slot {
    asked: String,
    file: usize,
    array: usize,
}

impl Outputs {
    /// Takes up the array that `path` names, or that a file of several arrays has as `name` where it names none. Checks that it can be written,
    /// and that no other output is the same.
    pub(crate) fn add(&mut self, path: &Path, name: &str) -> Result<Written, Failure> {
        let asked = path.display().to_string();
        let Place { file, container, member } = Place::of(path)?;
        let output = Output::create(&file)?;
        let name = member.unwrap_or_else(|| name.into());
        let same = self.files.iter().position(|target| target.output.same_file(&output));
        if let Some(at) = same {
            let target = &self.files[at];
            let alone = target.container == Container::Npy || target.container != container;
            let clash = |slot: &&Slot| slot.file == at && (alone || target.names[slot.array] == name);
            if let Some(Slot { asked: other, .. }) = self.slots.iter().find(clash) {
                let (what, own) = if alone { ("file", "file") } else { ("array of the same file", "name") };
                return Err(Failure::refused(format!("{other} and {asked} are the same {what}; give each its own {own}")));
            }
        }
        let file = same.unwrap_or_else(|| {
            self.files.push(Target { output, container, names: Vec::new(), declared: Vec::new(), sink: None });
            self.files.len() - 1
        });
        let target = &mut self.files[file];
        target.names.push(name);
        target.declared.push(None);
        self.slots.push(Slot { asked, file, array: target.names.len() - 1 });
        Ok(Written(self.slots.len() - 1))
    }

    /// Says what an array will be, before any is begun. Refuses what its file cannot hold.
    pub(crate) fn declare(&mut self, array: Written, dtype: impl Into<Dtype>, sizes: &[usize]) -> Result<(), Failure> {
        let Slot { asked, file, array } = &self.slots[array.0];
        let (target, dtype) = (&mut self.files[*file], dtype.into());
        dtype.check(target.container).map_err(|failure| failure.of_file(Path::new(asked)))?;
        let name = target.names[*array].clone();
        target.declared[*array] = Some(Declared { name, dtype, sizes: sizes.to_vec() });
        Ok(())
    }

    /// Appends elements in this machine's byte order. Arrays of one file may take turns.
    pub(crate) fn append(&mut self, array: Written, bytes: &[u8]) -> Result<(), Failure> {
        let Slot { file, array, .. } = self.slots[array.0];
        let target = &mut self.files[file];
        target.begin()?;
        let appended = target.sink.as_mut().map_or(Ok(()), |sink| sink.append(array, bytes));
        appended.map_err(|error| target.output.failed(&error))
    }

    /// Ends the files and puts them in their places.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        let mut outputs = Vec::new();
        for mut target in self.files {
            target.begin()?;
            let Target { output, sink, .. } = target;
            // A rename may reach the disk before the data does.
            let ended = sink.map_or(Ok(()), |sink| sink.finish()?.sync_data());
            ended.map_err(|error| output.failed(&error))?;
            outputs.push(output.finish());
        }
        output::commit(outputs)
    }
}

impl Target {
    /// Writes what stands before the elements, unless it is there already.
    fn begin(&mut self) -> Result<(), Failure> {
        if self.sink.is_none() {
            let declared: Option<Vec<Declared>> = self.declared.iter().cloned().collect();
            let declared = declared.ok_or_else(|| io::Error::other("an array in it was not declared"));
            let begun = declared.and_then(|arrays| Sink::begin(self.output.handle()?, self.container, &arrays));
            self.sink = Some(begun.map_err(|error| self.output.failed(&error))?);
        }
        Ok(())
    }
}
