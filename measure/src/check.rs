//! Compares a kernel's answer to a workload with the reference's, on a problem of the same kind that brute force can solve.

use plunge::{Engine, Error, Kernel, Op, PerAxis, Region, Shape, reference};
use plunge_workloads::{Data, Wanted, Workload};

use crate::prepared::request;

/// Taps that the reference may be asked to fold.
const TAPS: u64 = 1 << 20;
/// Taps of a problem that any kernel does soon, however slow it is.
const FEW_TAPS: u64 = 1 << 14;
/// Boxes that the reference may be asked to look at.
const BOXES: u32 = 24;

/// Whether `kernel` answers as the reference does, gradients and indices too, on the workload [thinned].
///
/// # Errors
/// As [`Engine::pool`], such as [`Error::Unsupported`] where the kernel does not take the workload.
pub fn check(engine: &Engine, workload: &Workload, kernel: Kernel) -> Result<bool, Error> {
    check_on(engine, &thinned(workload), kernel)
}

/// The same on a workload that is small as it is.
pub(crate) fn check_on(engine: &Engine, small: &Workload, kernel: Kernel) -> Result<bool, Error> {
    Expected::of(small)?.agrees_with(engine, small, kernel)
}

/// A problem of the same kind: two images at most, four channels, and half the plane or less while the reference would fold too many taps. Sizes keep their
/// remainder by 8, on which kernels depend.
#[must_use]
pub fn thinned(workload: &Workload) -> Workload {
    thinned_to(workload, TAPS)
}

/// The same, smaller: for kernels that may be thousands of times slower than they should be.
pub(crate) fn tiny(workload: &Workload) -> Workload {
    thinned_to(workload, FEW_TAPS)
}

fn thinned_to(workload: &Workload, most: u64) -> Workload {
    let mut small = workload.clone();
    if let Region::RoiAlign(region) = &mut small.pooling.region {
        region.max_boxes = region.max_boxes.map(|most| most.min(BOXES));
    }
    let mut sizes = small.shape.sizes();
    sizes[0] = sizes[0].min(2);
    // A sequence's channels are its tokens.
    sizes[1] = sizes[1].min(if matches!(small.pooling.region, Region::Sequence) { 64 } else { 4 });
    loop {
        let shape = match Shape::from_nchw(&sizes) {
            Ok(shape) => shape.in_layout(workload.shape.layout()),
            Err(_) => return small,
        };
        let halvable = (2..sizes.len()).filter(|&axis| sizes[axis] >= 48 && smallest(&small) <= sizes[axis] / 2);
        let largest = halvable.max_by_key(|&axis| sizes[axis]);
        small.shape = shape;
        match largest {
            Some(axis) if taps(&small) > most => {
                let remainder = sizes[axis] % 8;
                sizes[axis] = sizes[axis] / 16 * 8 + remainder;
            }
            _ => return small,
        }
    }
}

/// Taps that brute force folds.
fn taps(workload: &Workload) -> u64 {
    let outputs = workload.pooling.output_shape(&workload.shape).map_or(0, |shape| shape.elements()) as u64;
    let of_one = match &workload.pooling.region {
        Region::Window(window) => match &window.kernel_size {
            PerAxis::All(size) => u64::from(*size).pow(u32::try_from(workload.shape.spatial().len()).unwrap_or(1)),
            PerAxis::Each(sizes) => sizes.iter().map(|&size| u64::from(size)).product(),
        },
        // Each sample of a bin is four values.
        Region::RoiAlign(region) => 4 * u64::from(region.sampling_ratio.max(1)).pow(2),
        _ => (workload.shape.elements() as u64 / outputs.max(1)).max(1),
    };
    outputs.saturating_mul(of_one)
}

/// The size that an axis must keep for the region to make sense.
fn smallest(workload: &Workload) -> usize {
    match &workload.pooling.region {
        Region::Window(window) => match &window.kernel_size {
            PerAxis::All(size) => *size as usize,
            PerAxis::Each(sizes) => sizes.iter().copied().max().unwrap_or(1) as usize,
        },
        _ => 1,
    }
}

/// What must come out of a workload on [whole numbers](Data::Integers), which sums are exact of and which tie.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The pooled values, or the gradient of the input.
    pub values: Vec<f64>,
    /// Where asked for: the index of each value, `u32::MAX` for none.
    pub indices: Option<Vec<u32>>,
}

impl Expected {
    /// The reference's answer to a workload, which must be small.
    ///
    /// # Errors
    /// As [`reference::pool_with`].
    pub fn of(workload: &Workload) -> Result<Self, Error> {
        let Workload { pooling, shape, .. } = workload;
        let (input, sides) = (input(workload), workload.sides());
        if workload.wanted == Wanted::Gradient {
            let gradient = reference::grad(pooling, shape, &input, &ahead(workload)?, &sides.borrow())?;
            return Ok(Self { values: gradient.input, indices: None });
        }
        let answer = reference::pool_with(pooling, shape, &input, &sides.borrow())?;
        let index = |index: Option<usize>| index.and_then(|index| u32::try_from(index).ok()).unwrap_or(u32::MAX);
        let indices = match workload.wanted {
            Wanted::Indices => answer.indices.map(|indices| indices.into_iter().map(index).collect()),
            _ => None,
        };
        Ok(Self { values: answer.values, indices })
    }

    /// Whether `kernel` gives this answer to the workload that it is of.
    ///
    /// # Errors
    /// As [`Engine::pool`].
    pub fn agrees_with(&self, engine: &Engine, workload: &Workload, kernel: Kernel) -> Result<bool, Error> {
        let Workload { pooling, shape, .. } = workload;
        let (input, sides, request) = (input(workload), workload.sides(), request(workload, Some(kernel)));
        let (values, indices) = if workload.wanted == Wanted::Gradient {
            let gradients = engine.grad(pooling, *shape, &input, &ahead(workload)?, &request, &sides.borrow())?;
            (gradients.input, None)
        } else {
            let pooled = engine.pool_with(pooling, *shape, &input, &request, &sides.borrow())?;
            (pooled.values, pooled.indices)
        };
        let close = |(got, wanted): (&f32, &f64)| {
            let got = f64::from(*got);
            got == *wanted || (got - wanted).abs() <= tolerance(pooling.op, &pooling.region) * wanted.abs().max(1.0)
        };
        Ok(values.len() == self.values.len() && values.iter().zip(&self.values).all(close) && indices == self.indices)
    }
}

/// How far an answer may be off, of its size and of 1 where it is smaller.
fn tolerance(op: Op, region: &Region) -> f64 {
    match (op, region) {
        (Op::Max | Op::Min | Op::Median, Region::Window(_)) => 0.0,
        // Corners in f32, a few hundred positions from the origin, and slopes of up to 18.
        (_, Region::RoiAlign(_)) => 1e-3,
        _ => 1e-5,
    }
}

fn input(workload: &Workload) -> Vec<f32> {
    Data::Integers.values(workload.shape.elements(), 0)
}

fn ahead(workload: &Workload) -> Result<Vec<f32>, Error> {
    Ok(Data::Integers.values(workload.pooling.output_shape(&workload.shape)?.elements(), 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use plunge::HeadlessOptions;
    use plunge_workloads::catalogue;

    use super::*;

    #[test]
    fn thinned_problems_are_small_and_of_the_same_kind() {
        for workload in catalogue() {
            let small = thinned(&workload);
            assert!(taps(&small) <= 8 * TAPS, "{}: {} taps on {}", workload.name, taps(&small), small.shape);
            assert!(small.shape.elements() <= 1 << 18, "{}: {}", workload.name, small.shape);
            assert_eq!(small.shape.layout(), workload.shape.layout());
            for (small, large) in small.shape.spatial().iter().zip(workload.shape.spatial()) {
                assert_eq!(small % 8, large % 8, "{}", workload.name);
            }
        }
    }

    /// A check that cannot fail checks nothing: each expected number is in turn moved by a little, and noticed.
    #[test]
    fn a_wrong_answer_is_noticed() {
        let engine = crate::open(&HeadlessOptions::from_env()).unwrap();
        for (name, kernel) in [("W2", Kernel::Tile), ("W8", Kernel::Direct), ("W10a", Kernel::Direct), ("W14", Kernel::Direct)]
        {
            let mut small = thinned(&catalogue().into_iter().find(|workload| workload.name == name).unwrap());
            small.shape = match name {
                "W14" => Shape::nchw([2, 8, 6]),
                _ => Shape::nchw([1, 1, 16, 16]),
            };
            let expected = Expected::of(&small).unwrap();
            let agrees = |expected: &Expected| expected.agrees_with(&engine, &small, kernel).unwrap();
            assert!(agrees(&expected), "{name}");
            for at in [0, expected.values.len() / 2, expected.values.len() - 1] {
                let mut wrong = expected.clone();
                wrong.values[at] += 1e-3 * wrong.values[at].abs().max(1.0);
                assert!(!agrees(&wrong), "{name}: value {at}");
            }
            let mut short = expected.clone();
            short.values.pop();
            assert!(!agrees(&short), "{name}: a value is missing");
            if let Some(indices) = expected.indices.clone() {
                for at in [0, indices.len() - 1] {
                    let mut wrong = expected.clone();
                    wrong.indices.as_mut().unwrap()[at] ^= 1;
                    assert!(!agrees(&wrong), "{name}: index {at}");
                }
            }
        }
    }
}
