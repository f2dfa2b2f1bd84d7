//! The buffers that kernels bind.

use super::{
    BackKey, BackTo, ClusterStep, Digest, Emit, Format, KernelKey, Line, MipKey, PoolKey, Role, Schedule, Stored, UnpoolStep,
};
use crate::{Texel, geometry::Walk, op::WeightingKind};

/// A buffer that a kernel binds, at its fixed number in group 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Input = 1,
    Output = 2,
    Indices = 3,
    Scratch = 4,
    Table = 5,
    Weights = 6,
    Boxes = 7,
    BoxCount = 8,
    Status = 9,
    Labels = 10,
    GradOutput = 11,
    /// What the way back must know of the outputs: the end of the scratch.
    Saved = 12,
    GradParameters = 13,
    Detection = 14,
    Level1 = 15,
    Level2 = 16,
    Level3 = 17,
    Level4 = 18,
}

impl Slot {
    /// Every slot, in the order of its number.
    pub(crate) const ALL: [Self; 18] = [
        Self::Input,
        Self::Output,
        Self::Indices,
        Self::Scratch,
        Self::Table,
        Self::Weights,
        Self::Boxes,
        Self::BoxCount,
        Self::Status,
        Self::Labels,
        Self::GradOutput,
        Self::Saved,
        Self::GradParameters,
        Self::Detection,
        Self::Level1,
        Self::Level2,
        Self::Level3,
        Self::Level4,
    ];

    pub(crate) fn read_only(self) -> bool {
        matches!(self, Self::Input | Self::Weights | Self::Boxes | Self::BoxCount | Self::Labels | Self::GradOutput)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Indices => "indices",
            Self::Scratch => "scratch",
            Self::Table => "table",
            Self::Weights => "weights",
            Self::Boxes => "boxes",
            Self::BoxCount => "box_count",
            Self::Status => "status",
            Self::Labels => "labels",
            Self::GradOutput => "grad_output",
            Self::Saved => "saved",
            Self::GradParameters => "grad_parameters",
            Self::Detection => "detection",
            Self::Level1 | Self::Level2 | Self::Level3 | Self::Level4 => "level",
        }
    }
}

/// How a kernel binds a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Buffer {
        read_only: bool,
    },
    /// A texture that is read.
    Source(Texel),
    /// A texture that is written.
    Target(Texel),
}

impl KernelKey {
    /// How this kernel binds the buffer or texture at `slot`.
    pub(crate) fn bound(&self, slot: Slot) -> Bound {
        match (slot, &self.0) {
            (Slot::Input, Role::Mips(MipKey { source: Some(source), .. })) => Bound::Source(*source),
            (Slot::Level1 | Slot::Level2 | Slot::Level3 | Slot::Level4, Role::Mips(key)) => Bound::Target(key.target),
            (Slot::Input, Role::Pool(PoolKey { format: Format { input: Stored::Texture(texel), .. }, .. }))
            | (Slot::Input, Role::Digest(Digest::Clusters(_, _, Format { input: Stored::Texture(texel), .. })))
            | (Slot::Input, Role::Back(BackKey { format: Format { input: Stored::Texture(texel), .. }, .. })) => {
                Bound::Source(*texel)
            }
            (Slot::Output, Role::Pool(PoolKey { format: Format { output: Stored::Texture(texel), .. }, .. })) => {
                Bound::Target(*texel)
            }
            _ => Bound::Buffer { read_only: self.reads(slot) },
        }
    }

    /// How many storage buffers it binds.
    pub(crate) fn buffers(&self) -> usize {
        self.slots().filter(|&slot| matches!(self.bound(slot), Bound::Buffer { .. })).count()
    }

    /// The storage buffers and textures that this kernel's text declares, beside the parameters at 0.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + Clone + use<> {
        const OF_BOXES: &[Slot] = &[Slot::Table, Slot::Boxes, Slot::BoxCount, Slot::Status];
        match &self.0 {
            Role::Pool(key) => (key.slots().collect::<Vec<_>>()).into_iter(),
            Role::Back(key) => (key.slots().collect::<Vec<_>>()).into_iter(),
            Role::Unpool(UnpoolStep::Clear) => vec![Slot::Scratch].into_iter(),
            Role::Unpool(UnpoolStep::Mark(_)) => vec![Slot::Indices, Slot::Scratch, Slot::Status].into_iter(),
            Role::Unpool(UnpoolStep::Place(_)) => vec![Slot::Input, Slot::Output, Slot::Scratch].into_iter(),
            Role::Unpool(UnpoolStep::Nearest(walk, _)) => {
                let table = walk.has_table().then_some(Slot::Table);
                [Slot::Input, Slot::Output].into_iter().chain(table).collect::<Vec<_>>().into_iter()
            }
            Role::MergeSum => vec![Slot::Scratch, Slot::GradParameters].into_iter(),
            Role::Mips(key) => {
                let levels = [Slot::Level1, Slot::Level2, Slot::Level3, Slot::Level4];
                let source = key.source.map(|_| Slot::Input);
                let scratch = (key.source.is_none() || key.goes_on).then_some(Slot::Scratch);
                let levels = levels.into_iter().take(key.levels as usize);
                source.into_iter().chain(levels).chain(scratch).collect::<Vec<_>>().into_iter()
            }
            Role::Clear(_) => vec![Slot::Output].into_iter(),
            Role::Narrow(_) => vec![Slot::Output, Slot::Scratch].into_iter(),
            Role::Digest(Digest::RoiPool | Digest::RoiAlign) => OF_BOXES.to_vec().into_iter(),
            Role::Digest(Digest::Clusters(ClusterStep::Assign | ClusterStep::Move, ..)) => {
                vec![Slot::Input, Slot::Scratch, Slot::Labels].into_iter()
            }
            Role::Digest(Digest::Clusters(..)) => vec![Slot::Input, Slot::Scratch].into_iter(),
            Role::Digest(Digest::LabelsCount) => vec![Slot::Scratch, Slot::Labels, Slot::Status].into_iter(),
            Role::Digest(Digest::LabelsScan) => vec![Slot::Scratch, Slot::Table].into_iter(),
            Role::Digest(Digest::LabelsScatter) => vec![Slot::Scratch, Slot::Table, Slot::Labels].into_iter(),
        }
    }

    /// Whether it only reads the buffer at `slot`.
    pub(crate) fn reads(&self, slot: Slot) -> bool {
        match (slot, &self.0) {
            (Slot::Table, Role::Pool(_) | Role::Back(_) | Role::Unpool(_)) | (Slot::Indices, Role::Unpool(_)) => true,
            (Slot::Saved, Role::Back(key)) => !key.beside_scratch(),
            (Slot::Labels, Role::Digest(Digest::Clusters(ClusterStep::Assign, ..))) => false,
            (slot, _) => slot.read_only(),
        }
    }
}

impl PoolKey {
    fn slots(&self) -> impl Iterator<Item = Slot> + Clone + use<> {
        let of_schedule: &[Slot] = match self.schedule {
            Schedule::Partial | Schedule::ListPartial => &[Slot::Input, Slot::Scratch],
            Schedule::Merge | Schedule::ListMerge => &[Slot::Scratch],
            Schedule::Line(Line { from_scratch: true, .. }) => &[Slot::Scratch],
            Schedule::Line(Line { to_scratch: true, .. }) => &[Slot::Input, Slot::Scratch],
            Schedule::Masked(_) => &[Slot::Input, Slot::Labels, Slot::Status],
            _ => &[Slot::Input],
        };
        let of_emit: &[Slot] = match (self.schedule, self.emit) {
            (Schedule::Partial | Schedule::ListPartial | Schedule::Line(Line { to_scratch: true, .. }), _) => &[],
            (_, Emit::Values) => &[Slot::Output],
            (_, Emit::Indices) => &[Slot::Output, Slot::Indices],
            (_, Emit::Saved) => &[Slot::Saved],
        };
        let weights = self.weighting == WeightingKind::Table && self.schedule != Schedule::Merge;
        let of_region = self.walk.has_table().then_some(Slot::Table);
        of_schedule.iter().chain(of_emit).copied().chain(of_region).chain(weights.then_some(Slot::Weights))
    }
}

impl BackKey {
    /// Whether it writes to the buffer that holds what is saved.
    pub(crate) fn beside_scratch(&self) -> bool {
        self.to == BackTo::Parameters || self.format.output == Stored::Sums
    }

    fn slots(&self) -> impl Iterator<Item = Slot> + Clone + use<> {
        if self.to == BackTo::Parameters {
            let of_taps: &[Slot] = match self.weighting {
                WeightingKind::Table => &[Slot::Input, Slot::Weights],
                _ => &[],
            };
            return [&[Slot::GradOutput, Slot::Scratch, Slot::Saved], of_taps].concat().into_iter();
        }
        let saved = (self.op.row().saved_bytes > 0).then_some(Slot::Saved);
        let weights = (self.weighting == WeightingKind::Table).then_some(Slot::Weights);
        let of_region = self.walk.has_table().then_some(Slot::Table);
        let labels = (self.walk == Walk::List).then_some(Slot::Labels);
        let ahead = (self.to == BackTo::Input).then_some(Slot::GradOutput);
        let written = match self.to {
            BackTo::Detection => Slot::Detection,
            _ if self.format.output == Stored::Sums => Slot::Scratch,
            _ => Slot::Output,
        };
        let all = [Slot::Input, written].into_iter().chain(ahead);
        all.chain(saved).chain(of_region).chain(weights).chain(labels).collect::<Vec<_>>().into_iter()
    }
}
