//! Poolings from the attributes of ONNX operators.

use crate::{Error, IndexConvention, Op, Padding, PerAxis, Pooling, Region, RoiAlign, RoiPool, Window};

/// The value of an attribute, as a node of an ONNX graph has it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// A whole number.
    Int(i64),
    /// Whole numbers.
    Ints(&'a [i64]),
    /// A number.
    Float(f32),
    /// Text.
    String(&'a str),
}

/// The operators that are poolings, and the attributes of each.
const OPERATORS: [(&str, &[&str]); 9] = [
    ("MaxPool", &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"]),
    ("AveragePool", &["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"]),
    ("LpPool", &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "p", "pads", "strides"]),
    ("GlobalMaxPool", &[]),
    ("GlobalAveragePool", &[]),
    ("GlobalLpPool", &["p"]),
    ("MaxUnpool", &["kernel_shape", "pads", "strides"]),
    ("MaxRoiPool", &["pooled_shape", "spatial_scale"]),
    (
        "RoiAlign",
        &["coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio", "spatial_scale"],
    ),
];

/// The pooling that an ONNX operator with these attributes is, defaults being those of operator set 22: strides are 1, and `AveragePool` leaves padding out.
///
/// \[N, C, in…\] → what [`Pooling::output_shape`] says, the operator's own shape. `MaxPool`, `AveragePool`, `LpPool`: [`Region::Window`]; `GlobalMaxPool`,
/// `GlobalAveragePool`, `GlobalLpPool`: [`Region::Global`]; `MaxRoiPool`: [`Region::RoiPool`]; `RoiAlign`: [`Region::RoiAlign`]. `MaxUnpool` is the max
/// pooling to give to `Engine::prepare_unpool`. What an operator does beyond the pooling is left to the caller:
///
/// - Indices of `MaxPool` and `MaxUnpool` follow the convention that [`index_convention`] names; [`IndexConvention::encode`] and
///   [`decode`](IndexConvention::decode) convert them.
/// - `MaxUnpool`'s `output_shape` goes to [`Pooling::unpooled_shape`], its spatial sizes alone; indices are then places in that larger tensor, as in onnxruntime, where
///   ONNX's operator suite counts over the smaller one.
/// - `RoiAlign` takes boxes and batches apart; [`SideInputs::boxes`](crate::SideInputs::boxes) takes rows of batch, x1, y1, x2, y2.
/// - `RoiAlign` before operator set 16 has no `coordinate_transformation_mode` and means `output_half_pixel`, which must then be given.
///
/// `RoiAlign` with `mode` `max` takes the largest of the values at the corners of all samples, each times its bilinear weight; here it is the largest
/// interpolated value, which is another number.
///
/// Numerics are those of the op: see [`Op`]. Where `MaxPool` meets NaN, or −0 beside 0, ONNX says nothing and [`Op::Max`] does.
///
/// ```
/// use plunge::{Shape, onnx::{self, Attribute}};
///
/// let pooling = onnx::pooling("MaxPool", &[
///     ("kernel_shape", Attribute::Ints(&[3, 3])),
///     ("strides", Attribute::Ints(&[2, 2])),
///     ("auto_pad", Attribute::String("SAME_UPPER")),
/// ])?;
/// assert_eq!(pooling.output_shape(&Shape::nchw([1, 64, 56, 56]))?, Shape::nchw([1, 64, 28, 28]));
/// # Ok::<(), plunge::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsupported`] for other operators; [`Error::InvalidParameter`] for attributes that the operator has not, that are missing, given twice or of
/// the wrong kind, and for values outside their domain. What depends on the input's shape is found by [`Pooling::output_shape`].
pub fn pooling(op_type: &str, attributes: &[(&str, Attribute<'_>)]) -> Result<Pooling, Error> {
    let node = Node::new(op_type, attributes)?;
    Ok(match op_type {
        "MaxPool" => {
            node.choice("storage_order", 0, &[0, 1])?;
            Pooling::new(Op::Max, node.window()?)
        }
        "MaxUnpool" => Pooling::new(Op::Max, node.window()?),
        "AveragePool" => {
            let count_include_pad = node.choice("count_include_pad", 0, &[0, 1])? == 1;
            Pooling::new(Op::Average { count_include_pad, divisor_override: None, sqrt_divisor: false }, node.window()?)
        }
        "LpPool" => Pooling::new(node.lp()?, node.window()?),
        "GlobalMaxPool" => Pooling::new(Op::Max, Region::Global),
        "GlobalAveragePool" => Pooling::new(Op::AVERAGE, Region::Global),
        "GlobalLpPool" => Pooling::new(node.lp()?, Region::Global),
        "MaxRoiPool" => {
            let bins = node.sizes("pooled_shape", 1)?.ok_or_else(|| missing("pooled_shape", "two whole numbers"))?;
            if bins.len() != 2 {
                return Err(Error::parameter("pooled_shape", "two whole numbers", format!("{bins:?}")));
            }
            Pooling::new(Op::Max, RoiPool::new(bins, node.scale()?))
        }
        _ => {
            let bins = [node.size("output_height", 1, 1)?, node.size("output_width", 1, 1)?];
            let mut region = RoiAlign::new(bins, node.scale()?);
            region.sampling_ratio = node.size("sampling_ratio", 0, 0)?;
            let modes = ["half_pixel", "output_half_pixel"];
            region.aligned = node.word("coordinate_transformation_mode", &modes)? == "half_pixel";
            let average = node.word("mode", &["avg", "max"])? == "avg";
            Pooling::new(if average { Op::AVERAGE } else { Op::Max }, region)
        }
    })
}

/// How an ONNX operator with these attributes numbers positions: over the whole tensor, `MaxPool` with `storage_order` 1 by columns. For `MaxPool`, the
/// tensor is its input; for `MaxUnpool`, its output.
///
/// ```
/// use plunge::{IndexConvention, onnx};
///
/// assert_eq!(onnx::index_convention("MaxUnpool", &[])?, IndexConvention::OnnxRowMajor);
/// # Ok::<(), plunge::Error>(())
/// ```
///
/// # Errors
/// As [`pooling`]; [`Error::Unsupported`] for operators without indices.
pub fn index_convention(op_type: &str, attributes: &[(&str, Attribute<'_>)]) -> Result<IndexConvention, Error> {
    let node = Node::new(op_type, attributes)?;
    match op_type {
        "MaxPool" if node.choice("storage_order", 0, &[0, 1])? == 1 => Ok(IndexConvention::OnnxColumnMajor),
        "MaxPool" | "MaxUnpool" => Ok(IndexConvention::OnnxRowMajor),
        _ => Err(Error::unsupported(format!("indices of {op_type}"), "MaxPool and MaxUnpool have indices")),
    }
}

/// The attributes of one node, each of which its operator has.
struct Node<'a> {
    attributes: &'a [(&'a str, Attribute<'a>)],
}

impl<'a> Node<'a> {
    fn new(op_type: &str, attributes: &'a [(&'a str, Attribute<'a>)]) -> Result<Self, Error> {
        let Some((_, own)) = OPERATORS.iter().find(|(name, _)| *name == op_type) else {
            let names = OPERATORS.map(|(name, _)| name).join(", ");
            return Err(Error::unsupported(format!("the operator {op_type}"), format!("poolings are {names}")));
        };
        for (at, (name, _)) in attributes.iter().enumerate() {
            if !own.contains(name) {
                let expected = if own.is_empty() { "none".into() } else { own.join(", ") };
                return Err(Error::parameter("attribute", &format!("of those that {op_type} has: {expected}"), name));
            }
            if attributes[..at].iter().any(|(other, _)| other == name) {
                return Err(Error::parameter("attribute", "given once", format!("{name}, twice")));
            }
        }
        Ok(Self { attributes })
    }

    fn get(&self, name: &str) -> Option<Attribute<'a>> {
        self.attributes.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    fn choice(&self, name: &'static str, default: i64, choices: &[i64]) -> Result<i64, Error> {
        match self.get(name) {
            None => Ok(default),
            Some(Attribute::Int(value)) if choices.contains(&value) => Ok(value),
            Some(value) => Err(Error::parameter(name, &format!("a whole number of {choices:?}"), value.shown())),
        }
    }

    /// One of several words, the first where none is given.
    fn word(&self, name: &'static str, words: &[&'static str]) -> Result<&'static str, Error> {
        let Some(value) = self.get(name) else { return Ok(words[0]) };
        let known = words.iter().find(|word| value == Attribute::String(word));
        known.copied().ok_or_else(|| Error::parameter(name, &format!("one of {}", words.join(", ")), value.shown()))
    }

    fn size(&self, name: &'static str, default: u32, least: u32) -> Result<u32, Error> {
        match self.get(name) {
            None => Ok(default),
            Some(Attribute::Int(value)) => size(name, value, least),
            Some(value) => Err(Error::parameter(name, "a whole number", value.shown())),
        }
    }

    fn sizes(&self, name: &'static str, least: u32) -> Result<Option<Vec<u32>>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Attribute::Ints(values)) => {
                values.iter().map(|&value| size(name, value, least)).collect::<Result<_, _>>().map(Some)
            }
            Some(value) => Err(Error::parameter(name, "a list of whole numbers", value.shown())),
        }
    }

    /// One number an axis.
    fn each(&self, name: &'static str, axes: usize, least: u32) -> Result<Option<Vec<u32>>, Error> {
        match self.sizes(name, least)? {
            Some(values) if values.len() != axes => {
                Err(Error::parameter(name, &format!("{axes} whole numbers for this kernel_shape"), format!("{values:?}")))
            }
            values => Ok(values),
        }
    }

    fn window(&self) -> Result<Window, Error> {
        let kernel = self.sizes("kernel_shape", 1)?.ok_or_else(|| missing("kernel_shape", "one to three whole numbers"))?;
        let axes = kernel.len();
        if !(1..=3).contains(&axes) {
            return Err(Error::parameter("kernel_shape", "one to three whole numbers", format!("{kernel:?}")));
        }
        let mut window = Window::new(kernel);
        window.stride = Some(self.each("strides", axes, 1)?.map_or(PerAxis::All(1), PerAxis::from));
        window.dilation = self.each("dilations", axes, 1)?.map_or(PerAxis::All(1), PerAxis::from);
        window.ceil_mode = self.choice("ceil_mode", 0, &[0, 1])? == 1;
        let pads = self.each("pads", 2 * axes, 0)?.unwrap_or_else(|| vec![0; 2 * axes]);
        window.padding = match self.word("auto_pad", &["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])? {
            "NOTSET" => Padding::Explicit(PerAxis::Each((0..axes).map(|axis| [pads[axis], pads[axes + axis]]).collect())),
            rule if pads.iter().any(|&pad| pad > 0) => {
                return Err(Error::parameter("pads", &format!("absent where auto_pad is {rule}"), format!("{pads:?}")));
            }
            "SAME_UPPER" => Padding::SameUpper,
            "SAME_LOWER" => Padding::SameLower,
            _ => Padding::Valid,
        };
        Ok(window)
    }

    fn lp(&self) -> Result<Op, Error> {
        #[allow(clippy::cast_precision_loss, reason = "exponents are small")]
        match self.get("p") {
            None => Ok(Op::Lp { p: 2.0 }),
            Some(Attribute::Int(p)) if p >= 1 => Ok(Op::Lp { p: p as f32 }),
            // Operator set 1 has a float.
            Some(Attribute::Float(p)) if p >= 1.0 && p.is_finite() => Ok(Op::Lp { p }),
            Some(value) => Err(Error::parameter("p", "a number of at least 1", value.shown())),
        }
    }

    fn scale(&self) -> Result<f32, Error> {
        match self.get("spatial_scale") {
            None => Ok(1.0),
            Some(Attribute::Float(scale)) if scale.is_finite() && scale > 0.0 => Ok(scale),
            Some(value) => Err(Error::parameter("spatial_scale", "a finite number above 0", value.shown())),
        }
    }
}

impl Attribute<'_> {
    fn shown(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Ints(values) => format!("{values:?}"),
            Self::Float(value) => format!("{value:?}"),
            Self::String(text) => format!("{text:?}"),
        }
    }
}

fn size(name: &'static str, value: i64, least: u32) -> Result<u32, Error> {
    let narrow = u32::try_from(value).ok().filter(|&size| size >= least);
    narrow.ok_or_else(|| Error::parameter(name, &format!("a whole number from {least} to {}", u32::MAX), value))
}

fn missing(name: &'static str, expected: &str) -> Error {
    Error::parameter(name, expected, "absent")
}

#[cfg(test)]
mod tests {
    use super::{
        Attribute::{Float, Int, Ints, String as Text},
        *,
    };

    #[test]
    fn what_no_operator_has_is_refused_by_name() {
        let kernel = ("kernel_shape", Ints(&[2, 2]));
        for (op_type, attributes, says) in [
            ("Conv", &[][..], "poolings are MaxPool, AveragePool"),
            ("MaxPool", &[], "kernel_shape: absent"),
            ("MaxPool", &[("kernel_shape", Int(2))], "a list of whole numbers"),
            ("MaxPool", &[("kernel_shape", Ints(&[]))], "one to three"),
            ("MaxPool", &[("kernel_shape", Ints(&[2; 4]))], "one to three"),
            ("MaxPool", &[("kernel_shape", Ints(&[2, 0]))], "0; it must be a whole number from 1"),
            ("MaxPool", &[("kernel_shape", Ints(&[2, 1 << 32]))], "4294967296"),
            ("MaxPool", &[kernel, kernel], "twice"),
            ("MaxPool", &[kernel, ("count_include_pad", Int(1))], "that MaxPool has: auto_pad, ceil_mode"),
            ("MaxPool", &[kernel, ("storage_order", Int(2))], "storage_order: 2"),
            ("MaxPool", &[kernel, ("ceil_mode", Float(1.0))], "ceil_mode: 1.0"),
            ("MaxPool", &[kernel, ("strides", Ints(&[1]))], "2 whole numbers"),
            ("MaxPool", &[kernel, ("strides", Ints(&[1, -1]))], "strides: -1"),
            ("MaxPool", &[kernel, ("dilations", Ints(&[1, 0]))], "dilations: 0"),
            ("MaxPool", &[kernel, ("pads", Ints(&[1, 1]))], "4 whole numbers"),
            ("MaxPool", &[kernel, ("pads", Ints(&[1, 1, -1, 0]))], "pads: -1"),
            ("MaxPool", &[kernel, ("auto_pad", Text("SAME"))], "NOTSET, SAME_UPPER, SAME_LOWER, VALID"),
            (
                "MaxPool",
                &[kernel, ("auto_pad", Text("VALID")), ("pads", Ints(&[1, 0, 0, 0]))],
                "absent where auto_pad is VALID",
            ),
            ("LpPool", &[kernel, ("p", Int(0))], "p: 0"),
            ("GlobalLpPool", &[("p", Float(f32::NAN))], "p: NaN"),
            ("GlobalMaxPool", &[kernel], "that GlobalMaxPool has: none"),
            ("MaxUnpool", &[kernel, ("dilations", Ints(&[1, 1]))], "kernel_shape, pads, strides"),
            ("MaxRoiPool", &[], "pooled_shape: absent"),
            ("MaxRoiPool", &[("pooled_shape", Ints(&[2]))], "two whole numbers"),
            ("MaxRoiPool", &[("pooled_shape", Ints(&[2, 2])), ("spatial_scale", Float(f32::INFINITY))], "spatial_scale: inf"),
            ("RoiAlign", &[("mode", Text("min"))], "one of avg, max"),
            ("RoiAlign", &[("sampling_ratio", Int(-1))], "sampling_ratio: -1"),
            ("RoiAlign", &[("output_width", Int(0))], "output_width: 0"),
        ] {
            let error = pooling(op_type, attributes).expect_err(op_type);
            assert!(error.to_string().contains(says), "{op_type} {attributes:?}: {error}");
            assert_eq!(error.is_unsupported(), op_type == "Conv", "{error:?}");
        }
        assert!(index_convention("AveragePool", &[]).is_err_and(|error| error.is_unsupported()));
        assert!(index_convention("MaxPool", &[("storage_order", Int(3))]).is_err_and(|error| error.is_invalid()));
    }

    #[test]
    fn defaults_are_those_of_the_operators() {
        let kernel = &[("kernel_shape", Ints(&[3, 2]))];
        let average = pooling("AveragePool", kernel).expect("a pooling");
        assert_eq!(average.op, Op::Average { count_include_pad: false, divisor_override: None, sqrt_divisor: false });
        assert_eq!(Pooling::max([3, 2]).stride(1).padding([0, 0]).region, average.region);
        assert_eq!(pooling("LpPool", kernel).expect("a pooling").op, Op::Lp { p: 2.0 });
        assert_eq!(pooling("RoiAlign", &[]).expect("a pooling").region, RoiAlign::new([1, 1], 1.0).into());
        assert_eq!(index_convention("MaxPool", kernel), Ok(IndexConvention::OnnxRowMajor));
        assert_eq!(index_convention("MaxPool", &[("storage_order", Int(1))]), Ok(IndexConvention::OnnxColumnMajor));
    }
}
