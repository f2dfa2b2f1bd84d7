//! How many taps a workload folds: its work, beside the bytes that are its traffic.

use plunge::{Op, Padding, PerAxis, Region, Window};
use plunge_workloads::{Wanted, Workload};

/// The taps of all regions, absent ones left out. Gradients of ops that choose or measure fold every region again before each tap is looked at.
///
/// `None` for regions that the catalogue does not have.
pub(crate) fn taps(workload: &Workload) -> Option<u64> {
    let Workload { pooling, shape, .. } = workload;
    let output = pooling.output_shape(shape).ok()?;
    let planes = (shape.batch() * shape.channels()) as u64;
    let axes = || shape.spatial().iter().zip(output.spatial()).map(|(&size, &count)| [size as u64, count as u64]).enumerate();
    let folded = match &pooling.region {
        Region::Window(window) => {
            planes * axes().map(|(axis, sizes)| of_window(window, axis, sizes)).product::<Option<u64>>()?
        }
        Region::Adaptive { .. } => planes * axes().map(|(_, sizes)| of_bins(sizes)).product::<u64>(),
        Region::Global => shape.elements() as u64,
        Region::Sequence => {
            let kept = workload.sides().mask?.iter().map(|&token| u64::from(token)).sum::<u64>();
            kept * shape.spatial().iter().product::<usize>() as u64
        }
        // A sample is four values.
        Region::RoiAlign(region) => output.elements() as u64 * 4 * u64::from(region.sampling_ratio).pow(2),
        _ => return None,
    };
    let again = workload.wanted == Wanted::Gradient && !matches!(pooling.op, Op::Sum | Op::Average { .. });
    Some(if again { 2 * folded } else { folded })
}

/// Pairs of an output and a tap on one axis.
fn of_window(window: &Window, axis: usize, [size, count]: [u64; 2]) -> Option<u64> {
    let on = |sizes: &PerAxis<u32>| match sizes {
        PerAxis::All(size) => Some(u64::from(*size)),
        PerAxis::Each(sizes) => sizes.get(axis).map(|&size| u64::from(size)),
    };
    let kernel = on(&window.kernel_size)?;
    let stride = window.stride.as_ref().map_or(Some(kernel), on)?;
    let dilation = on(&window.dilation)?;
    let before = match &window.padding {
        Padding::Explicit(pads) => match pads {
            PerAxis::All([before, _]) => u64::from(*before),
            PerAxis::Each(pads) => u64::from(pads.get(axis)?[0]),
        },
        Padding::Valid => 0,
        _ => return None,
    };
    let inside =
        |output: u64| (0..kernel).filter(|tap| (before..before + size).contains(&(output * stride + tap * dilation))).count();
    Some((0..count).map(|output| inside(output) as u64).sum())
}

/// The same for bins, which may overlap by one.
fn of_bins([size, count]: [u64; 2]) -> u64 {
    (0..count).map(|bin| ((bin + 1) * size).div_ceil(count) - bin * size / count).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use plunge_workloads::catalogue;

    use super::*;

    #[test]
    fn taps_of_the_catalogue() {
        let all = catalogue();
        let of = |name: &str| taps(all.iter().find(|workload| workload.name == name).unwrap()).unwrap();
        assert!(all.iter().all(|workload| taps(workload).is_some()));
        let early = 8 * 64 * 112 * 112;
        assert_eq!(of("W1"), early);
        // 56 windows of 3, the first of which has one tap in the padding.
        assert_eq!(of("W2"), 8 * 64 * (56 * 3 - 1) * (56 * 3 - 1));
        assert_eq!(of("W10m"), 2 * of("W2"));
        assert_eq!(of("W10a"), of("W2"));
        assert_eq!(of("W6a"), 8 * 512 * 14 * 14);
        // Six bins of ⌈13/6⌉ = 3 taps, 18 in all, of which the first and the last … are 3 too.
        assert_eq!(of("W6b"), 8 * 512 * 18 * 18);
        assert_eq!(of("W15"), 1000 * 256 * 49 * 16);
    }
}
