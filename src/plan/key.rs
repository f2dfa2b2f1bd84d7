//! What identifies a kernel: equal keys are the same text and the same pipeline.

use std::fmt;

use crate::{OpKind, RegionKind, geometry::Axis};

/// Invocations in a workgroup, everywhere: within the limits of every adapter wgpu reaches.
pub(crate) const WORKGROUP: u32 = 64;

/// How a region is walked.
///
/// The planner chooses; tests and benches can force one through [`Request::kernel`](super::Request::kernel).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kernel {
    /// One invocation walks the regions of four neighbouring outputs. Takes everything, with any window size.
    Direct,
    /// One invocation computes a tile of outputs of a window whose size is a constant, reading each value once.
    Tile,
    /// One workgroup folds one region.
    Reduce,
    /// Many workgroups fold parts of one region into scratch; a second step merges them.
    TwoStage,
}

impl Kernel {
    /// Every kernel.
    pub const ALL: &'static [Self] = &[Self::Direct, Self::Tile, Self::Reduce, Self::TwoStage];

    /// Its name in keys and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Tile => "tile",
            Self::Reduce => "reduce",
            Self::TwoStage => "two_stage",
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The schedule of one step: the file in shaders/schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Schedule {
    Direct,
    Tile(Tile),
    Reduce,
    Partial,
    Merge,
}

/// The constants of a specialised window: sizes on height and width, depth staying dynamic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tile {
    pub(crate) rows: u32,
    pub(crate) kernel: [u32; 2],
    pub(crate) stride: [u32; 2],
    pub(crate) dilation: [u32; 2],
    /// Columns between the multiple of four that an aligned read starts at and the tile's first column.
    pub(crate) lead: u32,
}

impl Tile {
    /// Outputs next to each other that one invocation computes.
    pub(crate) const COLUMNS: u32 = 4;

    /// The tile for a window on these axes.
    pub(crate) fn of(height: &Axis, width: &Axis, aligned: bool) -> Self {
        Self {
            rows: Self::rows(height.kernel),
            kernel: [height.kernel, width.kernel],
            stride: [height.stride, width.stride],
            dilation: [height.dilation, width.dilation],
            lead: if aligned { Self::lead(width.pad_begin) } else { 0 },
        }
    }

    /// Columns to begin an aligned read before the first, which stands `padding` before a multiple of four.
    pub(crate) fn lead(padding: u32) -> u32 {
        (4 - padding % 4) % 4
    }

    /// Output rows that one invocation computes: two where they share input rows.
    pub(crate) fn rows(kernel_height: u32) -> u32 {
        if kernel_height == 1 { 1 } else { 2 }
    }

    /// Input values that an invocation holds for one row, and input rows under the tile.
    pub(crate) fn span(&self) -> [u64; 2] {
        let reach = |count: u32, axis: usize| {
            (u64::from(count) - 1) * u64::from(self.stride[axis])
                + (u64::from(self.kernel[axis]) - 1) * u64::from(self.dilation[axis])
                + 1
        };
        [reach(self.rows, 0), reach(Self::COLUMNS, 1)]
    }
}

/// A kernel's identity: everything that its text depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KernelKey {
    pub(crate) op: OpKind,
    pub(crate) variant: u32,
    pub(crate) region: RegionKind,
    pub(crate) schedule: Schedule,
    /// Whether input rows are read as vec4s.
    pub(crate) aligned_load: bool,
    /// Whether outputs are stored as vec4s.
    pub(crate) aligned_store: bool,
    pub(crate) indices: bool,
}

impl KernelKey {
    /// The keys that every backend compiler must take: all ops and variants in all regions by every schedule with a dynamic
    /// window, with and without indices, and the default set of specialised windows.
    #[must_use]
    pub fn listed() -> Vec<Self> {
        let mut keys = Vec::new();
        for row in OpKind::TABLE {
            let base = |variant, region, schedule, aligned_load, aligned_store, indices| Self {
                op: row.kind,
                variant,
                region,
                schedule,
                aligned_load,
                aligned_store,
                indices,
            };
            let choices: &[bool] = if row.indices { &[false, true] } else { &[false] };
            for variant in 0..row.variants {
                for &region in RegionKind::ALL {
                    keys.push(base(variant, region, Schedule::Partial, false, false, row.indices));
                    for &indices in choices {
                        keys.push(base(variant, region, Schedule::Direct, false, false, indices));
                        keys.push(base(variant, region, Schedule::Direct, false, true, indices));
                        keys.push(base(variant, region, Schedule::Reduce, false, false, indices));
                        keys.push(base(variant, region, Schedule::Merge, false, false, indices));
                    }
                }
                if row.shareable {
                    for (tile, aligned_load) in super::listed_tiles() {
                        for &indices in choices {
                            for aligned_store in [false, true] {
                                let schedule = Schedule::Tile(tile);
                                keys.push(base(variant, RegionKind::Window, schedule, aligned_load, aligned_store, indices));
                            }
                        }
                    }
                }
            }
        }
        keys
    }

    /// This kernel's whole text.
    #[must_use]
    pub fn wgsl(&self) -> String {
        crate::wgsl::assemble(self)
    }
}

impl fmt::Display for KernelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.op)?;
        if self.op.row().variants > 1 {
            write!(f, "#{}", self.variant)?;
        }
        write!(f, "/{}/", self.region.name())?;
        match self.schedule {
            Schedule::Direct => f.write_str("direct")?,
            Schedule::Reduce => f.write_str("reduce")?,
            Schedule::Partial => f.write_str("partial")?,
            Schedule::Merge => f.write_str("merge")?,
            Schedule::Tile(tile) => {
                let Tile { rows, kernel: [kh, kw], stride: [sh, sw], dilation: [dh, dw], lead } = tile;
                write!(f, "tile{rows}x4_k{kh}x{kw}_s{sh}x{sw}_d{dh}x{dw}_l{lead}")?;
            }
        }
        for (flag, name) in [(self.aligned_load, "/load4"), (self.aligned_store, "/store4"), (self.indices, "/indices")] {
            if flag {
                f.write_str(name)?;
            }
        }
        Ok(())
    }
}
