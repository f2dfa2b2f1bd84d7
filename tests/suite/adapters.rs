//! The adapters of this machine: all of them are tested, and a missing one is a failure.
//! `PLUNGE_ADAPTER` keeps to those whose name contains it.

use std::{env, process::Command, thread};

use plunge::{Engine, Error, HeadlessOptions, wgpu};
use plunge_workloads::figures;

/// A test that fails on an adapter for a reason that is not ours.
struct Expected {
    /// Part of the adapter's name.
    adapter: &'static str,
    test: &'static str,
    reason: &'static str,
}

/// Left out of the tests, and wanted to fail by `what_is_expected_to_fail_does`.
const EXPECTED: &[Expected] = &[Expected {
    adapter: "SwiftShader",
    test: "formats::every_half_passes_as_it_is",
    reason: "it takes subnormal f32s for 0, as WGSL lets it, and so those of bf16",
}];

/// Every adapter here that the running test is to pass on.
pub fn here() -> Vec<wgpu::Adapter> {
    let asked = env::var("PLUNGE_ADAPTER").unwrap_or_default();
    let mut adapters = plunge::adapters(&HeadlessOptions::default());
    adapters.retain(|adapter| plunge::describe(&adapter.get_info()).contains(&asked));
    assert!(!adapters.is_empty(), "no adapter {asked:?} on this machine; `cargo xtask test` installs software ones");
    if env::var_os("PLUNGE_EXPECTED").is_none() {
        let (thread, fails) =
            (thread::current(), |adapter: &wgpu::Adapter, row: &Expected| adapter.get_info().name.contains(row.adapter));
        let rows: Vec<&Expected> = EXPECTED.iter().filter(|row| Some(row.test) == thread.name()).collect();
        adapters.retain(|adapter| !rows.iter().any(|row| fails(adapter, row)));
    }
    adapters
}

/// An engine on every adapter here, with a name for messages.
pub fn engines() -> Vec<(String, Engine)> {
    here()
        .iter()
        .map(|adapter| {
            let engine = pollster::block_on(Engine::on_adapter(adapter)).expect("a device");
            (plunge::describe(&adapter.get_info()), engine)
        })
        .collect()
}

/// On Linux the software adapters are always to be had, so both kinds of backend are always tested.
#[test]
#[cfg(target_os = "linux")]
fn vulkan_and_gl_are_both_here() {
    let names: Vec<String> =
        plunge::adapters(&HeadlessOptions::default()).iter().map(|adapter| plunge::describe(&adapter.get_info())).collect();
    println!("adapters: {}", names.join("; "));
    for backend in ["vulkan", "gl"] {
        assert!(names.iter().any(|name| name.contains(&format!("({backend},"))), "no {backend} adapter among {names:?}");
    }
}

/// What passes after all is to be taken off the list.
#[test]
fn what_is_expected_to_fail_does() {
    for adapter in here() {
        let name = adapter.get_info().name;
        for Expected { test, reason, .. } in EXPECTED.iter().filter(|row| name.contains(row.adapter)) {
            let output = Command::new(env::current_exe().expect("this binary"))
                .args(["--exact", test, "--nocapture"])
                .env("PLUNGE_ADAPTER", &name)
                .env("PLUNGE_EXPECTED", "1")
                .output()
                .expect("it runs");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("1 failed"), "{test} does not fail on {name}, though {reason}: {said}");
            println!("{test} fails on {name}: {reason}");
            figures::note("adapters", &format!("fails on {name}"), test, reason, "cargo xtask soak adapters");
        }
    }
}

#[test]
fn an_adapter_that_is_not_here_is_an_error_that_lists_what_is() {
    let options = HeadlessOptions::default().adapter_name("no such adapter");
    let error = Engine::headless_with(&options).expect_err("no adapter has that name");
    assert!(matches!(&error, Error::NoAdapter { available, .. } if !available.is_empty()), "{error}");
    let message = error.to_string();
    assert!(message.contains("no such adapter") && message.contains("there are: "), "{message}");

    let options = HeadlessOptions::default().backends(wgpu::Backends::empty());
    assert!(matches!(Engine::headless_with(&options), Err(Error::NoAdapter { .. })));
}
