//! What the index of a chosen tap counts over: the conventions of the field.

use crate::{Error, Pooling, Shape, plan::Manner};

/// What an index counts over. Kernels use [`PerPlane`](Self::PerPlane); files and other systems have others.
///
/// ```
/// use plunge::{IndexConvention, Shape};
///
/// let shape = Shape::nchw([2, 3, 4, 5]);
/// // Position (1, 2) of channel 1 of batch 1, plane 4: 1·5 + 2.
/// assert_eq!(IndexConvention::OnnxRowMajor.encode(&shape, 4, 7), 4 * 20 + 7);
/// assert_eq!(IndexConvention::OnnxColumnMajor.encode(&shape, 4, 7), 4 * 20 + 2 * 4 + 1);
/// assert_eq!(IndexConvention::Tensorflow.encode(&shape, 4, 7), 7 * 3 + 1);
/// assert_eq!(IndexConvention::Tensorflow.decode(&shape, 4, 22)?, 7);
/// # Ok::<(), plunge::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum IndexConvention {
    /// One plane of one channel, row-major: PyTorch's.
    #[default]
    PerPlane,
    /// The whole \[N, C, …\] tensor, row-major: ONNX's, with `storage_order` 0.
    OnnxRowMajor,
    /// The whole tensor, its planes column-major, so that the first spatial axis runs fastest: ONNX's, with `storage_order` 1.
    OnnxColumnMajor,
    /// One batch element of \[H, W, C\], channels running fastest: that of TensorFlow's `max_pool_with_argmax`, which leaves the batch out unless told to.
    Tensorflow,
}

impl IndexConvention {
    /// The index of position `index` of plane `plane` = n·C + c of a tensor of `shape`. An empty region has no index, which kernels write as `u32::MAX`: leave it out.
    #[must_use]
    pub fn encode(self, shape: &Shape, plane: usize, index: u32) -> i64 {
        let [plane, index] = [plane as u128, u128::from(index)];
        let positions = positions(shape);
        let channels = shape.channels().max(1) as u128;
        let encoded = match self {
            Self::PerPlane => index,
            Self::OnnxRowMajor => plane * positions + index,
            Self::OnnxColumnMajor => plane * positions + transposed(index, shape.spatial().iter().copied()),
            Self::Tensorflow => index * channels + plane % channels,
        };
        i64::try_from(encoded).unwrap_or(i64::MAX)
    }

    /// The position in its plane that an index of plane `plane` stands for.
    ///
    /// # Errors
    /// [`Error::InvalidBinding`] for an index that is none of that plane's, whatever its width.
    pub fn decode(self, shape: &Shape, plane: usize, index: i64) -> Result<u32, Error> {
        let positions = positions(shape);
        let channels = shape.channels().max(1) as u128;
        let own = plane as u128;
        let invalid = || {
            let expected = match self {
                Self::PerPlane => format!("from 0 to {}", positions.saturating_sub(1)),
                Self::OnnxRowMajor | Self::OnnxColumnMajor => {
                    format!("from {} to {}, plane {own}", own * positions, ((own + 1) * positions).saturating_sub(1))
                }
                Self::Tensorflow => {
                    format!("from 0 to {} and of channel {}", (positions * channels).saturating_sub(1), own % channels)
                }
            };
            Error::InvalidBinding { binding: "indices", expected, actual: index.to_string() }
        };
        let given = u128::try_from(index).map_err(|_| invalid())?;
        let found = match self {
            Self::PerPlane => Some(given),
            Self::OnnxRowMajor => given.checked_sub(own * positions),
            Self::OnnxColumnMajor => given
                .checked_sub(own * positions)
                .filter(|&index| index < positions)
                .map(|index| transposed(index, shape.spatial().iter().rev().copied())),
            Self::Tensorflow => (given % channels == own % channels).then_some(given / channels),
        };
        let found = found.filter(|&index| index < positions).ok_or_else(invalid)?;
        u32::try_from(found).map_err(|_| invalid())
    }
}

/// The indices that unpooling reads, narrowed after they were found to lie in their planes; none for ops that use none.
pub(crate) fn check_indices(
    pooling: &Pooling,
    pooled: &Shape,
    restored: &Shape,
    indices: Option<&[i64]>,
) -> Result<Option<Vec<u32>>, Error> {
    let invalid = |expected: String, actual: String| Error::InvalidBinding { binding: "indices", expected, actual };
    match (Manner::of(&pooling.op), indices) {
        (Manner::Indices, None) => {
            Err(invalid(format!("given: {} puts values at their indices", pooling.op.kind()), "absent".into()))
        }
        (Manner::Indices, Some(indices)) if indices.len() != pooled.elements() => {
            let actual = format!("{} elements", indices.len());
            Err(invalid(format!("{} elements for shape {pooled}", pooled.elements()), actual))
        }
        (Manner::Indices, Some(indices)) => {
            let narrow = |(at, &index): (usize, &i64)| {
                IndexConvention::PerPlane.decode(restored, 0, index).map_err(|error| match error {
                    Error::InvalidBinding { binding, expected, actual } => {
                        Error::InvalidBinding { binding, expected, actual: format!("{actual} at element {at}") }
                    }
                    other => other,
                })
            };
            indices.iter().enumerate().map(narrow).collect::<Result<_, _>>().map(Some)
        }
        (_, Some(_)) => Err(invalid(format!("absent: {} has none", pooling.op.kind()), "given".into())),
        (_, None) => Ok(None),
    }
}

fn positions(shape: &Shape) -> u128 {
    shape.spatial().iter().map(|&size| size as u128).product()
}

/// A row-major index over `sizes` as one over the same sizes in reverse order.
fn transposed(index: u128, sizes: impl DoubleEndedIterator<Item = usize> + Clone) -> u128 {
    let mut rest = index;
    // The last axis runs fastest, and is to run slowest.
    let mut digits: Vec<(u128, u128)> = Vec::new();
    for size in sizes.rev() {
        digits.push((rest % size as u128, size as u128));
        rest /= size as u128;
    }
    digits.into_iter().fold(0, |index, (digit, size)| index * size + digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [IndexConvention; 4] = [
        IndexConvention::PerPlane,
        IndexConvention::OnnxRowMajor,
        IndexConvention::OnnxColumnMajor,
        IndexConvention::Tensorflow,
    ];

    #[test]
    fn what_is_encoded_is_decoded_on_one_to_three_axes() {
        for sizes in [&[2, 3, 7][..], &[2, 3, 4, 5], &[1, 2, 2, 3, 4]] {
            let shape = Shape::from_nchw(sizes).expect("a shape");
            let plane_size: usize = shape.spatial().iter().product();
            for convention in ALL {
                for plane in 0..shape.batch() * shape.channels() {
                    let mut seen = Vec::new();
                    for index in 0..u32::try_from(plane_size).expect("small") {
                        let encoded = convention.encode(&shape, plane, index);
                        assert_eq!(convention.decode(&shape, plane, encoded), Ok(index), "{convention:?} {shape} {plane}");
                        seen.push(encoded);
                    }
                    seen.sort_unstable();
                    seen.dedup();
                    assert_eq!(seen.len(), plane_size, "{convention:?}: no two alike");
                }
            }
        }
    }

    #[test]
    fn indices_of_no_position_are_refused_at_full_width() {
        let shape = Shape::nchw([2, 3, 4, 5]);
        for convention in ALL {
            for index in [-1, i64::MIN, i64::MAX, (1 << 32) + 3, 120] {
                let refused = convention.decode(&shape, 1, index);
                assert!(refused.is_err_and(|error| error.is_invalid() && error.to_string().contains(&index.to_string())));
            }
        }
        assert!(IndexConvention::PerPlane.decode(&shape, 1, 20).is_err());
        assert!(IndexConvention::OnnxRowMajor.decode(&shape, 1, 19).is_err(), "the plane before");
        assert!(IndexConvention::OnnxRowMajor.decode(&shape, 1, 40).is_err(), "the plane behind");
        assert!(IndexConvention::Tensorflow.decode(&shape, 1, 3).is_err(), "another channel's");
    }
}
