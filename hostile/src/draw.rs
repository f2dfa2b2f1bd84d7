//! Poolings, shapes and numbers made of bytes.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use plunge::{
    Activation, ClusterBy, Clusters, Element, Fractional, Kernel, Layout, Op, Padding, PaddingMode, PerAxis, Pooling,
    ProbabilisticMode, Quantization, Region, Request, RoiAlign, RoiPool, Shape, Specialise, StochasticMode, WeightPreset,
    Window, plan::Limits,
};

/// How wild numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// Sizes near nothing and near every limit; floats of any bits.
    Any,
    /// What a small tensor can be pooled by, mostly.
    Small,
}

/// Sizes about which arithmetic goes wrong.
const EDGES: [u64; 16] = [
    0,
    1,
    16,
    255,
    1024,
    32_768,
    65_535,
    65_536,
    65_537,
    1 << 24,
    (1 << 31) - 1,
    1 << 31,
    u32::MAX as u64 - 1,
    u32::MAX as u64,
    1 << 32,
    u64::MAX,
];

impl Range {
    pub(crate) fn size(self, u: &mut Unstructured<'_>, most: u32) -> Result<u32> {
        match self {
            Self::Small => u.int_in_range(1..=most),
            Self::Any => Ok(match u.int_in_range(0..=7)? {
                0 => *u.choose(&EDGES)? as u32,
                1 => u.arbitrary()?,
                _ => u.int_in_range(0..=most + 1)?,
            }),
        }
    }

    fn sizes(self, u: &mut Unstructured<'_>, axes: usize, most: u32) -> Result<PerAxis<u32>> {
        let axes = if self == Self::Any && u.ratio(1, 16)? { u.int_in_range(0..=4)? } else { axes };
        Ok(match u.ratio(1, 4)? {
            true => PerAxis::All(self.size(u, most)?),
            false => PerAxis::Each((0..axes).map(|_| self.size(u, most)).collect::<Result<_>>()?),
        })
    }

    /// A number from `least` to `most`, or with any bits.
    fn float(self, u: &mut Unstructured<'_>, least: f32, most: f32) -> Result<f32> {
        match self {
            Self::Any if u.ratio(1, 4)? => u.arbitrary(),
            _ => Ok(least + (most - least) * f32::from(u.arbitrary::<u16>()?) / 65_535.0),
        }
    }
}

pub(crate) fn op(u: &mut Unstructured<'_>, range: Range) -> Result<Op> {
    Ok(match u.int_in_range(0..=21)? {
        0 => Op::Max,
        1 => Op::Min,
        2 => Op::Sum,
        3 => {
            let divisor_override = if u.arbitrary()? { Some(range.float(u, 0.5, 9.0)?) } else { None };
            let sqrt_divisor = u.arbitrary::<bool>()? && (range == Range::Any || divisor_override.is_none());
            Op::Average { count_include_pad: u.arbitrary()?, divisor_override, sqrt_divisor }
        }
        4 => Op::Lp { p: *u.choose(&[1.0, 2.0, f32::INFINITY, 3.5])? },
        5 => Op::Lp { p: range.float(u, 1.0, 12.0)? },
        6 => Op::Gaussian { sigma: range.float(u, 0.1, 9.0)? },
        7 => Op::Std,
        8 => Op::Variance,
        9 => Op::LogSumExp { r: range.float(u, 0.1, 30.0)? },
        10 => Op::Soft { beta: range.float(u, -20.0, 20.0)? },
        11 => Op::Gem { p: range.float(u, 1.0, 12.0)?, eps: range.float(u, 1e-6, 1.0)? },
        12 => Op::Mixed { alpha: range.float(u, 0.0, 1.0)? },
        13 => Op::First,
        14 => Op::Last,
        15 => Op::Rank { q: range.float(u, 0.0, 1.0)?.into() },
        16 => Op::Median,
        17 => {
            let preset = match u.int_in_range(0..=3)? {
                0 => Some(WeightPreset::Binomial),
                1 => Some(WeightPreset::Position),
                _ => None,
            };
            Op::Weighted { preset, per_channel: preset.is_none() && u.arbitrary()?, normalize: u.arbitrary()? }
        }
        18 => Op::Gated { per_channel: u.arbitrary()? },
        19 => Op::Stochastic { seed: u.arbitrary()?, mode: StochasticMode::Sample },
        20 => Op::Stochastic { seed: u.arbitrary()?, mode: StochasticMode::Expectation },
        _ => {
            let mode = if u.arbitrary()? { ProbabilisticMode::Sample } else { ProbabilisticMode::Probabilities };
            Op::ProbabilisticMax { seed: u.arbitrary()?, mode }
        }
    })
}

fn window(u: &mut Unstructured<'_>, axes: usize, range: Range) -> Result<Region> {
    let mut window = Window::new(range.sizes(u, axes, 5)?);
    if u.arbitrary()? {
        window.stride = Some(range.sizes(u, axes, 4)?);
    }
    if u.ratio(1, 3)? {
        window.dilation = range.sizes(u, axes, 3)?;
    }
    window.padding = match u.int_in_range(0..=7)? {
        0 => Padding::SameUpper,
        1 => Padding::SameLower,
        2 => Padding::Valid,
        3 | 4 => Padding::default(),
        _ => {
            let mut side =
                || Ok::<_, arbitrary::Error>(if range == Range::Any { range.size(u, 4)? } else { u.int_in_range(0..=3)? });
            let sides = (0..axes).map(|_| Ok([side()?, side()?])).collect::<Result<Vec<_>>>()?;
            Padding::Explicit(PerAxis::Each(sides))
        }
    };
    window.ceil_mode = u.arbitrary()?;
    window.padding_mode = *u.choose(&[PaddingMode::Ignore, PaddingMode::Ignore, PaddingMode::Reflect, PaddingMode::Edge])?;
    Ok(window.into())
}

pub(crate) fn region(u: &mut Unstructured<'_>, axes: usize, range: Range) -> Result<Region> {
    Ok(match u.int_in_range(0..=15)? {
        0 => Region::Adaptive { output_size: range.sizes(u, axes, 7)? },
        1 => Region::Global,
        2 => Region::Pyramid { levels: (0..u.int_in_range(0..=4)?).map(|_| range.size(u, 5)).collect::<Result<_>>()? },
        3 => {
            let (kernel, outputs) = (range.sizes(u, axes, 3)?, range.sizes(u, axes, 4)?);
            if u.arbitrary()? {
                let samples = (0..axes).map(|_| Ok(range.float(u, 0.0, 0.999)?.into())).collect::<Result<_>>()?;
                Fractional::sampled(kernel, outputs, samples).into()
            } else {
                let starts = (0..axes)
                    .map(|_| (0..u.int_in_range(0..=4)?).map(|_| range.size(u, 4)).collect::<Result<Vec<_>>>())
                    .collect::<Result<_>>()?;
                Fractional::starting(kernel, outputs, starts).into()
            }
        }
        4 => Region::Channels { group: range.size(u, 4)?, strided: u.arbitrary()? },
        5 => Region::ChannelWindow {
            kernel_size: range.size(u, 4)?,
            stride: if u.arbitrary()? { Some(range.size(u, 3)?) } else { None },
            padding: [range.size(u, 2)?, range.size(u, 2)?],
        },
        6 => {
            let mut region = RoiPool::new(range.sizes(u, 2, 3)?, range.float(u, 0.1, 2.0)?);
            region.max_boxes = boxes(u, range)?;
            region.into()
        }
        7 => {
            let mut region = RoiAlign::new(range.sizes(u, 2, 3)?, range.float(u, 0.1, 2.0)?);
            region.max_boxes = boxes(u, range)?;
            region.sampling_ratio = range.size(u, 3)? - u32::from(range == Range::Small);
            (region.aligned, region.position_sensitive) = (u.arbitrary()?, u.ratio(1, 4)?);
            region.into()
        }
        8 => Region::Segments { count: boxes(u, range)?, empty: range.float(u, -1.0, 1.0)? },
        9 => Region::Sequence,
        10 if range == Range::Any => {
            let mut clusters = Clusters::new(range.size(u, 4)?, range.size(u, 3)?, u.arbitrary()?);
            clusters.cells = range.sizes(u, axes, 2)?;
            clusters.coordinates = *u.choose(&[ClusterBy::Features, ClusterBy::Positions, ClusterBy::Both])?;
            clusters.activation_weighted = u.arbitrary()?;
            clusters.into()
        }
        _ => window(u, axes, range)?,
    })
}

fn boxes(u: &mut Unstructured<'_>, range: Range) -> Result<Option<u32>> {
    Ok(match range == Range::Any && u.ratio(1, 4)? {
        true => None,
        false => Some(range.size(u, 6)?),
    })
}

pub(crate) fn pooling(u: &mut Unstructured<'_>, axes: usize, range: Range) -> Result<Pooling> {
    let mut pooling = Pooling::new(op(u, range)?, region(u, axes, range)?);
    if u.ratio(1, 4)? {
        let all = [Activation::Relu, Activation::LeakyRelu, Activation::Sigmoid, Activation::Tanh];
        pooling.activation = Some(*u.choose(&all)?);
    }
    Ok(pooling)
}

pub(crate) fn shape(u: &mut Unstructured<'_>, axes: usize, range: Range) -> Result<Shape> {
    let mut size = |most: u32| {
        Ok::<_, arbitrary::Error>(match range {
            Range::Any if u.ratio(1, 8)? => usize::try_from(*u.choose(&EDGES)?).unwrap_or(usize::MAX),
            range => range.size(u, most)? as usize,
        })
    };
    let mut sizes = vec![size(2)?, size(5)?];
    for _ in 0..axes {
        sizes.push(size(if axes == 3 { 6 } else { 13 })?);
    }
    let shape = Shape::from_nchw(&sizes).expect("one to three axes");
    Ok(if u.ratio(1, 4)? { shape.in_layout(Layout::Nhwc) } else { shape })
}

pub(crate) fn request(u: &mut Unstructured<'_>) -> Result<Request> {
    const ELEMENTS: [Element; 6] = [Element::F32, Element::F16, Element::Bf16, Element::U8, Element::I8, Element::I32];
    let mut request = Request::new().indices(u.ratio(1, 4)?).specialise(*u.choose(&[
        Specialise::Listed,
        Specialise::Never,
        Specialise::Any,
    ])?);
    if u.ratio(1, 4)? {
        request = request.element(*u.choose(&ELEMENTS)?);
    }
    if u.ratio(1, 8)? {
        request = request.output(*u.choose(&ELEMENTS)?);
    }
    if u.ratio(1, 8)? {
        request = request.quantization(Quantization { scale: u.arbitrary()?, zero_point: u.arbitrary()? });
    }
    if u.ratio(1, 8)? {
        let all = [Kernel::Direct, Kernel::Sort, Kernel::Tile, Kernel::Line, Kernel::Reduce, Kernel::TwoStage];
        request = request.kernel(*u.choose(&all)?);
    }
    (request.parameters, request.detection) = (u.ratio(1, 16)?, u.ratio(1, 16)?);
    Ok(request)
}

/// Limits of any device, down to none at all.
pub(crate) fn limits(u: &mut Unstructured<'_>) -> Result<Limits> {
    let mut limits = Limits::WEBGPU;
    if u.arbitrary()? {
        limits.binding_bytes = *u.choose(&[0, 4, 256, 1000, 1 << 16, 1 << 20, 128 << 20, u64::MAX])?;
        limits.workgroups_per_dimension = *u.choose(&[0, 1, 2, 7, 256, 65_535, u32::MAX])?;
        limits.invocations_per_workgroup = *u.choose(&[0, 1, 64, 128, 256, 1024])?;
        limits.workgroup_bytes = *u.choose(&[0, 64, 4096, 16 << 10, 64 << 10])?;
        limits.storage_buffers = *u.choose(&[0, 2, 4, 8])?;
        limits.storage_textures = *u.choose(&[0, 4])?;
        limits.longest_dispatch = Duration::from_micros(*u.choose(&[0, 1, 1000, 500_000, u64::MAX])?);
        limits.taps_per_second = *u.choose(&[0, 1, 1 << 30, u64::MAX])?;
        limits.invocations_to_fill = *u.choose(&[0, 1, 4096, u32::MAX])?;
        limits.software = u.arbitrary()?;
    }
    Ok(limits)
}

/// Values: small ones, with NaN and infinities among them, or of any bits.
pub(crate) fn values(u: &mut Unstructured<'_>, count: usize, any: bool) -> Result<Vec<f32>> {
    const SPECIALS: [f32; 8] = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 1e-40, -1e-40, f32::MIN_POSITIVE];
    // A few bytes make many values, so that small inputs reach large tensors.
    let drawn: Vec<u32> = (0..count.min(64)).map(|_| u.arbitrary()).collect::<Result<_>>()?;
    let value = |at: usize| {
        let word = drawn[at % drawn.len()].wrapping_add((at / drawn.len()) as u32).wrapping_mul(0x9e37_79b1);
        match word >> 24 {
            _ if any => f32::from_bits(word),
            0..16 => SPECIALS[(word % 8) as usize],
            16..64 => f32::from((word % 7) as u16) - 3.0,
            _ => f32::from((word & 0xffff) as u16) / 4096.0 - 8.0,
        }
    };
    Ok((0..count).map(value).collect())
}
