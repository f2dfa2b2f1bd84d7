//! What the documents say of the code: the README's table of ops and regions is made from the op table, and checked here, as is that there are two unsafe calls.
#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use plunge::{
    Clusters, Fractional, Op, OpKind, Pooling, ProbabilisticMode, Region, RegionKind, Request, RoiAlign, RoiPool, Shape,
    StochasticMode, WeightPreset, Window,
    plan::{Limits, Plan},
};

/// An op of each kind, with parameters that make sense.
fn op(kind: OpKind) -> Op {
    match kind {
        OpKind::Max => Op::Max,
        OpKind::Min => Op::Min,
        OpKind::Sum => Op::Sum,
        OpKind::Average => Op::AVERAGE,
        OpKind::Lp => Op::Lp { p: 3.0 },
        OpKind::Gaussian => Op::Gaussian { sigma: 1.0 },
        OpKind::Std => Op::Std,
        OpKind::Variance => Op::Variance,
        OpKind::LogSumExp => Op::LogSumExp { r: 1.0 },
        OpKind::Soft => Op::Soft { beta: 1.0 },
        OpKind::Gem => Op::Gem { p: 3.0, eps: 1e-6 },
        OpKind::Mixed => Op::Mixed { alpha: 0.5 },
        OpKind::First => Op::First,
        OpKind::Last => Op::Last,
        OpKind::Rank => Op::Rank { q: 0.9 },
        OpKind::Median => Op::Median,
        OpKind::Weighted => Op::Weighted { preset: None, per_channel: false, normalize: true },
        OpKind::Gated => Op::Gated { per_channel: false },
        OpKind::StochasticSample => Op::Stochastic { seed: 0, mode: StochasticMode::Sample },
        OpKind::StochasticExpectation => Op::Stochastic { seed: 0, mode: StochasticMode::Expectation },
        OpKind::ProbabilisticMax => Op::ProbabilisticMax { seed: 0, mode: ProbabilisticMode::Probabilities },
        OpKind::ProbabilisticMaxSample => Op::ProbabilisticMax { seed: 0, mode: ProbabilisticMode::Sample },
        _ => panic!("{kind} is not in the README's table"),
    }
}

fn with_boxes<T>(mut region: T, most: impl FnOnce(&mut T) -> &mut Option<u32>) -> T {
    *most(&mut region) = Some(3);
    region
}

fn region(kind: RegionKind) -> Region {
    match kind {
        RegionKind::Window => Window::new(2).into(),
        RegionKind::Adaptive => Region::Adaptive { output_size: 2.into() },
        RegionKind::Global => Region::Global,
        RegionKind::Pyramid => Region::Pyramid { levels: vec![1, 2] },
        RegionKind::Fractional => Fractional::sampled(2, 3, vec![0.5, 0.5]).into(),
        RegionKind::RoiPool => Region::RoiPool(with_boxes(RoiPool::new(2, 0.5), |region| &mut region.max_boxes)),
        RegionKind::RoiAlign => Region::RoiAlign(with_boxes(RoiAlign::new(2, 0.5), |region| &mut region.max_boxes)),
        RegionKind::Channels => Region::Channels { group: 2, strided: false },
        RegionKind::Segments => Region::Segments { count: Some(2), empty: 0.0 },
        RegionKind::Sequence => Region::Sequence,
        RegionKind::Clusters => Clusters::new(2, 1, 0).into(),
        RegionKind::ChannelWindow => Region::ChannelWindow { kernel_size: 2, stride: None, padding: [0, 0] },
        _ => panic!("{} is not in the README's table", kind.name()),
    }
}

/// Op × region: ✓ where it can be planned, with indices where they can be had.
fn table() -> String {
    let mut table = String::from("| op | |");
    for kind in RegionKind::ALL {
        let _ = write!(table, " {} |", kind.name());
    }
    table.push_str("\n|---|---|");
    table.push_str(&"---|".repeat(RegionKind::ALL.len()));
    for row in OpKind::TABLE {
        let _ = write!(table, "\n| `{}` | {} |", row.name, row.summary);
        for kind in RegionKind::ALL {
            let plans = |indices| {
                let preset = match (row.kind, kind) {
                    (OpKind::Weighted, RegionKind::Sequence) => {
                        Op::Weighted { preset: Some(WeightPreset::Position), per_channel: false, normalize: true }
                    }
                    (kind, _) => op(kind),
                };
                let pooling = Pooling::new(preset, region(*kind));
                let request = Request::new().indices(indices);
                let image = Shape::nchw([1, 4, 5, 5]);
                let shape = if *kind == RegionKind::Sequence { Shape::nchw([1, 4, 5]) } else { image };
                Plan::new(&pooling, &shape, &request, &Limits::WEBGPU).is_ok()
            };
            table.push_str(match (plans(false), plans(true)) {
                (true, true) => " ✓ + index |",
                (true, false) => " ✓ |",
                _ => " – |",
            });
        }
    }
    table.push('\n');
    table
}

/// docs/spec.md names every op and region, and every piece of JSON in it reads as it says.
#[test]
fn the_reference_of_specs_is_complete() {
    let page = include_str!("../docs/spec.md");
    let names = OpKind::TABLE
        .iter()
        .map(|row| row.name.trim_end_matches("_sample").trim_end_matches("_expectation"))
        .chain(RegionKind::ALL.iter().map(|kind| kind.name()));
    let missing: Vec<&str> = names.filter(|name| !page.contains(&format!("\"{name}\""))).collect();
    assert!(missing.is_empty(), "docs/spec.md lacks {missing:?}");
    #[cfg(feature = "serde")]
    {
        let specs = page.lines().filter(|line| line.starts_with("{\"op\"")).map(String::from);
        let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let cells = cells.filter(|cell| cell.starts_with(['{', '"']));
        let (regions, ops): (Vec<&str>, Vec<&str>) =
            cells.partition(|cell| RegionKind::ALL.iter().any(|kind| cell.contains(&format!("\"{}\"", kind.name()))));
        let ops = ops.iter().map(|op| format!("{{\"op\": {op}, \"region\": \"global\"}}"));
        let regions = regions.iter().map(|region| format!("{{\"op\": \"sum\", \"region\": {region}}}"));
        let all: Vec<String> = specs.chain(ops).chain(regions).collect();
        assert!(all.len() > 20, "{all:?}");
        for json in all {
            serde_json::from_str::<Pooling>(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
        }
    }
}

#[test]
fn the_table_of_ops_and_regions_is_the_codes_own() {
    const BEGIN: &str = "<!-- ops × regions: made by `cargo xtask docs` -->\n";
    const END: &str = "<!-- end -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(path).expect("the README is there");
    let begin = readme.find(BEGIN).expect("the README marks the table") + BEGIN.len();
    let end = begin + readme[begin..].find(END).expect("the README marks the table's end");
    if std::env::var_os("PLUNGE_WRITE_DOCS").is_some() {
        let written = format!("{}{}{}", &readme[..begin], table(), &readme[end..]);
        fs::write(path, written).expect("the README can be written");
    } else {
        assert_eq!(&readme[begin..end], table(), "run `cargo xtask docs`");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the project").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    found.sort();
    found
}

/// `unsafe_code` is denied but where it is allowed by name: two calls of wgpu, each with its reasons, and the function that passes the promise of one on.
#[test]
fn two_calls_are_unsafe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut calls, mut allowed) = (Vec::new(), 0);
    for folder in ["src", "cli/src", "measure/src", "workloads/src", "xtask/src"] {
        for path in sources(&root.join(folder)) {
            let text = fs::read_to_string(&path).expect("a source file");
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            let name = path.strip_prefix(root).expect("it is the project's").to_string_lossy().replace('\\', "/");
            for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with("//")) {
                allowed += usize::from(line.contains("(unsafe_code"));
                if let Some((_, call)) = line.split_once("unsafe {") {
                    let argued = lines[..at].iter().rev().take(8).any(|line| line.starts_with("// SAFETY: "));
                    assert!(argued, "{name}: {line} has no reasons before it");
                    calls.push((name.clone(), call.trim().split('(').next().unwrap_or_default().to_owned()));
                }
            }
        }
    }
    let expected = [
        ("src/pipeline.rs", "device.create_shader_module_trusted"),
        ("src/pipeline_cache.rs", "self.with_pipeline_cache_async"),
        ("src/pipeline_cache.rs", "device.create_pipeline_cache"),
    ];
    assert_eq!(calls, expected.map(|(file, call)| (file.to_owned(), call.to_owned())));
    assert_eq!(allowed, expected.len(), "places that allow unsafe code");
    let of_wgpu = calls.iter().filter(|(_, call)| call.starts_with("device.")).count();
    plunge_workloads::figures::note(
        "code",
        "unsafe calls, each with its reasons where it stands",
        &of_wgpu.to_string(),
        "src, cli, measure, workloads, xtask",
        "cargo xtask test",
    );
}
