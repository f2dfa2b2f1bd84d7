//! What identifies a kernel: equal keys are the same text and the same pipeline.

use std::fmt;

use super::{Format, Lanes, Line, Patch, Rows, Schedule, Stored, Tile, WORKGROUP};
use crate::{
    Activation, Element, OpKind, Texel,
    geometry::{Order, Walk},
    op::WeightingKind,
};

/// A kernel's identity: everything that its text depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KernelKey(pub(crate) Role);

/// What a kernel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// It pools.
    Pool(PoolKey),
    /// It brings gradients back from outputs to inputs.
    Back(BackKey),
    /// It puts pooled values back.
    Unpool(UnpoolStep),
    /// It adds up the parts of parameters' gradients.
    MergeSum,
    /// It writes zeros where nothing comes back.
    Clear(Stored),
    /// It narrows sums.
    Narrow(Stored),
    /// It digests what stands beside the input into the region's table.
    Digest(Digest),
    /// It makes levels of a mip chain.
    Mips(MipKey),
}

/// The identity of a kernel that makes levels of a mip chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MipKey {
    pub(crate) op: OpKind,
    /// The texture that the chain comes from; `None` for what the step before has kept.
    pub(crate) source: Option<Texel>,
    pub(crate) target: Texel,
    pub(crate) levels: u32,
    /// Whether the last level is kept for a next step.
    pub(crate) goes_on: bool,
}

/// A step of unpooling: a file of shaders/unpool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum UnpoolStep {
    Clear,
    Mark(Order),
    Place(Format),
    Nearest(Walk, Format),
}

impl UnpoolStep {
    /// The regions in which an output has neighbours on each axis.
    pub(crate) const SEPARABLE: [Walk; 6] =
        [Walk::Window, Walk::Reflect, Walk::Edge, Walk::Adaptive, Walk::Global, Walk::Fractional];
}

/// A step that makes a region's table: a file of shaders/digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Digest {
    RoiPool,
    RoiAlign,
    LabelsCount,
    LabelsScan,
    LabelsScatter,
    Clusters(ClusterStep, Option<Activation>, Format),
}

/// A step that finds clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ClusterStep {
    Weigh,
    Lot,
    Seed,
    Assign,
    Move,
}

impl ClusterStep {
    pub(crate) const ALL: [Self; 5] = [Self::Weigh, Self::Lot, Self::Seed, Self::Assign, Self::Move];
}

impl Digest {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RoiPool => "digest/roi_pool",
            Self::RoiAlign => "digest/roi_align",
            Self::LabelsCount => "digest/labels_count",
            Self::LabelsScan => "digest/labels_scan",
            Self::LabelsScatter => "digest/labels_scatter",
            Self::Clusters(ClusterStep::Weigh, ..) => "digest/clusters_weigh",
            Self::Clusters(ClusterStep::Lot, ..) => "digest/clusters_lot",
            Self::Clusters(ClusterStep::Seed, ..) => "digest/clusters_seed",
            Self::Clusters(ClusterStep::Assign, ..) => "digest/clusters_assign",
            Self::Clusters(ClusterStep::Move, ..) => "digest/clusters_move",
        }
    }
}

/// The identity of a kernel that pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PoolKey {
    pub(crate) op: OpKind,
    pub(crate) variant: u32,
    pub(crate) walk: Walk,
    pub(crate) weighting: WeightingKind,
    pub(crate) activation: Option<Activation>,
    pub(crate) schedule: Schedule,
    pub(crate) format: Format,
    /// How input rows are read, by tiles.
    pub(crate) rows: Rows,
    /// Whether outputs are stored as vec4s.
    pub(crate) aligned_store: bool,
    pub(crate) emit: Emit,
}

/// What is kept of every output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Emit {
    Values,
    /// Values and indices.
    Indices,
    /// What the way back must know.
    Saved,
}

/// The identity of a kernel of the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BackKey {
    pub(crate) op: OpKind,
    pub(crate) variant: u32,
    pub(crate) walk: Walk,
    pub(crate) weighting: WeightingKind,
    pub(crate) activation: Option<Activation>,
    pub(crate) format: Format,
    /// The type of the output's gradient.
    pub(crate) ahead: Element,
    /// What gradients come back to.
    pub(crate) to: BackTo,
    /// The patch of values that an invocation owns, in windows of constant size.
    pub(crate) patch: Option<Patch>,
}

/// What gradients come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum BackTo {
    Input,
    /// The input, values and not gradients being what is spread.
    Spread,
    /// The detection layer below a probabilistic max.
    Detection,
    /// The weights, or the parameter that learns.
    Parameters,
}

impl PoolKey {
    /// The same kernel without what its text does not look at, so that equal texts have equal keys.
    pub(crate) fn plain_where_it_can_be(self) -> Self {
        let Self { activation, format, emit, .. } = self;
        match self.schedule {
            Schedule::Partial | Schedule::ListPartial => Self { format: Format { output: Stored::F32, ..format }, ..self },
            Schedule::Merge | Schedule::ListMerge => {
                let input = if format.raw().is_some() { format.input } else { Stored::F32 };
                Self { activation: None, format: Format { input, ..format }, ..self }
            }
            Schedule::Line(line) => {
                let as_is = |stored: Stored, aside| if aside { Stored::F32 } else { stored };
                // Values that are folded as they are stored stay so from step to step.
                let input = as_is(format.input, line.from_scratch && format.raw().is_none());
                let output = as_is(format.output, line.to_scratch);
                let whole = |stored| matches!(stored, Stored::Texture(texel) if texel.channels() == 1);
                let activation = activation.filter(|_| !line.from_scratch);
                let rows = if line.from_scratch || whole(input) { Rows::One } else { self.rows };
                let aligned_store = self.aligned_store && !line.to_scratch && !whole(output);
                // The lanes are neighbours in memory, whatever they are; along rows there are none.
                let lanes = if line.along.is_some() { Lanes::One } else { Lanes::Neighbours };
                let format = Format { lanes, input, output, ..format };
                Self { activation, format, rows, aligned_store, ..self }
            }
            _ => {
                let words = format.output.per_word() == 4 && emit == Emit::Values;
                let texels = matches!(format.output, Stored::Texture(_));
                let split = emit == Emit::Saved && self.op.row().saved_bytes != 4;
                let aligned_store = self.aligned_store && !words && !texels && !split && !format.four();
                let in_fours = !format.four() && !matches!(format.input, Stored::Texture(_));
                let rows = if in_fours { self.rows } else { Rows::One };
                Self { activation, rows, aligned_store, ..self }
            }
        }
    }
}

impl fmt::Display for BackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.op)?;
        if self.op.row().variants > 1 {
            write!(f, "#{}", self.variant)?;
        }
        let to = match (self.to, self.patch) {
            (BackTo::Input, None) => "gather",
            (BackTo::Input, Some(_)) => "gather_patch",
            (BackTo::Spread, _) => "spread",
            (BackTo::Detection, _) => "detect",
            (BackTo::Parameters, _) => "gather_sum",
        };
        write!(f, "/{}/{to}", self.walk.name())?;
        self.patch.map_or(Ok(()), |patch| patch.fmt(f))?;
        if self.weighting != self.op.row().weighting {
            f.write_str("/position")?;
        }
        self.activation.map_or(Ok(()), |activation| write!(f, "/{}", activation.name()))?;
        self.format.fmt(f)?;
        if self.ahead == Element::F32 { Ok(()) } else { write!(f, "/ahead_{}", self.ahead) }
    }
}

impl fmt::Display for KernelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Role::Pool(key) => key.fmt(f),
            Role::Back(key) => key.fmt(f),
            Role::Unpool(UnpoolStep::Clear) => f.write_str("unpool_clear"),
            Role::Unpool(UnpoolStep::Mark(order)) => write!(f, "unpool_mark{}", Format { order: *order, ..Format::PLAIN }),
            Role::Unpool(UnpoolStep::Place(format)) => write!(f, "unpool_place{format}"),
            Role::Unpool(UnpoolStep::Nearest(walk, format)) => write!(f, "unpool_nearest/{}{format}", walk.name()),
            Role::MergeSum => f.write_str("merge_sum"),
            Role::Mips(MipKey { op, source, target, levels, goes_on }) => {
                let source = source.map_or("kept", Texel::name);
                write!(f, "{op}/mips{levels}/{source}_{target}{}", if *goes_on { "/keeps" } else { "" })
            }
            Role::Clear(output) => write!(f, "clear{}", Format { output: *output, ..Format::PLAIN }),
            Role::Narrow(output) => write!(f, "narrow{}", Format { output: *output, ..Format::PLAIN }),
            Role::Digest(digest) => {
                f.write_str(digest.name())?;
                match digest {
                    Digest::Clusters(_, activation, format) => {
                        activation.map_or(Ok(()), |activation| write!(f, "/{}", activation.name()))?;
                        format.fmt(f)
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.op)?;
        if self.op.row().variants > 1 {
            write!(f, "#{}", self.variant)?;
        }
        write!(f, "/{}/", self.walk.name())?;
        match self.schedule {
            Schedule::Direct => f.write_str("direct")?,
            Schedule::Wide => f.write_str("wide")?,
            Schedule::Reduce(WORKGROUP) => f.write_str("reduce")?,
            Schedule::Reduce(team) => write!(f, "reduce{team}")?,
            Schedule::Masked(workgroup) => write!(f, "masked{workgroup}")?,
            Schedule::Partial => f.write_str("partial")?,
            Schedule::Merge => f.write_str("merge")?,
            Schedule::ListPartial => f.write_str("list_partial")?,
            Schedule::ListMerge => f.write_str("list_merge")?,
            Schedule::Sort(taps) => write!(f, "sort{taps}")?,
            Schedule::Tile(tile) => {
                let Tile {
                    columns,
                    one_row,
                    kernel: [kh, kw],
                    stride: [sh, sw],
                    dilation: [dh, dw],
                    padding,
                    sticks_out,
                    slices,
                } = tile;
                write!(f, "tile{columns}_k{kh}x{kw}_s{sh}x{sw}_d{dh}x{dw}_p{padding}")?;
                let depth = [(slices == 1, "_deep"), (slices > 1, "_deep2")];
                let edges = [(sticks_out[0], "_rows"), (sticks_out[1], "_columns")];
                for (flag, name) in edges.into_iter().chain(depth).chain([(one_row, "_one")]) {
                    if flag {
                        f.write_str(name)?;
                    }
                }
            }
            Schedule::Line(Line { block, shared, from_scratch, to_scratch, turned, along }) => {
                write!(f, "line{block}")?;
                match shared {
                    Some(stride) => write!(f, "_s{stride}")?,
                    None => f.write_str("_alone")?,
                }
                if let Some([lead, tail]) = along {
                    write!(f, "_along{lead}{tail}")?;
                }
                for (flag, name) in [(from_scratch, "/from_scratch"), (to_scratch, "/to_scratch"), (turned, "/turned")] {
                    f.write_str(if flag { name } else { "" })?;
                }
            }
        }
        if self.weighting != self.op.row().weighting {
            f.write_str("/position")?;
        }
        if let Some(activation) = self.activation {
            write!(f, "/{}", activation.name())?;
        }
        for (flag, name) in [
            (self.rows == Rows::Fours, "/load4"),
            (self.rows == Rows::Shifted, "/shift4"),
            (self.aligned_store, "/store4"),
            (self.emit == Emit::Indices, "/indices"),
            (self.emit == Emit::Saved, "/saved"),
        ] {
            if flag {
                f.write_str(name)?;
            }
        }
        self.format.fmt(f)
    }
}
