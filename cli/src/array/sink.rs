//! Arrays that are being written into one file: first what they are, then their elements in parts, of one array or another as they come.

use std::{
    borrow::Cow,
    io::{self, Seek, SeekFrom, Write},
};

use safetensors::tensor::{Metadata, TensorInfo};

use super::{Container, Dtype, npy, zipped::Record};

/// Tensors begin where their widest elements may.
const ALIGNMENT: usize = 8;

/// A zip file counts a name's bytes in 16 bits.
const MOST_NAME_BYTES: usize = 65_000;

/// An array that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its name in a file of several.
    pub name: String,
    /// What its elements are.
    pub dtype: Dtype,
    /// Its size on each axis.
    pub sizes: Vec<usize>,
}

/// A file of arrays, open for writing. Every array has its place from the beginning, since all sizes are known.
#[derive(Debug)]
pub struct Sink<W> {
    target: W,
    /// Where the next byte would be written.
    position: u64,
    rooms: Vec<Room>,
    /// Where the last array ends.
    end: u64,
    zipped: bool,
}

/// The place of one array.
#[derive(Debug)]
struct Room {
    dtype: Dtype,
    /// Where its next element belongs, and where its last one ends.
    next: u64,
    end: u64,
    /// Its record in a zip file, and the checksum of what has been written.
    record: Record,
    crc: crc32fast::Hasher,
}

impl<W: Write + Seek> Sink<W> {
    /// Writes what stands before the elements of `arrays`, of which an NPY file has exactly one.
    ///
    /// # Errors
    /// Where `target` cannot be written, `container` cannot hold such arrays or two have the same name.
    pub fn begin(target: W, container: Container, arrays: &[Declared]) -> io::Result<Self> {
        let mut sink = Self { target, position: 0, rooms: Vec::new(), end: 0, zipped: container == Container::Npz };
        let mut names: Vec<&str> = arrays.iter().map(|array| &array.name[..]).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) || names.iter().any(|name| name.len() > MOST_NAME_BYTES) {
            return Err(io::Error::other("two arrays have the same name, or one has a name of more than 65,000 bytes"));
        }
        match container {
            Container::Npy if arrays.len() != 1 => return Err(io::Error::other("an NPY file has one array")),
            Container::Npy | Container::Npz => {
                for array in arrays {
                    sink.npy(array)?;
                }
            }
            Container::Safetensors => sink.tensors(arrays)?,
        }
        Ok(sink)
    }

    /// An NPY file, as a member of a zip file where it is one.
    fn npy(&mut self, array: &Declared) -> io::Result<()> {
        let header = npy::written(array.dtype, &array.sizes).ok_or_else(|| cannot_hold(array))?;
        let size = array.bytes()?.checked_add(header.len() as u64).ok_or_else(|| cannot_hold(array))?;
        let record = Record { name: format!("{}.npy", array.name), start: self.end, size, crc: 0 };
        if self.zipped {
            self.write_at(self.end, &record.local())?;
        }
        self.write_at(self.position, &header)?;
        let mut crc = crc32fast::Hasher::new();
        crc.update(&header);
        let next = self.position;
        self.end = next + size - header.len() as u64;
        self.rooms.push(Room { dtype: array.dtype, next, end: self.end, record, crc });
        Ok(())
    }

    /// The header of a safetensors file. Wider elements come first, so that all are aligned.
    fn tensors(&mut self, arrays: &[Declared]) -> io::Result<()> {
        let mut order: Vec<usize> = (0..arrays.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(arrays[at].dtype.bytes()));
        let (mut end, mut places, mut infos) = (0, vec![[0; 2]; arrays.len()], Vec::new());
        for at in order {
            let array = &arrays[at];
            let begin = end;
            end = array.bytes()?.checked_add(begin).ok_or_else(|| cannot_hold(array))?;
            places[at] = [begin, end];
            let [Ok(from), Ok(to)] = [begin, end].map(usize::try_from) else { return Err(cannot_hold(array)) };
            let dtype = array.dtype.safetensors_name().ok_or_else(|| cannot_hold(array))?;
            infos.push((array.name.clone(), TensorInfo { dtype, shape: array.sizes.clone(), data_offsets: (from, to) }));
        }
        let metadata = Metadata::new(None, infos).map_err(io::Error::other)?;
        let mut json = serde_json::to_vec(&metadata)?;
        json.resize(json.len().next_multiple_of(ALIGNMENT), b' ');
        self.write_at(0, &(json.len() as u64).to_le_bytes())?;
        self.write_at(8, &json)?;
        let data = self.position;
        self.end = data + end;
        for (array, [begin, end]) in arrays.iter().zip(places) {
            let record = Record { name: array.name.clone(), start: data + begin, size: end - begin, crc: 0 };
            let (next, end) = (data + begin, data + end);
            self.rooms.push(Room { dtype: array.dtype, next, end, record, crc: crc32fast::Hasher::new() });
        }
        Ok(())
    }

    /// Appends elements, in this machine's byte order, to the array that was declared as number `array`.
    ///
    /// # Errors
    /// Where the file cannot be written, there is no such array or it has no room for them.
    pub fn append(&mut self, array: usize, bytes: &[u8]) -> io::Result<()> {
        let zipped = self.zipped;
        let own = self.rooms.get_mut(array).ok_or_else(|| io::Error::other("no such array was declared"))?;
        let at = own.next;
        if bytes.len() as u64 > own.end - at {
            return Err(io::Error::other(format!("{:?} has more elements than were declared", own.record.name)));
        }
        own.next += bytes.len() as u64;
        let mut bytes = Cow::Borrowed(bytes);
        if cfg!(target_endian = "big") {
            own.dtype.swap(bytes.to_mut());
        }
        if zipped {
            own.crc.update(&bytes);
        }
        self.write_at(at, &bytes)
    }

    /// Ends the file, once every array has all its elements; answers with the target.
    ///
    /// # Errors
    /// Where the file cannot be written or elements are missing.
    pub fn finish(mut self) -> io::Result<W> {
        if let Some(room) = self.rooms.iter().find(|room| room.next != room.end) {
            let (name, missing) = (&room.record.name, room.end - room.next);
            return Err(io::Error::other(format!("{name:?} lacks {missing} bytes of the elements that were declared")));
        }
        if self.zipped {
            let mut directory = Vec::new();
            for room in std::mem::take(&mut self.rooms) {
                let record = Record { crc: room.crc.finalize(), ..room.record };
                // Only now is the checksum known.
                self.write_at(record.start, &record.local())?;
                directory.push(record);
            }
            self.write_at(self.end, &Record::directory(&directory, self.end))?;
        }
        self.target.flush()?;
        Ok(self.target)
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if at != self.position {
            self.target.seek(SeekFrom::Start(at))?;
        }
        self.target.write_all(bytes)?;
        self.position = at + bytes.len() as u64;
        Ok(())
    }
}

impl Declared {
    /// Bytes of all its elements.
    fn bytes(&self) -> io::Result<u64> {
        let bytes = self.sizes.iter().try_fold(self.dtype.bytes() as u64, |bytes, &size| bytes.checked_mul(size as u64));
        bytes.filter(|&bytes| i64::try_from(bytes).is_ok()).ok_or_else(|| cannot_hold(self))
    }
}

fn cannot_hold(array: &Declared) -> io::Error {
    io::Error::other(format!("the file cannot hold an array of {:?} {}", array.sizes, array.dtype))
}
