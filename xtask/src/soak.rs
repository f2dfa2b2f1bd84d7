//! The long forms of the tests, a row a part. What a part measures it notes for docs/reliability.md.

use anyhow::Result;
use clap::{Args, builder::PossibleValuesParser};

use crate::{adapters, compilers, fuzz, loose, step::nextest, tally, tools};

/// What of the long forms to run, and how long.
#[derive(Args)]
pub(crate) struct Options {
    /// The parts to run; without any, all of them.
    #[arg(value_parser = PossibleValuesParser::new(PARTS.map(|part| clap::builder::PossibleValue::new(part.name).help(part.about))))]
    parts: Vec<String>,
    /// properties: specs to draw.
    #[arg(long, default_value_t = 100_000)]
    cases: u32,
    /// formats: which part of the full product, as in 3/20; hours in all on software adapters.
    #[arg(long, default_value = "0/1")]
    share: String,
    /// guest: how long eight threads go on.
    #[arg(long, default_value_t = 180)]
    seconds: u32,
    /// fuzz: how much, where 1000 are eleven million runs without a GPU and 24,000 with one.
    #[arg(long, default_value_t = 1000)]
    thousands: u64,
    /// fuzz: only these targets.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(fuzz::TARGETS.map(|target| target.name)))]
    targets: Vec<String>,
    /// adapters, loose: only the part of the suite that `cargo xtask test` runs on SwiftShader, or by loose arithmetic.
    #[arg(long)]
    short: bool,
    /// adapters: only those whose names contain this, such as SwiftShader.
    #[arg(long, default_value = "", hide_default_value = true)]
    adapter: String,
    /// adapters, loose: only those tests of the suite whose names contain this, such as conformance::.
    #[arg(long, default_value = "", hide_default_value = true)]
    tests: String,
}

/// A part: its name, what it does, and how.
struct Part {
    name: &'static str,
    about: &'static str,
    run: fn(&Options) -> Result<()>,
}

const PARTS: [Part; 10] = [
    Part { name: "properties", about: "Random specs against the reference", run: properties },
    Part { name: "formats", about: "Op × region × layout × type in full", run: formats },
    Part { name: "faults", about: "Hundreds of devices lost at any time", run: faults },
    Part { name: "guest", about: "Eight threads on one device, 100 runs, 10,000 calls", run: guest },
    Part {
        name: "fuzz",
        about: "cargo-fuzz: specs, files and what stands beside inputs",
        run: |options| fuzz::run(&options.targets, options.thousands),
    },
    Part { name: "limits", about: "A tensor above a GiB; every dispatch of the catalogue timed", run: limits },
    Part {
        name: "compilers",
        about: "Every listed kernel by every compiler that is to be had",
        run: |_| compilers::run(&compilers::Options::all()),
    },
    Part {
        name: "adapters",
        about: "The whole suite on each adapter, SwiftShader's among them",
        run: |options| {
            if options.short { adapters::short_on_swiftshader() } else { adapters::soak(&options.adapter, &options.tests) }
        },
    },
    Part {
        name: "loose",
        about: "The suite by arithmetic as loose as WGSL allows",
        run: |options| if options.short { loose::short() } else { loose::soak(&options.tests) },
    },
    Part { name: "deny", about: "Licences, duplicates and sources of the dependencies", run: |_| tools::deny(false) },
];

/// Runs the named parts, or all, in the order of the rows.
pub(crate) fn run(options: &Options) -> Result<()> {
    let wanted = |part: &&Part| options.parts.is_empty() || options.parts.iter().any(|name| name == part.name);
    PARTS.iter().filter(wanted).try_for_each(|part| {
        println!("\n{}: {}", part.name, part.about);
        (part.run)(options)
    })
}

fn properties(options: &Options) -> Result<()> {
    compared("properties", "PLUNGE_PROPERTY_CASES", &options.cases.to_string())
}

fn formats(options: &Options) -> Result<()> {
    compared("formats", "PLUNGE_ALL_FORMATS", &options.share)
}

fn faults(options: &Options) -> Result<()> {
    suite("faults::", "PLUNGE_SOAK_SECONDS", &options.seconds.to_string())
}

fn guest(options: &Options) -> Result<()> {
    suite("guest::", "PLUNGE_SOAK_SECONDS", &options.seconds.to_string())
}

fn limits(options: &Options) -> Result<()> {
    suite("seams::", "PLUNGE_SOAK_SECONDS", &options.seconds.to_string())
}

/// Runs those tests of the suite that compare with the reference, and adds up what they compared.
fn compared(tests: &str, variable: &str, value: &str) -> Result<()> {
    tally::clear()?;
    suite(tests, variable, value)?;
    tally::print().map(drop)
}

/// Runs those tests of the suite whose names contain `tests`, in the long form that `variable` asks for.
fn suite(tests: &str, variable: &str, value: &str) -> Result<()> {
    adapters::ensure()?;
    tools::ensure("nextest")?;
    nextest(&["--profile", "soak", "--test", "suite", tests]).env(variable, value).run()
}
