//! Times along one size: how the kernels scale.

use plunge::{Engine, Error, Pooling, Shape};
use plunge_workloads::{Wanted, Workload};

use crate::{Buffers, Clock, Contest, Point, Prepared, Sweep, record::rounded};

/// A sweep to be: its name, what it is of, and a problem for each size.
type Row = (&'static str, &'static str, Vec<(u32, Pooling, Shape)>);

fn rows() -> [Row; 3] {
    let stem = Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]);
    let wide = |side: u32| Pooling::max([side, side]).stride([1, 1]).padding([side / 2, side / 2]);
    // As many values in all, as nearly as whole planes make them.
    let channels = |side: usize| (3 << 20) / (side * side);
    let planes = [7, 14, 28, 56, 112, 224];
    [
        (
            "kernel size",
            "max, stride 1, on 1×3×540×960",
            [3, 5, 7, 9, 13, 21, 31].map(|side| (side, wide(side), Shape::nchw([1, 3, 540, 960]))).into(),
        ),
        (
            "batch",
            "max 3×3, stride 2, on N×64×56×56",
            [1u32, 2, 4, 8, 16].map(|n| (n, stem.clone(), Shape::nchw([n as usize, 64, 56, 56]))).into(),
        ),
        (
            "plane",
            "max 2×2 on planes of one size, 3 Mi values in all",
            planes
                .map(|side| {
                    (side, Pooling::max([2, 2]), Shape::nchw([1, channels(side as usize), side as usize, side as usize]))
                })
                .into(),
        ),
    ]
}

/// Sweeps there are.
pub(crate) fn count() -> usize {
    rows().len()
}

/// Runs every sweep in so many rounds, and calls `done` after each.
pub(crate) fn run(engine: &Engine, clock: &Clock, rounds: usize, done: &dyn Fn()) -> Result<Vec<Sweep>, Error> {
    rows()
        .into_iter()
        .map(|row| {
            let sweep = one(engine, clock, rounds, row);
            done();
            sweep
        })
        .collect()
}

fn one(engine: &Engine, clock: &Clock, rounds: usize, (name, of, sizes): Row) -> Result<Sweep, Error> {
    let mut ready = Vec::new();
    for (at, pooling, shape) in sizes {
        let workload = Workload { name, used_in: of, pooling, shape, wanted: Wanted::Values };
        let buffers = Buffers::new(engine, &workload)?;
        ready.push((at, workload.bytes()?, Prepared::new(engine, &workload, None, &buffers)?));
    }
    let mut contest = Contest::new(clock);
    for (_, _, prepared) in &ready {
        contest.add(prepared)?;
    }
    for _ in 0..rounds {
        contest.round()?;
    }
    let point = |(number, (at, bytes, prepared)): (usize, &(u32, u64, Prepared))| {
        let times = contest.statistics(number)?;
        Some(Point {
            at: *at,
            kernel: prepared.kernel().name().into(),
            median_ms: rounded(times.median),
            gbs: rounded(gbs(*bytes, times.median)),
        })
    };
    Ok(Sweep { name: name.into(), of: of.into(), points: ready.iter().enumerate().filter_map(point).collect() })
}

/// Bytes in milliseconds, as 10⁹ a second.
#[allow(clippy::cast_precision_loss, reason = "sizes of tensors")]
pub(crate) fn gbs(bytes: u64, milliseconds: f64) -> f64 {
    bytes as f64 * 1e-6 / milliseconds
}
