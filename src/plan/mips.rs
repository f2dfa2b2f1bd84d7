//! Planning mip chains: every level the adaptive pooling of the one above it to half its size, several levels a step.

use super::{KernelKey, Limits, MipKey, Params, Role, WORD};
use crate::{Error, Op, Texel};

/// Levels that one step makes: as many storage textures as every device binds.
const LEVELS_A_STEP: usize = 4;

/// The largest side of a texture whose sizes are multiplied with each other in 32 bits.
const MOST_SIDE: u32 = 1 << 15;

/// How a mip chain will be made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MipPlan {
    /// Columns and rows of the level that the chain comes from.
    pub(crate) source: [u32; 2],
    /// Columns and rows of each level.
    pub(crate) levels: Vec<[u32; 2]>,
    /// Bytes of what goes from one step to the next; 0 for one step.
    pub(crate) scratch_bytes: u64,
    pub(crate) steps: Vec<MipStep>,
}

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct MipStep {
    pub(crate) key: KernelKey,
    pub(crate) params: Params,
    pub(crate) workgroups: [u32; 2],
    /// The first of the levels that it makes.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl MipPlan {
    /// Plans the levels below a texture of `size`, columns and rows, down to one texel.
    pub(crate) fn new(op: &Op, source: Texel, target: Texel, size: [u32; 2], limits: &Limits) -> Result<Self, Error> {
        op.validate()?;
        limits.check_device()?;
        target.check_written()?;
        let (needed, has) = (LEVELS_A_STEP as u64, u64::from(limits.storage_textures));
        if has < needed {
            return Err(Error::UnsupportedSize { what: "number of storage textures".into(), limit: has, actual: needed });
        }
        if !matches!(op, Op::Max | Op::Min | Op::Average { .. }) {
            return Err(Error::unsupported(format!("mip levels by {}", op.kind()), "max, min and average make them"));
        }
        if source.channels() != target.channels() {
            let (channels, of_target) = (source.channels(), target.channels());
            let because = format!("{source} has {channels} channels and {target} {of_target}");
            return Err(Error::unsupported(format!("levels of {target} from {source}"), because));
        }
        for (axis, side) in size.into_iter().enumerate() {
            if side == 0 {
                let expected = "at least one texel".into();
                return Err(Error::InvalidAxis { parameter: "size", axis, expected, actual: "0".into() });
            }
            if side > MOST_SIDE {
                return Err(Error::UnsupportedSize {
                    what: "side of a texture".into(),
                    limit: MOST_SIDE.into(),
                    actual: side.into(),
                });
            }
        }
        let levels: Vec<[u32; 2]> =
            std::iter::successors(Some(size), |&size| (size != [1, 1]).then(|| size.map(|side| (side / 2).max(1))))
                .skip(1)
                .collect();
        let mut steps = Vec::new();
        // Where in scratch the level begins that the step before has kept, and where the next may.
        let (mut kept, mut end) = (0, 0);
        for (at, own) in levels.chunks(LEVELS_A_STEP).enumerate() {
            let first = at * LEVELS_A_STEP;
            let goes_on = first + own.len() < levels.len();
            let above = if first == 0 { size } else { levels[first - 1] };
            let [columns, rows] = own[own.len() - 1];
            let [across, down] = limits.grid(columns.saturating_mul(rows))?;
            let key = MipKey {
                op: op.kind(),
                source: (first == 0).then_some(source),
                target,
                levels: u32::try_from(own.len()).unwrap_or(u32::MAX),
                goes_on,
            };
            let grid = [across, columns, columns.saturating_mul(rows), 0];
            steps.push(MipStep {
                key: KernelKey(Role::Mips(key)),
                params: Params::of_levels(op, above, own, grid, [kept, end]),
                workgroups: [across, down],
                first,
                count: own.len(),
            });
            kept = end;
            end += if goes_on { columns.saturating_mul(rows) } else { 0 };
        }
        let scratch_bytes = u64::from(end) * target.channels() as u64 * WORD;
        limits.check_bytes("scratch", scratch_bytes)?;
        Ok(Self { source: size, levels, steps, scratch_bytes })
    }
}
