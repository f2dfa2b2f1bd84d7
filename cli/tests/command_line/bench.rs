//! `plunge bench`: the record that scripts rely on, its pages, comparisons, and what is refused.

use serde_json::{Value, json};

use crate::{Desk, refusals::Table, stderr, stdout};

/// A record with the fields of the contract only.
fn record(device_type: &str, workloads: &[(&str, f64)]) -> String {
    let workloads: Vec<Value> = workloads
        .iter()
        .map(|(name, ms)| {
            json!({"name": name, "kernel": "max/window/tile", "median_ms": ms, "min_ms": ms, "max_ms": ms, "bytes": 4_000_000,
                "gbs": 4.0 / ms, "copy_ratio": 0.4 / ms, "correct": true})
        })
        .collect();
    let adapter = json!({"name": "some adapter", "backend": "vulkan", "driver": "some driver 1.2", "device_type": device_type});
    json!({"plunge": "0.0.9", "adapter": adapter, "copy_gbs": 10.0, "workloads": workloads}).to_string()
}

#[test]
fn a_record_has_every_field_of_the_contract() {
    let desk = Desk::new();
    let output = desk.done("bench --quick --workload w5 W1 --backend vulkan --json f.json --html f.html --svg f.svg");
    assert_eq!(desk.names(), ["f.html", "f.json", "f.svg"]);
    let read = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap();
    let record: Value = serde_json::from_str(&read("f.json")).unwrap();
    assert_eq!(record["plunge"], env!("CARGO_PKG_VERSION"));
    for (field, value) in [("backend", "vulkan"), ("device_type", "software")] {
        assert_eq!(record["adapter"][field], value);
    }
    assert!(record["adapter"]["name"].as_str().unwrap().contains("llvmpipe"));
    assert!(record["adapter"]["driver"].as_str().is_some_and(|driver| !driver.is_empty()));
    let copy = record["copy_gbs"].as_f64().unwrap();
    assert!(copy > 0.01 && copy < 1e4, "{copy}");
    let workloads = record["workloads"].as_array().unwrap();
    let names: Vec<&str> = workloads.iter().map(|workload| workload["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["W1", "W5"], "the catalogue's order");
    for workload in workloads {
        let number = |field: &str| workload[field].as_f64().unwrap_or_else(|| panic!("{field} of {workload}"));
        let [median, min, max] = ["median_ms", "min_ms", "max_ms"].map(number);
        assert!(0.0 < min && min <= median && median <= max, "{workload}");
        assert!((number("gbs") / (number("bytes") * 1e-6 / median) - 1.0).abs() < 1e-3, "{workload}");
        assert!((number("copy_ratio") / (number("gbs") / copy) - 1.0).abs() < 1e-3, "{workload}");
        assert_eq!(workload["correct"], true);
        assert!(workload["kernel"].as_str().unwrap().contains("/window/") || workload["name"] == "W5", "{workload}");
    }
    assert_eq!(workloads[0]["bytes"], 4 * (8 * 64 * 112 * 112 + 8 * 64 * 56 * 56));
    assert_eq!(record["software"], true);
    assert!(["timestamps", "wall"].contains(&record["clock"].as_str().unwrap()));

    let table = stdout(&output);
    for word in ["software adapter", "W1", "correct", "≥ 0.75", "GB/s"] {
        assert!(table.contains(word), "{word} in\n{table}");
    }
    assert!(stderr(&output).contains("plunge: on ") && !stderr(&output).contains("parts"), "no bar off a terminal");
    let page = read("f.html");
    assert!(page.contains("A software adapter") && page.contains("<svg") && !page.contains("http"));
    assert!(read("f.svg").starts_with("<svg xmlns="));

    // The record draws itself again, and is compared with itself.
    desk.done("bench --from f.json --html again.html --svg again.svg");
    assert_eq!(read("again.html"), page);
    assert_eq!(read("again.svg"), read("f.svg"));
    assert!(stdout(&desk.done("bench --compare f.json f.json")).contains("software adapters"));
}

#[test]
fn every_adapter_has_files_of_its_own() {
    let desk = Desk::new();
    desk.done("bench --quick --workload W5 --backend all --json f.json");
    for backend in ["vulkan", "gl"] {
        let record: Value = serde_json::from_slice(&std::fs::read(desk.path(&format!("f-{backend}.json"))).unwrap()).unwrap();
        assert_eq!(record["adapter"]["backend"], backend);
        assert_eq!(record["workloads"][0]["correct"], true);
    }
}

#[test]
fn records_are_compared_where_both_are_of_one_kind() {
    let desk = Desk::new();
    desk.write("a.json", record("discrete GPU", &[("W1", 2.0), ("W2", 3.0), ("W7", 1.0)]));
    desk.write("b.json", record("integrated GPU", &[("W1", 8.0), ("W2", 1.5), ("W9", 1.0)]));
    let told = stdout(&desk.done("bench --compare a.json b.json"));
    let row = |name: &str| told.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} in\n{told}"));
    assert!(row("W1 ").contains("0.250") && row("W2 ").contains("2.00"), "{told}");
    assert!(row("W7 ").contains('-') && row("W9 ").contains('-') && told.contains("integrated GPU"), "{told}");
    assert!(!told.contains("software"), "{told}");
    let some = stdout(&desk.done("bench --workload W2 --compare a.json b.json"));
    assert!(some.contains("W2 ") && !some.contains("W1 "), "{some}");
}

#[test]
fn bad_benches_are_refused_before_anything_is_timed() {
    let mut table = Table::of("bad.json");
    table.desk.write("gpu.json", record("discrete GPU", &[("W1", 2.0)]));
    table.desk.write("software.json", record("software", &[("W1", 2.0)]));
    table.look_again();
    let good = record("discrete GPU", &[("W1", 2.0), ("W2", 2.0)]);
    for (line, named) in [
        ("bench --workload W99 --json f.json", "there are W1, W2, W3"),
        ("bench --workload W1 nonsense", "no workload \"nonsense\""),
        ("bench --workload", "a value is required"),
        ("bench --backend cpu --json f.json", "is not timed"),
        ("bench --backend opencl", "invalid value 'opencl'"),
        ("bench --quick --workload W5 --json no/such/folder/f.json", "there is no folder"),
        ("bench --quick --workload W5 --json f.out --html f.out", "the same file"),
        ("bench --compare gpu.json", "2 values"),
        ("bench --compare gpu.json missing.json", "cannot read missing.json"),
        ("bench --compare gpu.json .", "not a regular file"),
        ("bench --compare gpu.json software.json", "not compared"),
        ("bench --compare software.json gpu.json", "not compared"),
        ("bench --compare gpu.json gpu.json --html f.html", "cannot be used with"),
        ("bench --compare gpu.json gpu.json --backend gl", "cannot be used with"),
        ("bench --workload W7 --compare gpu.json gpu.json", "neither record"),
        ("bench --from gpu.json --json gpu.json", "would replace the input"),
        ("bench --from gpu.json --quick", "cannot be used with"),
        ("bench stray", "unexpected argument"),
    ] {
        table.refuses(line, "", line, named);
    }
    for (bytes, named) in [
        (String::new(), "bad.json: malformed record"),
        ("[1, 2".into(), "malformed record"),
        ("{\"plunge\": \"1\"}".into(), "missing field"),
        (good.replace("10.0", "-1.0"), "copy_gbs is -1"),
        (good.replace("\"W2\"", "\"W1\""), "W1 is there twice"),
        (good.replace("true", "\"yes\""), "invalid type"),
        ("[".repeat(100_000), "malformed record"),
    ] {
        table.refuses(&format!("{bytes:.40}"), &bytes, "bench --compare gpu.json bad.json", named);
        table.refuses(&format!("{bytes:.40}"), &bytes, "bench --from bad.json --html f.html", named);
    }
    table.done(30);
}

#[test]
fn an_adapter_that_is_not_here_is_exit_3() {
    let desk = Desk::new();
    for flags in ["--adapter no-such-adapter", "--backend all --adapter no-such-adapter"] {
        let output = desk.run(&format!("bench --quick --workload W5 --json f.json {flags}"));
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    }
    assert!(desk.names().is_empty());
}
