//! The serde form of specs: `{"op": "max", "region": {"window": {"kernel_size": [3, 3]}}}`.
//!
//! A variant whose fields all have defaults may be a bare string or an object; unknown fields, repeated keys and numbers of the
//! wrong kind are errors; names that a later version will bring say so.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IntoDeserializer as _, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Clusters, Fractional, Padding, PerAxis, Region, RoiAlign, RoiPool, Window};
use crate::{Op, ProbabilisticMode, StochasticMode, WeightPreset};

/// `Op` with every variant a struct, so that `"max"` and `{"max": {}}` are the same.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Op", rename_all = "snake_case", deny_unknown_fields)]
enum OpFields {
    Max {},
    Min {},
    Sum {},
    Average {
        #[serde(default = "yes")]
        count_include_pad: bool,
        #[serde(default, deserialize_with = "optional_finite")]
        divisor_override: Option<f32>,
        #[serde(default)]
        sqrt_divisor: bool,
    },
    Lp {
        #[serde(with = "number_or_inf")]
        p: f32,
    },
    Gaussian {
        #[serde(deserialize_with = "finite")]
        sigma: f32,
    },
    Std {},
    Variance {},
    LogSumExp {
        #[serde(deserialize_with = "finite")]
        r: f32,
    },
    Soft {
        #[serde(default = "one", deserialize_with = "finite")]
        beta: f32,
    },
    Gem {
        #[serde(deserialize_with = "finite")]
        p: f32,
        #[serde(default = "gem_eps", deserialize_with = "finite")]
        eps: f32,
    },
    Mixed {
        #[serde(deserialize_with = "finite")]
        alpha: f32,
    },
    First {},
    Last {},
    Rank {
        q: f64,
    },
    Median {},
    Weighted {
        #[serde(default)]
        preset: Option<WeightPreset>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        per_channel: bool,
        #[serde(default = "yes")]
        normalize: bool,
    },
    Gated {
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        per_channel: bool,
    },
    Stochastic {
        seed: u64,
        mode: StochasticMode,
    },
    ProbabilisticMax {
        #[serde(default)]
        seed: u64,
        #[serde(default = "probabilities")]
        mode: ProbabilisticMode,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Region", rename_all = "snake_case", deny_unknown_fields)]
enum RegionFields {
    Window(Window),
    Adaptive {
        output_size: PerAxis<u32>,
    },
    Global {},
    Pyramid {
        levels: Vec<u32>,
    },
    Fractional(Fractional),
    RoiPool(RoiPool),
    RoiAlign(RoiAlign),
    Channels {
        group: u32,
        #[serde(default)]
        strided: bool,
    },
    ChannelWindow {
        kernel_size: u32,
        #[serde(default)]
        stride: Option<u32>,
        #[serde(default, deserialize_with = "side")]
        padding: [u32; 2],
    },
    Segments {
        #[serde(default)]
        count: Option<u32>,
        #[serde(default, deserialize_with = "finite")]
        empty: f32,
    },
    Sequence {},
    Clusters(Clusters),
}

impl Serialize for Op {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        OpFields::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Variant { what: "op", read: OpReader })
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RegionFields::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Variant { what: "region", read: RegionReader })
    }
}

/// Reads the derived form of one enum.
trait Read {
    type Value;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error>;
}

struct OpReader;

impl Read for OpReader {
    type Value = Op;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Op, D::Error> {
        OpFields::deserialize(deserializer)
    }
}

struct RegionReader;

impl Read for RegionReader {
    type Value = Region;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
        RegionFields::deserialize(deserializer)
    }
}

/// A variant by its bare name, or as an object with the name as its one key.
struct Variant<R> {
    what: &'static str,
    #[allow(dead_code, reason = "names the reader's type")]
    read: R,
}

impl<'de, R: Read> Visitor<'de> for Variant<R> {
    type Value = R::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {}: a name, or an object with the name as its one key and its fields below", self.what)
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<R::Value, E> {
        let empty = de::value::MapDeserializer::<_, E>::new(std::iter::empty::<(&str, &str)>());
        R::read(MapAccessDeserializer::new(de::value::MapDeserializer::new(std::iter::once((name, Fields(empty))))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<R::Value, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(de::Error::custom(format_args!("the {} is an empty object; give its name", self.what)));
        };
        let value = R::read(MapAccessDeserializer::new(WithKey { key: Some(name), map: &mut map }))?;
        if let Some(second) = map.next_key::<String>()? {
            return Err(de::Error::custom(format_args!("the {} has a second key `{second}`; it takes one", self.what)));
        }
        Ok(value)
    }
}

/// An empty object, for a variant given by its bare name.
struct Fields<D>(D);

impl<'de, E: de::Error, D: Deserializer<'de, Error = E>> de::IntoDeserializer<'de, E> for Fields<D> {
    type Deserializer = D;
    fn into_deserializer(self) -> D {
        self.0
    }
}

/// A map whose first key has been read already.
struct WithKey<'a, A> {
    key: Option<String>,
    map: &'a mut A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithKey<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.key.take().map(|key| seed.deserialize(key.into_deserializer())).transpose()
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u32; 2], D::Error> {
    Side::deserialize(deserializer).map(|Side(side)| side)
}

fn probabilities() -> ProbabilisticMode {
    ProbabilisticMode::Probabilities
}

pub(super) fn yes() -> bool {
    true
}

fn one() -> f32 {
    1.0
}

fn gem_eps() -> f32 {
    1e-6
}

pub(super) fn finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    let wide = f64::deserialize(deserializer)?;
    #[allow(clippy::cast_possible_truncation, reason = "checked below")]
    let narrow = wide as f32;
    if narrow.is_finite() && (narrow != 0.0 || wide == 0.0) {
        Ok(narrow)
    } else {
        Err(de::Error::custom(format_args!("{wide:e} does not fit a 32-bit float")))
    }
}

fn optional_finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f32>, D::Error> {
    struct Finite(f32);
    impl<'de> Deserialize<'de> for Finite {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            finite(deserializer).map(Self)
        }
    }
    Ok(Option::<Finite>::deserialize(deserializer)?.map(|Finite(value)| value))
}

/// A number, or `"inf"`, which JSON cannot write as a number.
mod number_or_inf {
    use super::{Deserializer, Serializer, de, finite, fmt};

    pub(super) fn serialize<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_infinite() { serializer.serialize_str("inf") } else { serializer.serialize_f32(*value) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        struct NumberOrInf;
        impl de::Visitor<'_> for NumberOrInf {
            type Value = f32;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or \"inf\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<f32, E> {
                if text == "inf" { Ok(f32::INFINITY) } else { Err(E::invalid_value(de::Unexpected::Str(text), &self)) }
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<f32, E> {
                finite(de::value::F64Deserializer::new(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<f32, E> {
                #[allow(clippy::cast_precision_loss, reason = "a float is asked for")]
                self.visit_f64(value as f64)
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<f32, E> {
                #[allow(clippy::cast_precision_loss, reason = "a float is asked for")]
                self.visit_f64(value as f64)
            }
        }
        deserializer.deserialize_any(NumberOrInf)
    }
}

/// A size: a whole number that fits 32 bits. Says so, where derived code says "did not match any variant".
struct Sizes;

impl<'de> Visitor<'de> for Sizes {
    type Value = PerAxis<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or a list with one an axis")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        u32::try_from(value).map(PerAxis::All).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut each = Vec::new();
        while let Some(size) = list.next_element()? {
            each.push(size);
        }
        Ok(PerAxis::Each(each))
    }
}

impl<'de> Deserialize<'de> for PerAxis<u32> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Sizes)
    }
}

impl Serialize for Padding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Explicit(PerAxis::All([begin, end])) if begin == end => serializer.serialize_u32(*begin),
            // Unequal sides for all axes have no form of their own; a list names its axes.
            Self::Explicit(PerAxis::All(sides)) => serializer.collect_seq([sides]),
            Self::Explicit(PerAxis::Each(sides)) => serializer.collect_seq(sides),
            Self::SameUpper => serializer.serialize_str("same_upper"),
            Self::SameLower => serializer.serialize_str("same_lower"),
            Self::Valid => serializer.serialize_str("valid"),
        }
    }
}

impl<'de> Deserialize<'de> for Padding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PaddingVisitor)
    }
}

struct PaddingVisitor;

impl<'de> Visitor<'de> for PaddingVisitor {
    type Value = Padding;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "\"same_upper\", \"same_lower\", \"valid\", a whole number, or a list with a number or a [begin, end] pair an axis",
        )
    }

    fn visit_str<E: de::Error>(self, rule: &str) -> Result<Padding, E> {
        match rule {
            "same_upper" => Ok(Padding::SameUpper),
            "same_lower" => Ok(Padding::SameLower),
            "valid" => Ok(Padding::Valid),
            _ => Err(E::invalid_value(de::Unexpected::Str(rule), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Padding, E> {
        u32::try_from(value).map(Padding::from).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Padding, A::Error> {
        let mut sides = Vec::new();
        while let Some(side) = list.next_element::<Side>()? {
            sides.push(side.0);
        }
        Ok(Padding::Explicit(PerAxis::Each(sides)))
    }
}

/// `[begin, end]`, or one number for both.
struct Side([u32; 2]);

impl<'de> Deserialize<'de> for Side {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SideVisitor;
        impl<'de> Visitor<'de> for SideVisitor {
            type Value = Side;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a [begin, end] pair")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Side, E> {
                let both = u32::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))?;
                Ok(Side([both, both]))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Side, A::Error> {
                match (list.next_element()?, list.next_element()?, list.next_element::<de::IgnoredAny>()?) {
                    (Some(begin), Some(end), None) => Ok(Side([begin, end])),
                    _ => Err(de::Error::custom("a padding pair has two numbers, [begin, end]")),
                }
            }
        }
        deserializer.deserialize_any(SideVisitor)
    }
}

#[cfg(test)]
mod tests;
