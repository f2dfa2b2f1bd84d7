//! Sizes: the one output-size formula, and what a kernel must know of each axis.

use crate::{Error, Padding, Pooling, Region, Shape, Window, op::WeightingKind, shape::MAX_SPATIAL_AXES, spec::PaddingMode};

/// Sizes that index arithmetic holds in 32 bits must stay below this, so that sums of two of them fit too.
const INDEX_LIMIT: i64 = 1 << 31;

/// A pooling resolved on a shape: every axis in numbers, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    /// The shape of one output's taps, which kernels walk.
    pub(crate) walk: Walk,
    /// Depth, height, width; an absent axis has size 1 and one tap. Where a region runs over channels, they are the depth, and
    /// the positions of a plane, which it leaves alone, are the width.
    pub(crate) axes: [Axis; MAX_SPATIAL_AXES],
    /// Channels apart from those among the axes.
    pub(crate) channels: usize,
}

/// How the taps of one output lie: a file of shaders/region. Regions that only differ in what they call their axes share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Walk {
    Window,
    Adaptive,
    Global,
}

impl Walk {
    pub(crate) const ALL: [Self; 3] = [Self::Window, Self::Adaptive, Self::Global];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Adaptive => "adaptive",
            Self::Global => "global",
        }
    }
}

/// A region without its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the region of the same name")]
pub enum RegionKind {
    Window,
    Adaptive,
    Global,
    Channels,
    ChannelWindow,
}

/// One spatial axis: its sizes, and the window on it where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) input: u32,
    pub(crate) output: u32,
    pub(crate) kernel: u32,
    pub(crate) stride: u32,
    pub(crate) dilation: u32,
    pub(crate) pad_begin: u32,
    pub(crate) pad_end: u32,
}

impl Axis {
    const ABSENT: Self = Self::whole(1, 1);

    /// An axis without a window.
    const fn whole(input: u32, output: u32) -> Self {
        Self { input, output, kernel: 1, stride: 1, dilation: 1, pad_begin: 0, pad_end: 0 }
    }

    /// An upper bound of the taps that one output has on this axis.
    pub(crate) fn most_taps(&self, walk: Walk) -> u64 {
        match walk {
            Walk::Window => u64::from(self.kernel.min(self.input)),
            Walk::Adaptive => u64::from(self.input.div_ceil(self.output)) + 1,
            Walk::Global => u64::from(self.input),
        }
        .min(u64::from(self.input))
    }
}

impl RegionKind {
    /// Every region, in the order of the documentation.
    pub const ALL: &'static [Self] = &[Self::Window, Self::Adaptive, Self::Global, Self::Channels, Self::ChannelWindow];

    /// Its name in specs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Adaptive => "adaptive",
            Self::Global => "global",
            Self::Channels => "channels",
            Self::ChannelWindow => "channel_window",
        }
    }

    /// Whether its taps lie in one plane, so that they have indices and their region a centre.
    #[must_use]
    pub fn is_spatial(self) -> bool {
        !matches!(self, Self::Channels | Self::ChannelWindow)
    }
}

impl Region {
    /// Which region this is, without its parameters.
    #[must_use]
    pub fn kind(&self) -> RegionKind {
        match self {
            Self::Window(_) => RegionKind::Window,
            Self::Adaptive { .. } => RegionKind::Adaptive,
            Self::Global => RegionKind::Global,
            Self::Channels { .. } => RegionKind::Channels,
            Self::ChannelWindow { .. } => RegionKind::ChannelWindow,
        }
    }
}

impl Geometry {
    /// Checks a pooling against a shape and resolves every axis.
    pub(crate) fn resolve(pooling: &Pooling, input: &Shape) -> Result<Self, Error> {
        pooling.op.validate()?;
        let sizes = input
            .spatial()
            .iter()
            .map(|&size| match i64::try_from(size) {
                Ok(0) => {
                    Err(Error::InvalidShape { expected: "at least 1 on every spatial axis".into(), actual: input.to_string() })
                }
                Ok(size) if size < INDEX_LIMIT => Ok(size),
                _ => Err(Error::UnsupportedSize {
                    what: format!("spatial axis in {input}"),
                    limit: INDEX_LIMIT.unsigned_abs() - 1,
                    actual: size as u64,
                }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let kind = pooling.region.kind();
        if pooling.op.kind().row().weighting == WeightingKind::Gaussian && !kind.is_spatial() {
            return Err(Error::unsupported(
                format!("{} over {}", pooling.op.kind(), kind.name()),
                "a region of channels has no centre to measure distances from",
            ));
        }
        let (walk, axes) = match &pooling.region {
            Region::Window(window) => (Walk::Window, window_axes(window, &sizes)?),
            Region::Adaptive { output_size } => {
                (Walk::Adaptive, adaptive_axes(&output_size.resolve("output_size", sizes.len())?, &sizes)?)
            }
            Region::Global => {
                let whole = |&size| Ok(Axis::whole(narrow(size)?, 1));
                (Walk::Global, sizes.iter().map(whole).collect::<Result<_, Error>>()?)
            }
            Region::Channels { .. } | Region::ChannelWindow { .. } => return Self::over_channels(&pooling.region, input),
        };
        let spatial: Vec<usize> = axes.iter().map(|axis| axis.output as usize).collect();
        let mut three = [Axis::ABSENT; MAX_SPATIAL_AXES];
        three[MAX_SPATIAL_AXES - axes.len()..].copy_from_slice(&axes);
        let (input, output) = (*input, input.with_spatial(&spatial));
        Ok(Self { input, output, walk, axes: three, channels: input.channels() })
    }

    /// A region over channels is a window over the depth of a tensor [N, 1, C, 1, positions].
    fn over_channels(region: &Region, input: &Shape) -> Result<Self, Error> {
        let channels = input.channels();
        let window = match *region {
            Region::Channels { group, strided } => {
                let size = group as usize;
                if size == 0 || !channels.is_multiple_of(size) {
                    return Err(Error::parameter("group", &format!("a divisor of the {channels} channels"), group));
                }
                let groups = u32::try_from(channels / size).unwrap_or(u32::MAX).max(1);
                let mut window = Window::new(group);
                if strided {
                    (window.stride, window.dilation) = (Some(1.into()), groups.into());
                }
                window
            }
            Region::ChannelWindow { kernel_size, stride, padding } => {
                let mut window = Window::new(kernel_size);
                window.stride = stride.map(Into::into);
                window.padding = [padding].into();
                window
            }
            _ => return Err(Error::unsupported(region.kind().name(), "it does not run over channels")),
        };
        let positions = input.spatial().iter().fold(1, |n: usize, &size| n.saturating_mul(size));
        let too_large = |what: &str, actual: usize| Error::UnsupportedSize {
            what: format!("{what} of {input}"),
            limit: INDEX_LIMIT.unsigned_abs() - 1,
            actual: actual as u64,
        };
        let [depth, width] = [(channels, "channels"), (positions, "plane")]
            .map(|(size, what)| i64::try_from(size).ok().filter(|&n| n < INDEX_LIMIT).ok_or_else(|| too_large(what, size)));
        // No channel, no window; an axis of size 1 stands in, and nothing runs.
        let depth = window_axes(&window, &[depth?.max(1)]).map_err(|error| match error {
            Error::InvalidAxis { parameter, expected, actual, .. } => Error::InvalidParameter { parameter, expected, actual },
            other => other,
        })?[0];
        let width = narrow(width?)?;
        let output = input.with_channels(if channels == 0 { 0 } else { depth.output as usize });
        let axes = [depth, Axis::ABSENT, Axis::whole(width, width)];
        Ok(Self { input: *input, output, walk: Walk::Window, axes, channels: 1 })
    }

    /// An upper bound of the loop turns in which an invocation walks one output's taps row by row, in blocks of 32.
    pub(crate) fn most_turns(&self) -> u64 {
        let [slices, rows, columns] = self.axes.map(|axis| axis.most_taps(self.walk));
        let row = columns.saturating_add(3 * columns.div_ceil(32)) + 3;
        slices.saturating_mul(rows.saturating_mul(row).saturating_add(4)).saturating_add(4)
    }

    /// An upper bound of the taps that one output has.
    pub(crate) fn most_taps(&self) -> u64 {
        self.axes.iter().fold(1, |taps, axis| taps.saturating_mul(axis.most_taps(self.walk)))
    }
}

fn narrow(size: i64) -> Result<u32, Error> {
    u32::try_from(size).map_err(|_| Error::UnsupportedSize {
        what: "axis".into(),
        limit: u64::from(u32::MAX),
        actual: size.unsigned_abs(),
    })
}

fn adaptive_axes(outputs: &[u32], sizes: &[i64]) -> Result<Vec<Axis>, Error> {
    // The kernels compute i·(in mod out) in 32 bits: region/adaptive.wgsl.
    const MOST: u32 = 0xffff;
    sizes
        .iter()
        .zip(outputs)
        .enumerate()
        .map(|(axis, (&size, &output))| match output {
            0 => Err(Error::InvalidAxis { parameter: "output_size", axis, expected: "at least 1".into(), actual: "0".into() }),
            1..=MOST => Ok(Axis::whole(narrow(size)?, output)),
            _ => Err(Error::UnsupportedSize {
                what: format!("output_size on spatial axis {axis}"),
                limit: u64::from(MOST),
                actual: u64::from(output),
            }),
        })
        .collect()
}

fn window_axes(window: &Window, sizes: &[i64]) -> Result<Vec<Axis>, Error> {
    if window.padding_mode != PaddingMode::Ignore {
        return Err(Error::unsupported(
            format!("padding_mode {:?}", window.padding_mode),
            "this version pads with absent values only (ignore)",
        ));
    }
    let axes = sizes.len();
    let kernels = window.kernel_size.resolve("kernel_size", axes)?;
    let strides = window.stride.as_ref().map_or(Ok(kernels.clone()), |stride| stride.resolve("stride", axes))?;
    let dilations = window.dilation.resolve("dilation", axes)?;
    let paddings = match &window.padding {
        Padding::Explicit(sides) => Some(sides.resolve("padding", axes)?),
        _ => None,
    };
    (0..axes)
        .map(|axis| {
            for (parameter, value) in [("kernel_size", kernels[axis]), ("stride", strides[axis]), ("dilation", dilations[axis])]
            {
                if value == 0 {
                    return Err(Error::InvalidAxis { parameter, axis, expected: "at least 1".into(), actual: "0".into() });
                }
            }
            let fixed = paddings.as_ref().map(|sides| sides[axis]);
            window_axis(axis, window, sizes[axis], [kernels[axis], strides[axis], dilations[axis]].map(i64::from), fixed)
        })
        .collect()
}

/// One axis of a window: the one output-size formula.
fn window_axis(
    axis: usize,
    window: &Window,
    size: i64,
    [kernel, stride, dilation]: [i64; 3],
    fixed: Option<[u32; 2]>,
) -> Result<Axis, Error> {
    let reach = dilation.saturating_mul(kernel - 1);
    let ([begin, end], output) = match fixed {
        Some(sides) => {
            let [begin, end] = sides.map(i64::from);
            if begin > reach || end > reach {
                return Err(Error::InvalidAxis {
                    parameter: "padding",
                    axis,
                    expected: format!("at most dilation · (kernel_size − 1) = {reach} on each side"),
                    actual: format!("{begin} and {end}"),
                });
            }
            ([begin, end], output_size(size + begin + end, size + begin, reach, stride, window.ceil_mode))
        }
        None if window.padding == Padding::Valid => ([0, 0], output_size(size, size, reach, stride, window.ceil_mode)),
        None => {
            let output = (size - 1) / stride + 1;
            let total = ((output - 1) * stride).saturating_add(reach).saturating_add(1).saturating_sub(size).max(0);
            let (less, more) = (total / 2, total - total / 2);
            (if window.padding == Padding::SameLower { [more, less] } else { [less, more] }, output)
        }
    };
    let padded = size.saturating_add(begin).saturating_add(end);
    if output < 1 {
        return Err(Error::InvalidAxis {
            parameter: "kernel_size",
            axis,
            expected: format!("small enough for one window in the padded input of {padded}"),
            actual: format!("{kernel} taps {dilation} apart, {} positions", reach.saturating_add(1)),
        });
    }
    if padded >= INDEX_LIMIT {
        return Err(Error::UnsupportedSize {
            what: format!("padded size of spatial axis {axis}"),
            limit: INDEX_LIMIT.unsigned_abs() - 1,
            actual: padded.unsigned_abs(),
        });
    }
    Ok(Axis {
        input: narrow(size)?,
        output: narrow(output)?,
        kernel: narrow(kernel)?,
        stride: narrow(stride)?,
        // One tap has no neighbour, however far apart they would be.
        dilation: if kernel == 1 { 1 } else { narrow(dilation)? },
        pad_begin: narrow(begin)?,
        pad_end: narrow(end)?,
    })
}

/// Windows on one axis: `padded` positions with both paddings, `start_limit` with that at the begin only, `reach` from a
/// window's first tap to its last.
fn output_size(padded: i64, start_limit: i64, reach: i64, stride: i64, ceil_mode: bool) -> i64 {
    let room = padded - 1 - reach;
    if room < 0 {
        return 0;
    }
    let output = room / stride + 1;
    let rounded_up = output + i64::from(ceil_mode && room % stride != 0);
    // The last window must start inside the input or its begin padding.
    if (rounded_up - 1).saturating_mul(stride) >= start_limit { output } else { rounded_up }
}

#[cfg(test)]
mod tests;
