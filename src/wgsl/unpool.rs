//! The texts of unpooling's steps.

use super::*;

/// A step of unpooling.
pub(super) fn unpool(key: &KernelKey, step: &UnpoolStep) -> String {
    let format = match *step {
        UnpoolStep::Clear => Format::PLAIN,
        UnpoolStep::Mark(order) => Format { order, ..Format::PLAIN },
        UnpoolStep::Place(format) | UnpoolStep::Nearest(_, format) => format,
    };
    let mut files = aliases(&format);
    files.push(wgsl!("common/params"));
    if *step != UnpoolStep::Clear {
        files.extend([wgsl!("common/places"), wgsl!("common/divide"), layout_of(&format)]);
    }
    if let UnpoolStep::Place(_) | UnpoolStep::Nearest(..) = step {
        files.extend(storage_of_input(&format, false));
        files.extend(storage_of_output(&format, false));
        files.push(wgsl!("unpool/each"));
    }
    match *step {
        UnpoolStep::Clear => files.push(wgsl!("unpool/clear")),
        UnpoolStep::Mark(_) => files.push(wgsl!("unpool/mark")),
        UnpoolStep::Place(_) => files.push(wgsl!("unpool/place")),
        UnpoolStep::Nearest(walk, _) => {
            files.extend([wgsl!("common/span"), region_of(walk), wgsl!("unpool/nearest")]);
            if walk == Walk::Adaptive {
                files.push(wgsl!("common/bins"));
            }
            if walk.has_table() {
                files.push(wgsl!("common/table"));
            }
            if matches!(walk, Walk::Reflect | Walk::Edge) {
                files.push(wgsl!("common/padded"));
            }
        }
    }
    key.text(&format, "", &files)
}
