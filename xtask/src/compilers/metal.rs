//! MSL, for which no compiler is to be had outside Apple's systems: naga writes it of every kernel, and what it writes of two is kept beside this file, so that
//! a change of it is seen.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use plunge::plan::KernelKey;

use super::texts;

/// A kernel of one invocation an output, and one with barriers; and where their text is kept.
const KEPT: [(&str, &str); 2] =
    [("max/window/direct", "max_window_direct.metal"), ("sum/global/reduce16/shift4", "sum_global_reduce.metal")];

fn kept(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/compilers/metal").join(name)
}

fn now(key: &str) -> Result<String> {
    let key =
        KernelKey::listed().into_iter().find(|own| own.to_string() == key).with_context(|| format!("{key} is not listed"))?;
    texts::msl_of(&key)
}

/// Writes the kept texts anew.
pub(super) fn write() -> Result<()> {
    KEPT.iter().try_for_each(|(key, name)| Ok(fs::write(kept(name), now(key)?)?))
}

/// Compares them.
pub(super) fn check() -> Result<()> {
    for (key, name) in KEPT {
        let same = fs::read_to_string(kept(name))? == now(key)?;
        ensure!(same, "the MSL of {key} is not the one of {name}: look at it, and run `cargo xtask compilers --msl`");
    }
    Ok(())
}

#[test]
fn msl_is_as_it_was() {
    check().unwrap();
}
