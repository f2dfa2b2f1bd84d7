//! Side inputs from files: what a pooling reads beside its input.

use std::path::Path;

use plunge::{Op, Pooling, Region, Shape, SideInputs};

use crate::{Failure, args::SideArgs, array};

/// What the files hold.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    weights: Option<Vec<f32>>,
    /// As the file has them.
    weights_sizes: Vec<usize>,
    boxes: Option<Vec<[f32; 5]>>,
    labels: Option<Vec<i32>>,
    mask: Option<Vec<u32>>,
}

impl Sides {
    /// Reads the files that `pooling` on `shape` uses, and tells the pooling what they say of themselves: how many boxes there are,
    /// whether each channel has weights of its own.
    pub(crate) fn read(args: &SideArgs, pooling: &mut Pooling, shape: &Shape) -> Result<Self, Failure> {
        let takes_weights = matches!(pooling.op, Op::Weighted { preset: None, .. } | Op::Gated { .. });
        let [boxes, segments, sequence] = [
            matches!(pooling.region, Region::RoiPool(_) | Region::RoiAlign(_)),
            matches!(pooling.region, Region::Segments { .. }),
            matches!(pooling.region, Region::Sequence),
        ];
        for (flag, file, used, required, users) in [
            ("--weights", &args.weights, takes_weights, true, "the ops weighted (without a preset) and gated"),
            ("--boxes", &args.boxes, boxes, true, "the regions roi_pool and roi_align"),
            ("--segments", &args.segments, segments, true, "the region segments"),
            ("--mask", &args.mask, sequence, false, "the region sequence"),
        ] {
            match file {
                Some(path) if !used => {
                    let path = path.display();
                    return Err(Failure::refused(format!(
                        "invalid {flag} {path}: a side file that nothing uses; it is for {users}"
                    )));
                }
                None if used && required => {
                    return Err(Failure::refused(format!("{flag} is missing: it is for {users}, one of which the spec has")));
                }
                _ => {}
            }
        }
        let mut sides = Self::default();
        if let Some(path) = &args.weights {
            let array = weights(path, pooling, shape)?;
            (sides.weights, sides.weights_sizes) = (Some(array.values_f32().into_owned()), array.sizes);
        }
        if let Some(path) = &args.boxes {
            let array = array::read_floats(path)?;
            expect(path, &array.sizes, &[array.sizes.first().copied().unwrap_or(0), 5], "K rows of batch, x1, y1, x2, y2")?;
            sides.boxes = Some(array.values_f32().as_chunks().0.to_vec());
        }
        if let Some(path) = &args.segments {
            let (sizes, labels) = array::read_integers_of(path)?;
            let expected = [&[shape.batch()], shape.spatial()].concat();
            expect(path, &sizes, &expected, "a label for each position, [N, spatial...]")?;
            sides.labels = Some(labels.iter().map(|&label| narrow(path, label)).collect::<Result<_, _>>()?);
        }
        if let Some(path) = &args.mask {
            let (sizes, mask) = array::read_integers_of(path)?;
            expect(path, &sizes, &[shape.batch(), shape.channels()], "[B, T] for X of [B, T, D]")?;
            let bits = mask.iter().map(|&bit| u32::try_from(narrow::<i32>(path, bit)?).map_err(|_| out_of_range(path, bit)));
            sides.mask = Some(bits.collect::<Result<_, _>>()?);
        }
        Ok(sides)
    }

    /// Labels that did not come from an array.
    pub(crate) fn of_labels(labels: Vec<i32>) -> Self {
        Self { labels: Some(labels), ..Self::default() }
    }

    /// The shape of the weights, where there are any.
    pub(crate) fn weights_sizes(&self) -> Option<&[usize]> {
        self.weights.as_ref().map(|_| &self.weights_sizes[..])
    }

    /// As the library takes them.
    pub(crate) fn borrow(&self) -> SideInputs<'_> {
        let mut sides = SideInputs::new();
        sides.weights = self.weights.as_deref();
        sides.boxes = self.boxes.as_deref();
        sides.labels = self.labels.as_deref();
        sides.mask = self.mask.as_deref();
        sides
    }
}

/// [taps…] or [C, taps…]; which of them is told to the op.
fn weights(path: &Path, pooling: &mut Pooling, shape: &Shape) -> Result<array::Array, Failure> {
    let array = array::read_floats(path)?;
    let own = array.sizes.len() == shape.spatial().len() + 1;
    let Region::Window(window) = &pooling.region else { return Ok(array) };
    let taps = (0..shape.spatial().len()).map(|axis| match &window.kernel_size {
        plunge::PerAxis::All(size) => *size as usize,
        plunge::PerAxis::Each(sizes) => sizes.get(axis).copied().unwrap_or(0) as usize,
    });
    let expected: Vec<usize> = own.then_some(shape.channels()).into_iter().chain(taps).collect();
    expect(path, &array.sizes, &expected, "shaped like the kernel, or C such sets")?;
    match &mut pooling.op {
        Op::Weighted { per_channel, .. } | Op::Gated { per_channel } => *per_channel = own,
        _ => {}
    }
    Ok(array)
}

fn expect(path: &Path, sizes: &[usize], expected: &[usize], meaning: &str) -> Result<(), Failure> {
    if sizes == expected {
        return Ok(());
    }
    Err(Failure::refused(format!("invalid {}: an array of {sizes:?}; it must be {expected:?}, {meaning}", path.display())))
}

fn narrow<T: TryFrom<i64>>(path: &Path, value: i64) -> Result<T, Failure> {
    T::try_from(value).map_err(|_| out_of_range(path, value))
}

fn out_of_range(path: &Path, value: i64) -> Failure {
    Failure::refused(format!("invalid {}: {value} is out of range", path.display()))
}
