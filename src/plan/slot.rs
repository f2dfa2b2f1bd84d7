//! The buffers that kernels bind.

use super::{ClusterStep, Digest, KernelKey, PoolKey, Role, Schedule};
use crate::op::WeightingKind;

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
}

impl Slot {
    /// Every slot, in the order of its number.
    pub(crate) const ALL: [Self; 10] = [
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
    ];

    pub(crate) fn read_only(self) -> bool {
        matches!(self, Self::Input | Self::Weights | Self::Boxes | Self::BoxCount | Self::Labels)
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
        }
    }
}

impl KernelKey {
    /// The storage buffers that this kernel's text declares, beside the parameters at 0.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + Clone + use<> {
        const OF_BOXES: &[Slot] = &[Slot::Table, Slot::Boxes, Slot::BoxCount, Slot::Status];
        match &self.0 {
            Role::Pool(key) => (key.slots().collect::<Vec<_>>()).into_iter(),
            Role::Digest(Digest::RoiPool | Digest::RoiAlign) => OF_BOXES.to_vec().into_iter(),
            Role::Digest(Digest::Clusters(ClusterStep::Assign | ClusterStep::Move, _)) => {
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
            (Slot::Table, Role::Pool(_)) => true,
            (Slot::Labels, Role::Digest(Digest::Clusters(ClusterStep::Assign, _))) => false,
            (slot, _) => slot.read_only(),
        }
    }
}

impl PoolKey {
    fn slots(&self) -> impl Iterator<Item = Slot> + Clone + use<> {
        let of_schedule: &[Slot] = match (self.schedule, self.indices) {
            (Schedule::Partial | Schedule::ListPartial, _) => &[Slot::Input, Slot::Scratch],
            (Schedule::Merge | Schedule::ListMerge, false) => &[Slot::Output, Slot::Scratch],
            (Schedule::Merge | Schedule::ListMerge, true) => &[Slot::Output, Slot::Indices, Slot::Scratch],
            (_, false) => &[Slot::Input, Slot::Output],
            (_, true) => &[Slot::Input, Slot::Output, Slot::Indices],
        };
        let weights = self.weighting == WeightingKind::Table && self.schedule != Schedule::Merge;
        let of_region = self.walk.has_table().then_some(Slot::Table);
        of_schedule.iter().copied().chain(of_region).chain(weights.then_some(Slot::Weights))
    }
}
