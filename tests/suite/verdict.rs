//! Compares a kernel's answer with the reference's.

use std::{
    fmt::Write as _,
    path::Path,
    sync::{LazyLock, Mutex},
};

use plunge::{Engine, Kernel, Op, OpKind, Pooled, Pooling, Region, Request, Shape, StochasticMode, Window, reference};
use plunge_workloads::{Data, Sides, verdict};

use crate::guarded;

/// One pooling to try.
#[derive(Debug, Clone)]
pub struct Case {
    pub pooling: Pooling,
    pub shape: Shape,
    pub request: Request,
    pub data: Data,
}

impl Case {
    /// Runs the case between canaries and compares it with the reference. A failure names all there is to know.
    pub fn check(&self, adapter: &str, engine: &Engine) -> Result<(), String> {
        let input = self.data.values(self.shape.elements(), 0x70_6f_6f_6c);
        let sides = Sides::for_pooling(&self.pooling, &self.shape, 0x73_69_64_65);
        let pooled = guarded::pool(engine, &self.pooling, self.shape, &input, &self.request, &sides.borrow())
            .map_err(|error| format!("{self:?} on {adapter}: {error}"))?;
        compare(&self.pooling, self.shape, &input, &sides, &pooled).map_err(|difference| {
            let keys = engine
                .prepare_with(&self.pooling, self.shape, &self.request)
                .map_or_else(|error| vec![error.to_string()], |pooler| guarded::keys(&pooler));
            format!("{self:?}\n    on {adapter} by {keys:?}: {difference}")
        })
    }
}

/// The first difference between an answer and the reference's, if there is one.
pub fn compare(pooling: &Pooling, shape: Shape, input: &[f32], sides: &Sides, pooled: &Pooled) -> Result<(), String> {
    let Pooled { shape: output, values, indices, .. } = pooled;
    verdict::compare(pooling, shape, input, sides, *output, values, indices.as_deref())
}

/// Runs the cases on the adapters and fails with all differences at once. Prints and records what was done.
pub fn check_all(suite: &str, engines: &[(String, Engine)], cases: &[Case]) {
    check_each(suite, engines, cases, |case| &case.pooling, Case::check);
}

/// The same of cases of any kind.
pub fn check_each<T>(
    suite: &str,
    engines: &[(String, Engine)],
    cases: &[T],
    pooling: impl Fn(&T) -> &Pooling,
    check: impl Fn(&T, &str, &Engine) -> Result<(), String>,
) {
    let (mut comparisons, mut failures) = (0, Vec::new());
    for case in cases {
        for (adapter, engine) in sharing(engines, pooling(case)) {
            comparisons += 1;
            failures.extend(check(case, adapter, engine).err());
        }
    }
    record(suite, comparisons, engines, failures.len());
    report(&failures);
}

/// Whether a case comes to its turn: one in `every`, since each is a pipeline or more and the suite waits for their compilers. In `cargo xtask soak adapters` all are.
pub fn in_turn(number: usize, every: usize) -> bool {
    static WHOLE: LazyLock<bool> = LazyLock::new(|| std::env::var_os("PLUNGE_WHOLE").is_some());
    *WHOLE || number.is_multiple_of(every)
}

/// Who takes the pooling: the first adapter takes all, others one in six, since Mesa's adapters compile all of them by the same LLVM. Alone, as in
/// `cargo xtask soak adapters`, each is the first.
pub fn sharing<'a>(engines: &'a [(String, Engine)], pooling: &Pooling) -> impl Iterator<Item = &'a (String, Engine)> {
    let number = format!("{pooling:?}").bytes().fold(0, |number: usize, byte| (number * 31 + usize::from(byte)) % 10_007);
    engines.iter().enumerate().filter(move |(at, _)| *at == 0 || in_turn(number + at, 6)).map(|(_, engine)| engine)
}

/// Panics if there are failures, showing the first few.
pub fn report(failures: &[String]) {
    let mut text = String::new();
    for failure in failures.iter().take(8) {
        let _ = writeln!(text, "  {failure}");
    }
    assert!(failures.is_empty(), "{} mismatches, the first of them:\n{text}", failures.len());
}

/// Prints a line for people and leaves one for `cargo xtask test` to add up.
pub fn record(suite: &str, comparisons: usize, engines: &[(String, Engine)], mismatches: usize) {
    static FILE: Mutex<()> = Mutex::new(());
    let names: Vec<&str> = engines.iter().map(|(name, _)| name.as_str()).collect();
    println!("{suite}: {comparisons} comparisons on {}, {mismatches} mismatches", names.join("; "));
    if std::env::var_os("PLUNGE_EXPECTED").is_some() {
        // Run to see it fail, which is no comparison.
        return;
    }
    let _one_at_a_time = FILE.lock();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tally");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    let line = serde_json::json!({ "suite": suite, "comparisons": comparisons, "adapters": names, "mismatches": mismatches });
    std::fs::write(folder.join(format!("{}.json", suite.replace(' ', "_"))), line.to_string()).expect("it is writable");
}

/// Negative controls: the comparison finds what is wrong.
mod controls {
    use super::*;

    fn answer(pooling: &Pooling, shape: Shape, input: &[f32]) -> Pooled {
        let sides = Sides::for_pooling(pooling, &shape, 4);
        let answer = reference::pool_with(pooling, &shape, input, &sides.borrow()).expect("a valid pooling");
        Pooled {
            shape: answer.shape,
            values: answer.values.iter().map(|&value| value as f32).collect(),
            indices: answer.indices.map(|all| all.iter().map(|i| i.map_or(u32::MAX, |i| i as u32)).collect()),
            detection: None,
            kernel: Kernel::Direct,
        }
    }

    const OPS: [Op; 19] = [
        Op::Max,
        Op::Min,
        Op::Sum,
        Op::AVERAGE,
        Op::Lp { p: 2.0 },
        Op::Gaussian { sigma: 1.0 },
        Op::Std,
        Op::Variance,
        Op::LogSumExp { r: 1.0 },
        Op::Soft { beta: 1.0 },
        Op::Gem { p: 3.0, eps: 1e-6 },
        Op::Mixed { alpha: 0.5 },
        Op::First,
        Op::Last,
        Op::Median,
        Op::Stochastic { seed: 1, mode: StochasticMode::Sample },
        Op::Stochastic { seed: 1, mode: StochasticMode::Expectation },
        Op::Weighted { preset: None, per_channel: true, normalize: true },
        Op::Gated { per_channel: false },
    ];

    #[test]
    fn one_wrong_element_is_found() {
        let shape = Shape::nchw([2, 3, 9, 7]);
        let input = Data::Reals.values(shape.elements(), 1);
        for op in OPS {
            let pooling = Pooling::new(op, Window::new([3, 3])).stride([2, 2]);
            let sides = Sides::for_pooling(&pooling, &shape, 4);
            let right = answer(&pooling, shape, &input);
            assert_eq!(compare(&pooling, shape, &input, &sides, &right), Ok(()), "{op:?}");
            for at in [0, right.values.len() / 2, right.values.len() - 1] {
                let mut wrong = right.clone();
                // A gate moves with the error of a sum, and the answer with the gate.
                let off = if op.kind() == OpKind::Gated { 2e-3 } else { 1e-4 };
                wrong.values[at] += wrong.values[at].abs().max(1.0) * off;
                let found = compare(&pooling, shape, &input, &sides, &wrong);
                assert!(found.clone().is_err_and(|text| text.contains(&format!("value {at} "))), "{op:?}: {found:?}");
            }
            if let Some(indices) = &right.indices {
                let mut wrong = right.clone();
                wrong.indices.as_mut().expect("they are there")[5] = indices[5] + 1;
                assert!(compare(&pooling, shape, &input, &sides, &wrong).is_err_and(|text| text.contains("index 5 ")));
            }
        }
    }

    /// Digits that cancel are seen to be lost: a variance of 0 is not near enough to one of 1/3 about a mean of 300.
    #[test]
    fn a_variance_without_digits_is_found() {
        let shape = Shape::nchw([1, 1, 60, 60]);
        let input = Data::Offset.values(shape.elements(), 3);
        for op in [Op::Variance, Op::Std] {
            let pooling = Pooling::new(op, Region::Global);
            let sides = Sides::default();
            let mut pooled = answer(&pooling, shape, &input);
            assert_eq!(compare(&pooling, shape, &input, &sides, &pooled), Ok(()));
            pooled.values[0] *= 1.001;
            assert!(compare(&pooling, shape, &input, &sides, &pooled).is_err(), "{op:?}: the fourth digit");
            pooled.values[0] = 0.0;
            assert!(compare(&pooling, shape, &input, &sides, &pooled).is_err(), "{op:?}");
        }
    }

    #[test]
    fn every_op_is_told_from_every_other() {
        let shape = Shape::nchw([1, 2, 6, 6]);
        let input = Data::Reals.values(shape.elements(), 2);
        // But for those that take windows only.
        let ops = &OPS[..17];
        for (at, &op) in ops.iter().enumerate() {
            for (other_at, &other) in ops.iter().enumerate() {
                let pooling = |op| Pooling::new(op, Region::Global);
                let swapped = Pooled { indices: None, ..answer(&pooling(other), shape, &input) };
                assert_eq!(
                    compare(&pooling(op), shape, &input, &Sides::default(), &swapped).is_ok(),
                    at == other_at,
                    "{op:?} {other:?}"
                );
            }
        }
    }
}
