//! WGSL as browsers take it, by Dawn's Tint: a stricter front end than naga's, for one about barriers and constants.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::{
    Answers, Compiler, driver, folder, lacks,
    texts::{Language, Text},
    webgpu,
};
use crate::adapters::SWIFTSHADER;

/// Up to a compute pipeline that no driver gets.
pub(super) const COMPILER: Compiler = Compiler {
    name: "tint",
    shown: "WGSL by Tint",
    language: Language::Wgsl,
    packages: &["nodejs"],
    of_webgpu: true,
    missing: no_dawn,
    run: |texts, _| by_backend(texts, "null"),
};

/// On to SPIR-V by Tint, and machine code by SwiftShader.
pub(super) const TO_SWIFTSHADER: Compiler = Compiler {
    name: "tint-swiftshader",
    shown: "WGSL by Tint, SPIR-V by SwiftShader",
    language: Language::Wgsl,
    packages: &["nodejs", "chromium-common"],
    of_webgpu: true,
    missing: || no_dawn().or_else(|| (!Path::new(SWIFTSHADER).exists()).then(|| format!("there is no {SWIFTSHADER}"))),
    run: |texts, _| by_backend(texts, "vulkan"),
};

fn no_dawn() -> Option<String> {
    let dawn = || (!webgpu().exists()).then(|| "npm's webgpu is not installed".into());
    lacks("node", "--version").or_else(dawn)
}

fn by_backend(texts: &[Text], backend: &str) -> Result<Answers> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compilers/tint.mjs");
    let command = |list: &Path| {
        let mut command = Command::new("node");
        command.arg(&script).arg(webgpu()).arg(backend).arg(list).env("VK_DRIVER_FILES", SWIFTSHADER);
        command
    };
    let (version, verdicts) = driver::by_list(texts, Language::Wgsl, &folder().join(backend), None, command)?;
    Ok((format!("webgpu {version}"), verdicts))
}
