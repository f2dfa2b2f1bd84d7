//! Bad specs, arrays, pictures and usages: each exit 2, one sentence on stderr, and no file written.

use std::time::{Duration, Instant};

use crate::{Desk, npy, report, stderr, stdout};

/// Collects what goes wrong for a table of refusals.
pub(crate) struct Table {
    pub(crate) desk: Desk,
    /// The name of the file that each row writes.
    bad: &'static str,
    before: Vec<String>,
    failures: Vec<String>,
    rows: usize,
}

impl Table {
    /// A folder with a good spec, array and picture in it.
    fn new() -> Self {
        Self::of("bad")
    }

    /// The same, with another name for what each row writes.
    pub(crate) fn of(bad: &'static str) -> Self {
        let desk = Desk::new();
        desk.write("spec.json", r#"{"op": "max", "region": "global"}"#);
        desk.write("x.npy", npy::f32s(&[1, 1, 2, 2], &[1., 2., 3., 4.]));
        let pixels = image::RgbaImage::from_raw(2, 2, vec![9; 16]).unwrap();
        image::DynamicImage::ImageRgba8(pixels).save(desk.path("in.png")).unwrap();
        desk.write(bad, "");
        Self { before: desk.names(), desk, bad, failures: Vec::new(), rows: 0 }
    }

    /// Takes what is in the folder now for what is left there after a refusal.
    pub(crate) fn look_again(&mut self) {
        self.before = self.desk.names();
    }

    /// Runs `line`, with the bad file holding `bytes`, and expects a refusal that contains `named`.
    pub(crate) fn refuses(&mut self, what: &str, bytes: impl AsRef<[u8]>, line: &str, named: &str) {
        self.desk.write(self.bad, bytes);
        self.rows += 1;
        let started = Instant::now();
        let output = self.desk.run(line);
        let said = stderr(&output);
        let mut fail = |why: &str| self.failures.push(format!("{what} ({line}): {why}; it said {said}"));
        if output.status.code() != Some(2) {
            fail(&format!("{:?}", output.status));
        }
        if !said.contains(named) {
            fail(&format!("lacks {named:?}"));
        }
        if !stdout(&output).is_empty() {
            fail("speaks on stdout");
        }
        if said.contains("panicked") || started.elapsed() > Duration::from_secs(20) {
            fail("panicked or took too long");
        }
        if self.desk.names() != self.before {
            fail(&format!("leaves {:?}", self.desk.names()));
        }
    }

    pub(crate) fn done(self, least: usize) {
        report(&self.failures);
        assert!(self.rows >= least);
    }
}

#[test]
fn bad_specs() {
    let mut table = Table::new();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = " ".repeat((1 << 20) + 1);
    for (spec, named) in [
        ("", "malformed spec: EOF"),
        ("max", "malformed spec"),
        ("{\"op\": \"max\", \"region\": \"global\"} extra", "trailing characters"),
        ("\u{feff}{\"op\": \"max\", \"region\": \"global\"}", "malformed spec"),
        (deep.as_str(), "malformed spec"),
        (long.as_str(), "larger than 1 MiB"),
        (r#"{"op": "max"}"#, "missing field `region`"),
        (r#"{"op": "max", "region": "global", "stride": 2}"#, "unknown field `stride`"),
        (r#"{"op": "max", "op": "max", "region": "global"}"#, "duplicate field `op`"),
        (r#"{"op": "maximum", "region": "global"}"#, "unknown variant `maximum`"),
        (r#"{"op": {"max": {"p": 2}}, "region": "global"}"#, "unknown field `p`"),
        (r#"{"op": "lp", "region": "global"}"#, "missing field `p`"),
        (r#"{"op": {"lp": {"p": 0.5}}, "region": "global"}"#, "invalid p"),
        (r#"{"op": {"lp": {"p": NaN}}, "region": "global"}"#, "malformed spec"),
        (r#"{"op": {"gaussian": {"sigma": 0}}, "region": "global"}"#, "invalid sigma"),
        (r#"{"op": {"average": {"divisor_override": 0}}, "region": "global"}"#, "invalid divisor_override"),
        (
            r#"{"op": {"average": {"divisor_override": 2, "sqrt_divisor": true}}, "region": "global"}"#,
            "invalid divisor_override",
        ),
        (r#"{"op": {"weighted": {"preset": "binomial"}}, "region": "global"}"#, "unsupported: weighted over global"),
        (r#"{"op": {"rank": {"q": 1.5}}, "region": "global"}"#, "invalid q: 1.5"),
        (r#"{"op": "max", "region": {"segments": {"count": 3}}}"#, "--segments is missing"),
        (r#"{"op": "max", "region": "global", "activation": "swish"}"#, "swish"),
        (r#"{"op": {"gem": {"p": 0.5}}, "region": "global"}"#, "invalid p: 0.5"),
        (r#"{"op": {"mixed": {"alpha": 2}}, "region": "global"}"#, "invalid alpha: 2"),
        (r#"{"op": {"soft": {"beta": "inf"}}, "region": "global"}"#, "inf"),
        (
            r#"{"op": "max", "region": {"window": {"kernel_size": 2, "padding_mode": "wrap", "padding": 1}}}"#,
            "unknown variant `wrap`",
        ),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 0}}}"#, "kernel_size on spatial axis 0"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 3}}}"#, "small enough for one window"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 3.0}}}"#, "whole number"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": [2, 2, 2]}}}"#, "3 entries, and the input's spatial axes are 2"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 2, "padding": 2}}}"#, "invalid padding"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 2, "stride": 0}}}"#, "invalid stride"),
        (r#"{"op": "max", "region": {"adaptive": {"output_size": 0}}}"#, "invalid output_size"),
        // Sizes that would take memory or time without bound.
        (r#"{"op": "max", "region": {"adaptive": {"output_size": 65535}}}"#, "unsupported number of outputs"),
        (r#"{"op": "max", "region": {"adaptive": {"output_size": 4294967295}}}"#, "unsupported output_size"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 1000000, "stride": 100, "padding": 999999}}}"#, "unsupported"),
        (
            r#"{"op": "max", "region": {"window": {"kernel_size": 900000000, "stride": 900000, "padding": 899999999}}}"#,
            "unsupported",
        ),
    ] {
        table.refuses(spec.get(..spec.len().min(100)).unwrap_or("long"), spec, "run bad x.npy -o y.npy --backend cpu", named);
    }
    for op in ["sum", "average", "std"] {
        let spec = format!(r#"{{"op": "{op}", "region": "global"}}"#);
        for backend in ["cpu", "vulkan"] {
            let line = format!("run bad x.npy -o y.npy --indices i.npy --backend {backend}");
            table.refuses(op, &spec, &line, &format!("unsupported: indices of {op}"));
        }
    }
    table.refuses("no spec", "", "run absent.json x.npy -o y.npy", "cannot read absent.json");
    table.refuses("a folder", "", "run . x.npy -o y.npy", "cannot read .");
    table.done(40);
}

#[test]
fn bad_arrays() {
    let mut table = Table::new();
    let header = |text: &str| npy::with_header(text, &[0; 16]);
    let shape = |shape: &str| header(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"));
    let element = |descr: &str, bytes: usize| npy::file(descr, &[1, 1, 2, 2], &vec![0; 4 * bytes]);
    let good = npy::f32s(&[1, 1, 2, 2], &[1., 2., 3., 4.]);
    let claims = |bytes: [u8; 4]| [b"\x93NUMPY\x02\x00", &bytes[..], b"{'descr': '<f4'"].concat();
    for (what, bytes, named) in [
        ("empty", vec![], "does not start as NPY"),
        ("not NPY", b"PK\x03\x04 a zip file".to_vec(), "does not start as NPY"),
        ("magic only", b"\x93NUMPY".to_vec(), "does not start as NPY"),
        ("no header length", b"\x93NUMPY\x01\x00".to_vec(), "ends within its header"),
        ("version 9", b"\x93NUMPY\x09\x00\x10\x00".to_vec(), "version 9.0"),
        ("header longer than the file", claims([0xff; 4]), "claims 4294967295 bytes"),
        ("header of 20 kB", npy::with_header(&" ".repeat(20_000), &[]), "10000 are the most"),
        ("header not text", npy::with_header("", &[]), "'{' belongs"),
        ("header in Latin-1", [b"\x93NUMPY\x01\x00\x01\x00\xff".to_vec(), vec![0; 16]].concat(), "is not text"),
        ("deep header", header(&"(".repeat(9000)), "'{' belongs"),
        ("no shape", header("{'descr': '<f4', 'fortran_order': False}"), "lacks \"shape\""),
        ("shape twice", header("{'shape': (1,), 'shape': (1,)}"), "\"shape\" twice"),
        ("unknown key", header("{'descr': '<f4', 'colour': 1}"), "key \"colour\""),
        ("after the brace", header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 4), } x"), "goes on after"),
        ("fortran_order a number", header("{'fortran_order': 1}"), "neither True nor False"),
        ("negative size", shape("(1, 1, -4)"), "\"-4"),
        ("fractional size", shape("(1, 1, 4.0)"), "\".0"),
        ("size beyond 64 bits", shape("(1, 1, 99999999999999999999)"), "belongs"),
        ("elements beyond 64 bits", shape("(4294967296, 4294967296, 4294967296)"), "larger than any file"),
        ("claims 4 EiB", shape("(1, 1, 1152921504606846975)"), "is cut short"),
        ("claims 4 TiB", shape("(1, 1, 1048576, 1048576)"), "is cut short"),
        ("one value short", good[..good.len() - 4].to_vec(), "is cut short"),
        ("one byte short", good[..good.len() - 1].to_vec(), "is cut short"),
        ("trailing bytes", [good.clone(), vec![0]].concat(), "bytes left over"),
        ("f64", element("<f8", 8), "invalid element type \"<f8\""),
        ("i64", element("<i8", 8), "invalid element type"),
        ("pickled", element("|O", 8), "invalid element type"),
        ("structured", header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }"), "a structured array"),
        ("a scalar", shape("()"), "left over"),
        ("two axes", shape("(2, 2)"), "N and C first"),
        ("six axes", shape("(1, 1, 1, 1, 2, 2)"), "N and C first"),
        ("a spatial axis of 0", npy::f32s(&[1, 1, 0, 2], &[]), "at least 1 on every spatial axis"),
        ("a huge axis and none", npy::f32s(&[1, 0, 1 << 40], &[]), "unsupported spatial axis"),
    ] {
        table.refuses(what, bytes, "run spec.json bad -o y.npy --indices i.npy --backend cpu", named);
    }
    table.refuses("no array", "", "run spec.json absent.npy -o y.npy", "cannot read absent.npy");
    table.refuses("a folder", "", "run spec.json . -o y.npy", "not a regular file");
    table.done(31);
}

#[test]
fn bad_pictures() {
    let mut table = Table::new();
    let png = std::fs::read(table.desk.path("in.png")).unwrap();
    let mut giant = png.clone();
    // 2³⁰ pixels a side; then a checksum that is right would not help either.
    giant[16..24].copy_from_slice(&[0x40, 0, 0, 0, 0x40, 0, 0, 0]);
    let mut damaged = png.clone();
    let middle = png.len() / 2;
    damaged[middle] ^= 0x55;
    for (what, bytes, named) in [
        ("empty", vec![], "not a picture"),
        ("text", b"just some text, no picture".to_vec(), "not a picture"),
        ("GIF", b"GIF89a\x01\x00\x01\x00\x00\x00\x00".to_vec(), "unsupported picture"),
        ("cut short", png[..png.len() / 2].to_vec(), "malformed picture"),
        ("signature only", png[..8].to_vec(), "malformed picture"),
        ("damaged", damaged, "malformed picture"),
        ("giant", giant, "picture"),
        ("JPEG without a picture", vec![0xff, 0xd8, 0xff, 0xe0, 0, 16], "malformed picture"),
        ("BMP without a picture", b"BM\x46\0\0\0\0\0\0\0".to_vec(), "malformed picture"),
        (
            "BMP that claims 16 Gpixel",
            [b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\0\0\x02\0\0\0\x02\0\x01\0\x18\0".to_vec(), vec![0; 24]].concat(),
            "picture",
        ),
        ("WebP without a picture", b"RIFF\x10\0\0\0WEBPVP8L".to_vec(), "malformed picture"),
    ] {
        table.refuses(what, &bytes, "image bad -o out.png --op max --kernel-size 2 --backend cpu", named);
        table.refuses(what, &bytes, "image in.png bad -o out --op max --kernel-size 2 --backend cpu", "bad: ");
    }
    table.refuses("no picture", "", "image absent.png -o out.png --op max --global", "cannot read absent.png");
    table.refuses(
        "a folder",
        "",
        "image . -o out.png --op max --global",
        "out.png: it names a picture, and several want a folder",
    );
    table.done(12);
}

#[test]
fn bad_usages() {
    let mut table = Table::new();
    let image = "image in.png -o out.png --backend cpu";
    for (flags, named) in [
        ("--op max", "--kernel-size"),
        ("--kernel-size 2", "--op"),
        ("--op max --kernel-size 2 --global", "cannot be used with"),
        ("--op max --kernel-size 2 --output-size 1", "cannot be used with"),
        ("--op maximum --global", "unknown variant `maximum`"),
        ("--op gated --global", "unsupported: gated over global"),
        ("--op rank --global", "--op rank needs --q"),
        ("--op gem --global", "--op gem needs --p"),
        ("--op max --alpha 0.5 --global", "--alpha is for --op mixed"),
        ("--op mixed --alpha 1.5 --global", "invalid alpha: 1.5"),
        ("--op max --activation swish --global", "swish"),
        ("--op max --global --p 2", "--p is for --op lp and gem; --op max does not use it"),
        ("--op lp --global", "--op lp needs --p"),
        ("--op lp --p nan --global", "not a finite number"),
        ("--op lp --p 0.5 --global", "invalid p"),
        ("--op lp --p -1 --global", "invalid p"),
        ("--op gaussian --global", "--op gaussian needs --sigma"),
        ("--op gaussian --sigma inf --global", "not a finite number"),
        ("--op gaussian --sigma 1e-60 --global", "does not fit a 32-bit float"),
        ("--op gaussian --sigma 0 --global", "invalid sigma"),
        ("--op sum --sigma 1 --global", "--sigma is for --op gaussian"),
        ("--op max --count-include-pad --global", "--count-include-pad is for --op average"),
        ("--op std --divisor-override 2 --global", "--divisor-override is for --op average"),
        ("--op lp --p 2 --sqrt-divisor --global", "--sqrt-divisor is for --op average"),
        ("--op average --divisor-override 0 --global", "invalid divisor_override"),
        ("--op average --divisor-override 2 --sqrt-divisor --global", "invalid divisor_override"),
        ("--op average --count-include-pad=maybe --global", "invalid value 'maybe'"),
        ("--op max --global --stride 2", "--stride is for windows, --kernel-size; --global does not use it"),
        ("--op max --output-size 2 --padding 1", "--padding is for windows, --kernel-size; --output-size does not use it"),
        ("--op max --global --dilation 1", "--dilation is for windows"),
        ("--op max --global --ceil-mode", "--ceil-mode is for windows"),
        ("--op max --kernel-size 0", "invalid kernel_size"),
        ("--op max --kernel-size 3", "small enough for one window"),
        ("--op max --kernel-size 1x2x3", "a picture has two axes"),
        ("--op max --kernel-size 2,2", "not a whole number"),
        ("--op max --kernel-size=-1", "not a whole number"),
        ("--op max --kernel-size 99999999999", "not a whole number"),
        ("--op max --kernel-size 2 --padding 2", "invalid padding"),
        ("--op max --kernel-size 2 --padding same", "same_upper"),
        ("--op max --kernel-size 2 --padding 1:2:3", "not a whole number"),
        ("--op max --kernel-size 2 --stride 0", "invalid stride"),
        ("--op max --output-size 0", "invalid output_size"),
        ("--op max --output-size 60000", "unsupported number of outputs"),
        ("--op max --global --adapter llvmpipe", "--adapter names a GPU"),
        ("--op max --global --layout nhwc", "unexpected argument '--layout'"),
        ("--op max --global --no-such-flag", "unexpected argument"),
    ] {
        table.refuses(flags, "", &format!("{image} {flags}"), named);
    }
    table.desk.write("flat.npy", npy::f32s(&[2, 2], &[1., 2., 3., 4.]));
    table.look_again();
    for (line, named) in [
        ("", "Usage"),
        ("pool", "unrecognized subcommand"),
        ("image", "--output"),
        ("image in.png -o out --op max --global", ".png, .jpg, .webp or .bmp"),
        ("image in.png -o out.gif --op max --global", ".png, .jpg, .webp or .bmp"),
        ("image in.png -o out.jpg --op max --global", "JPEG cannot hold alpha"),
        ("image in.png -o nowhere/out.png --op max --global", "there is no folder nowhere"),
        ("image in.png -o out.webp --op max --output-size 1x20000", "WebP holds at most 16384 pixels a side"),
        ("run spec.json x.npy", "--output"),
        ("run spec.json x.npy -o y.npy --backend opencl", "invalid value 'opencl'"),
        ("run spec.json x.npy -o y.npy --layout nchc", "invalid value 'nchc'"),
        ("run spec.json flat.npy -o y.npy --layout nhwc --backend cpu", "it must be N, one to three spatial axes, then C"),
        (
            "run spec.json x.npy -o y.npy --output-type u8",
            "unsupported: results of u8: results are f32, as the input is, or f32",
        ),
        ("run spec.json x.npy -o y.npy --output-type f64", "one of f32, f16, bf16, u8, i8, i32"),
        ("run spec.json x.npy -o y.npy --scale 0.5", "unsupported: quantised f32"),
        ("run spec.json x.npy -o y.npy --output-scale 0.5", "unsupported: quantised f32"),
        ("run spec.json x.npy -o y.npy --zero-point 3", "--scale"),
        ("run spec.json x.npy -o y.npy --output-zero-point 3", "--output-scale"),
        ("grad spec.json x.npy g.npy -o gx.npy --output-type f16", "unsupported: gradients of f16"),
        ("grad spec.json x.npy g.npy -o gx.npy --output-scale 2", "unexpected argument"),
        ("run spec.json x.npy -o y.npy --index-convention per_plane", "--indices"),
        ("run spec.json x.npy -o y.npy --indices i.npy --index-convention onnx", "invalid value 'onnx'"),
        ("run spec.json x.npy -o y.npy --boxes x.npy", "a side file that nothing uses"),
        ("run spec.json x.npy -o y.npy --segments x.npy", "a side file that nothing uses"),
        ("run spec.json x.npy -o y.npy --mask x.npy", "a side file that nothing uses"),
        ("run spec.json x.npy -o y.npy --weights x.npy", "a side file that nothing uses"),
        ("run spec.json x.npy -o y.npy --indices y.npy", "the same file"),
        ("grad spec.json x.npy g.npy -o gx.npy --grad-weights gw.npy", "gradients of max's weights"),
        ("unpool spec.json y.npy i.npy -o x2.npy --output-size 112x112", "y.npy"),
        ("unpool spec.json x.npy -o x2.npy --output-size 0", "whole numbers above 0"),
        ("unpool spec.json x.npy -o x2.npy --index-convention per_plane", "I.npy"),
        ("unpool spec.json x.npy -o x.npy", "x.npy"),
        ("bench --workload W1 --json f.json --compare a.json b.json", "cannot be used with"),
        ("completions tcsh", "invalid value 'tcsh'"),
    ] {
        table.refuses(line, "", line, named);
    }
    table.done(60);
}
