//! `plunge image`: pictures of every colour type and format, by hand and on every backend.

use image::{DynamicImage, ImageFormat};

use crate::{BACKENDS, Desk, report, stderr, stdout};

fn picture(color: image::ColorType, width: u32, height: u32, samples: &[u16]) -> DynamicImage {
    let bytes: Vec<u8> = samples.iter().map(|&sample| u8::try_from(sample).unwrap_or(255)).collect();
    let wide = samples.to_vec();
    match color {
        image::ColorType::L8 => image::GrayImage::from_raw(width, height, bytes).unwrap().into(),
        image::ColorType::La8 => image::GrayAlphaImage::from_raw(width, height, bytes).unwrap().into(),
        image::ColorType::Rgb8 => image::RgbImage::from_raw(width, height, bytes).unwrap().into(),
        image::ColorType::Rgba8 => image::RgbaImage::from_raw(width, height, bytes).unwrap().into(),
        image::ColorType::L16 => DynamicImage::ImageLuma16(image::ImageBuffer::from_raw(width, height, wide).unwrap()),
        image::ColorType::La16 => DynamicImage::ImageLumaA16(image::ImageBuffer::from_raw(width, height, wide).unwrap()),
        image::ColorType::Rgb16 => DynamicImage::ImageRgb16(image::ImageBuffer::from_raw(width, height, wide).unwrap()),
        _ => DynamicImage::ImageRgba16(image::ImageBuffer::from_raw(width, height, wide).unwrap()),
    }
}

/// One pooling of one picture, and the result by hand.
struct Case {
    color: image::ColorType,
    size: (u32, u32),
    samples: &'static [u16],
    flags: &'static str,
    expected_size: (u32, u32),
    expected: &'static [u16],
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_colour_type_is_pooled_as_by_hand_on_every_backend() {
    use image::ColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16};
    let case =
        |color, size, samples, flags, expected_size, expected| Case { color, size, samples, flags, expected_size, expected };
    let cases = [
        case(L8, (4, 2), &[1, 2, 3, 4, 5, 6, 7, 8], "--op max --kernel-size 2", (2, 1), &[6, 8]),
        case(L8, (4, 2), &[1, 2, 3, 4, 5, 6, 7, 8], "--op min --kernel-size 2x1", (4, 1), &[1, 2, 3, 4]),
        // 14/4 = 3.5 and 22/4 = 5.5 go to the even neighbour.
        case(L8, (4, 2), &[1, 2, 3, 4, 5, 6, 7, 8], "--op average --kernel-size 2", (2, 1), &[4, 6]),
        case(L8, (4, 2), &[1, 2, 3, 4, 5, 6, 7, 8], "--op average --kernel-size 1x4 --stride 1", (1, 2), &[2, 6]),
        case(L8, (3, 1), &[100, 200, 250], "--op sum --kernel-size 1x2 --stride 1", (2, 1), &[255, 255]),
        case(L8, (2, 1), &[3, 4], "--op lp --p 2 --global", (1, 1), &[5]),
        case(L8, (2, 1), &[3, 4], "--op lp --p inf --global", (1, 1), &[4]),
        case(L8, (2, 2), &[10, 20, 10, 20], "--op std --output-size 1", (1, 1), &[5]),
        case(L8, (5, 1), &[1, 2, 3, 4, 5], "--op max --output-size 1x3", (3, 1), &[2, 4, 5]),
        // Weights e^−½, 1, e^−½: (100 + 2·e^−½·40)/(1 + 2·e^−½) = 67.1.
        case(L8, (3, 1), &[40, 100, 40], "--op gaussian --sigma 1 --kernel-size 1x3", (1, 1), &[67]),
        // Padding counts towards no divisor unless asked.
        case(L8, (2, 1), &[90, 60], "--op average --kernel-size 1x3 --stride 1 --padding 0x1", (2, 1), &[75, 75]),
        case(
            L8,
            (2, 1),
            &[90, 60],
            "--op average --kernel-size 1x3 --stride 1 --padding 0x1 --count-include-pad",
            (2, 1),
            &[50, 50],
        ),
        case(L8, (2, 1), &[90, 60], "--op average --count-include-pad false --global", (1, 1), &[75]),
        case(L8, (2, 1), &[90, 60], "--op average --divisor-override 3 --global", (1, 1), &[50]),
        case(L8, (4, 1), &[10, 10, 10, 10], "--op average --sqrt-divisor --global", (1, 1), &[20]),
        case(L8, (3, 1), &[1, 2, 9], "--op max --kernel-size 1x2 --ceil-mode", (2, 1), &[2, 9]),
        case(L8, (3, 1), &[1, 2, 9], "--op max --kernel-size 1x2 --ceil-mode=false", (1, 1), &[2]),
        case(L8, (5, 1), &[9, 1, 2, 3, 4], "--op max --kernel-size 1x2 --dilation 3 --stride 1", (2, 1), &[9, 4]),
        case(L8, (3, 1), &[1, 2, 9], "--op max --kernel-size 1x2 --stride 2 --padding same_upper", (2, 1), &[2, 9]),
        case(L8, (3, 1), &[1, 2, 9], "--op max --kernel-size 1x2 --stride 2 --padding same_lower", (2, 1), &[1, 9]),
        case(L8, (3, 1), &[1, 2, 9], "--op max --kernel-size 1x2 --stride 2 --padding 0x1:0", (2, 1), &[1, 9]),
        case(L16, (2, 1), &[60_001, 6], "--op average --global", (1, 1), &[30_004]),
        case(L16, (2, 1), &[60_001, 6_000], "--op sum --global", (1, 1), &[65_535]),
        case(Rgb8, (2, 1), &[1, 10, 100, 3, 30, 201], "--op average --global", (1, 1), &[2, 20, 150]),
        case(Rgb8, (2, 1), &[1, 30, 100, 3, 10, 201], "--op max --global", (1, 1), &[3, 30, 201]),
        case(Rgb16, (2, 1), &[1, 1000, 60_000, 3, 3000, 20_000], "--op average --global", (1, 1), &[2, 2000, 40_000]),
        // Straight for max and min; what cannot be seen does not bleed into an average.
        case(La8, (2, 1), &[100, 255, 250, 0], "--op max --global", (1, 1), &[250, 255]),
        case(La8, (2, 1), &[100, 255, 250, 0], "--op min --global", (1, 1), &[100, 0]),
        case(La8, (2, 1), &[100, 255, 200, 85], "--op average --global", (1, 1), &[125, 170]),
        case(Rgba8, (2, 1), &[10, 20, 30, 255, 250, 250, 250, 0], "--op average --global", (1, 1), &[10, 20, 30, 128]),
        case(Rgba8, (2, 1), &[255, 255, 255, 1, 9, 9, 9, 0], "--op average --global", (1, 1), &[0, 0, 0, 0]),
        case(Rgba8, (2, 1), &[1, 60, 3, 40, 50, 6, 70, 8], "--op max --global", (1, 1), &[50, 60, 70, 40]),
        case(La16, (2, 1), &[10_000, 65_535, 20_000, 21_845], "--op average --global", (1, 1), &[12_500, 43_690]),
        case(Rgba16, (2, 1), &[1, 6000, 3, 400, 500, 6, 700, 8], "--op min --global", (1, 1), &[1, 6, 3, 8]),
    ];
    let desk = Desk::new();
    let mut failures = Vec::new();
    for case in &cases {
        let input = picture(case.color, case.size.0, case.size.1, case.samples);
        let expected = picture(case.color, case.expected_size.0, case.expected_size.1, case.expected);
        input.save(desk.path("in.png")).unwrap();
        for backend in ["cpu", "vulkan", "gl"] {
            let output = desk.run(&format!("image in.png -o out.png {} --backend {backend}", case.flags));
            let what = format!("{:?} {:?} {} on {backend}", case.color, case.samples, case.flags);
            if !output.status.success() {
                failures.push(format!("{what}: {}", stderr(&output)));
                continue;
            }
            let got = image::open(desk.path("out.png")).unwrap();
            if got != expected {
                failures.push(format!("{what}: {:?} {:?}, not {:?}", got.color(), got.as_bytes(), expected.as_bytes()));
            }
        }
    }
    report(&failures);
}

#[test]
fn backends_agree_to_the_bit_on_a_larger_picture() {
    let desk = Desk::new();
    let noise = |at: u32| u8::try_from((at.wrapping_mul(2_654_435_761) >> 11) % 256).unwrap();
    let samples = (0..67 * 41 * 4).map(noise).collect();
    DynamicImage::ImageRgba8(image::RgbaImage::from_raw(67, 41, samples).unwrap()).save(desk.path("in.png")).unwrap();
    for flags in
        ["--op max --kernel-size 3 --stride 2 --padding 1", "--op average --kernel-size 2", "--op min --output-size 7x9"]
    {
        desk.done(&format!("image in.png -o cpu.png {flags} --backend cpu"));
        for backend in BACKENDS {
            desk.done(&format!("image in.png -o gpu.png {flags} --backend {backend}"));
            let open = |name| image::open(desk.path(name)).unwrap();
            assert!(open("cpu.png") == open("gpu.png"), "{flags} on {backend}");
        }
    }
}

#[test]
fn palettes_and_one_bit_pictures_widen_to_8_bits() {
    let desk = Desk::new();
    // 4 x 1 BMPs: pixels 1, 0, 1, 1 by a palette of two colours, stored blue first.
    let bmp = |palette: [[u8; 4]; 2]| {
        let mut file = b"BM".to_vec();
        for word in [66u32, 0, 62, 40, 4, 1] {
            file.extend(word.to_le_bytes());
        }
        file.extend([1, 0, 1, 0]);
        for word in [0u32, 4, 0, 0, 2, 2] {
            file.extend(word.to_le_bytes());
        }
        file.extend(palette.concat());
        file.extend([0b1011_0000, 0, 0, 0]);
        file
    };
    desk.write("in.bmp", bmp([[10, 20, 30, 0], [200, 100, 50, 0]]));
    desk.done("image in.bmp -o out.png --op min --kernel-size 1x2 --backend cpu");
    let got = image::open(desk.path("out.png")).unwrap();
    assert_eq!((got.color(), got.as_bytes()), (image::ColorType::Rgb8, &[30, 20, 10, 50, 100, 200][..]));
    // A 1-bit grey PNG of the pixels 1, 0, 1, 1, by zlib's stored form.
    desk.write("in.png", one_bit_png());
    desk.done("image in.png -o out.png --op min --kernel-size 1x2 --backend cpu");
    let got = image::open(desk.path("out.png")).unwrap();
    assert_eq!((got.color(), got.as_bytes()), (image::ColorType::L8, &[0, 255][..]));
}

fn one_bit_png() -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let body = [&name[..], data].concat();
        let crc = body.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
        });
        let length = u32::try_from(data.len()).unwrap();
        [&length.to_be_bytes()[..], &body, &(!crc).to_be_bytes()].concat()
    };
    let row = [0, 0b1011_0000];
    // Adler-32 of the row: a = 1 + 0 + 176, b = 1 + 177.
    let stored = [&[0x78, 0x01, 1, 2, 0, 0xfd, 0xff][..], &row, &[0, 178, 0, 177]].concat();
    let header = [&4u32.to_be_bytes()[..], &1u32.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &stored), chunk(b"IEND", &[])].concat()
}

#[test]
fn every_output_format_holds_what_it_is_given() {
    use image::ColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16};
    let desk = Desk::new();
    let samples = [200, 100, 50, 255, 40, 30, 20, 255];
    let mut failures = Vec::new();
    for (extension, format, held) in [
        ("png", ImageFormat::Png, &[L8, La8, Rgb8, Rgba8, L16, La16, Rgb16, Rgba16][..]),
        ("webp", ImageFormat::WebP, &[L8, La8, Rgb8, Rgba8][..]),
        ("bmp", ImageFormat::Bmp, &[L8, Rgb8, Rgba8][..]),
        ("jpg", ImageFormat::Jpeg, &[L8, Rgb8][..]),
        ("JPEG", ImageFormat::Jpeg, &[L8, Rgb8][..]),
    ] {
        for color in [L8, La8, Rgb8, Rgba8, L16, La16, Rgb16, Rgba16] {
            let channels = usize::from(color.channel_count());
            let input = picture(color, 2, 1, &samples[..2 * channels]);
            input.save(desk.path("in.png")).unwrap();
            let out = format!("out.{extension}");
            let output = desk.run(&format!("image in.png -o {out} --op max --kernel-size 1 --backend cpu"));
            let what = format!("{color:?} as {extension}: {}", stderr(&output));
            if held.contains(&color) != output.status.success() {
                failures.push(what);
                continue;
            }
            if !output.status.success() {
                if output.status.code() != Some(2) || desk.path(&out).exists() || !stderr(&output).contains("cannot hold") {
                    failures.push(what);
                }
                continue;
            }
            let bytes = std::fs::read(desk.path(&out)).unwrap();
            std::fs::remove_file(desk.path(&out)).unwrap();
            let got = image::load_from_memory(&bytes).unwrap();
            let right = image::guess_format(&bytes).unwrap() == format
                && (format == ImageFormat::Jpeg || got.to_rgba16() == input.to_rgba16());
            if !right {
                failures.push(format!("{what} {:?} {:?}", got.color(), got.as_bytes()));
            }
        }
    }
    report(&failures);
}

#[test]
fn json_says_what_was_done() {
    let desk = Desk::new();
    picture(image::ColorType::Rgb8, 4, 2, &[7; 24]).save(desk.path("in.png")).unwrap();
    let output = desk.done("image in.png -o out.png --op max --kernel-size 2 --backend vulkan --json");
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["adapter"]["backend"], "vulkan");
    assert_eq!(report["input_shape"], serde_json::json!([1, 3, 2, 4]));
    assert_eq!(report["output_shape"], serde_json::json!([1, 3, 1, 2]));
    assert_eq!(report["output"], "out.png");
    assert!(report["milliseconds"].is_number() && report["kernel"].is_string() && report["adapter"]["name"].is_string());
    assert!(stderr(&output).contains("plunge: on "), "{}", stderr(&output));
    // Without it stdout is quiet.
    assert_eq!(stdout(&desk.done("image in.png -o out.png --op max --kernel-size 2 --backend cpu")), "");
}

/// The README's pictures are what the README's commands make, to the bit, on every backend.
#[test]
fn the_photograph_pools_to_the_pictures_of_the_readme() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
    let desk = Desk::new();
    for (golden, flags) in
        [("astronaut-max.png", "--op max --kernel-size 8"), ("astronaut-adaptive.png", "--op average --output-size 48x48")]
    {
        let expected = image::open(format!("{docs}/{golden}")).unwrap();
        for backend in [&BACKENDS[..], &["cpu"]].concat() {
            desk.done(&format!("image {docs}/astronaut.png -o out.png {flags} --backend {backend}"));
            assert_eq!(image::open(desk.path("out.png")).unwrap(), expected, "{golden} on {backend}");
        }
    }
}
