//! What the values of flags may be.

use plunge::Element;

/// One number an axis.
pub(crate) type Sizes = Vec<usize>;

/// Sizes of one to three axes, as in 112x112.
pub(super) fn whole_sizes(text: &str) -> Result<Sizes, String> {
    let sizes: Option<Sizes> = text.split(['x', 'X']).map(|size| size.parse().ok().filter(|&size| size > 0)).collect();
    sizes.filter(|sizes| sizes.len() <= 3).ok_or_else(|| "one to three whole numbers above 0, as in 112x112".into())
}

/// A type of elements by its name.
pub(super) fn element(text: &str) -> Result<Element, String> {
    let names = Element::ALL.map(Element::name);
    let found = Element::ALL.into_iter().find(|element| element.name() == text);
    found.ok_or_else(|| format!("one of {}", names.join(", ")))
}

/// A field's value, in the serde form of specs.
pub(crate) type Json = serde_json::Value;

fn whole(text: &str) -> Result<Json, String> {
    let digits = !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|_| digits);
    number.map(Json::from).ok_or_else(|| format!("{text:?} is not a whole number of at most {}", u32::MAX))
}

/// `3` or `3x5`, high x wide.
fn axes(text: &str, one: impl Fn(&str) -> Result<Json, String>) -> Result<Json, String> {
    match text.split(['x', 'X']).collect::<Vec<_>>()[..] {
        [both] => one(both),
        [high, wide] => Ok(Json::from(vec![one(high)?, one(wide)?])),
        _ => Err("a picture has two axes: one number, or high x wide as in 3x5".into()),
    }
}

pub(super) fn sizes(text: &str) -> Result<Json, String> {
    axes(text, whole)
}

pub(super) fn padding(text: &str) -> Result<Json, String> {
    if matches!(text, "same_upper" | "same_lower" | "valid") {
        return Ok(text.into());
    }
    let side = |text: &str| match text.split_once(':') {
        Some((begin, end)) => Ok(Json::from(vec![whole(begin)?, whole(end)?])),
        None => whole(text),
    };
    match axes(text, side).map_err(|error| format!("{error}; or same_upper, same_lower or valid"))? {
        // One pair for both axes.
        Json::Array(pair) if !text.contains(['x', 'X']) => Ok(vec![Json::Array(pair.clone()), Json::Array(pair)].into()),
        sides => Ok(sides),
    }
}

pub(super) fn number(text: &str) -> Result<Json, String> {
    let number = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    number.map(Json::Number).ok_or_else(|| format!("{text:?} is not a finite number"))
}

pub(super) fn number_or_inf(text: &str) -> Result<Json, String> {
    if text == "inf" { Ok(text.into()) } else { number(text).map_err(|error| format!("{error}, nor inf")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_padding_read_as_the_serde_form() {
        for (text, json) in [
            ("1", "1"),
            ("1x2", "[1,2]"),
            ("0:1", "[[0,1],[0,1]]"),
            ("0:1x2", "[[0,1],2]"),
            ("0:1x2:3", "[[0,1],[2,3]]"),
            ("same_lower", "\"same_lower\""),
        ] {
            assert_eq!(padding(text).map(|value| value.to_string()), Ok(json.into()), "{text}");
        }
        for text in ["", "x", "1x", "1x2x3", "-1", "+1", "1.5", "1:2:3", "4294967296", "same"] {
            assert!(padding(text).is_err() && sizes(text).is_err(), "{text}");
        }
    }
}
