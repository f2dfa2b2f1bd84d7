//! SPIR-V as Vulkan wants it, by Khronos's validator.

use std::process::Command;

use super::{Compiler, driver, lacks, texts::Language};
use crate::step::command;

pub(super) const COMPILER: Compiler = Compiler {
    name: "spirv-val",
    shown: "SPIR-V by spirv-val, for Vulkan 1.1",
    language: Language::SpirV,
    packages: &["spirv-tools"],
    of_webgpu: false,
    missing: || lacks("spirv-val", "--version"),
    run: |texts, _| {
        let version = command("spirv-val").args(&["--version"]).output()?;
        let version = version.lines().next().unwrap_or_default().trim_start_matches("SPIRV-Tools ").to_owned();
        let version = version.split_whitespace().next().unwrap_or_default().to_owned();
        let verdicts = driver::one_by_one(texts, Language::SpirV, |file| {
            let mut command = Command::new("spirv-val");
            command.args(["--target-env", "vulkan1.1"]).arg(file);
            command
        })?;
        Ok((version, verdicts))
    },
};
