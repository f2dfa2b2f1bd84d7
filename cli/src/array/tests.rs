//! Arrays written and read back, in parts of any size, by this module and by readers that are not its own.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "tests")]

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read, Seek, SeekFrom, Write},
};

use super::*;

const DTYPES: [Dtype; 8] = [
    Dtype::Element(Element::F32),
    Dtype::Element(Element::F16),
    Dtype::Element(Element::Bf16),
    Dtype::Element(Element::U8),
    Dtype::Element(Element::I8),
    Dtype::Element(Element::I32),
    Dtype::I64,
    Dtype::Bool,
];
const CONTAINERS: [Container; 3] = [Container::Npy, Container::Npz, Container::Safetensors];
const SIZES: [&[usize]; 6] = [&[], &[7], &[3, 5], &[2, 3, 1, 4], &[2, 0, 3], &[1, 2, 2, 2, 2]];

/// As many bytes as an array has, none of them like its neighbours.
fn bytes(dtype: Dtype, sizes: &[usize]) -> Vec<u8> {
    (0..sizes.iter().product::<usize>() * dtype.bytes()).map(|at| (at * 37 % 251) as u8).collect()
}

fn declared(name: &str, dtype: Dtype, sizes: &[usize]) -> Declared {
    Declared { name: name.into(), dtype, sizes: sizes.to_vec() }
}

fn opened<'a>(container: Container, file: &'a [u8], name: Option<&str>) -> Result<Source<'a>, Failure> {
    match container {
        Container::Npy => npy::open(file, file.len() as u64),
        Container::Npz => npz::open(Cursor::new(file), name),
        Container::Safetensors => safetensors::open(Cursor::new(file), name),
    }
}

/// All elements of `source`, read in parts of these many, over and over.
fn in_parts(mut source: Source<'_>, counts: &[usize]) -> Vec<u8> {
    let (mut all, mut part) = (Vec::new(), Vec::new());
    for count in counts.iter().cycle() {
        let read = source.part(*count, &mut part).unwrap();
        assert_eq!(part.len(), read * source.dtype().bytes());
        if read == 0 {
            break;
        }
        all.extend_from_slice(&part);
    }
    all
}

#[test]
fn every_type_comes_back_from_every_container() {
    for (container, dtype, sizes) in
        CONTAINERS.iter().flat_map(|&c| DTYPES.iter().flat_map(move |&d| SIZES.iter().map(move |&s| (c, d, s))))
    {
        let what = format!("{container} {dtype} {sizes:?}");
        let expected = bytes(dtype, sizes);
        let sink = Sink::begin(Cursor::new(Vec::new()), container, &[declared("x", dtype, sizes)]);
        if dtype.check(container).is_err() {
            assert!(dtype == Dtype::Element(Element::Bf16) && sink.is_err(), "{what}");
            continue;
        }
        let mut sink = sink.unwrap();
        for part in expected.chunks(3 * dtype.bytes()) {
            sink.append(0, part).unwrap();
        }
        assert!(sink.append(0, &[0; 8]).is_err(), "{what}: more than was declared");
        let file = sink.finish().unwrap().into_inner();
        for counts in [&[1][..], &[2, 5], &[usize::MAX]] {
            let source = opened(container, &file, None).unwrap();
            assert_eq!((source.dtype(), source.sizes()), (dtype, sizes), "{what}");
            assert_eq!(in_parts(source, counts), expected, "{what} {counts:?}");
        }
        if let Dtype::Element(element) = dtype {
            let array = Array { element, sizes: sizes.to_vec(), bytes: expected };
            assert_eq!(opened(container, &file, Some("x")).unwrap().whole(), Ok(array), "{what}");
        } else {
            assert!(opened(container, &file, None).unwrap().whole().is_err(), "{what}");
        }
    }
}

#[test]
fn both_byte_orders_and_both_orders_of_axes_are_the_same_array() {
    let sizes = [2, 3, 4];
    for (descr, dtype) in
        [("f4", DTYPES[0]), ("f2", DTYPES[1]), ("u1", DTYPES[3]), ("i1", DTYPES[4]), ("i4", DTYPES[5]), ("i8", DTYPES[6])]
    {
        let expected = bytes(dtype, &sizes);
        let elements: Vec<&[u8]> = expected.chunks(dtype.bytes()).collect();
        for big_endian in [false, true] {
            for column_major in [false, true] {
                let mut data = Vec::new();
                for at in 0..24 {
                    // The element that stands here where the first axis is the fastest.
                    let own = if column_major { at % 2 * 12 + at / 2 % 3 * 4 + at / 6 } else { at };
                    let mut element = elements[own].to_vec();
                    if big_endian != cfg!(target_endian = "big") {
                        element.reverse();
                    }
                    data.extend(element);
                }
                let (order, fortran) = (if big_endian { '>' } else { '<' }, if column_major { "True" } else { "False" });
                let text = format!("{{'descr': '{order}{descr}', 'fortran_order': {fortran}, 'shape': (2, 3, 4), }}");
                let file = [&b"\x93NUMPY\x01\x00"[..], &(text.len() as u16).to_le_bytes(), text.as_bytes(), &data].concat();
                for counts in [&[1][..], &[5], &[usize::MAX]] {
                    let source = opened(Container::Npy, &file, None).unwrap();
                    assert_eq!(in_parts(source, counts), expected, "{text} {counts:?}");
                }
            }
        }
    }
}

#[test]
fn arrays_of_one_file_take_turns_and_others_read_them() {
    let arrays = [
        declared("i", DTYPES[3], &[5]),
        declared("a/ö", DTYPES[6], &[2, 2]),
        declared("y", DTYPES[1], &[3]),
        declared("none", DTYPES[0], &[0]),
    ];
    let data: Vec<Vec<u8>> = arrays.iter().map(|array| bytes(array.dtype, &array.sizes)).collect();
    for container in [Container::Npz, Container::Safetensors] {
        let mut sink = Sink::begin(Cursor::new(Vec::new()), container, &arrays).unwrap();
        for step in 0..5 {
            for (at, array) in arrays.iter().enumerate() {
                if let Some(element) = data[at].chunks(array.dtype.bytes()).nth(step) {
                    sink.append(at, element).unwrap();
                }
            }
        }
        let file = sink.finish().unwrap().into_inner();
        for (array, data) in arrays.iter().zip(&data) {
            let source = opened(container, &file, Some(&array.name)).unwrap();
            assert_eq!(in_parts(source, &[2]), *data, "{container} {}", array.name);
        }
        let said = opened(container, &file, None).err().unwrap().to_string();
        assert!(said.contains("it holds 4 arrays"), "{said}");
        if container == Container::Npz {
            let mut archive = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
            archive.validate_header_consistency().unwrap();
            for (at, data) in data.iter().enumerate() {
                let mut whole = Vec::new();
                archive.by_index(at).unwrap().read_to_end(&mut whole).unwrap();
                assert!(whole.ends_with(data) && whole.starts_with(b"\x93NUMPY"));
            }
        } else {
            let tensors = ::safetensors::SafeTensors::deserialize(&file).unwrap();
            for (array, data) in arrays.iter().zip(&data) {
                let tensor = tensors.tensor(&array.name).unwrap();
                assert_eq!((tensor.shape(), tensor.data()), (&array.sizes[..], &data[..]));
            }
        }
    }
}

#[test]
fn files_that_lack_elements_are_not_ended() {
    for container in CONTAINERS {
        let mut sink = Sink::begin(Cursor::new(Vec::new()), container, &[declared("x", DTYPES[0], &[2])]).unwrap();
        sink.append(0, &[0; 4]).unwrap();
        assert!(sink.append(1, &[0; 4]).is_err());
        assert!(sink.finish().unwrap_err().to_string().contains("lacks 4 bytes"), "{container}");
    }
    assert!(Sink::begin(Cursor::new(Vec::new()), Container::Npy, &[]).is_err());
    let same = [declared("x", DTYPES[0], &[1]), declared("x", DTYPES[1], &[1])];
    assert!(Sink::begin(Cursor::new(Vec::new()), Container::Npz, &same).is_err());
    let twice = [declared("x", DTYPES[0], &[usize::MAX, 2]), declared("y", DTYPES[0], &[1])];
    assert!(Sink::begin(Cursor::new(Vec::new()), Container::Safetensors, &twice).is_err());
}

/// A file that keeps no blocks of zeros.
#[derive(Default)]
struct Sparse {
    blocks: BTreeMap<u64, Vec<u8>>,
    position: u64,
    length: u64,
}

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().any(|&byte| byte != 0) {
            self.blocks.insert(self.position, bytes.to_vec());
        }
        self.position += bytes.len() as u64;
        self.length = self.length.max(self.position);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.length.saturating_sub(self.position)).unwrap());
        buffer[..count].fill(0);
        for (&start, block) in self.blocks.range(..self.position + count as u64) {
            let from = start.max(self.position);
            let to = (start + block.len() as u64).min(self.position + count as u64);
            if from < to {
                let [into, own] = [from - self.position, from - start].map(|at| at as usize);
                let size = (to - from) as usize;
                buffer[into..into + size].copy_from_slice(&block[own..own + size]);
            }
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.length.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?,
            SeekFrom::Current(by) => self.position.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?,
        };
        Ok(self.position)
    }
}

#[test]
fn archives_beyond_4_gib_are_zip64() {
    let (block, blocks) = (vec![0; 1 << 24], 257);
    let arrays = [declared("large", DTYPES[3], &[blocks, 1 << 24]), declared("small", DTYPES[3], &[3])];
    let mut sink = Sink::begin(Sparse::default(), Container::Npz, &arrays).unwrap();
    sink.append(1, &[7, 8, 9]).unwrap();
    for _ in 0..blocks {
        sink.append(0, &block).unwrap();
    }
    let mut file = sink.finish().unwrap();
    let small = npz::open(&mut file, Some("small")).unwrap().whole().unwrap();
    assert_eq!(small.bytes, [7, 8, 9]);
    let mut large = npz::open(&mut file, Some("large")).unwrap();
    assert_eq!(large.elements(), blocks << 24);
    let mut part = vec![1];
    assert_eq!(large.part(1000, &mut part), Ok(1000));
    assert_eq!(part, [0; 1000]);
}

#[test]
fn values_become_f32() {
    for element in Element::ALL {
        let bytes = element.encode([1.0, 2.0, 100.0]);
        let array = Array { element, sizes: vec![3], bytes };
        assert_eq!(*array.values_f32(), [1.0, 2.0, 100.0], "{element}");
    }
}
