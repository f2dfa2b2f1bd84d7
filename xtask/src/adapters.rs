//! Makes sure that there are adapters to test on.

use anyhow::{Context as _, Result, ensure};

use crate::step::{cargo, command};

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

/// The backends of Linux without an adapter here, as `plunge adapters` sees them.
fn missing() -> Result<Vec<&'static str>> {
    let listed = cargo(&["run", "--quiet", "--package", "plunge-cli", "--", "adapters", "--json"]).output()?;
    let listed: serde_json::Value = serde_json::from_str(&listed).context("`plunge adapters --json` is JSON")?;
    let has = |backend: &str| {
        listed.as_array().is_some_and(|all| all.iter().any(|adapter| adapter["backend"].as_str() == Some(backend)))
    };
    Ok(["vulkan", "gl"].into_iter().filter(|backend| !has(backend)).collect())
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
    run(&["update"])?;
    run(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}
