//! The way back of sizes: from pooled values to what they were pooled from.

use super::Geometry;
use crate::{Error, Padding, Pooling, Region, Shape, Window, plan::Manner};

impl Pooling {
    /// The shape that values of shape `pooled` are put back into. For windows it follows, an axis being
    /// (out − 1)·stride − padding + dilation·(kernel_size − 1) + 1 long, and `size`, where given, must be within one stride of that; other regions need a size.
    ///
    /// ```
    /// use plunge::{Pooling, Shape};
    ///
    /// let pooling = Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]);
    /// let pooled = Shape::nchw([1, 8, 4, 4]);
    /// assert_eq!(pooling.unpooled_shape(&pooled, None)?, Shape::nchw([1, 8, 7, 7]));
    /// assert_eq!(pooling.unpooled_shape(&pooled, Some(&[8, 8]))?, Shape::nchw([1, 8, 8, 8]));
    /// # Ok::<(), plunge::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidAxis`] for a size that is missing or too far off; [`Error::Unsupported`] for regions that are not of one plane, each output
    /// having its place in it.
    pub fn unpooled_shape(&self, pooled: &Shape, size: Option<&[usize]>) -> Result<Shape, Error> {
        let spatial = pooled.spatial();
        if let Some(size) = size.filter(|size| size.len() != spatial.len()) {
            return Err(Error::InvalidAxisCount { parameter: "output_size", expected: spatial.len(), actual: size.len() });
        }
        let given = |axis: usize| size.map(|size| size[axis] as u64);
        let invalid = |axis, expected: String, actual: Option<u64>| Error::InvalidAxis {
            parameter: "output_size",
            axis,
            expected,
            actual: actual.map_or_else(|| "absent".into(), |actual| actual.to_string()),
        };
        let restored: Vec<usize> = match &self.region {
            Region::Window(window) => {
                let derived = derived(window, spatial)?;
                (0..spatial.len())
                    .map(|axis| {
                        let (least, most, derived) = derived[axis];
                        let size = given(axis).map_or(derived, |size| i64::try_from(size).unwrap_or(i64::MAX));
                        if size < least.max(1) || size > most {
                            let expected = format!("from {} to {most}, within one stride of {derived}", least.max(1));
                            return Err(invalid(axis, expected, Some(size.unsigned_abs())));
                        }
                        usize::try_from(size).map_err(|_| invalid(axis, "a size".into(), Some(size.unsigned_abs())))
                    })
                    .collect::<Result<_, _>>()?
            }
            Region::Adaptive { .. } | Region::Global | Region::Fractional(_) => {
                let Some(size) = size else {
                    return Err(invalid(0, format!("given: {} does not tell it", self.region.kind().name()), None));
                };
                size.to_vec()
            }
            region => {
                let why =
                    "its outputs are not places in one plane; windows, adaptive, global and fractional regions are unpooled";
                return Err(Error::unsupported(format!("unpooling {}", region.kind().name()), why));
            }
        };
        let restored = pooled.with_spatial(&restored);
        Geometry::unpool(self, pooled, &restored)?;
        Ok(restored)
    }
}

/// The least and the most size on each axis, and the one that is taken where none is given.
fn derived(window: &Window, spatial: &[usize]) -> Result<Vec<(i64, i64, i64)>, Error> {
    let axes = spatial.len();
    let kernels = window.kernel_size.resolve("kernel_size", axes)?;
    let strides = window.stride.as_ref().map_or(Ok(kernels.clone()), |stride| stride.resolve("stride", axes))?;
    let dilations = window.dilation.resolve("dilation", axes)?;
    let paddings = match &window.padding {
        Padding::Explicit(sides) => sides.resolve("padding", axes)?,
        _ => vec![[0, 0]; axes],
    };
    let sizes = (0..axes).map(|axis| {
        let [kernel, stride, dilation] = [kernels[axis], strides[axis], dilations[axis]].map(i64::from);
        let steps = i64::try_from(spatial[axis]).unwrap_or(i64::MAX).saturating_sub(1).saturating_mul(stride);
        match window.padding {
            // ⌈in/s⌉ outputs.
            Padding::SameUpper | Padding::SameLower => {
                (steps.saturating_add(1), steps.saturating_add(stride), steps.saturating_add(stride))
            }
            _ => {
                let reach = dilation.saturating_mul(kernel.saturating_sub(1));
                let [begin, end] = paddings[axis].map(i64::from);
                let size = steps.saturating_add(reach).saturating_add(1) - begin - end;
                (size.saturating_sub(stride - 1), size.saturating_add(stride.saturating_sub(1)), size)
            }
        }
    });
    Ok(sizes.collect())
}

impl Geometry {
    /// Checks that values of shape `pooled` can be put back into `restored`, and resolves every axis, the outputs being those that there are.
    pub(crate) fn unpool(pooling: &Pooling, pooled: &Shape, restored: &Shape) -> Result<Self, Error> {
        let name = pooling.region.kind().name();
        if pooling.activation.is_some() {
            return Err(Error::unsupported(
                "unpooling behind an activation",
                "what an activation took away does not come back",
            ));
        }
        let fits = [pooled.batch(), pooled.channels(), pooled.spatial().len()]
            == [restored.batch(), restored.channels(), restored.spatial().len()];
        if !fits || pooled.layout() != restored.layout() {
            return Err(Error::InvalidShape {
                expected: format!("batch, channels, axes and their order as those of {pooled}"),
                actual: restored.to_string(),
            });
        }
        match &pooling.region {
            Region::Window(window) => {
                for (axis, (&size, (least, most, _))) in
                    restored.spatial().iter().zip(derived(window, pooled.spatial())?).enumerate()
                {
                    let within = i64::try_from(size).is_ok_and(|size| (least.max(1)..=most).contains(&size));
                    if !within {
                        return Err(Error::InvalidAxis {
                            parameter: "output_size",
                            axis,
                            expected: format!("from {} to {most}", least.max(1)),
                            actual: size.to_string(),
                        });
                    }
                }
            }
            Region::Adaptive { .. } | Region::Global | Region::Fractional(_) => {}
            _ => {
                let why =
                    "its outputs are not places in one plane; windows, adaptive, global and fractional regions are unpooled";
                return Err(Error::unsupported(format!("unpooling {name}"), why));
            }
        }
        if Manner::of(&pooling.op) == Manner::Indices && !pooling.region.has_indices() {
            return Err(Error::unsupported(format!("unpooling {name} by indices"), "it has no indices"));
        }
        let mut geometry = Self::resolve(pooling, restored)?;
        if !matches!(pooling.region, Region::Window(_)) && geometry.output != *pooled {
            return Err(Error::InvalidShape {
                expected: format!("{}, which the region gives", geometry.output),
                actual: pooled.to_string(),
            });
        }
        let absent = geometry.axes.len() - pooled.spatial().len();
        for (axis, &size) in geometry.axes[absent..].iter_mut().zip(pooled.spatial()) {
            axis.output = u32::try_from(size).unwrap_or(u32::MAX);
        }
        geometry.output = *pooled;
        Ok(geometry)
    }
}
