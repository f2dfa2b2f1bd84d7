//! Pooling pictures: [`image::DynamicImage`] in, [`image::DynamicImage`] of the same colour type out.
//!
//! Stored values are pooled as they are, without gamma conversion. Bit depth, colour and alpha are kept; results are rounded
//! half to even and saturated. Ops that choose a value (max, min, rank, median, first, last) pool colour and alpha apart
//! (straight colour). Every other op pools colour weighted by its alpha (premultiplied), so that what cannot be seen does not
//! bleed into what can, and divides by the pooled alpha as it is stored; where that is 0 the colour is 0.
//!
//! [`Samples`] is a picture in the form that suits it best: 8-bit pictures go to the device as they were decoded and come back as bytes, where that
//! changes no result. [`Planes`] is the other form, of any picture: channel planes of f32. [`pool_bytes`] and [`pool`] are the way there and back.
//!
//! ```
//! use image::{DynamicImage, GrayImage};
//! use plunge::{Pooling, Request, image::pool};
//!
//! let picture = DynamicImage::from(GrayImage::from_raw(4, 1, vec![10, 20, 30, 40]).unwrap());
//! let engine = plunge::Engine::headless()?;
//! let pooled = pool(&picture, &Pooling::max([1, 2]), |pooling, shape, planes| {
//!     engine.pool(pooling, shape, planes, &Request::new()).map(|pooled| pooled.values)
//! })?;
//! assert_eq!(pooled.into_luma8().into_raw(), [20, 40]);
//! # Ok::<(), plunge::Error>(())
//! ```

use std::borrow::Cow;

use image::{ColorType, DynamicImage, ImageBuffer, Pixel};

use crate::{Element, Error, Layout, Op, Pooling, Shape};

/// A picture as channel planes: \[1, C, height, width\], the form that poolings take.
///
/// Alpha is the last channel where there is one. Premultiplied colour is colour · alpha, both as stored, so that 8-bit
/// products stay exact in f32.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    shape: Shape,
    values: Vec<f32>,
    color: ColorType,
    premultiplied: bool,
}

impl Planes {
    /// Takes a picture apart, for `op`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for colour types other than 8- and 16-bit grey, grey with alpha, RGB and RGBA.
    pub fn new(picture: &DynamicImage, op: &Op) -> Result<Self, Error> {
        let color = picture.color();
        let premultiplied = color.has_alpha() && premultiplies(op);
        let values = match picture {
            DynamicImage::ImageLuma8(pixels) => split(pixels, premultiplied),
            DynamicImage::ImageLumaA8(pixels) => split(pixels, premultiplied),
            DynamicImage::ImageRgb8(pixels) => split(pixels, premultiplied),
            DynamicImage::ImageRgba8(pixels) => split(pixels, premultiplied),
            DynamicImage::ImageLuma16(pixels) => split(pixels, premultiplied),
            DynamicImage::ImageLumaA16(pixels) => split(pixels, premultiplied),
            DynamicImage::ImageRgb16(pixels) => split(pixels, premultiplied),
            DynamicImage::ImageRgba16(pixels) => split(pixels, premultiplied),
            _ => return Err(unsupported_color(color)),
        };
        let [width, height] = [picture.width(), picture.height()].map(|size| size as usize);
        let shape = Shape::nchw([1, usize::from(color.channel_count()), height, width]);
        Ok(Self { shape, values, color, premultiplied })
    }

    /// The shape of the planes.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The planes, row-major.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Puts pooled planes of `shape` together again, as a picture like the one that these planes came from.
    ///
    /// # Errors
    /// [`Error::InvalidBinding`] unless `values` are `shape`'s and `shape` is this picture's but for its spatial sizes.
    pub fn picture_of(&self, shape: Shape, values: &[f32]) -> Result<DynamicImage, Error> {
        let size = size_of(shape, &self.shape);
        let joined = size.filter(|_| values.len() == shape.elements()).and_then(|size| {
            let premultiplied = self.premultiplied;
            Some(match self.color {
                ColorType::L8 => join::<image::Luma<u8>>(size, values, premultiplied)?.into(),
                ColorType::La8 => join::<image::LumaA<u8>>(size, values, premultiplied)?.into(),
                ColorType::Rgb8 => join::<image::Rgb<u8>>(size, values, premultiplied)?.into(),
                ColorType::Rgba8 => join::<image::Rgba<u8>>(size, values, premultiplied)?.into(),
                ColorType::L16 => join::<image::Luma<u16>>(size, values, premultiplied)?.into(),
                ColorType::La16 => join::<image::LumaA<u16>>(size, values, premultiplied)?.into(),
                ColorType::Rgb16 => join::<image::Rgb<u16>>(size, values, premultiplied)?.into(),
                ColorType::Rgba16 => join::<image::Rgba<u16>>(size, values, premultiplied)?.into(),
                _ => return None,
            })
        });
        joined.ok_or_else(|| no_picture(&self.shape, shape, values.len()))
    }
}

/// A picture in the form in which it is pooled best, and the bytes of that.
///
/// 8-bit pictures are \[1, height, width, C\] bytes, channels last, as they were decoded, and nothing is copied: for ops that choose a value, and where
/// there is no alpha also for sums and averages. All others are [`Planes`] of f32: those of 16 bits, those whose colour is premultiplied, and those for
/// ops whose answers depend on the order in which values are added up, since a last bit decides how a half is rounded. So both forms pool to the same picture.
///
/// ```
/// use image::{DynamicImage, RgbImage};
/// use plunge::{Element, Op, Shape, image::Samples};
///
/// let picture = RgbImage::from_raw(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
/// let samples = Samples::new(picture.into(), &Op::AVERAGE)?;
/// assert_eq!((samples.shape(), samples.element()), (Shape::nhwc([1, 1, 2, 3]), Element::U8));
/// assert_eq!(samples.bytes(), [1, 2, 3, 4, 5, 6]);
/// # Ok::<(), plunge::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Samples(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// Interleaved, as decoded.
    Bytes {
        shape: Shape,
        bytes: Vec<u8>,
        color: ColorType,
    },
    Planes(Planes),
}

impl Samples {
    /// Takes a picture as `op` pools it best.
    ///
    /// # Errors
    /// As [`Planes::new`].
    pub fn new(picture: DynamicImage, op: &Op) -> Result<Self, Error> {
        let (color, shape) = (picture.color(), Self::shape_of(picture.color(), [picture.width(), picture.height()], op)?);
        if shape.layout() == Layout::Nchw {
            return Ok(Self(Form::Planes(Planes::new(&picture, op)?)));
        }
        Ok(Self(Form::Bytes { shape, bytes: picture.into_bytes(), color }))
    }

    /// The shape of a picture of this colour type, so many pixels wide and high, as `op` pools it best: before it is decoded.
    ///
    /// # Errors
    /// As [`Planes::new`].
    pub fn shape_of(color: ColorType, [width, height]: [u32; 2], op: &Op) -> Result<Shape, Error> {
        let bytes = match color {
            ColorType::L8 | ColorType::Rgb8 => !premultiplies(op) || matches!(op, Op::Sum | Op::Average { .. }),
            ColorType::La8 | ColorType::Rgba8 => !premultiplies(op),
            ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => false,
            _ => return Err(unsupported_color(color)),
        };
        let [width, height] = [width, height].map(|size| size as usize);
        let channels = usize::from(color.channel_count());
        Ok(if bytes { Shape::nhwc([1, height, width, channels]) } else { Shape::nchw([1, channels, height, width]) })
    }

    /// The shape, which says in which order the samples are.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match &self.0 {
            Form::Bytes { shape, .. } => *shape,
            Form::Planes(planes) => planes.shape,
        }
    }

    /// The type of the samples, and of what they pool to: u8 or f32.
    #[must_use]
    pub fn element(&self) -> Element {
        match self.0 {
            Form::Bytes { .. } => Element::U8,
            Form::Planes(_) => Element::F32,
        }
    }

    /// The samples, as they are stored.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Bytes { bytes, .. } => bytes,
            Form::Planes(planes) => bytemuck::cast_slice(&planes.values),
        }
    }

    /// Puts pooled samples of `shape` together again, as a picture like the one that these came from.
    ///
    /// # Errors
    /// [`Error::InvalidBinding`] unless `bytes` are `shape`'s and `shape` is this picture's but for its spatial sizes.
    pub fn picture_of(&self, shape: Shape, bytes: Vec<u8>) -> Result<DynamicImage, Error> {
        let (own, color) = match &self.0 {
            Form::Bytes { shape, color, .. } => (shape, *color),
            Form::Planes(planes) => {
                let values = floats(&bytes).ok_or_else(|| no_picture(&planes.shape, shape, bytes.len() / 4))?;
                return planes.picture_of(shape, &values);
            }
        };
        let (count, size) = (bytes.len(), size_of(shape, own).filter(|_| bytes.len() == shape.elements()));
        let joined = size.and_then(|(width, height)| match color {
            ColorType::L8 => image::GrayImage::from_raw(width, height, bytes).map(DynamicImage::from),
            ColorType::La8 => image::GrayAlphaImage::from_raw(width, height, bytes).map(DynamicImage::from),
            ColorType::Rgb8 => image::RgbImage::from_raw(width, height, bytes).map(DynamicImage::from),
            _ => image::RgbaImage::from_raw(width, height, bytes).map(DynamicImage::from),
        });
        joined.ok_or_else(|| no_picture(own, shape, count))
    }
}

/// Pools a picture in the form that suits it best, by whatever `run` pools [`Samples`] with: an [`Engine`](crate::Engine), by
/// [`pool_bytes`](crate::Engine::pool_bytes), or the [`reference`](crate::reference). What `run` answers is of the samples' own type.
///
/// ```
/// use image::{DynamicImage, GrayImage};
/// use plunge::{Pooling, Request, SideInputs, image::pool_bytes};
///
/// let picture = DynamicImage::from(GrayImage::from_raw(4, 1, vec![10, 20, 30, 40]).unwrap());
/// let engine = plunge::Engine::headless()?;
/// let pooled = pool_bytes(picture, &Pooling::max([1, 2]), |pooling, samples| {
///     let request = Request::new().element(samples.element());
///     let pooled = engine.pool_bytes(pooling, samples.shape(), samples.bytes(), &request, &SideInputs::new())?;
///     Ok::<_, plunge::Error>(pooled.values)
/// })?;
/// assert_eq!(pooled.into_luma8().into_raw(), [20, 40]);
/// # Ok::<(), plunge::Error>(())
/// ```
///
/// # Errors
/// As [`pool`].
pub fn pool_bytes<E: From<Error>>(
    picture: DynamicImage,
    pooling: &Pooling,
    run: impl FnOnce(&Pooling, &Samples) -> Result<Vec<u8>, E>,
) -> Result<DynamicImage, E> {
    let shape = Samples::shape_of(picture.color(), [picture.width(), picture.height()], &pooling.op)?;
    let output = pooling.output_shape(&shape)?;
    let samples = Samples::new(picture, &pooling.op)?;
    let bytes = run(pooling, &samples)?;
    Ok(samples.picture_of(output, bytes)?)
}

/// Pools a picture as planes of f32, by whatever `run` pools these with: an [`Engine`](crate::Engine) or the [`reference`](crate::reference).
/// [`pool_bytes`] gives the same picture, and where it has 8 bits moves a quarter of the bytes.
///
/// The picture has two spatial axes, height and width. For the divisor of an average at the picture's edge,
/// `count_include_pad` is best false: counted padding darkens it.
///
/// # Errors
/// As [`Pooling::output_shape`] and [`Planes::new`], before `run` is called; whatever `run` answers; and
/// [`Error::InvalidBinding`] where it answers with the wrong number of values.
pub fn pool<E: From<Error>>(
    picture: &DynamicImage,
    pooling: &Pooling,
    run: impl FnOnce(&Pooling, Shape, &[f32]) -> Result<Vec<f32>, E>,
) -> Result<DynamicImage, E> {
    let size = [picture.height(), picture.width()].map(|size| size as usize);
    let output = pooling.output_shape(&Shape::nchw([1, usize::from(picture.color().channel_count()), size[0], size[1]]))?;
    let planes = Planes::new(picture, &pooling.op)?;
    let values = run(pooling, planes.shape, &planes.values)?;
    Ok(planes.picture_of(output, &values)?)
}

/// Whether colour is weighted by alpha: for statistics that mix values, not for those that choose one.
fn premultiplies(op: &Op) -> bool {
    match op {
        Op::Max | Op::Min | Op::First | Op::Last | Op::Rank { .. } | Op::Median => false,
        Op::Sum | Op::Average { .. } | Op::Lp { .. } | Op::Gaussian { .. } | Op::Std | Op::Variance => true,
        Op::LogSumExp { .. } | Op::Soft { .. } | Op::Gem { .. } | Op::Mixed { .. } => true,
        Op::Weighted { .. } | Op::Gated { .. } | Op::Stochastic { .. } | Op::ProbabilisticMax { .. } => true,
    }
}

/// The width and height of a pooled picture, if one of shape `own` can pool to `shape`.
fn size_of(shape: Shape, own: &Shape) -> Option<(u32, u32)> {
    match *shape.spatial() {
        [height, width] if (shape.batch(), shape.channels(), shape.layout()) == (1, own.channels(), own.layout()) => {
            u32::try_from(width).ok().zip(u32::try_from(height).ok())
        }
        _ => None,
    }
}

fn no_picture(own: &Shape, shape: Shape, elements: usize) -> Error {
    Error::InvalidBinding {
        binding: "output",
        expected: format!("the samples of a picture with {} channels", own.channels()),
        actual: format!("{elements} elements for shape {shape}"),
    }
}

/// Bytes as the f32 that they are, wherever they lie; none where a last one lacks bytes.
fn floats(bytes: &[u8]) -> Option<Cow<'_, [f32]>> {
    let copied = |_| Cow::Owned(bytemuck::pod_collect_to_vec(bytes));
    bytes.len().is_multiple_of(4).then(|| bytemuck::try_cast_slice(bytes).map_or_else(copied, Cow::Borrowed))
}

fn unsupported_color(color: ColorType) -> Error {
    Error::unsupported(format!("pictures of {color:?}"), "8- and 16-bit grey, grey with alpha, RGB and RGBA can be pooled")
}

/// A stored value of a picture.
trait Sample: Copy + Into<f64> {
    /// Rounds half to even and saturates; NaN, which no pooled picture has, is 0.
    fn rounded(value: f64) -> Self;
}

impl Sample for u8 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    fn rounded(value: f64) -> Self {
        value.round_ties_even() as Self
    }
}

impl Sample for u16 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    fn rounded(value: f64) -> Self {
        value.round_ties_even() as Self
    }
}

/// Interleaved pixels to planes.
fn split<P: Pixel>(pixels: &ImageBuffer<P, Vec<P::Subpixel>>, premultiplied: bool) -> Vec<f32>
where
    P::Subpixel: Sample,
{
    let channels = usize::from(P::CHANNEL_COUNT);
    let colors = if premultiplied { channels - 1 } else { channels };
    let mut planes = Vec::with_capacity(pixels.as_raw().len());
    for channel in 0..channels {
        planes.extend(pixels.as_raw().chunks_exact(channels).map(|pixel| {
            let value: f64 = pixel[channel].into();
            let weight: f64 = if premultiplied && channel < colors { pixel[channels - 1].into() } else { 1.0 };
            #[allow(clippy::cast_possible_truncation, reason = "exact but for products of 16-bit values, which round")]
            let stored = (value * weight) as f32;
            stored
        }));
    }
    planes
}

/// Planes to interleaved pixels.
fn join<P: Pixel>((width, height): (u32, u32), values: &[f32], premultiplied: bool) -> Option<ImageBuffer<P, Vec<P::Subpixel>>>
where
    P::Subpixel: Sample,
{
    let channels = usize::from(P::CHANNEL_COUNT);
    let plane = values.len() / channels;
    let mut samples = Vec::with_capacity(values.len());
    for at in 0..plane {
        let value = |channel: usize| f64::from(values[channel * plane + at]);
        if premultiplied {
            let alpha = P::Subpixel::rounded(value(channels - 1));
            let divisor: f64 = alpha.into();
            let color = |channel| if divisor == 0.0 { 0.0 } else { value(channel) / divisor };
            samples.extend((0..channels - 1).map(|channel| P::Subpixel::rounded(color(channel))));
            samples.push(alpha);
        } else {
            samples.extend((0..channels).map(|channel| P::Subpixel::rounded(value(channel))));
        }
    }
    ImageBuffer::from_raw(width, height, samples)
}

#[cfg(test)]
mod tests;
