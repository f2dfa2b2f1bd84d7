//! GLSL ES 3.1 as GL drivers take it, by Khronos's front end.

use std::process::Command;

use super::{Compiler, driver, lacks, texts::Language};
use crate::step::command;

pub(super) const COMPILER: Compiler = Compiler {
    name: "glslang",
    shown: "GLSL ES 3.1 by glslang",
    language: Language::Glsl,
    packages: &["glslang-tools"],
    of_webgpu: false,
    missing: || lacks("glslangValidator", "--version"),
    run: |texts, _| {
        let version = command("glslangValidator").args(&["--version"]).output()?;
        let version = version.lines().next().and_then(|line| line.split(':').next_back()).unwrap_or_default().to_owned();
        let verdicts = driver::all_at_once(texts, Language::Glsl, |files| {
            let mut command = Command::new("glslangValidator");
            command.args(files);
            command
        })?;
        Ok((version, verdicts))
    },
};
