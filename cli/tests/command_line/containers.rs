//! Arrays in NPZ and safetensors files: read by their names, written together, refused where the files are not what they should be.

use std::io::{Cursor, Read as _};

use plunge::Element;
use plunge_cli::array::{npz, safetensors};

use crate::{
    Desk, npy,
    refusals::Table,
    stderr, tensors,
    zip::{Member, archive},
};

const MAX: &str = r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#;
const GATED: &str = r#"{"op": "gated", "region": {"window": {"kernel_size": 2}}}"#;

fn le(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The array called `name` in an NPZ file.
fn member(file: &[u8], name: &str) -> Vec<u8> {
    let mut whole = Vec::new();
    zip::ZipArchive::new(Cursor::new(file)).unwrap().by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut whole).unwrap();
    whole
}

/// A folder with specs and one array, [1, 1, 4], in files of every kind.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("spec.json", MAX);
    desk.write("gated.json", GATED);
    let x = [1., 4., 3., 2.];
    let file = npy::f32s(&[1, 1, 4], &x);
    desk.write("x.npy", &file);
    desk.write("stored.npz", archive(&[Member::stored("x.npy", &file)]));
    let other = npy::f32s(&[1, 1, 2], &[9., 9.]);
    desk.write("several.npz", archive(&[Member::deflated("../b.npy", &other), Member::deflated("a/x.npy", &file)]));
    desk.write("one.safetensors", tensors::file(&[("x", "F32", &[1, 1, 4], &le(&x))]));
    let half = Element::Bf16.encode([0.5, 0.25]);
    let ids = [1i64, 2].iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>();
    desk.write(
        "several.safetensors",
        tensors::file(&[
            ("conv.w", "BF16", &[2], &half),
            ("conv:x", "F32", &[1, 1, 4], &le(&x)),
            ("ids", "I64", &[1, 1, 2], &ids),
        ]),
    );
    desk.write("w.npy", npy::file(">f2", &[2], &[0x38, 0, 0x34, 0]));
    desk
}

#[test]
fn arrays_are_read_by_their_names_or_alone() {
    let desk = desk();
    let before = desk.names();
    for input in
        ["stored.npz", "stored.npz:x", "stored.npz:x.npy", "several.npz:a/x", "one.safetensors", "several.safetensors:conv:x"]
    {
        desk.done(&format!("run spec.json {input} -o y.npy --indices i.npy --backend cpu"));
        assert_eq!(npy::read_f32s(&std::fs::read(desk.path("y.npy")).unwrap(), &[1, 1, 2]), [4., 3.], "{input}");
        assert_eq!(npy::read_i64s(&std::fs::read(desk.path("i.npy")).unwrap(), &[1, 1, 2]), [1, 2], "{input}");
    }
    std::fs::remove_file(desk.path("y.npy")).unwrap();
    std::fs::remove_file(desk.path("i.npy")).unwrap();
    assert_eq!(desk.names(), before, "names of arrays are no paths");
    // A file of the whole name is meant before an array in another.
    desk.write("stored.npz:x", npy::f32s(&[1, 1, 2], &[7., 8.]));
    desk.done("run spec.json stored.npz:x -o y.npy --backend cpu");
    assert_eq!(npy::read_f32s(&std::fs::read(desk.path("y.npy")).unwrap(), &[1, 1, 1]), [8.]);
}

#[test]
fn outputs_of_one_file_are_written_together() {
    let desk = desk();
    for (outputs, y, indices) in [
        ("-o all.npz:y --indices all.npz:i", "y", "i"),
        ("-o all.npz --indices ./all.npz", "y", "indices"),
        ("-o all.npz:indices --indices all.npz:y.npy", "indices", "y"),
    ] {
        desk.done(&format!("run spec.json x.npy {outputs} --backend cpu"));
        let file = std::fs::read(desk.path("all.npz")).unwrap();
        assert_eq!(npy::read_f32s(&member(&file, y), &[1, 1, 2]), [4., 3.], "{outputs}");
        assert_eq!(npy::read_i64s(&member(&file, indices), &[1, 1, 2]), [1, 2], "{outputs}");
        let line = format!("unpool spec.json all.npz:{y} all.npz:{indices} -o back.safetensors --backend cpu");
        desk.done(&line);
        let back = std::fs::read(desk.path("back.safetensors")).unwrap();
        assert_eq!(tensors::read(&back, "x", ::safetensors::Dtype::F32, &[1, 1, 4]), le(&[0., 4., 3., 0.]));
    }
    desk.done("run spec.json x.npy -o all.safetensors:a.b --indices all.safetensors --backend cpu");
    let file = std::fs::read(desk.path("all.safetensors")).unwrap();
    assert_eq!(tensors::read(&file, "a.b", ::safetensors::Dtype::F32, &[1, 1, 2]), le(&[4., 3.]));
    tensors::read(&file, "indices", ::safetensors::Dtype::I64, &[1, 1, 2]);
    desk.done("unpool spec.json all.safetensors:a.b several.safetensors:ids -o back.npz --backend cpu");
    let back = std::fs::read(desk.path("back.npz")).unwrap();
    assert_eq!(npy::read_f32s(&member(&back, "x"), &[1, 1, 4]), [0., 4., 3., 0.]);
    desk.done("grad gated.json x.npy all.safetensors:a.b -o g.npz --grad-weights g.npz --weights w.npy --backend cpu");
    let grads = std::fs::read(desk.path("g.npz")).unwrap();
    assert_eq!(npy::read_f32s(&member(&grads, "grad_x"), &[1, 1, 4]).len(), 4);
    assert_eq!(npy::read_f32s(&member(&grads, "grad_weights"), &[2]).len(), 2);
    let left: Vec<String> = desk.names().into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn weights_are_floats_of_any_type() {
    let desk = desk();
    desk.write("w4.npy", npy::f32s(&[2], &[0.5, 0.25]));
    let mut answers = Vec::new();
    for weights in ["w4.npy", "w.npy", "several.safetensors:conv.w"] {
        desk.done(&format!("run gated.json x.npy -o y.npy --weights {weights} --backend cpu"));
        answers.push(std::fs::read(desk.path("y.npy")).unwrap());
    }
    assert!(answers[0] == answers[1] && answers[0] == answers[2]);
}

#[test]
fn places_that_make_no_sense_are_refused() {
    let desk = desk();
    let (before, several) = (desk.names(), std::fs::read(desk.path("several.npz")).unwrap());
    for (line, named) in [
        ("run spec.json several.npz -o y.npy", r#"it holds 2 arrays, "../b", "a/x"; say which"#),
        ("run spec.json several.npz:x -o y.npy", r#"no array "x" in it; it holds "../b", "a/x""#),
        ("run spec.json several.safetensors -o y.npy", r#"it holds 3 arrays, "conv.w", "conv:x", "ids""#),
        ("run spec.json several.safetensors:conv -o y.npy", r#"no array "conv""#),
        ("run spec.json several.safetensors:conv.w -o y.npy", "several.safetensors:conv.w: invalid shape [2]"),
        ("run spec.json several.safetensors:ids -o y.npy", "invalid element type \"I64\""),
        ("run spec.json absent.npz:x -o y.npy", "cannot read absent.npz"),
        ("run spec.json stored.npz: -o y.npy", "no name follows the colon"),
        ("run spec.json x.npy -o y.safetensors:__metadata__", "for what is no tensor"),
        ("run spec.json x.npy -o nowhere/y.npz:y", "there is no folder nowhere"),
        ("run spec.json x.npy -o y.npz:y --indices y.npz:y", "the same array of the same file"),
        ("run spec.json x.npy -o y.npz --indices ./y.npz:y", "the same array of the same file"),
        ("run spec.json stored.npz -o stored.npz:y", "would replace the input stored.npz"),
        ("run spec.json several.npz:a/x -o y.npy --indices ./several.npz:i", "would replace the input several.npz:a/x"),
        ("unpool spec.json x.npy several.safetensors:ids -o several.safetensors", "would replace the input"),
        (
            "grad gated.json x.npy x.npy -o several.safetensors:g --weights several.safetensors:conv.w",
            "would replace the input",
        ),
        ("run gated.json x.npy -o y.npy --weights several.safetensors:ids", "invalid element type"),
        ("unpool spec.json x.npy one.safetensors -o y.npy", "it must be int32 or int64"),
    ] {
        let output = desk.run(&format!("{line} --backend cpu"));
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(named), "{line}: {}", stderr(&output));
    }
    assert_eq!(desk.names(), before);
    assert_eq!(std::fs::read(desk.path("several.npz")).unwrap(), several);
}

#[test]
fn bad_archives() {
    let mut table = Table::of("bad.npz");
    let file = npy::f32s(&[1, 1, 2, 2], &[1., 2., 3., 4.]);
    let zeros = npy::f32s(&[1, 1, 64, 64], &[0.; 4096]);
    let (plain, deflated) = (Member::stored("x.npy", &file), Member::deflated("x.npy", &zeros));
    let good = archive(std::slice::from_ref(&plain));
    let with = |change: &dyn Fn(&mut Member), member: &Member| {
        let mut member = member.clone();
        change(&mut member);
        archive(&[member])
    };
    let longer = |member: &Member, by: u32| with(&|member| member.size += by, member);
    let mut damaged = good.clone();
    let last = file.len() + 30 + 5 - 1;
    damaged[last] ^= 1;
    let mut many = good.clone();
    let count = many.len() - 14;
    many[count..count + 4].fill(0xff);
    let cut = npy::with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 9), }", &[0; 16]);
    let vast = npy::with_header("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1099511627776), }", &[0; 16]);
    for (what, bytes, named) in [
        ("empty", vec![], "malformed NPZ file"),
        ("an NPY file", file.clone(), "malformed NPZ file"),
        ("cut short", good[..good.len() / 2].to_vec(), "malformed NPZ file"),
        ("without its last byte", good[..good.len() - 1].to_vec(), "malformed NPZ file"),
        ("a directory of 65,535 where one is", many, "malformed NPZ file"),
        ("no members", archive(&[]), "it holds no arrays"),
        ("only a folder", archive(&[Member::stored("x/", b"")]), "it holds no arrays"),
        ("no NPY member", archive(&[Member::stored("x.txt", b"text")]), "it holds no arrays"),
        ("two of one name", archive(&[plain.clone(), plain.clone()]), "two of its arrays have the same name"),
        ("encrypted", with(&|member| member.flags = 1, &plain), "it is encrypted"),
        ("bzip2", with(&|member| member.method = 12, &plain), "stored and deflated arrays can be read"),
        ("a method that nobody knows", with(&|member| member.method = 777, &plain), "stored and deflated arrays can be read"),
        ("a wrong checksum", with(&|member| member.crc ^= 1, &plain), "its checksum is wrong"),
        ("a wrong checksum, deflated", with(&|member| member.crc ^= 1, &deflated), "its checksum is wrong"),
        ("a damaged value", damaged, "its checksum is wrong"),
        ("claims more than the file", with(&|m| (m.stored, m.size) = (1 << 30, 1 << 30), &plain), "and the file has"),
        ("stored, but not its size", longer(&plain, 1), "that is not compressed"),
        ("a header far away", with(&|member| member.start = Some(1 << 30), &plain), "malformed NPZ file"),
        ("no header where it should be", with(&|member| member.start = Some(1), &plain), "malformed NPZ file"),
        ("claims 4 GiB of a few bytes", with(&|member| member.size = u32::MAX - 1, &deflated), "deflated ones"),
        ("inflates to less than it claims", longer(&deflated, 4), "bytes left over"),
        ("inflates to more than it claims", with(&|member| member.size -= 4, &deflated), "is cut short"),
        ("inflated data end early", with(&|m| m.size += 4, &Member::deflated("x.npy", &cut)), "is cut short"),
        ("no deflated data", with(&|member| member.data.fill(0xff), &deflated), "malformed NP"),
        ("half the deflated data", with(&|m| (m.data, m.stored) = (m.data[..20].to_vec(), 20), &deflated), "malformed NP"),
        ("no array", archive(&[Member::stored("x.npy", b"not an array")]), "does not start as NPY"),
        ("an array cut short", archive(&[Member::stored("x.npy", &cut)]), "is cut short"),
        ("an array of 1 TiB", archive(&[Member::deflated("x.npy", &vast)]), "is cut short"),
        (
            "an array of f64",
            archive(&[Member::stored("x.npy", &npy::file("<f8", &[1], &[0; 8]))]),
            "invalid element type \"<f8\"",
        ),
    ] {
        table.refuses(what, bytes, "run spec.json bad.npz -o y.npz --indices y.npz:i --backend cpu", named);
    }
    table.done(25);
}

/// A member that really inflates to less, or more, than its header and its directory claim: only reading tells.
#[test]
fn inflated_data_are_counted() {
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 5000), }";
    for (bytes, named) in [(4000, "cut short, 1000 bytes before its end"), (6000, "left over after its last element")] {
        let mut own = Member::deflated("x.npy", &npy::with_header(text, &vec![3; bytes]));
        own.size = u32::try_from(npy::with_header(text, &[3; 5000]).len()).unwrap();
        let file = archive(&[own]);
        let said = npz::open(Cursor::new(&file[..]), None).unwrap().whole().unwrap_err().to_string();
        assert!(said.contains(named), "{said}");
    }
    let mut own =
        npz::open(Cursor::new(archive(&[Member::deflated("x.npy", &npy::with_header(text, &[3; 5000]))])), None).unwrap();
    let (mut part, mut read) = (Vec::new(), 0);
    while own.part(777, &mut part).unwrap() > 0 {
        assert!(part.iter().all(|&byte| byte == 3));
        read += part.len();
    }
    assert_eq!(read, 5000);
}

#[test]
fn bad_tensors() {
    let mut table = Table::of("bad.safetensors");
    let good = tensors::file(&[("x", "F32", &[1, 1, 2, 2], &le(&[1., 2., 3., 4.]))]);
    let entry = |name: &str, dtype: &str, shape: &str, offsets: &str| {
        format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}"#)
    };
    let one = |dtype: &str, shape: &str, offsets: &str| {
        tensors::with_header(&format!("{{{}}}", entry("x", dtype, shape, offsets)), &[0; 16])
    };
    let two = |first: &str, second: &str| {
        let header = format!("{{{},{}}}", entry("x", "U8", "[8]", first), entry("y", "U8", "[8]", second));
        tensors::with_header(&header, &[0; 16])
    };
    let long = tensors::with_header(&format!("{{{}}}", " ".repeat(16 << 20)), &[]);
    let axes = format!("[{}16]", "1,".repeat(40));
    for (what, bytes, named) in [
        ("empty", vec![], "ends within the length of its header"),
        ("seven bytes", vec![0; 7], "ends within the length of its header"),
        ("a header longer than the file", [&[0xff; 8][..], b"{}"].concat(), "claims 18446744073709551615 bytes"),
        ("one byte longer", [&3u64.to_le_bytes()[..], b"{}"].concat(), "claims 3 bytes, and the file has 2"),
        ("a header of more than 16 MiB", long, "16777216 are the most"),
        ("no header", tensors::with_header("", &[0; 16]), "malformed safetensors file: its header"),
        ("no JSON", tensors::with_header("x is F32", &[0; 16]), "malformed safetensors file: its header"),
        ("no text", [&2u64.to_le_bytes()[..], &[0xff; 2]].concat(), "malformed safetensors file: its header"),
        ("a list", tensors::with_header("[]", &[]), "an object of tensors"),
        ("deep", tensors::with_header(&"{\"x\":".repeat(10_000), &[]), "malformed safetensors file: its header"),
        ("cut short in its header", good[..30].to_vec(), "and the file has"),
        ("something after the header", tensors::with_header("{} x", &[]), "trailing characters"),
        ("no tensors", tensors::with_header("{}", &[]), "it holds no arrays"),
        ("metadata only", tensors::with_header(r#"{"__metadata__":{"format":"pt"}}"#, &[]), "it holds no arrays"),
        (
            "metadata that are no strings",
            tensors::with_header(r#"{"__metadata__":{"format":1}}"#, &[]),
            "malformed safetensors",
        ),
        ("a type that nobody knows", one("F33", "[4]", "[0,16]"), "unknown variant `F33`"),
        ("f64", one("F64", "[2]", "[0,16]"), "invalid element type \"F64\""),
        ("one name twice", tensors::file(&[("x", "U8", &[1], &[1]), ("x", "U8", &[1], &[2])]), "\"x\" twice"),
        ("a field twice", tensors::with_header(r#"{"x":{"dtype":"U8","dtype":"U8"}}"#, &[]), "duplicate field"),
        ("a field that lacks", tensors::with_header(r#"{"x":{"dtype":"U8","shape":[0]}}"#, &[]), "missing field"),
        ("overlapping", two("[0,8]", "[4,12]"), "where another does not end before 8"),
        ("the same data twice", two("[0,8]", "[0,8]"), "where another does not end before 8"),
        ("a hole", two("[0,8]", "[9,17]"), "\"y\" ends at byte 17"),
        ("a hole within", two("[8,16]", "[8,16]"), "no other fills the bytes from 0 on"),
        ("out of range", one("F32", "[4]", "[16,32]"), "ends at byte 32 of the data, and the file has 16"),
        ("out of every range", one("F32", "[4]", "[0,18446744073709551615]"), "and the file has 16"),
        ("misordered", one("F32", "[4]", "[16,0]"), "before it begins"),
        ("negative", one("F32", "[4]", "[-16,0]"), "malformed safetensors file: its header"),
        ("fractional", one("F32", "[4]", "[0,16.0]"), "malformed safetensors file: its header"),
        ("sizes of less", one("F32", "[3]", "[0,16]"), "which is not its size"),
        ("sizes of more", one("F32", "[5]", "[0,16]"), "which is not its size"),
        ("sizes beyond 64 bits", one("F32", "[4294967296,4294967296,4294967296]", "[0,16]"), "which is not its size"),
        ("sizes that come round to nothing", one("F32", "[4611686018427387904,4]", "[0,16]"), "which is not its size"),
        ("a negative size", one("F32", "[-4]", "[0,16]"), "malformed safetensors file: its header"),
        ("41 axes", one("U8", &axes, "[0,16]"), "more than 32 axes"),
        ("one byte short", good[..good.len() - 1].to_vec(), "and the file has 15"),
        ("one byte more", [good, vec![0]].concat(), "bytes left over"),
    ] {
        table.refuses(what, bytes, "run spec.json bad.safetensors -o y.safetensors --backend cpu", named);
    }
    table.done(30);
}

#[test]
fn safetensors_that_others_write_are_read() {
    // Padded with spaces, with metadata, the header's order not that of the data.
    let header = r#"{"__metadata__":{"format":"pt"},"b":{"dtype":"I8","shape":[2],"data_offsets":[4,6]},"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}   "#;
    let file = tensors::with_header(header, &[0, 0x3c, 0, 0xc0, 5, 0xff]);
    let read = |name| safetensors::open(Cursor::new(&file[..]), Some(name)).unwrap().whole().unwrap();
    assert_eq!(*read("a").values_f32(), [1., -2.]);
    assert_eq!(*read("b").values_f32(), [5., -1.]);
}
