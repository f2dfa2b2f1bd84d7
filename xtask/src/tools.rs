//! Tools that Cargo does not bring: what may be depended on, and what a change does to the API.

use anyhow::Result;

use crate::step::{cargo, command};

/// Whether `cargo NAME` can be run.
pub(crate) fn has(name: &str) -> bool {
    command("cargo").args(&[name, "--version"]).succeeds_quietly()
}

/// Installs `cargo NAME` where it is not, which takes minutes.
pub(crate) fn ensure(name: &str) -> Result<()> {
    if has(name) { Ok(()) } else { cargo(&["install", "--locked", &format!("cargo-{name}")]).run() }
}

/// Checks licences, duplicates and sources of all dependencies, and with `advisories` those that are known to be unsound or yanked, for which a database is
/// fetched from GitHub.
pub(crate) fn deny(advisories: bool) -> Result<()> {
    ensure("deny")?;
    let mut step = cargo(&["deny", "--workspace", "--log-level", "error", "check", "licenses", "bans", "sources"]);
    if advisories {
        step = step.args(&["advisories"]);
    }
    step.run()
}

/// Checks what the API lost or changed since a git revision, or since the last release where none is named.
pub(crate) fn semver(baseline: Option<&str>) -> Result<()> {
    ensure("semver-checks")?;
    let mut step = cargo(&["semver-checks", "--package", "plunge"]);
    if let Some(revision) = baseline {
        step = step.args(&["--baseline-rev", revision]);
    }
    step.run()
}
