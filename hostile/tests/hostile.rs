//! The targets' bodies on the seeds of fuzz/, and on some thousands of inputs made from them and from nothing.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests fail by panicking and speak by printing")]

use std::{fs, path::Path};

use plunge_hostile::TARGETS;

/// The seeds of a target, in the order of their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.expect("a seed").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a seed reads")).collect()
}

/// Draws anew the seeds that are bytes of anything: such as are taken and not refused, after a change of what bytes stand for.
fn draw_seeds(target: &str, body: fn(&[u8]) -> bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let drawn = |at: usize| folder.join(format!("drawn_{at:02}"));
    // Files are not drawn.
    let count = if target == "readers" { 0 } else { 40 };
    let mut random = fastrand::Rng::with_seed(5);
    let mut anything = std::iter::repeat_with(|| (0..random.usize(40..300)).map(|_| random.u8(..)).collect::<Vec<_>>());
    for at in 0..count {
        let taken = anything.find(|bytes| body(bytes)).expect("without end");
        fs::write(drawn(at), taken).expect("a seed is written");
    }
}

/// Bytes of anything, or a seed that was damaged.
fn made(random: &mut fastrand::Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    if random.u8(..3) > 0 {
        return (0..random.usize(16..400)).map(|_| random.u8(..)).collect();
    }
    let mut bytes = seeds[random.usize(..seeds.len())].clone();
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..bytes.len().max(1)).min(bytes.len());
        match random.u8(..4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.u8(..)),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, random.u8(..)][random.usize(..6)],
            _ => {}
        }
    }
    bytes
}

/// Runs a target's body on its seeds and on `count` inputs, of which at least `least` must be taken, and not refused.
fn run(target: &str, count: usize, least: usize) {
    let (_, _, body) = TARGETS.into_iter().find(|(name, ..)| *name == target).expect("a target");
    if std::env::var_os("PLUNGE_WRITE_SEEDS").is_some() {
        draw_seeds(target, body);
    }
    let seeds = seeds(target);
    assert!(seeds.len() >= 8, "{} seeds for {target}", seeds.len());
    let refused: Vec<usize> = (0..seeds.len()).filter(|&at| !body(&seeds[at])).collect();
    assert!(refused.len() <= seeds.len() / 4, "{target}: seeds {refused:?} try nothing");
    let mut random = fastrand::Rng::with_seed(11);
    let taken = (0..count).filter(|_| body(&made(&mut random, &seeds))).count();
    println!("{target}: {} seeds, {count} inputs, {taken} of them taken", seeds.len());
    assert!(taken >= least, "{target}: {taken} of {count} inputs were taken");
}

#[test]
fn any_spec_is_planned_within_limits_or_refused() {
    run("spec", 6000, 100);
}

#[test]
fn any_file_is_read_or_refused() {
    run("readers", 6000, 50);
}

#[test]
fn any_side_input_is_used_or_refused() {
    run("sides", 4000, 300);
}

#[test]
fn any_values_pool_as_the_reference_has_it() {
    run("reference_vs_gpu", 300, 100);
}

#[test]
fn nothing_that_only_the_device_sees_reaches_outside() {
    run("sides_on_gpu", 300, 100);
}

/// Every target of cargo-fuzz is run here, and the other way round.
#[test]
fn targets_are_those_of_cargo_fuzz() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
    let mut files: Vec<String> = fs::read_dir(folder)
        .expect("targets")
        .map(|file| file.expect("a target").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut names = TARGETS.map(|(name, ..)| name.to_owned());
    names.sort();
    assert_eq!(files, names);
}
