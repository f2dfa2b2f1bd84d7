//! Properties over specs drawn from the whole space of parameters, at prime and odd sizes.

use plunge::{
    Activation, Engine, Fractional, Op, Padding, PaddingMode, Pooling, Region, Request, Shape, Specialise, StochasticMode,
    Window, reference,
};
use plunge_workloads::Data;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    adapters::engines,
    verdict::{Case, record},
};

/// Specs tried on each adapter. Deterministic; `PLUNGE_PROPERTY_CASES` draws more in a soak.
fn count() -> u32 {
    std::env::var("PLUNGE_PROPERTY_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(1000)
}

fn ops() -> impl Strategy<Value = Op> {
    let divisors = prop_oneof![3 => Just(None), 1 => prop_oneof![0.25f32..40.0, -40.0f32..-0.25].prop_map(Some)];
    prop_oneof![
        2 => Just(Op::Max),
        2 => Just(Op::Min),
        1 => Just(Op::Sum),
        2 => (any::<bool>(), divisors, any::<bool>()).prop_map(|(count_include_pad, divisor_override, root)| Op::Average {
            count_include_pad,
            divisor_override,
            sqrt_divisor: root && divisor_override.is_none(),
        }),
        2 => prop_oneof![Just(1.0), Just(2.0), Just(f32::INFINITY), 1.0f32..12.0, 12.0f32..400.0].prop_map(|p| Op::Lp { p }),
        1 => (-3.0f32..3.0).prop_map(|exponent| Op::Gaussian { sigma: 10f32.powf(exponent) }),
        1 => Just(Op::Std),
        1 => Just(Op::Variance),
        1 => (0.1f32..30.0).prop_map(|r| Op::LogSumExp { r }),
        1 => (-30.0f32..30.0).prop_map(|beta| Op::Soft { beta }),
        1 => (1.0f32..20.0, 1e-6f32..1.0).prop_map(|(p, eps)| Op::Gem { p, eps }),
        1 => (0.0f64..=1.0).prop_map(|q| Op::Rank { q }),
        1 => (0.0f32..=1.0).prop_map(|alpha| Op::Mixed { alpha }),
        1 => prop::sample::select(vec![Op::First, Op::Last, Op::Median]),
    ]
}

/// A window that makes sense on most inputs; what does not must be refused by everyone.
fn windows(axes: usize) -> impl Strategy<Value = Region> {
    let numbers = |most: u32| prop::collection::vec(1..=most, axes);
    let paddings = prop_oneof![
        4 => prop::collection::vec([0u32..6, 0u32..6], axes)
            .prop_map(|sides| Padding::Explicit(plunge::PerAxis::Each(sides))),
        3 => Just(Padding::default()),
        1 => Just(Padding::SameUpper),
        1 => Just(Padding::SameLower),
        1 => Just(Padding::Valid),
    ];
    let modes = prop_oneof![
        4 => Just(PaddingMode::Ignore),
        1 => Just(PaddingMode::Reflect),
        1 => Just(PaddingMode::Edge),
    ];
    (numbers(6), prop::option::of(numbers(5)), numbers(3), paddings, any::<bool>(), modes).prop_map(
        |(kernel_size, stride, dilation, padding, ceil_mode, mode)| {
            // Most drawn paddings would be above dilation · (kernel_size − 1) and say nothing about kernels.
            let padding = match padding {
                Padding::Explicit(plunge::PerAxis::Each(sides)) => {
                    let reach = kernel_size.iter().zip(&dilation).map(|(k, d)| d * (k - 1));
                    let fitted = sides.iter().zip(reach).map(|(side, reach)| side.map(|p| p.min(reach)));
                    Padding::Explicit(plunge::PerAxis::Each(fitted.collect()))
                }
                other => other,
            };
            let mut window = Window::new(kernel_size);
            window.stride = stride.map(Into::into);
            window.dilation = dilation.into();
            window.padding = padding;
            window.ceil_mode = ceil_mode;
            window.padding_mode = mode;
            window.into()
        },
    )
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = prop::sample::select(vec![1usize, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 17, 23]);
    (1usize..=3)
        .prop_flat_map(move |axes| {
            let regions = prop_oneof![
                6 => windows(axes),
                2 => prop::collection::vec(1u32..9, axes).prop_map(|size| Region::Adaptive { output_size: size.into() }),
                1 => Just(Region::Global),
                1 => prop::collection::vec(1u32..6, 0..4).prop_map(|levels| Region::Pyramid { levels }),
                1 => (
                    prop::collection::vec(1u32..5, axes),
                    prop::collection::vec(1u32..9, axes),
                    prop::collection::vec(0.0f64..1.0, axes),
                )
                    .prop_map(|(kernel_size, output_size, samples)| Fractional::sampled(kernel_size, output_size, samples).into()),
                1 => (1u32..4, any::<bool>()).prop_map(|(group, strided)| Region::Channels { group, strided }),
                1 => (1u32..5, prop::option::of(1u32..4), [0u32..3, 0u32..3])
                    .prop_map(|(kernel_size, stride, padding)| Region::ChannelWindow { kernel_size, stride, padding }),
            ];
            let shapes = (1usize..=2, 1usize..=6, prop::collection::vec(sizes.clone(), axes))
                .prop_map(|(n, c, spatial)| Shape::from_nchw(&[&[n, c], &spatial[..]].concat()).expect("one to three axes"));
            (ops(), regions, shapes)
        })
        .prop_flat_map(|(op, region, shape)| {
            let specialise =
                prop_oneof![30 => Just(Specialise::Never), 5 => Just(Specialise::Listed), 1 => Just(Specialise::Any)];
            let data = prop::sample::select(Data::ALL.to_vec());
            let activations = prop_oneof![
                4 => Just(None),
                1 => prop::sample::select(vec![Activation::Relu, Activation::LeakyRelu, Activation::Sigmoid, Activation::Tanh])
                    .prop_map(Some),
            ];
            let poolings = activations.prop_map(move |activation| Pooling { activation, ..Pooling::new(op, region.clone()) });
            (poolings, Just(shape), specialise, any::<bool>(), data)
        })
        .prop_map(|(pooling, shape, specialise, indices, data)| {
            let indices = indices && pooling.op.kind().row().indices && pooling.region.has_indices();
            Case { pooling, shape, request: Request::new().specialise(specialise).indices(indices), data }
        })
}

#[test]
fn drawn_specs_agree_with_the_reference() {
    let engines = engines();
    let config = Config { cases: count(), failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let refused = std::cell::Cell::new(0);
    let draws = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, draws)
        .run(&cases(), |case| {
            for (adapter, engine) in &engines {
                let input = vec![0.0; case.shape.elements()];
                if let Err(error) = reference::pool(&case.pooling, &case.shape, &input) {
                    // What the reference refuses, the engine refuses by the same words.
                    let refusal = engine.prepare_with(&case.pooling, case.shape, &case.request).err();
                    prop_assert_eq!(refusal, Some(error));
                    refused.set(refused.get() + 1);
                } else {
                    case.check(adapter, engine).map_err(TestCaseError::fail)?;
                }
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    // Over all adapters; a strategy that draws mostly nonsense would test little.
    assert!(refused.get() < engines.len() * count() as usize / 3, "{} of {} refused", refused.get(), count());
    record("properties", count() as usize * engines.len(), &engines, 0);
}

/// Stochastic pooling draws values as often as they are large, other draws for another seed, and the same on every adapter.
#[test]
fn samples_are_drawn_in_proportion() {
    const DRAWS: usize = 50_000;
    let shape = Shape::nchw([1, 1, 4 * DRAWS]);
    let input: Vec<f32> = [0.5, 3.0, -7.0, 6.5].repeat(DRAWS);
    let sample = |engine: &Engine, seed| {
        let pooling = Pooling::new(Op::Stochastic { seed, mode: StochasticMode::Sample }, Window::new(4));
        engine.pool(&pooling, shape, &input, &Request::new().indices(true)).expect("it pools")
    };
    let mut first: Option<Vec<f32>> = None;
    for (adapter, engine) in engines() {
        let pooled = sample(&engine, 7);
        for (value, probability) in [(0.5, 0.05), (3.0, 0.3), (-7.0, 0.0), (6.5, 0.65)] {
            let drawn = pooled.values.iter().filter(|&&drawn| drawn == value).count() as f64;
            let expected = probability * DRAWS as f64;
            let deviation = (expected * (1.0 - probability)).sqrt();
            assert!((drawn - expected).abs() <= 4.0 * deviation, "{adapter}: {value} {drawn} times, expected {expected}");
        }
        let indices = pooled.indices.expect("they were asked for");
        assert!(indices.iter().zip(&pooled.values).all(|(&index, &value)| input[index as usize] == value), "{adapter}");
        assert_ne!(sample(&engine, 8).values, pooled.values, "{adapter}: another seed");
        assert_eq!(first.get_or_insert_with(|| pooled.values.clone()), &pooled.values, "{adapter}: other draws");
    }
}
