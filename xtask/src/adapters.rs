//! Makes sure that there are adapters to test on.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::{
    figures,
    step::{cargo, command, nextest, target},
    tally, tools,
};

/// Mesa's software adapters on Debian and Ubuntu: lavapipe for Vulkan, llvmpipe for GLES.
const PACKAGES: [&str; 3] = ["mesa-vulkan-drivers", "libegl1", "libgl1-mesa-dri"];

/// SwiftShader's manifest for the Vulkan loader, of Debian's `chromium-common`.
pub(crate) const SWIFTSHADER: &str = "/usr/lib/chromium/vk_swiftshader_icd.json";

/// Installs the software adapters on a Linux machine that lacks a Vulkan or a GL adapter, so that both are always tested.
/// Elsewhere the system brings its own.
pub(crate) fn ensure() -> Result<()> {
    let missing = missing()?;
    if missing.is_empty() || !cfg!(target_os = "linux") {
        return Ok(());
    }
    println!("no adapter for {}: installing Mesa's software adapters ({})", missing.join(" and "), PACKAGES.join(" "));
    apt(&PACKAGES)?;
    let missing = self::missing()?;
    ensure!(missing.is_empty(), "still no adapter for {}", missing.join(" and "));
    Ok(())
}

/// Every adapter, SwiftShader's where it is installed, as `plunge adapters` sees them. It is built with all tests: alone it has other features, with which
/// all dependencies would be built once more.
fn listed() -> Result<serde_json::Value> {
    cargo(&["build", "--quiet", "--workspace", "--bins", "--tests"]).run()?;
    let plunge = target().join("debug").join(format!("plunge{}", std::env::consts::EXE_SUFFIX));
    let listed =
        command(&plunge.to_string_lossy()).args(&["adapters", "--json"]).env("VK_ADD_DRIVER_FILES", SWIFTSHADER).output()?;
    serde_json::from_str(&listed).context("`plunge adapters --json` is JSON")
}

/// The backends of Linux without an adapter here, as `plunge adapters` sees them.
fn missing() -> Result<Vec<&'static str>> {
    let listed = listed()?;
    let has = |backend: &str| {
        listed.as_array().is_some_and(|all| all.iter().any(|adapter| adapter["backend"].as_str() == Some(backend)))
    };
    Ok(["vulkan", "gl"].into_iter().filter(|backend| !has(backend)).collect())
}

/// Installs SwiftShader where Debian's packages are to be had, and answers whether it is here.
pub(crate) fn ensure_swiftshader() -> Result<bool> {
    if !Path::new(SWIFTSHADER).exists() && has_apt() {
        // Debian has such a package, and not every system that has apt.
        if let Err(error) = apt(&["chromium-common"]) {
            println!("{error:#}");
        }
    }
    Ok(Path::new(SWIFTSHADER).exists())
}

/// A part of the suite on SwiftShader, for the whole takes it 39 minutes.
pub(crate) fn short_on_swiftshader() -> Result<()> {
    if !ensure_swiftshader()? {
        println!("\nno SwiftShader on this system: nothing was tested on it");
        return Ok(());
    }
    tally::clear()?;
    nextest(&["--workspace", "--test", "suite"])
        .args(&[
            "--",
            "adapters::",
            "conformance::sort",
            "conformance::runs",
            "conformance::narrow_regions",
            "formats::tails",
            "peers::",
        ])
        .env("VK_ADD_DRIVER_FILES", SWIFTSHADER)
        .env("PLUNGE_ADAPTER", "SwiftShader")
        .run()?;
    let figure = format!("{} comparisons with the reference, 0 mismatches", tally::print()?);
    figures::note(
        "adapters",
        "a part of the suite on SwiftShader",
        &figure,
        "Debian's chromium-common",
        "cargo xtask soak adapters --short",
    );
    Ok(())
}

/// The suite on each adapter alone, or on those whose names contain `part`, with all cases that otherwise come in turn.
/// `only`: those tests of it whose names contain this.
pub(crate) fn soak(part: &str, only: &str) -> Result<()> {
    ensure()?;
    ensure_swiftshader()?;
    tools::ensure("nextest")?;
    let tests = nextest_list(only)?;
    for adapter in listed()?.as_array().context("a list of adapters")? {
        let field = |name: &str| adapter[name].as_str().unwrap_or_default().to_owned();
        let name = format!("{} ({},", field("name"), field("backend"));
        if field("backend") == "cpu" || !name.contains(part) {
            continue;
        }
        tally::clear()?;
        nextest(&["--profile", "soak", "--no-fail-fast", "--workspace", "--test", "suite", only])
            .env("VK_ADD_DRIVER_FILES", SWIFTSHADER)
            .env("PLUNGE_ADAPTER", &name)
            .env("PLUNGE_WHOLE", "1")
            .run()?;
        let figure = format!("{tests} of {tests} tests, {} comparisons with the reference, 0 mismatches", tally::print()?);
        let on = format!("{} ({}), {}", field("name"), field("backend"), field("driver"));
        figures::note(
            "adapters",
            &format!("the suite{} on {} ({})", named(only, "'s "), field("name"), field("backend")),
            &figure,
            &on,
            &format!("cargo xtask soak adapters{}", named(only, " --tests ")),
        );
    }
    Ok(())
}

/// What stands before a name, and the name, where there is one.
pub(crate) fn named(name: &str, before: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{before}{name}") }
}

/// How many tests the suite has whose names contain `only`.
fn nextest_list(only: &str) -> Result<usize> {
    let listed = cargo(&["nextest", "list", "--workspace", "--test", "suite", "--message-format", "oneline", only]).output()?;
    Ok(listed.lines().filter(|line| !line.is_empty()).count())
}

/// Whether packages can be installed by name.
pub(crate) fn has_apt() -> bool {
    command("apt-get").args(&["--version"]).succeeds_quietly()
}

/// Installs Debian's packages.
pub(crate) fn apt(packages: &[&str]) -> Result<()> {
    let as_root = command("id").args(&["-u"]).output()?.trim() == "0";
    let step = || if as_root { command("apt-get") } else { command("sudo").args(&["apt-get"]) };
    let run = |arguments: &[&str]| {
        step()
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run()
            .with_context(|| format!("on this system, install what Debian calls {} by hand", packages.join(" ")))
    };
    run(&["-qq", "update"])?;
    run(&[&["-qq", "install", "--yes", "--no-install-recommends", "-o=Dpkg::Use-Pty=0"], packages].concat())
}
