#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

/// A record with everything in it.
pub(crate) fn record() -> Record {
    let workload = |name: &str, median_ms: f64, gbs: f64, target: Option<TargetMark>| WorkloadTime {
        name: name.into(),
        kernel: format!("{name}/tile<&>"),
        median_ms,
        min_ms: median_ms * 0.9,
        max_ms: median_ms * 1.2,
        bytes: 32_112_640,
        gbs,
        copy_ratio: gbs / 10.0,
        correct: true,
        used_in: "VGG & <U-Net>".into(),
        taps: Some(6_422_528),
        target,
        kernels: ["tile", "direct"]
            .map(|kernel| KernelTime {
                name: kernel.into(),
                key: format!("{name}/{kernel}"),
                median_ms,
                min_ms: median_ms,
                max_ms: median_ms,
                samples: 9,
                correct: true,
            })
            .into(),
    };
    let mark = |name| crate::targets::target(name, true).map(|target| TargetMark::new(target, 0.8));
    Record {
        plunge: "0.1.0".into(),
        adapter: Adapter {
            name: "llvmpipe <\"256\" bits>".into(),
            backend: "vulkan".into(),
            driver: "llvmpipe & Mesa".into(),
            device_type: "software".into(),
        },
        copy_gbs: 10.0,
        workloads: vec![
            workload("W1", 4.0, 8.0, mark("W1")),
            workload("W2", 40.0, 0.8, mark("W2")),
            workload("W7", 1.0, 0.05, None),
            workload("W13", 30.0, 1.6, mark("W13")),
        ],
        date: Some("2026-11-25T00:00:00Z".into()),
        software: true,
        clock: Some(ClockKind::Wall),
        timestamps_over_wall: None,
        rounds: 9,
        copies: vec![Copy { name: "vec4 × 4".into(), median_ms: 13.0, gbs: 10.0 }],
        skipped: vec![Skipped { name: "W15".into(), why: "too <large>".into() }],
        sweeps: vec![Sweep {
            name: "kernel size".into(),
            of: "max".into(),
            points: [(3, 1.0), (31, 0.2)]
                .map(|(at, gbs)| Point { at, kernel: "tile".into(), median_ms: 1.0 / gbs, gbs })
                .into(),
        }],
        encode: Some(Encoding {
            one_step_us: 2.0,
            one_step_finished_us: 5.0,
            join_us: 4.0,
            join_finished_us: 7.0,
            join_steps: 3,
        }),
    }
}

#[test]
fn records_come_back_as_they_were_written() {
    let record = record();
    assert_eq!(Record::parse(record.to_json().unwrap().as_bytes()).unwrap(), record);
}

#[test]
fn the_fields_of_the_contract_are_enough() {
    let minimal = r#"{"plunge": "0.0.1", "adapter": {"name": "a", "backend": "gl", "driver": "d", "device_type": "discrete GPU"},
        "copy_gbs": 300, "workloads": [{"name": "W1", "kernel": "k", "median_ms": 1, "min_ms": 1, "max_ms": 2.5, "bytes": 32112640,
        "gbs": 32.1, "copy_ratio": 0.107, "correct": true}], "of another version": []}"#;
    let record = Record::parse(minimal.as_bytes()).unwrap();
    assert!(!record.adapter.is_software() && record.workload("W1").is_some() && record.workload("W2").is_none());
    assert!(record.workloads[0].best_forced().is_none());
}

#[test]
fn what_is_no_record_is_refused() {
    let good = record().to_json().unwrap();
    for (from, to, named) in [
        ("\"copy_gbs\": 10.0", "\"copy_gbs\": 0.0", "copy_gbs is 0"),
        ("\"copy_gbs\": 10.0", "\"copy_gbs\": 1e999", "out of range"),
        ("\"copy_gbs\": 10.0", "\"copy_gbs\": \"10\"", "invalid type"),
        ("\"median_ms\": 4.0", "\"median_ms\": -4.0", "median_ms of W1 is -4"),
        ("\"name\": \"W2\"", "\"name\": \"W1\"", "W1 is there twice"),
        ("\"plunge\"", "\"plonge\"", "missing field `plunge`"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let said = Record::parse(bad.as_bytes()).unwrap_err().to_string();
        assert!(said.contains(named), "{to}: {said}");
    }
    for bad in ["", "[]", "null", "{}", &good[..good.len() / 2]] {
        assert!(matches!(Record::parse(bad.as_bytes()), Err(Malformed::Form(_))), "{bad:.20}");
    }
}

#[test]
fn numbers_are_written_with_six_digits() {
    for (number, written) in
        [(1.234_567_89, 1.234_57), (0.000_123_456_78, 0.000_123_457), (98_765_432.1, 98_765_400.0), (0.0, 0.0)]
    {
        assert!((rounded(number) - written).abs() <= 1e-12 * written, "{number}");
    }
}
