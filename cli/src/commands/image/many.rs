//! Several pictures by one command: while the device pools one, threads decode the next and encode the last.

use std::{
    mem,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use plunge::{Pooling, Shape, image::Samples};
use serde_json::Value;

use super::{
    Task, described,
    names::{self, Folder, Named},
};
use crate::{
    Failure,
    args::ImageArgs,
    backend::Machine,
    budget::{Budget, Share},
    job::Done,
    output::{self, Finished, Output},
    picture::{self, Format, Header},
    progress::Progress,
};

/// Bytes of all pictures that are decoded, pooled or encoded at a time; a larger one is alone.
const MOST_BYTES: usize = 1 << 30;
/// More threads than that gain nothing, since all wait for one device.
const MOST_THREADS: usize = 8;

pub(super) fn run(args: &ImageArgs, pooling: &Pooling) -> Result<(), Failure> {
    let folder = Folder::at(&args.output)?;
    let named = names::of(&args.inputs, &args.output)?;
    let labels = args.region.segments.as_deref();
    let inputs: Vec<&Path> = labels.into_iter().chain(named.iter().map(|named| named.input.as_path())).collect();
    output::keep_inputs(named.iter().map(|named| named.output.as_path()), &inputs)?;
    // Whether the folder can be written to.
    drop(named.first().map(|named| Output::create(&named.output)).transpose()?);
    let task = Task::new(pooling, labels)?;
    let errands = named.into_iter().map(|named| Errand::new(named, &task)).collect::<Result<Vec<_>, _>>()?;

    let machine = args.choice.open()?;
    let (files, done) = work(&machine, &task, &errands)?;
    output::commit(files)?;
    folder.keep();
    if args.json {
        let told = errands.iter().zip(&done).map(|(errand, done)| {
            let mut told = described(&machine, done, errand.shapes, &errand.named.output);
            told["input"] = errand.named.input.to_string_lossy().into();
            told
        });
        super::print_json(&Value::Array(told.collect()))?;
    }
    Ok(())
}

/// One picture, checked as far as its header goes.
struct Errand {
    named: Named,
    header: Header,
    format: Format,
    /// What it is pooled as, and what is written.
    shapes: [Shape; 2],
}

impl Errand {
    fn new(named: Named, task: &Task) -> Result<Self, Failure> {
        let format = Format::of(&named.output)?;
        let header = picture::read_header(&named.input)?;
        let shapes = task.check(&header, format).map_err(|failure| failure.of_file(&named.input))?;
        Ok(Self { named, header, format, shapes })
    }

    /// Bytes that it takes on its way: decoded, as samples and pooled.
    fn bytes(&self) -> usize {
        let elements = self.shapes.iter().map(|shape| shape.elements()).sum::<usize>();
        self.header.bytes() + if self.shapes[0].layout() == plunge::Layout::Nhwc { elements } else { 4 * elements }
    }

    fn decode(&self, task: &Task) -> Result<(Samples, Option<Vec<u8>>), Failure> {
        let picture = picture::read_file(&self.named.input)?;
        if picture.header() != self.header {
            return Err(Failure::unreadable(&self.named.input, "it changed meanwhile"));
        }
        Ok((Samples::new(picture.image, &task.pooling.op)?, picture.profile))
    }

    fn encode(&self, samples: Samples, values: Vec<u8>, profile: Option<Vec<u8>>) -> Result<Finished, Failure> {
        let result = samples.picture_of(self.shapes[1], values)?;
        drop(samples);
        let mut file = Output::create(&self.named.output)?;
        file.write(|file| self.format.encode(&result, profile, file))?;
        Ok(file.finish())
    }
}

/// What went wrong with the first of the pictures that something went wrong with.
#[derive(Default)]
struct Trouble {
    stop: AtomicBool,
    first: Mutex<Option<(usize, Failure)>>,
}

impl Trouble {
    fn is_there(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The answer, or nothing and the trouble noted.
    fn without<T>(&self, at: usize, answer: Result<T, Failure>) -> Option<T> {
        let failure = match answer {
            Ok(answer) => return Some(answer),
            Err(failure) => failure,
        };
        self.stop.store(true, Ordering::Relaxed);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(other, _)| at < *other) {
            *first = Some((at, failure));
        }
        None
    }
}

/// A picture on its way, and its part of the memory.
struct Parcel<'a, T> {
    at: usize,
    contents: T,
    profile: Option<Vec<u8>>,
    share: Share<'a>,
}

/// A picture that has been pooled.
struct Pooled {
    samples: Samples,
    values: Vec<u8>,
}

/// What all threads share.
struct Works<'a> {
    task: &'a Task,
    errands: &'a [Errand],
    /// The first that nobody has begun with.
    next: AtomicUsize,
    budget: Budget,
    trouble: Trouble,
    files: Mutex<Vec<(usize, Finished)>>,
    progress: Progress,
}

/// Does all errands, so that decoding, pooling and encoding overlap; answers with the written files and what was done for each.
fn work(machine: &Machine, task: &Task, errands: &[Errand]) -> Result<(Vec<Finished>, Vec<Done>), Failure> {
    let works = Works {
        task,
        errands,
        next: AtomicUsize::new(0),
        budget: Budget::new(MOST_BYTES),
        trouble: Trouble::default(),
        files: Mutex::default(),
        progress: Progress::new("pooling", errands.len(), "pictures"),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, MOST_THREADS).min(errands.len());
    let mut done: Vec<Done> = errands.iter().map(|_| Done::default()).collect();
    let (decoded, to_pool) = sync_channel(1);
    let (pooled, to_encode) = sync_channel(1);
    let to_encode = Mutex::new(to_encode);
    thread::scope(|scope| {
        for _ in 0..threads {
            let decoded = decoded.clone();
            scope.spawn(|| works.decode(decoded));
            scope.spawn(|| works.encode(&to_encode));
        }
        drop(decoded);
        works.pool(machine, to_pool, pooled, &mut done);
    });
    if let Some((_, failure)) = works.trouble.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(failure);
    }
    let mut files = mem::take(&mut *works.files.lock().unwrap_or_else(PoisonError::into_inner));
    files.sort_by_key(|(at, _)| *at);
    Ok((files.into_iter().map(|(_, file)| file).collect(), done))
}

#[allow(clippy::needless_pass_by_value, reason = "the end of a channel that goes says that nothing more comes")]
impl Works<'_> {
    /// Decodes pictures that nobody has begun with, until there are none.
    fn decode<'a>(&'a self, decoded: SyncSender<Parcel<'a, Samples>>) {
        while !self.trouble.is_there() {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(errand) = self.errands.get(at) else { return };
            let share = self.budget.take(errand.bytes());
            let Some((contents, profile)) = self.trouble.without(at, errand.decode(self.task)) else { return };
            if decoded.send(Parcel { at, contents, profile, share }).is_err() {
                return;
            }
        }
    }

    /// Pools what has been decoded, until nothing more comes.
    fn pool<'a>(
        &'a self,
        machine: &Machine,
        to_pool: Receiver<Parcel<'a, Samples>>,
        pooled: SyncSender<Parcel<'a, Pooled>>,
        done: &mut [Done],
    ) {
        for Parcel { at, contents: samples, profile, share } in to_pool {
            if self.trouble.is_there() {
                continue;
            }
            let answer = self.task.pool(machine, &samples, false);
            let answer = answer.map_err(|failure| failure.of_file(&self.errands[at].named.input));
            if let Some((values, own)) = self.trouble.without(at, answer) {
                done[at] = own;
                // Encoders are there until this end of the channel goes.
                let _ = pooled.send(Parcel { at, contents: Pooled { samples, values }, profile, share });
            }
        }
    }

    /// Encodes what has been pooled, until nothing more comes.
    fn encode(&self, to_encode: &Mutex<Receiver<Parcel<'_, Pooled>>>) {
        loop {
            let next = to_encode.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Parcel { at, contents: Pooled { samples, values }, profile, share }) = next else { return };
            if self.trouble.is_there() {
                continue;
            }
            let file = self.errands[at].encode(samples, values, profile);
            if let Some(file) = self.trouble.without(at, file) {
                self.files.lock().unwrap_or_else(PoisonError::into_inner).push((at, file));
                self.progress.advance(1);
            }
            drop(share);
        }
    }
}
