//! Pictures by hand, in both forms.

use super::*;
use crate::{Region, Window, reference};

const AVERAGE: Op = Op::Average { count_include_pad: false, divisor_override: None, sqrt_divisor: false };

fn pooled(picture: impl Into<DynamicImage>, pooling: &Pooling) -> DynamicImage {
    pool(&picture.into(), pooling, |pooling, shape, planes| {
        let answer = reference::pool(pooling, &shape, planes)?;
        #[allow(clippy::cast_possible_truncation, reason = "what a kernel would answer")]
        let values = answer.values.iter().map(|&value| value as f32).collect();
        Ok::<Vec<f32>, Error>(values)
    })
    .expect("a picture that can be pooled")
}

fn row<P: Pixel>(samples: &[P::Subpixel]) -> ImageBuffer<P, Vec<P::Subpixel>> {
    let width = u32::try_from(samples.len()).expect("a small picture") / u32::from(P::CHANNEL_COUNT);
    ImageBuffer::from_raw(width, 1, samples.to_vec()).expect("whole pixels")
}

fn pairs(op: Op) -> Pooling {
    Pooling::new(op, Window::new([1, 2]))
}

#[test]
fn halves_round_to_even() {
    let picture = row::<image::Luma<u8>>(&[0, 1, 1, 2, 2, 3, 254, 255]);
    assert_eq!(pooled(picture, &pairs(AVERAGE)).as_bytes(), [0, 2, 2, 254]);
}

#[test]
fn results_saturate_at_both_ends_of_either_depth() {
    assert_eq!(pooled(row::<image::Luma<u8>>(&[200, 56, 200, 55]), &pairs(Op::Sum)).as_bytes(), [255, 255]);
    let picture = row::<image::Luma<u16>>(&[60_000, 6_000, 30_000, 1]);
    assert_eq!(pooled(picture.clone(), &pairs(Op::Sum)).into_luma16().into_raw(), [65_535, 30_001]);
    let negative = Op::Average { count_include_pad: false, divisor_override: Some(-2.0), sqrt_divisor: false };
    assert_eq!(pooled(picture, &pairs(negative)).into_luma16().into_raw(), [0, 0]);
}

#[test]
fn choosing_ops_take_straight_colour_and_the_others_premultiplied() {
    // Opaque 100 beside a colour that cannot be seen, and one that is half seen.
    let picture = row::<image::LumaA<u8>>(&[100, 255, 250, 0, 100, 255, 200, 85]);
    assert_eq!(pooled(picture.clone(), &pairs(Op::Max)).as_bytes(), [250, 255, 200, 255]);
    assert_eq!(pooled(picture.clone(), &pairs(Op::Min)).as_bytes(), [100, 0, 100, 85]);
    // (100·255 + 250·0)/2 ÷ 128, alpha 127.5 having rounded to 128: 99.6. (100·255 + 200·85)/2 ÷ 170 = 125.
    assert_eq!(pooled(picture, &pairs(AVERAGE)).as_bytes(), [100, 128, 125, 170]);
}

#[test]
fn colour_is_0_where_the_pooled_alpha_is() {
    // The second pair's alpha, 1/2, rounds to 0.
    let picture = row::<image::Rgba<u8>>(&[9, 8, 7, 0, 6, 5, 4, 0, 255, 255, 255, 1, 255, 255, 255, 0]);
    assert_eq!(pooled(picture.clone(), &pairs(AVERAGE)).as_bytes(), [0; 8]);
    assert_eq!(pooled(picture, &pairs(Op::Max)).as_bytes(), [9, 8, 7, 0, 255, 255, 255, 1]);
}

#[test]
fn depth_and_channels_are_kept_and_every_channel_is_pooled_apart() {
    let wide: Vec<u16> = vec![1, 1000, 60_000, 65_535, 3, 3000, 20_000, 65_535];
    let narrow: Vec<u8> = vec![1, 100, 200, 255, 3, 30, 100, 255];
    let cases: Vec<(DynamicImage, Vec<u16>)> = vec![
        (row::<image::Luma<u8>>(&narrow[..2]).into(), vec![50]),
        (row::<image::LumaA<u8>>(&[10, 255, 20, 255]).into(), vec![15, 255]),
        (row::<image::Rgb<u8>>(&[1, 100, 200, 3, 30, 100]).into(), vec![2, 65, 150]),
        (row::<image::Rgba<u8>>(&narrow).into(), vec![2, 65, 150, 255]),
        (row::<image::Luma<u16>>(&wide[1..3]).into(), vec![30_500]),
        (row::<image::LumaA<u16>>(&[1000, 65_535, 3000, 65_535]).into(), vec![2000, 65_535]),
        (row::<image::Rgb<u16>>(&[1, 1000, 60_000, 3, 3000, 20_000]).into(), vec![2, 2000, 40_000]),
        (row::<image::Rgba<u16>>(&wide).into(), vec![2, 2000, 40_000, 65_535]),
    ];
    for (picture, expected) in cases {
        let color = picture.color();
        let answer = pooled(picture, &pairs(AVERAGE));
        assert_eq!(answer.color(), color);
        let samples: Vec<u16> = match color.bytes_per_pixel() / color.channel_count() {
            1 => answer.as_bytes().iter().map(|&sample| u16::from(sample)).collect(),
            _ => answer.as_bytes().chunks(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect(),
        };
        assert_eq!(samples, expected, "{color:?}");
    }
}

#[test]
fn rows_are_the_first_spatial_axis() {
    let picture = ImageBuffer::<image::Luma<u8>, _>::from_raw(2, 3, vec![1, 2, 3, 4, 5, 6]).expect("six pixels");
    let answer = pooled(picture, &Pooling::max([2, 1]).stride([1, 1]));
    assert_eq!((answer.width(), answer.height(), answer.as_bytes()), (2, 2, &[3, 4, 5, 6][..]));
}

/// As bytes, as far as they are.
fn pooled_bytes(picture: DynamicImage, pooling: &Pooling) -> (Element, DynamicImage) {
    let mut element = Element::F32;
    let answer = pool_bytes(picture, pooling, |pooling, samples| {
        element = samples.element();
        let answer = reference::pool(pooling, &samples.shape(), &element.decode(samples.bytes()))?;
        Ok::<_, Error>(reference::encode(pooling, element, None, &answer.values))
    });
    (element, answer.expect("a picture that can be pooled"))
}

#[test]
fn bytes_and_planes_pool_to_the_same_picture() {
    let samples: Vec<u8> = (0..5 * 4 * 4u32).map(|at| u8::try_from(at * at * 7 % 256).expect("a byte")).collect();
    let wide: Vec<u16> = samples.iter().map(|&sample| u16::from(sample) * 257).collect();
    let pictures: [DynamicImage; 5] = [
        image::GrayImage::from_raw(5, 4, samples[..20].to_vec()).expect("20 bytes").into(),
        image::GrayAlphaImage::from_raw(5, 4, samples[..40].to_vec()).expect("40 bytes").into(),
        image::RgbImage::from_raw(5, 4, samples[..60].to_vec()).expect("60 bytes").into(),
        image::RgbaImage::from_raw(5, 4, samples.clone()).expect("80 bytes").into(),
        DynamicImage::ImageRgba16(ImageBuffer::from_raw(5, 4, wide).expect("80 numbers")),
    ];
    for picture in pictures {
        for op in [Op::Max, Op::Median, AVERAGE, Op::Sum, Op::Std, Op::Gaussian { sigma: 1.0 }] {
            let pooling = Pooling::new(op, Window::new([2, 3])).stride([2, 1]);
            let (element, answer) = pooled_bytes(picture.clone(), &pooling);
            let color = picture.color();
            let narrow = color.bytes_per_pixel() == color.channel_count();
            let adds = matches!(op, Op::Sum | Op::Average { .. }) && !color.has_alpha();
            let expected = if narrow && (adds || !premultiplies(&op)) { Element::U8 } else { Element::F32 };
            assert_eq!(element, expected, "{color:?} {op:?}");
            assert_eq!(answer, pooled(picture.clone(), &pooling), "{color:?} {op:?}");
        }
    }
}

#[test]
fn samples_of_another_shape_make_no_picture() {
    let samples = Samples::new(DynamicImage::new_rgb8(2, 2), &Op::Max).expect("a picture");
    for (shape, count) in [
        (Shape::nhwc([1, 1, 1, 3]), 4),
        (Shape::nhwc([1, 1, 1, 4]), 4),
        (Shape::nchw([1, 3, 1, 1]), 3),
        (Shape::nhwc([2, 1, 1, 3]), 6),
        (Shape::nhwc([1, 1, 3]), 3),
    ] {
        assert!(samples.picture_of(shape, vec![0; count]).is_err_and(|error| error.is_invalid()), "{shape}");
    }
    let planes = Samples::new(DynamicImage::new_rgba8(1, 1), &AVERAGE).expect("a picture");
    assert!(planes.picture_of(Shape::nchw([1, 4, 1, 1]), vec![0; 15]).is_err_and(|error| error.is_invalid()));
    assert!(planes.picture_of(Shape::nchw([1, 4, 1, 1]), vec![0; 16]).is_ok());
}

#[test]
fn what_cannot_be_pooled_is_refused_before_running() {
    let never = |_: &Pooling, _: Shape, _: &[f32]| -> Result<Vec<f32>, Error> { unreachable!("refused before") };
    let floats = DynamicImage::new_rgb32f(2, 2);
    assert!(pool(&floats, &Pooling::max([2, 2]), never).is_err_and(|error| error.is_unsupported()));
    let small = DynamicImage::new_luma8(2, 2);
    assert!(pool(&small, &Pooling::max([3, 3]), never).is_err_and(|error| error.is_invalid()));
    assert!(pool(&small, &Pooling::max([2]), never).is_err_and(|error| error.is_invalid()));
    let too_few = pool(&small, &Pooling::new(Op::Max, Region::Global), |_, _, _| Ok::<_, Error>(vec![]));
    assert!(too_few.is_err_and(|error| error.is_invalid()));
}
