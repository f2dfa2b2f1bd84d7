//! Shows kernels as they are compiled.

use plunge::plan::KernelKey;

/// Lists every key, or prints the text of those that contain `part`.
pub(crate) fn print(part: Option<&str>) {
    let keys = KernelKey::listed();
    match part {
        None => {
            for key in &keys {
                println!("{key}");
            }
            println!("{} kernels", keys.len());
        }
        Some(part) => {
            for key in keys.iter().filter(|key| key.to_string().contains(part)) {
                println!("{}", key.wgsl());
            }
        }
    }
}
