//! Specs that read, and specs that are refused.

use super::*;
use crate::{Pooling, spec::PaddingMode};

fn read(json: &str) -> Result<Pooling, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn every_form_of_a_spec_reads_and_survives_a_round_trip() {
    let window = |change: fn(&mut Window)| {
        let mut window = Window::new([3, 5]);
        change(&mut window);
        Region::Window(window)
    };
    let cases = [
        (r#"{"op": "max", "region": "global"}"#, Pooling::new(Op::Max, Region::Global)),
        (r#"{"op": {"max": {}}, "region": {"global": {}}, "activation": null}"#, Pooling::new(Op::Max, Region::Global)),
        (r#"{"region": "global", "op": "average"}"#, Pooling::new(Op::AVERAGE, Region::Global)),
        (
            r#"{"op": {"average": {"count_include_pad": false, "divisor_override": 3}}, "region": "global"}"#,
            Pooling::new(
                Op::Average { count_include_pad: false, divisor_override: Some(3.0), sqrt_divisor: false },
                Region::Global,
            ),
        ),
        (r#"{"op": {"lp": {"p": "inf"}}, "region": "global"}"#, Pooling::new(Op::Lp { p: f32::INFINITY }, Region::Global)),
        (r#"{"op": {"lp": {"p": 3}}, "region": "global"}"#, Pooling::new(Op::Lp { p: 3.0 }, Region::Global)),
        (
            r#"{"op": {"gaussian": {"sigma": 1.5}}, "region": "global"}"#,
            Pooling::new(Op::Gaussian { sigma: 1.5 }, Region::Global),
        ),
        (
            r#"{"op": "max", "region": {"channels": {"group": 4}}}"#,
            Pooling::new(Op::Max, Region::Channels { group: 4, strided: false }),
        ),
        (
            r#"{"op": "max", "region": {"channel_window": {"kernel_size": 5, "stride": 1, "padding": 2}}}"#,
            Pooling::new(Op::Max, Region::ChannelWindow { kernel_size: 5, stride: Some(1), padding: [2, 2] }),
        ),
        (
            r#"{"op": "max", "region": {"channel_window": {"kernel_size": 5, "padding": [1, 2]}}}"#,
            Pooling::new(Op::Max, Region::ChannelWindow { kernel_size: 5, stride: None, padding: [1, 2] }),
        ),
        (
            r#"{"op": "max", "region": {"pyramid": {"levels": [1, 2, 4]}}}"#,
            Pooling::new(Op::Max, Region::Pyramid { levels: vec![1, 2, 4] }),
        ),
        (
            r#"{"op": "max", "region": {"fractional": {"kernel_size": 2, "output_size": [5, 4], "samples": [0.25, 0.5]}}}"#,
            Pooling::new(Op::Max, Fractional::sampled(2, [5, 4], vec![0.25, 0.5])),
        ),
        (
            r#"{"op": "max", "region": {"fractional": {"kernel_size": 2, "output_size": 2, "starts": [[0, 3]]}}}"#,
            Pooling::new(Op::Max, Fractional::starting(2, 2, vec![vec![0, 3]])),
        ),
        (r#"{"op": "soft", "region": "global"}"#, Pooling::new(Op::Soft { beta: 1.0 }, Region::Global)),
        (r#"{"op": {"rank": {"q": 0.9}}, "region": "global"}"#, Pooling::new(Op::Rank { q: 0.9 }, Region::Global)),
        (r#"{"op": {"gem": {"p": 3}}, "region": "global"}"#, Pooling::new(Op::Gem { p: 3.0, eps: 1e-6 }, Region::Global)),
        (r#"{"op": {"log_sum_exp": {"r": 2}}, "region": "global"}"#, Pooling::new(Op::LogSumExp { r: 2.0 }, Region::Global)),
        (
            r#"{"op": {"mixed": {"alpha": 0.25}}, "region": "global", "activation": "leaky_relu"}"#,
            Pooling::new(Op::Mixed { alpha: 0.25 }, Region::Global).activation(crate::Activation::LeakyRelu),
        ),
        (
            r#"{"op": "std", "region": {"adaptive": {"output_size": 7}}}"#,
            Pooling::new(Op::Std, Region::Adaptive { output_size: 7.into() }),
        ),
        (r#"{"op": "min", "region": {"window": {"kernel_size": [3, 5]}}}"#, Pooling::new(Op::Min, window(|_| ()))),
        (
            r#"{"op": "sum", "region": {"window": {"kernel_size": [3, 5], "stride": 2, "padding": [[0, 1], [1, 0]],
                "dilation": [1, 2], "ceil_mode": true, "padding_mode": "edge"}}}"#,
            Pooling::new(
                Op::Sum,
                window(|window| {
                    window.stride = Some(2.into());
                    window.padding = [[0, 1], [1, 0]].into();
                    window.dilation = [1, 2].into();
                    window.ceil_mode = true;
                    window.padding_mode = PaddingMode::Edge;
                }),
            ),
        ),
        (
            r#"{"op": "max", "region": {"window": {"kernel_size": [3, 5], "padding": "same_lower"}}}"#,
            Pooling::new(Op::Max, window(|window| window.padding = Padding::SameLower)),
        ),
        (
            r#"{"op": "max", "region": {"window": {"kernel_size": [3, 5], "padding": 1}}}"#,
            Pooling::new(Op::Max, window(|window| window.padding = 1.into())),
        ),
        (
            r#"{"op": "max", "region": {"window": {"kernel_size": [3, 5], "padding": [1, 2]}}}"#,
            Pooling::new(Op::Max, window(|window| window.padding = [1, 2].into())),
        ),
    ];
    for (json, pooling) in cases {
        assert_eq!(read(json), Ok(pooling.clone()), "{json}");
        let written = serde_json::to_string(&pooling).expect("a spec is always JSON");
        assert_eq!(read(&written), Ok(pooling), "{written}");
    }
}

#[test]
fn malformed_specs_are_refused_by_a_sentence_that_names_what_is_wrong() {
    for (json, named) in [
        (r#"{"op": "max"}"#, "missing field `region`"),
        (r#"{"op": "max", "region": "global", "colour": 1}"#, "unknown field `colour`"),
        (r#"{"op": "maximum", "region": "global"}"#, "unknown variant `maximum`"),
        (r#"{"op": {"max": {"p": 1}}, "region": "global"}"#, "unknown field `p`"),
        (r#"{"op": {"max": {}, "min": {}}, "region": "global"}"#, "second key `min`"),
        (r#"{"op": {}, "region": "global"}"#, "empty object"),
        (r#"{"op": 3, "region": "global"}"#, "the op"),
        (r#"{"op": "lp", "region": "global"}"#, "missing field `p`"),
        (r#"{"op": {"lp": {"p": "infinite"}}, "region": "global"}"#, "\"inf\""),
        (r#"{"op": {"lp": {"p": 1e39}}, "region": "global"}"#, "does not fit"),
        (r#"{"op": {"gaussian": {"sigma": 1e-60}}, "region": "global"}"#, "does not fit"),
        (r#"{"op": "max", "op": "min", "region": "global"}"#, "duplicate field `op`"),
        (r#"{"op": {"average": {"sqrt_divisor": true, "sqrt_divisor": true}}, "region": "global"}"#, "duplicate field"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 3.0}}}"#, "whole number"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": [3.0, 3]}}}"#, "u32"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": -3}}}"#, "whole number"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 4294967296}}}"#, "whole number"),
        (r#"{"op": "max", "region": {"window": {}}}"#, "missing field `kernel_size`"),
        (r#"{"op": "max", "region": "window"}"#, "missing field `kernel_size`"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 3, "padding": "same"}}}"#, "same_upper"),
        (r#"{"op": "max", "region": {"window": {"kernel_size": 3, "padding": [[1, 2, 3]]}}}"#, "[begin, end]"),
        (r#"{"op": {"probabilistic_max": {"mode": "expectation"}}, "region": "global"}"#, "unknown variant `expectation`"),
        (r#"{"op": {"weighted": {"preset": "hamming"}}, "region": "global"}"#, "unknown variant `hamming`"),
        (r#"{"op": {"stochastic": {"mode": "sample"}}, "region": "global"}"#, "missing field `seed`"),
        (r#"{"op": "gem", "region": "global"}"#, "missing field `p`"),
        (r#"{"op": "max", "region": {"clusters": {"centroids": 3}}}"#, "missing field `iterations`"),
        (r#"{"op": "max", "region": {"pyramid": {"levels": [-1]}}}"#, "u32"),
        (
            r#"{"op": "max", "region": {"fractional": {"kernel_size": 2, "output_size": 2, "sample": 1}}}"#,
            "unknown field `sample`",
        ),
        (r#"{"op": "max", "region": "global", "activation": "swish"}"#, "unknown variant `swish`"),
    ] {
        let message = read(json).expect_err(json);
        assert!(message.contains(named), "{json}\n  said: {message}\n  lacks: {named}");
    }
}
