//! HLSL as wgpu hands it to Direct3D: shader model 6.0 by DXC, 5.1 by FXC. Both are Microsoft's DLLs, as npm's `webgpu` brings them along, and run under Wine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::Result;

use super::{
    Answers, Compiler, driver, folder, lacks, passed,
    texts::{Language, Text},
    webgpu,
};
use crate::step::command;

const PACKAGES: &[&str] = &["wine64", "gcc-mingw-w64-x86-64", "nodejs"];

pub(super) const DXC: Compiler = Compiler {
    name: "dxc",
    shown: "HLSL 6.0 by DXC",
    language: Language::HlslOfDxc,
    packages: PACKAGES,
    of_webgpu: true,
    missing,
    run: |texts, until| by_dll(texts, until, "dxc", "dxcompiler.dll", Language::HlslOfDxc),
};

pub(super) const FXC: Compiler = Compiler {
    name: "fxc",
    shown: "HLSL 5.1 by FXC",
    language: Language::HlslOfFxc,
    packages: PACKAGES,
    of_webgpu: true,
    missing,
    run: |texts, until| by_dll(texts, until, "fxc", "d3dcompiler_47.dll", Language::HlslOfFxc),
};

const MINGW: &str = "x86_64-w64-mingw32-gcc";

/// Debian's Wine keeps its 64-bit loader out of the path.
const WINE: [&str; 3] = ["wine64", "/usr/lib/wine/wine64", "wine"];

fn wine() -> Option<&'static str> {
    WINE.into_iter().find(|name| lacks(name, "--version").is_none())
}

fn missing() -> Option<String> {
    let wine = || wine().is_none().then(|| "Wine is not installed".into());
    let dlls = || (!webgpu().exists()).then(|| "npm's webgpu is not installed".into());
    wine().or_else(|| lacks(MINGW, "--version")).or_else(dlls)
}

fn by_dll(texts: &[Text], until: Option<Instant>, name: &str, dll: &str, language: Language) -> Result<Answers> {
    let home = folder().join("windows");
    fs::create_dir_all(&home)?;
    let program = home.join("hlsl.exe");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compilers/hlsl.c");
    command(MINGW)
        .args(&["-O1", "-Wall", "-Wextra", "-o", &program.to_string_lossy(), &source.to_string_lossy(), "-lversion"])
        .output()?;
    // Made once, before several start at a time.
    under_wine(&home).args(["wineboot", "--init"]).output()?;
    let dll = webgpu().join("dist/win32-x64").join(dll);
    // Another DLL has passed nothing yet.
    let passed = home.join(format!("passed-by-{name}-{}.txt", fs::metadata(&dll)?.len()));
    let command = |list: &Path| {
        let mut command = under_wine(&home);
        command.arg(&program).arg(name).arg(of_windows(&dll)).arg(of_windows(list));
        command
    };
    passed::or_run(&passed, texts, language, |left| driver::by_list(left, language, &home.join(name), until, command))
}

/// Wine with a home of its own, which takes Microsoft's compilers and not its own.
fn under_wine(home: &Path) -> Command {
    let mut command = Command::new(wine().unwrap_or(WINE[0]));
    command
        .env("WINEPREFIX", home.join("wine"))
        .env("WINEDEBUG", "-all")
        .env("WINEDLLOVERRIDES", "d3dcompiler_47,dxcompiler=n;mscoree,mshtml,winemenubuilder.exe=");
    command
}

/// A path as Windows' programs take it.
fn of_windows(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
    PathBuf::from(format!("Z:{}", path.display()).replace('/', "\\"))
}
