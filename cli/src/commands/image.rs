//! `plunge image`: pictures by flags.

mod many;
mod names;

use std::{collections::HashMap, path::Path};

use plunge::{Pooling, Shape, image::Samples};

use super::{print_json, report};
use crate::{
    Failure,
    args::ImageArgs,
    backend::Machine,
    job::{Done, Job},
    output::{self, Output},
    picture::{self, Format, Header},
    progress::Progress,
    sides::Sides,
    types::Types,
};

pub(super) fn run(args: &ImageArgs) -> Result<(), Failure> {
    let pooling = args.pooling()?;
    let labels = args.region.segments.as_deref();
    let input = match &args.inputs[..] {
        [input] if !input.is_dir() && !args.output.is_dir() => input,
        _ => return many::run(args, &pooling),
    };
    let format = Format::of(&args.output)?;
    let inputs: Vec<&Path> = labels.into_iter().chain([input.as_path()]).collect();
    output::keep_inputs([args.output.as_path()], &inputs)?;
    let mut file = Output::create(&args.output)?;
    let picture = picture::read_file(input)?;
    let task = Task::new(&pooling, labels)?;
    let (header, profile) = (picture.header(), picture.profile);
    let [shape, output] = task.check(&header, format)?;

    let machine = args.choice.open()?;
    let samples = Samples::new(picture.image, &task.pooling.op)?;
    let (values, done) = task.pool(&machine, &samples, true)?;
    let result = samples.picture_of(output, values)?;
    drop(samples);

    file.write(|file| format.encode(&result, profile, file))?;
    output::commit(vec![file.finish()])?;
    if args.json {
        print_json(&described(&machine, &done, [shape, output], &args.output))?;
    }
    Ok(())
}

/// What was done, for a program.
fn described(machine: &Machine, done: &Done, [input, output]: [Shape; 2], path: &Path) -> serde_json::Value {
    let mut report = report(machine, done);
    report["input_shape"] = input.sizes().into();
    report["output_shape"] = output.sizes().into();
    report["output"] = path.to_string_lossy().into();
    report
}

/// What is to be done with every picture.
struct Task {
    pooling: Pooling,
    sides: Sides,
    labels: Option<Labels>,
}

impl Task {
    fn new(pooling: &Pooling, labels: Option<&Path>) -> Result<Self, Failure> {
        let labels = labels.map(Labels::read).transpose()?;
        let sides = labels.as_ref().map_or_else(Sides::default, |labels| Sides::of_labels(labels.numbers.clone()));
        let pooling = sides.borrow().resolve(pooling).into_owned();
        Ok(Self { pooling, sides, labels })
    }

    /// The shapes of what a picture is pooled as and of what is written, if it can be pooled and written.
    fn check(&self, header: &Header, format: Format) -> Result<[Shape; 2], Failure> {
        let input = Samples::shape_of(header.color, [header.width, header.height], &self.pooling.op)?;
        if let Some(labels) = &self.labels {
            labels.check(&input)?;
        }
        let job = self.job(input)?;
        let output = if self.labels.is_some() { input } else { job.output_shape() };
        if let [height, width] = *output.spatial() {
            format.check(header.color, width, height)?;
        }
        Ok([input, output])
    }

    fn job(&self, input: Shape) -> Result<Job<'_>, Failure> {
        // Bytes are stored with channels last, planes of f32 are not.
        let element = if input.layout() == plunge::Layout::Nhwc { plunge::Element::U8 } else { plunge::Element::F32 };
        Job::new(&self.pooling, input, Types::plain(element), &self.sides)
    }

    /// Pools a picture that was checked, painted by its segments where there are any; `shown` says whether its planes are counted for the person.
    fn pool(&self, machine: &Machine, samples: &Samples, shown: bool) -> Result<(Vec<u8>, Done), Failure> {
        let job = self.job(samples.shape())?;
        let progress = if shown { job.progress("pooling") } else { Progress::hidden() };
        let (mut rest, mut values) = (samples.bytes(), Vec::new());
        let size = samples.element().bytes();
        let done = job.run(
            machine,
            &progress,
            |count, part| {
                let (next, after) = rest.split_at(count * size);
                rest = after;
                part.clear();
                part.extend_from_slice(next);
                Ok(())
            },
            |_, pooled| {
                values.extend_from_slice(&pooled.values);
                Ok(())
            },
        )?;
        match &self.labels {
            Some(labels) => Ok((labels.paint(&values, job.output_shape(), size), done)),
            None => Ok((values, done)),
        }
    }
}

/// A label for each pixel of pictures of one size.
struct Labels {
    numbers: Vec<i32>,
    size: [usize; 2],
    /// What refusals call them.
    asked: String,
}

impl Labels {
    /// Reads a picture whose pixels of one colour have one label.
    fn read(path: &Path) -> Result<Self, Failure> {
        let image = picture::read_file(path)?.image.into_rgba16();
        let size = [image.height(), image.width()].map(|side| side as usize);
        let mut known = HashMap::new();
        let number = |pixel: &image::Rgba<u16>| {
            let next = known.len();
            i32::try_from(*known.entry(pixel.0).or_insert(next)).unwrap_or(i32::MAX)
        };
        Ok(Self { numbers: image.pixels().map(number).collect(), size, asked: path.display().to_string() })
    }

    fn check(&self, picture: &Shape) -> Result<(), Failure> {
        if self.size == picture.spatial() {
            return Ok(());
        }
        let ([high, wide], path) = (self.size, &self.asked);
        let [height, width] = [0, 1].map(|axis| picture.spatial().get(axis).copied().unwrap_or(1));
        Err(Failure::refused(format!("invalid --segments {path}: {high} x {wide} pixels; the picture has {height} x {width}")))
    }

    /// Every pixel of every channel with its segment's value, of so many bytes.
    fn paint(&self, values: &[u8], segments: Shape, bytes: usize) -> Vec<u8> {
        let (channels, count) = (segments.channels(), segments.spatial().iter().product::<usize>());
        let value = |place: usize| values.get(place * bytes..(place + 1) * bytes).unwrap_or_default();
        let of = |label: i32| usize::try_from(label).unwrap_or(usize::MAX);
        match segments.layout() {
            plunge::Layout::Nhwc => {
                let pixels = self.numbers.iter().flat_map(|&label| (0..channels).map(move |c| of(label) * channels + c));
                pixels.flat_map(value).copied().collect()
            }
            _ => {
                let planes = (0..channels).flat_map(|c| self.numbers.iter().map(move |&label| c * count + of(label)));
                planes.flat_map(value).copied().collect()
            }
        }
    }
}
