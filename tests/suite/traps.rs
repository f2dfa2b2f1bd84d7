//! What other systems got wrong, each with what is right written out: by every kernel that takes it, on every adapter.
//! docs/reliability.md lists them beside the systems.

use half::f16;
use plunge::{Clusters, Engine, Error, Kernel, Op, Pooling, Region, Request, Shape, SideInputs, Window};

use crate::{adapters::engines, guarded};

const INF: f32 = f32::INFINITY;

/// Pools by every kernel that takes this, and wants these values, and indices where there are some. One NaN is as good as another, and quotients need not be
/// rounded right.
fn wants(
    engines: &[(String, Engine)],
    pooling: &Pooling,
    shape: Shape,
    input: &[f32],
    values: &[f32],
    indices: Option<&[u32]>,
) {
    wants_beside(engines, pooling, shape, input, &SideInputs::new(), values, indices);
}

/// As [`wants`], beside side inputs.
fn wants_beside(
    engines: &[(String, Engine)],
    pooling: &Pooling,
    shape: Shape,
    input: &[f32],
    sides: &SideInputs<'_>,
    values: &[f32],
    indices: Option<&[u32]>,
) {
    for (adapter, engine) in engines {
        let mut took = 0;
        for kernel in Kernel::ALL {
            let mut request = Request::new().indices(indices.is_some());
            request.kernel = Some(*kernel);
            let pooled = match guarded::pool(engine, pooling, shape, input, &request, sides) {
                Err(Error::Unsupported { .. }) => continue,
                pooled => pooled.expect("it pools"),
            };
            took += 1;
            let same = |(&got, &wanted): (&f32, &f32)| {
                got.to_bits() == wanted.to_bits()
                    || got.is_nan() && wanted.is_nan()
                    || wanted != 0.0 && (got - wanted).abs() <= 3e-7 * wanted.abs() && wanted.is_finite()
            };
            assert_eq!(pooled.values.len(), values.len(), "{pooling:?} on {adapter}");
            for (at, pair) in pooled.values.iter().zip(values).enumerate() {
                assert!(same(pair), "{pooling:?} by {kernel:?} on {adapter}: {at}: {} and not {}", pair.0, pair.1);
            }
            assert_eq!(pooled.indices.as_deref(), indices, "{pooling:?} by {kernel:?} on {adapter}");
        }
        assert!(took > 0, "no kernel takes {pooling:?}");
    }
}

fn row(values: &[f32]) -> Shape {
    Shape::nchw([1, 1, values.len()])
}

/// A large negative number in the place of −inf wins over −inf, and is what windows without a tap answer.
#[test]
fn nothing_is_less_than_minus_infinity() {
    let engines = engines();
    let input = [-INF, -INF, f32::MIN, -INF, -INF, -INF];
    wants(&engines, &Pooling::max([2]), row(&input), &input, &[-INF, f32::MIN, -INF], Some(&[0, 2, 4]));
    wants(&engines, &Pooling::new(Op::Max, Region::Global), row(&input), &input, &[f32::MIN], None);
    // A window's two taps, two apart, lie on both sides of the only element.
    let beside = Pooling::max([2]).stride([1]).dilation([2]).padding([1]);
    wants(&engines, &beside, row(&[5.0]), &[5.0], &[-INF], Some(&[u32::MAX]));
    wants(&engines, &Pooling::new(Op::Min, beside.region), row(&[5.0]), &[5.0], &[INF], Some(&[u32::MAX]));
}

/// With `ceil_mode` the last window counts the padding that it covers and not what lies beyond, and no window begins in the padding at the end.
#[test]
fn the_overhang_of_the_last_window_counts_for_nothing() {
    let engines = engines();
    let input = [1.0, 2.0, 3.0, 7.0];
    let padded = Pooling::average([3]).stride([2]).padding([1]).ceil_mode(true);
    wants(&engines, &padded, row(&input), &input, &[1.0, 4.0, 3.5], None);
    let average = |include| Op::Average { count_include_pad: include, divisor_override: None, sqrt_divisor: false };
    let without = Pooling::new(average(false), padded.region);
    wants(&engines, &without, row(&input), &input, &[1.5, 4.0, 7.0], None);
    let late = Pooling::max([2]).stride([3]).padding([1]).ceil_mode(true);
    wants(&engines, &late, row(&input), &input, &[1.0, 7.0], Some(&[0, 3]));
}

/// Halves are summed as f32: in their own type 2048 + 1 is 2048.
#[test]
fn halves_do_not_stall_at_2048() {
    let ones = vec![f16::ONE; 4096];
    for (adapter, engine) in &engines() {
        for op in [Op::Sum, Op::AVERAGE] {
            for region in [Region::Global, Window::new([4096]).into()] {
                let pooling = Pooling::new(op, region);
                let shape = Shape::nchw([1, 1, ones.len()]);
                let wanted = if op == Op::Sum { 4096.0 } else { 1.0 };
                let mut took = 0;
                for &kernel in Kernel::ALL {
                    let request = Request::new().kernel(kernel);
                    match engine.pool_as::<f16, f16>(&pooling, shape, &ones, &request, &SideInputs::new()) {
                        Err(Error::Unsupported { .. }) => {}
                        pooled => {
                            took += 1;
                            let got = pooled.expect("it pools").values;
                            assert_eq!(got, [f16::from_f32(wanted)], "{pooling:?} by {kernel:?} on {adapter}");
                        }
                    }
                }
                assert!(took > 1, "{took} kernels take {pooling:?}");
            }
        }
    }
}

/// Windows that begin before the first element do not wrap to the end of the plane, nor into the plane before.
#[test]
fn positions_before_the_first_do_not_wrap() {
    let engines = engines();
    let shape = Shape::nchw([1, 2, 2, 2]);
    let input = [1.0, 2.0, 3.0, 4.0, -1.0, -2.0, -3.0, -4.0];
    let wide = Pooling::max([5, 5]).stride([2, 2]).padding([2, 2]);
    wants(&engines, &wide, shape, &input, &[4.0, -1.0], Some(&[3, 0]));
    let sums = Pooling::new(Op::Sum, Window::new([2, 2])).stride([2, 2]).padding([1, 1]);
    wants(&engines, &sums, shape, &input, &input, None);
}

/// Of equals the first is taken, in row-major order, and of NaNs the last.
#[test]
fn the_first_of_equals_and_the_last_nan_are_taken() {
    let engines = engines();
    let shape = Shape::nchw([1, 1, 4, 4]);
    wants(&engines, &Pooling::max([3, 3]).stride([1, 1]), shape, &[7.0; 16], &[7.0; 4], Some(&[0, 1, 4, 5]));
    wants(&engines, &Pooling::new(Op::Min, Region::Global), shape, &[7.0; 16], &[7.0], Some(&[0]));
    let mut input = [7.0; 16];
    (input[2], input[9]) = (f32::NAN, -f32::NAN);
    wants(&engines, &Pooling::new(Op::Max, Region::Global), shape, &input, &[f32::NAN], Some(&[9]));
    // −0 is below +0, wherever it stands.
    wants(&engines, &Pooling::max([2]), row(&[-0.0, 0.0, 0.0, -0.0]), &[-0.0, 0.0, 0.0, -0.0], &[0.0, 0.0], Some(&[1, 2]));
}

/// A NaN, of either sign, is the answer wherever it stands: in the first lane of a vector, in the last, or in the rest of a row.
#[test]
fn nan_wins_in_every_lane() {
    let engines = engines();
    let shape = Shape::nchw([1, 1, 2, 11]);
    let (max, min) = (Pooling::max([2, 3]).stride([1, 1]), Op::Min);
    for at in 0..22 {
        let mut input: Vec<f32> = (0..22).map(|value| value as f32).collect();
        input[at] = if at % 2 == 0 { f32::NAN } else { -f32::NAN };
        let spoilt = |out: usize| (out..out + 3).contains(&(at % 11));
        let answers =
            |base: usize| -> Vec<f32> { (0..9).map(|out| if spoilt(out) { f32::NAN } else { (out + base) as f32 }).collect() };
        wants(&engines, &max, shape, &input, &answers(13), None);
        wants(&engines, &Pooling::new(min, max.region.clone()), shape, &input, &answers(0), None);
    }
}

/// One infinity or NaN spoils the windows that hold it and no other, also where windows share what they fold, and later sums keep their digits.
#[test]
fn what_is_not_finite_spoils_only_its_own_windows() {
    let engines = engines();
    const KERNEL: usize = 31;
    for (bad, spoilt) in [(INF, INF), (-INF, -INF), (f32::NAN, f32::NAN), (1e30, 1e30)] {
        let mut input = vec![1.0; 200];
        input[90] = bad;
        let answers = |other: f32| -> Vec<f32> {
            (0..=200 - KERNEL).map(|out| if (out..out + KERNEL).contains(&90) { spoilt } else { other }).collect()
        };
        let sum = Pooling::new(Op::Sum, Window::new([KERNEL as u32])).stride([1]);
        wants(&engines, &sum, row(&input), &input, &answers(KERNEL as f32), None);
    }
}

/// A gate of 17 is 1 to the last digit of an f32, and yet leaves the average its share; one of 88 leaves it none, and one of −88 has no largest value.
#[test]
fn a_gate_that_is_nearly_open_is_not_open() {
    let engines = engines();
    let gated = Pooling::new(Op::Gated { per_channel: false }, Window::new([2]));
    for (gate, value) in [(17.0, -INF), (80.0, -INF), (88.0, 3.0), (-80.0, -INF), (-88.0, -INF)] {
        let weights = [gate / 3.0, 0.0];
        let sides = SideInputs::new().weights(&weights);
        wants_beside(&engines, &gated, row(&[3.0, -INF]), &[3.0, -INF], &sides, &[value], None);
    }
}

/// Points that are equal are in one cluster, though a sum of them is rounded: the mean of three that is off by an ulp would leave them to the next centroid.
#[test]
fn equal_points_share_a_cluster() {
    let engines = engines();
    let value = f32::from_bits(0x3dcc_ccce);
    for many in [3, 7, 77] {
        let clusters = Pooling::new(Op::Max, Clusters::new(2, 1, 5));
        wants(&engines, &clusters, row(&vec![value; many]), &vec![value; many], &[value, 0.0], None);
    }
}

/// Sizes, strides and dilations whose products leave 32 bits are refused by name, or answered, and reach no memory.
#[test]
fn sizes_that_overflow_are_refused_before_anything_is_made() {
    let (_, engine) = &engines()[0];
    let (shape, most) = (Shape::nchw([1, 1, 8]), u32::MAX);
    let max = |size: u32| Pooling::max([size]).stride([1]);
    for (pooling, name) in [
        (max(2).dilation([most]), "kernel_size"),
        (max(most).dilation([most]), "kernel_size"),
        (max(most), "kernel_size"),
        (max(2).padding([most]), "padding"),
        (max(0), "kernel_size"),
        (max(2).stride([0]), "stride"),
        (max(2).dilation([0]), "dilation"),
    ] {
        let error = engine.pool(&pooling, shape, &[0.0; 8], &Request::new()).expect_err("refused");
        assert!(error.is_invalid() && error.to_string().contains(name), "{name}: {error}");
    }
    // A stride beyond the plane is one window.
    let far = engine.pool(&max(2).stride([most]), shape, &[1., 2., 3., 4., 5., 6., 7., 8.], &Request::new());
    assert_eq!(far.expect("it pools").values, [2.0]);
}
