//! Probabilistic max pooling: both layers, on every adapter, against the reference and against what probabilities must be.

use plunge::{Op, Padding, Pooling, ProbabilisticMode, Request, Shape, Window, reference};
use plunge_workloads::Data;

use crate::{
    adapters::engines,
    verdict::{record, report},
};

fn blocks(mode: ProbabilisticMode, seed: u64, kernel_size: &[u32]) -> Pooling {
    Pooling::new(Op::ProbabilisticMax { seed, mode }, Window::new(kernel_size.to_vec()))
}

#[test]
fn both_layers_agree_with_the_reference() {
    let (engines, mut cases, mut failures) = (engines(), 0, Vec::new());
    let request = Request::new().detection(true);
    for mode in [ProbabilisticMode::Probabilities, ProbabilisticMode::Sample] {
        for (pooling, shape) in [
            (blocks(mode, 3, &[3]), Shape::nchw([2, 3, 17])),
            (blocks(mode, 4, &[2, 2]), Shape::nchw([2, 3, 9, 12])),
            (blocks(mode, 5, &[2, 3]).padding([[1, 0], [2, 1]]).ceil_mode(true), Shape::nchw([1, 2, 9, 11])),
            (blocks(mode, 6, &[2, 2, 2]).padding(Padding::SameUpper), Shape::nchw([1, 2, 5, 3, 7])),
            (blocks(mode, 7, &[30, 40]), Shape::nchw([1, 2, 60, 81])),
        ] {
            for data in [Data::Reals, Data::Integers, Data::Specials, Data::Offset, Data::MinusInfinity] {
                let x = data.values(shape.elements(), 8);
                let pooled = reference::pool(&pooling, &shape, &x).expect("the reference takes it").values;
                let detection = reference::detection(&pooling, &shape, &x).expect("the reference takes it");
                for (adapter, engine) in &engines {
                    cases += 1;
                    let got = engine.pool(&pooling, shape, &x, &request).expect("it pools");
                    let layers = [(got.values, &pooled), (got.detection.expect("it was asked for"), &detection)];
                    for (got, wanted) in layers {
                        let close = |got: f64, wanted: f64| match mode {
                            _ if wanted.is_nan() => got.is_nan(),
                            ProbabilisticMode::Sample => got == wanted,
                            _ => (got - wanted).abs() <= 1e-5 * wanted + 1e-30,
                        };
                        let off = got.iter().zip(wanted).position(|(got, wanted)| !close(f64::from(*got), *wanted));
                        if let Some(at) = off.filter(|_| got.len() == wanted.len()) {
                            failures.push(format!("{pooling:?} {data:?} on {adapter}: {at}: {}, not {}", got[at], wanted[at]));
                        }
                        assert_eq!(got.len(), wanted.len());
                    }
                }
            }
        }
    }
    record("probabilistic max", cases, &engines, failures.len());
    report(&failures);
}

/// The units of a block and none of them being on make up everything; a drawn block has as many units on as it says.
#[test]
fn layers_fit_each_other() {
    let shape = Shape::nchw([2, 3, 12, 15]);
    let x = Data::Reals.values(shape.elements(), 1);
    let request = Request::new().detection(true);
    for (adapter, engine) in &engines() {
        for mode in [ProbabilisticMode::Probabilities, ProbabilisticMode::Sample] {
            let pooling = blocks(mode, 11, &[3, 5]);
            let got = engine.pool(&pooling, shape, &x, &request).expect("it pools");
            let sums = Pooling::new(Op::Sum, Window::new([3, 5]));
            let of_units =
                engine.pool(&sums, shape, &got.detection.expect("it was asked for"), &Request::new()).expect("it pools");
            for (on, units) in got.values.iter().zip(&of_units.values) {
                assert!((on - units).abs() < 1e-5, "{mode:?} on {adapter}: {on}, and its units {units}");
                assert!((0.0..=1.0).contains(on));
            }
        }
    }
}

/// Units are drawn as often as they are probable, other draws for another seed, and the same on every adapter.
#[test]
fn units_are_drawn_in_proportion() {
    let blocks_of_four = 40_000;
    let shape = Shape::nchw([1, 1, 4 * blocks_of_four]);
    let of_block = [-1.0f32, 0.5, 1.5, 0.0];
    let x = of_block.repeat(blocks_of_four);
    let total = 1.0 + of_block.iter().map(|x| f64::from(*x).exp()).sum::<f64>();
    let mut first = None;
    for (adapter, engine) in &engines() {
        let draw = |seed| {
            let pooling = blocks(ProbabilisticMode::Sample, seed, &[4]);
            engine.pool(&pooling, shape, &x, &Request::new().detection(true)).expect("it pools").detection.expect("asked for")
        };
        let drawn = draw(1);
        for (unit, x) in of_block.iter().enumerate() {
            let share = drawn.iter().skip(unit).step_by(4).map(|&on| f64::from(on)).sum::<f64>() / blocks_of_four as f64;
            let wanted = f64::from(*x).exp() / total;
            // Five standard deviations.
            let allowed = 5.0 * (wanted * (1.0 - wanted) / blocks_of_four as f64).sqrt();
            assert!((share - wanted).abs() < allowed, "unit {unit} on {adapter}: {share}, not {wanted}");
        }
        assert_ne!(draw(2), drawn);
        for _ in 0..100 {
            assert!(draw(1) == drawn, "the same draws at every run");
        }
        assert!(first.get_or_insert(drawn.clone()) == &drawn, "{adapter} draws what the first adapter drew");
    }
}

#[test]
fn blocks_that_overlap_and_layers_that_are_not_there_are_refused() {
    let (_, engine) = &engines()[0];
    let shape = Shape::nchw([1, 1, 8]);
    let overlapping = blocks(ProbabilisticMode::Probabilities, 0, &[3]).stride(2);
    let refused = engine.prepare(&overlapping, shape).map(|_| ());
    assert!(refused.is_err_and(|error| error.to_string().contains("overlap")));
    let max = engine.prepare_with(&Pooling::max([2]), shape, &Request::new().detection(true)).map(|_| ());
    assert!(max.is_err_and(|error| error.to_string().contains("detection layer of max")));
}
