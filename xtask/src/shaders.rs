//! Shows kernels as they are compiled.

use anyhow::{Result, ensure};
use plunge::plan::KernelKey;

/// Lists every key, or prints the text of those that contain `part`.
pub(crate) fn print(part: Option<&str>) -> Result<()> {
    let keys = KernelKey::listed();
    match part {
        None => {
            for key in &keys {
                println!("{key}");
            }
            println!("{} kernels", keys.len());
        }
        // A whole key names one kernel, also where others begin with it.
        Some(part) => {
            let whole: Vec<_> = keys.iter().filter(|key| key.to_string() == part).collect();
            let some: Vec<_> = keys.iter().filter(|key| key.to_string().contains(part)).collect();
            let found = if whole.is_empty() { some } else { whole };
            ensure!(!found.is_empty(), "no listed key contains {part:?}; `cargo xtask shaders` lists them");
            for key in found {
                println!("{}", key.wgsl());
            }
        }
    }
    Ok(())
}
