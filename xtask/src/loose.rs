//! The suite by arithmetic that is as loose as WGSL allows: under the Vulkan layer of `loose/`.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::{
    adapters, figures,
    step::{cargo, nextest, target},
    tally, tools,
};

/// Tests whose answers hang on arithmetic, in a few minutes.
const SHORT: [&str; 9] = [
    "arithmetic::",
    "conformance::tile",
    "conformance::runs",
    "conformance::huge",
    "conformance::workloads",
    "gradients::of_every_op_by_patches",
    "gradients::of_huge_values",
    "traps::equal_points_share_a_cluster",
    "traps::what_is_not_finite_spoils_only_its_own_windows",
];
const LAYER: &str = "VK_LAYER_PLUNGE_loose";

/// A part of the suite.
pub(crate) fn short() -> Result<()> {
    run(&SHORT, "a part of the suite by arithmetic as loose as WGSL allows", "cargo xtask soak loose --short")
}

/// The whole suite, or its tests whose names contain `only`.
pub(crate) fn soak(only: &str) -> Result<()> {
    adapters::ensure()?;
    tools::ensure("nextest")?;
    let what = format!("the suite{} by arithmetic as loose as WGSL allows", adapters::named(only, "'s "));
    run(&[only], &what, &format!("cargo xtask soak loose{}", adapters::named(only, " --tests ")))
}

fn run(tests: &[&str], what: &str, command: &str) -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!("\nthe layer of loose arithmetic is for Linux's Vulkan loader: nothing was tested under it");
        return Ok(());
    }
    cargo(&["build", "--quiet", "--package", "plunge-loose"]).run()?;
    let folder = target().join("loose");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("plunge_loose.json"), manifest().to_string())?;
    let numbers = folder.join("rewritten");
    fs::write(&numbers, "")?;
    tally::clear()?;
    nextest(&["--no-fail-fast", "--workspace", "--test", "suite", "--"])
        .args(tests)
        .env("VK_LAYER_PATH", &folder.to_string_lossy())
        .env("VK_INSTANCE_LAYERS", LAYER)
        .env("PLUNGE_LOOSE", &numbers.to_string_lossy())
        .env("PLUNGE_ADAPTER", "(vulkan")
        .run()?;
    let comparisons = tally::print()?;
    let rewritten: Vec<u64> = fs::read_to_string(&numbers)?.lines().map(str::parse).collect::<Result<_, _>>()?;
    let instructions: u64 = rewritten.iter().sum();
    ensure!(instructions > 0, "no instruction was rewritten: the Vulkan loader has not loaded {LAYER}");
    let figure = format!(
        "{comparisons} comparisons with the reference, 0 mismatches; {instructions} instructions of {} modules rewritten",
        rewritten.len()
    );
    figures::note("adapters", what, &figure, "Vulkan under the layer of `loose/`", command);
    Ok(())
}

/// What tells the Vulkan loader of the layer.
fn manifest() -> serde_json::Value {
    let library =
        target().join("debug").join(format!("{}plunge_loose{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX));
    let library = std::path::absolute(&library).context("where the layer is").unwrap_or(library);
    serde_json::json!({
        "file_format_version": "1.1.2",
        "layer": {
            "name": LAYER,
            "type": "GLOBAL",
            "library_path": library,
            "api_version": "1.3.0",
            "implementation_version": "1",
            "description": "arithmetic as loose as WGSL allows",
            "functions": {
                "vkGetInstanceProcAddr": "plunge_loose_instance_address",
                "vkGetDeviceProcAddr": "plunge_loose_device_address",
            },
        },
    })
}
