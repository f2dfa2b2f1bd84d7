//! Pooled values put back, on every adapter, against the reference.

use plunge::{
    Bindings, Engine, Error, Fractional, Op, Padding, PaddingMode, Pooling, Region, Request, Shape, StochasticMode, Window,
    reference, wgpu,
};
use plunge_workloads::Data;

use crate::{
    adapters::engines,
    guarded,
    verdict::{record, report},
};

/// Every separable region, with the size to restore: derived, and given where it may differ.
fn regions() -> Vec<(Region, Shape)> {
    let window = |kernel_size: &[u32], change: fn(Pooling) -> Pooling| {
        change(Pooling::new(Op::Max, Window::new(kernel_size.to_vec()))).region
    };
    let padded = |mode| {
        let mut window = Window::new([3, 4]);
        (window.padding_mode, window.stride) = (mode, Some([2, 1].into()));
        window.padding = Padding::Explicit(plunge::PerAxis::Each(vec![[1, 1], [2, 1]]));
        Region::Window(window)
    };
    vec![
        (window(&[3], |p| p.stride(2).padding(1)), Shape::nchw([2, 3, 37])),
        (window(&[2, 2], |p| p), Shape::nchw([1, 3, 8, 12])),
        (window(&[2, 2], |p| p), Shape::nchw([1, 3, 9, 13])),
        (window(&[3, 3], |p| p.stride([2, 2]).padding([1, 1])), Shape::nchw([2, 2, 12, 16])),
        (window(&[3, 3], |p| p.stride([2, 2]).padding([1, 1]).ceil_mode(true)), Shape::nchw([1, 2, 12, 14])),
        (window(&[2, 3], |p| p.dilation([3, 2]).stride([1, 1]).padding([[3, 1], [2, 4]])), Shape::nchw([1, 2, 5, 8])),
        (window(&[3, 5], |p| p.padding(Padding::SameUpper).stride([2, 3])), Shape::nchw([1, 1, 10, 17])),
        (window(&[2, 2], |p| p.stride([3, 4])), Shape::nchw([1, 2, 11, 14])),
        (window(&[2, 3, 3], |p| p.stride([1, 2, 2]).padding([1, 1, 1])), Shape::nchw([1, 2, 3, 7, 8])),
        (padded(PaddingMode::Reflect), Shape::nchw([1, 2, 7, 8])),
        (padded(PaddingMode::Edge), Shape::nchw([1, 2, 7, 8])),
        (Region::Adaptive { output_size: 3.into() }, Shape::nchw([2, 3, 17])),
        (Region::Adaptive { output_size: [7, 5].into() }, Shape::nchw([1, 3, 13, 5])),
        (Region::Adaptive { output_size: [2, 3, 4].into() }, Shape::nchw([1, 2, 5, 7, 3])),
        (Region::Global, Shape::nchw([2, 3, 7, 11])),
        (Fractional::sampled([2, 3], [7, 4], vec![0.999, 0.0]).into(), Shape::nchw([1, 2, 13, 11])),
        (Fractional::starting([2, 2], [3, 4], vec![vec![4, 0, 2], vec![3, 3, 0, 1]]).into(), Shape::nchw([1, 2, 6, 5])),
    ]
}

#[test]
fn values_come_back_as_the_reference_has_it() {
    let (engines, mut cases, mut failures) = (engines(), 0, Vec::new());
    let sample = Op::Stochastic { seed: 3, mode: StochasticMode::Sample };
    let ops =
        [Op::Max, Op::Min, sample, Op::AVERAGE, Op::Gaussian { sigma: 0.9 }, Op::Gaussian { sigma: 1e12 }, Op::Median, Op::Std];
    for (region, restored) in regions() {
        for op in ops {
            let pooling = Pooling::new(op, region.clone());
            if op.kind().row().indices && !region.has_indices() {
                continue;
            }
            let pooled = pooling.output_shape(&restored).expect("a valid pooling");
            assert_eq!(pooling.unpooled_shape(&pooled, Some(restored.spatial())), Ok(restored), "{pooling:?}");
            let values = Data::Specials.values(pooled.elements(), 5);
            // Anywhere in the plane, many of them twice.
            let plane = restored.spatial().iter().product::<usize>() as u64;
            let anywhere: Vec<i64> = (0..pooled.elements() as u64)
                .map(|at| (at * at * 2_654_435_761 % plane) as i64 / 2 * 2 % plane as i64)
                .collect();
            let indices = op.kind().row().indices.then_some(&anywhere[..]);
            let wanted = reference::unpool(&pooling, &pooled, &restored, &values, indices).expect("the reference takes it");
            for (adapter, engine) in &engines {
                cases += 1;
                let narrow: Option<Vec<u32>> =
                    indices.map(|all| all.iter().map(|&index| u32::try_from(index).expect("in the plane")).collect());
                let (got, status) = guarded::unpool(engine, &pooling, pooled, restored, &values, narrow.as_deref());
                assert_eq!(status, 0, "{pooling:?}");
                let exact = !matches!(op, Op::Average { .. } | Op::Gaussian { .. });
                for (at, (&got, &wanted)) in got.iter().zip(&wanted).enumerate() {
                    let close = if wanted.is_nan() {
                        got.is_nan()
                    } else if exact || !wanted.is_finite() {
                        f64::from(got) == wanted
                    } else {
                        (f64::from(got) - wanted).abs() <= 1e-5 * (8.0 + wanted.abs())
                    };
                    if !close {
                        failures.push(format!("{pooling:?} into {restored} on {adapter}: {at}: expected {wanted}, got {got}"));
                        break;
                    }
                }
            }
        }
    }
    record("unpooling", cases, &engines, failures.len());
    report(&failures);
}

/// Where windows stand apart, pooling what was unpooled gives the pooled values back.
#[test]
fn pooling_undoes_unpooling() {
    let restored = Shape::nchw([2, 3, 12, 10]);
    for (adapter, engine) in &engines() {
        for op in [Op::Max, Op::AVERAGE, Op::Median, Op::Gaussian { sigma: 2.0 }] {
            let pooling = Pooling::new(op, Window::new([3, 2]));
            let x: Vec<f32> = Data::Integers.values(restored.elements(), 9).into_iter().map(|value| value + 10.0).collect();
            let request = Request::new().indices(op == Op::Max);
            let there = engine.pool(&pooling, restored, &x, &request).expect("it pools");
            let indices: Option<Vec<i64>> = there.indices.as_ref().map(|all| all.iter().map(|&index| index.into()).collect());
            let back =
                engine.unpool(&pooling, there.shape, restored, &there.values, indices.as_deref()).expect("it comes back");
            let again = engine.pool(&pooling, restored, &back, &Request::new()).expect("it pools");
            for (got, wanted) in again.values.iter().zip(&there.values) {
                assert!((got - wanted).abs() <= 1e-5 * wanted.abs(), "{op:?} on {adapter}: {got}, not {wanted}");
            }
        }
    }
}

/// Indices that the host has not seen stay in bounds, and are reported; the others are put where they belong.
#[test]
fn indices_of_no_position_put_nothing_anywhere_and_are_reported() {
    let (pooled, restored) = (Shape::nchw([1, 2, 3]), Shape::nchw([1, 2, 6]));
    let pooling = Pooling::max([2]);
    let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    for (adapter, engine) in &engines() {
        for bad in [6, 7, u32::MAX, 1 << 31] {
            let (got, status) = guarded::unpool(engine, &pooling, pooled, restored, &values, Some(&[0, bad, 5, 1, 1, bad]));
            assert_eq!(got, [1., 0., 0., 0., 0., 3., 0., 5., 0., 0., 0., 0.], "{bad} on {adapter}");
            assert_eq!(status, 4, "{bad} on {adapter}");
        }
    }
}

#[test]
fn indices_on_the_host_are_refused_before_anything_is_narrowed() {
    let (pooled, restored) = (Shape::nchw([1, 2, 3]), Shape::nchw([1, 2, 6]));
    let (_, engine) = &engines()[0];
    let values = [0.0; 6];
    let max = Pooling::max([2]);
    for (pooling, indices, says) in [
        (&max, Some(vec![0, 1, 2, 3, 4, -1]), "-1 at element 5"),
        (&max, Some(vec![6, 1, 2, 3, 4, 5]), "6 at element 0"),
        (&max, Some(vec![0, (1 << 32) + 3, 2, 3, 4, 5]), "4294967299 at element 1"),
        (&max, Some(vec![0; 5]), "5 elements"),
        (&max, None, "absent"),
        (&Pooling::average([2]), Some(vec![0; 6]), "given"),
    ] {
        let own = engine.unpool(pooling, pooled, restored, &values, indices.as_deref());
        let of_reference = reference::unpool(pooling, &pooled, &restored, &values, indices.as_deref());
        for error in [own.map(|_| ()).expect_err("refused"), of_reference.map(|_| ()).expect_err("refused")] {
            assert!(error.is_invalid() && error.to_string().contains(says), "{error}");
        }
    }
}

#[test]
fn sizes_are_derived_or_given_within_a_stride() {
    let pooling = Pooling::max([3, 2]).stride([2, 3]).padding([1, 0]);
    let pooled = Shape::nchw([1, 1, 4, 5]);
    assert_eq!(pooling.unpooled_shape(&pooled, None), Ok(Shape::nchw([1, 1, 7, 14])));
    for (size, fits) in [
        ([7, 14], true),
        ([8, 16], true),
        ([6, 12], true),
        ([9, 14], false),
        ([5, 14], false),
        ([7, 17], false),
        ([7, 11], false),
    ] {
        let shape = pooling.unpooled_shape(&pooled, Some(&size));
        assert_eq!(shape.is_ok(), fits, "{size:?}: {shape:?}");
    }
    assert!(pooling.unpooled_shape(&pooled, Some(&[7])).is_err_and(|error| error.is_invalid()));
    let same = Pooling::max([3]).stride([2]).padding(Padding::SameUpper);
    for (size, fits) in [(9, true), (10, true), (8, false), (11, false)] {
        assert_eq!(same.unpooled_shape(&Shape::nchw([1, 1, 5]), Some(&[size])).is_ok(), fits, "{size}");
    }
    let global = Pooling::new(Op::Max, Region::Global);
    let one = Shape::nchw([2, 3, 1, 1]);
    assert!(global.unpooled_shape(&one, None).is_err_and(|error| error.is_invalid()));
    assert_eq!(global.unpooled_shape(&one, Some(&[7, 9])), Ok(Shape::nchw([2, 3, 7, 9])));
    for (pooling, unsupported) in [
        (Pooling::new(Op::Max, Region::Channels { group: 2, strided: false }), true),
        (Pooling::new(Op::Max, Region::Segments { count: Some(3), empty: 0.0 }), true),
        (Pooling::max([2, 2]).activation(plunge::Activation::Relu), true),
    ] {
        let refused = pooling.unpooled_shape(&Shape::nchw([1, 2, 3, 3]), Some(&[6, 6]));
        assert_eq!(matches!(refused, Err(Error::Unsupported { .. })), unsupported, "{pooling:?}: {refused:?}");
    }
}

/// A run with indices that live on the device, recorded in the caller's encoder.
#[test]
fn what_max_pooling_wrote_is_unpooled_without_the_host() {
    let shape = Shape::nchw([1, 2, 6, 8]);
    let pooling = Pooling::max([2, 2]);
    let x = Data::Reals.values(shape.elements(), 1);
    for (_, engine) in &engines() {
        let run = |engine: &Engine| -> Result<Vec<f32>, Error> {
            let there = engine.prepare_with(&pooling, shape, &Request::new().indices(true))?;
            let back = engine.prepare_unpool(&pooling, there.output_shape(), shape)?;
            let input = engine.upload(shape, &x)?;
            let (pooled, restored) = (engine.allocate::<f32>(there.output_shape())?, engine.allocate::<f32>(shape)?);
            let indices = engine.allocate::<u32>(there.output_shape())?;
            let there = there.bind(&Bindings::new(input.buffer(), pooled.buffer()).indices(indices.buffer()))?;
            let back = back.bind(&Bindings::new(pooled.buffer(), restored.buffer()).indices(indices.buffer()))?;
            let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            there.encode(&mut encoder);
            back.encode(&mut encoder);
            engine.queue().submit([encoder.finish()]);
            engine.download(&restored)
        };
        let restored = run(engine).expect("it runs");
        let kept = restored.iter().zip(&x).filter(|(restored, _)| **restored != 0.0).collect::<Vec<_>>();
        assert_eq!(kept.len(), shape.elements() / 4);
        assert!(kept.iter().all(|(restored, x)| restored == x), "each at its place");
    }
}
