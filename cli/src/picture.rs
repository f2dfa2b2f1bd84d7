//! Picture files: which formats hold what, reading within bounds, and writing without loss of depth or alpha.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Seek, Write},
    path::Path,
};

use image::{
    ColorType, DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageReader, Limits,
    codecs::{bmp::BmpEncoder, jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
    metadata::Orientation,
};

use crate::Failure;

/// Bytes of a decoded picture: 178 million 8-bit RGB pixels.
const MOST_BYTES: u64 = 512 << 20;
/// JPEG loses whatever the quality; at this one the loss is hard to see.
const JPEG_QUALITY: u8 = 95;

/// A picture, and what describes its colours.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its pixels, turned as they are to be seen.
    pub image: DynamicImage,
    /// Its colour profile.
    pub profile: Option<Vec<u8>>,
}

/// What the beginning of a picture says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) color: ColorType,
    /// Turned as it is to be seen.
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Picture {
    /// What its header was.
    pub(crate) fn header(&self) -> Header {
        Header { color: self.image.color(), width: self.image.width(), height: self.image.height() }
    }
}

impl Header {
    /// Bytes of the decoded picture.
    pub(crate) fn bytes(&self) -> usize {
        self.width as usize * self.height as usize * usize::from(self.color.bytes_per_pixel())
    }
}

/// Reads a PNG, JPEG, WebP or BMP, told apart by their contents. Of an animation, the first frame.
///
/// # Errors
/// [`Failure::Refused`] where it is malformed, another format, or larger than 512 MiB decoded.
pub fn read(source: impl BufRead + Seek) -> Result<Picture, Failure> {
    let (mut decoder, orientation) = open(source)?;
    // A picture without its profile is still that picture.
    let profile = decoder.icc_profile().unwrap_or_default();
    let mut image = DynamicImage::from_decoder(decoder).map_err(malformed)?;
    image.apply_orientation(orientation);
    Ok(Picture { image, profile })
}

/// Begins to read a picture.
fn open<'a>(source: impl BufRead + Seek + 'a) -> Result<(impl ImageDecoder + 'a, Orientation), Failure> {
    let mut reader = ImageReader::new(source).with_guessed_format().map_err(|error| malformed(error.into()))?;
    if reader.format().is_none() {
        return Err(Failure::refused("not a picture: it is none of PNG, JPEG, WebP and BMP"));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(malformed)?;
    limits.reserve(decoder.total_bytes()).map_err(malformed)?;
    let orientation = decoder.orientation().map_err(malformed)?;
    Ok((decoder, orientation))
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn malformed(error: ImageError) -> Failure {
    match error {
        ImageError::Limits(_) => Failure::refused("the picture is larger than 512 MiB decoded, which is the most"),
        ImageError::Unsupported(_) => {
            Failure::refused(format!("unsupported picture: {error}; PNG, JPEG, WebP and BMP can be read"))
        }
        _ => Failure::refused(format!("malformed picture: {error}")),
    }
}

/// Reads the picture in a file.
pub(crate) fn read_file(path: &Path) -> Result<Picture, Failure> {
    read(regular(path)?).map_err(|failure| failure.of_file(path))
}

/// Reads the beginning of the picture in a file.
pub(crate) fn read_header(path: &Path) -> Result<Header, Failure> {
    let (decoder, orientation) = open(regular(path)?).map_err(|failure| failure.of_file(path))?;
    let (width, height) = decoder.dimensions();
    let turned = matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    let [width, height] = if turned { [height, width] } else { [width, height] };
    Ok(Header { color: decoder.color_type(), width, height })
}

fn regular(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = File::open(path).map_err(|error| Failure::unreadable(path, error))?;
    match file.metadata() {
        Ok(about) if about.is_file() => Ok(BufReader::new(file)),
        Ok(_) => Err(Failure::unreadable(path, "it is not a regular file")),
        Err(error) => Err(Failure::unreadable(path, error)),
    }
}

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format(ImageFormat);

impl Format {
    /// The format that a path's extension names.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("png") => Ok(Self(ImageFormat::Png)),
            Some("jpg" | "jpeg") => Ok(Self(ImageFormat::Jpeg)),
            Some("webp") => Ok(Self(ImageFormat::WebP)),
            Some("bmp") => Ok(Self(ImageFormat::Bmp)),
            _ => Err(Failure::refused(format!(
                "cannot write {}: the output's format goes by its extension, .png, .jpg, .webp or .bmp",
                path.display()
            ))),
        }
    }

    fn name(self) -> &'static str {
        match self.0 {
            ImageFormat::Jpeg => "JPEG",
            ImageFormat::WebP => "WebP",
            ImageFormat::Bmp => "BMP",
            _ => "PNG",
        }
    }

    /// Refuses what the format cannot hold.
    pub(crate) fn check(self, color: ColorType, width: usize, height: usize) -> Result<(), Failure> {
        let most: usize = match self.0 {
            ImageFormat::Jpeg => 65_535,
            ImageFormat::WebP => 16_384,
            _ => 0x7fff_ffff,
        };
        let name = self.name();
        if width > most || height > most {
            return Err(Failure::refused(format!(
                "{name} holds at most {most} pixels a side, and the result is {width}x{height} (wide x high); write a .png"
            )));
        }
        let wide = color.bytes_per_pixel() > color.channel_count();
        let grey_alpha = color.has_alpha() && !color.has_color();
        let lost = match self.0 {
            ImageFormat::Png => None,
            _ if wide => Some("16 bits a channel"),
            ImageFormat::Jpeg if color.has_alpha() => Some("alpha"),
            // image's encoder writes grey with alpha as grey.
            ImageFormat::Bmp if grey_alpha => Some("alpha beside grey"),
            _ => None,
        };
        match lost {
            Some(lost) => Err(Failure::refused(format!("{name} cannot hold {lost}, which the picture has; write a .png"))),
            None => Ok(()),
        }
    }

    /// Encodes a picture that has been checked.
    pub(crate) fn encode(self, picture: &DynamicImage, profile: Option<Vec<u8>>, target: &mut impl Write) -> io::Result<()> {
        match self.0 {
            ImageFormat::Jpeg => encode(picture, profile, JpegEncoder::new_with_quality(target, JPEG_QUALITY)),
            ImageFormat::WebP => encode(picture, profile, WebPEncoder::new_lossless(target)),
            ImageFormat::Bmp => encode(picture, profile, BmpEncoder::new(target)),
            _ => encode(picture, profile, PngEncoder::new(target)),
        }
    }
}

fn encode(picture: &DynamicImage, profile: Option<Vec<u8>>, mut encoder: impl ImageEncoder) -> io::Result<()> {
    if let Some(profile) = profile {
        // BMP has no place for a profile.
        let _ = encoder.set_icc_profile(profile);
    }
    picture.write_with_encoder(encoder).map_err(|error| match error {
        ImageError::IoError(error) => error,
        other => io::Error::other(other),
    })
}
