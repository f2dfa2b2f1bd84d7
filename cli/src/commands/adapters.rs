//! `plunge adapters`: what is here and what it can do.

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use plunge::{
    HeadlessOptions,
    wgpu::{Adapter, DeviceType, Features},
};
use serde_json::json;

use super::{print, print_json};
use crate::{Failure, args::AdaptersArgs};

/// The name of what runs where no adapter does.
pub(super) const REFERENCE: &str = "CPU reference";

pub(super) fn run(args: &AdaptersArgs) -> Result<(), Failure> {
    let here: Vec<Capabilities> = plunge::adapters(&HeadlessOptions::default()).iter().map(Capabilities::of).collect();
    if args.json { print_json(&list(&here)) } else { print(format!("{}\n", table(&here)).as_bytes()) }
}

/// What one adapter is and can do.
struct Capabilities {
    name: String,
    backend: String,
    device_type: &'static str,
    driver: String,
    max_binding_bytes: u64,
    f16: bool,
    subgroups: bool,
    timestamps: bool,
}

impl Capabilities {
    fn of(adapter: &Adapter) -> Self {
        let (info, limits, features) = (adapter.get_info(), adapter.limits(), adapter.features());
        let driver = if info.driver_info.is_empty() { info.driver } else { format!("{} {}", info.driver, info.driver_info) };
        Self {
            name: info.name,
            backend: info.backend.to_string(),
            device_type: match info.device_type {
                DeviceType::DiscreteGpu => "discrete GPU",
                DeviceType::IntegratedGpu => "integrated GPU",
                DeviceType::VirtualGpu => "virtual GPU",
                DeviceType::Cpu => "software",
                DeviceType::Other => "unknown",
            },
            driver: driver.trim().into(),
            max_binding_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            f16: features.contains(Features::SHADER_F16),
            subgroups: features.contains(Features::SUBGROUP),
            timestamps: features.contains(Features::TIMESTAMP_QUERY),
        }
    }
}

fn table(here: &[Capabilities]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["Adapter", "Backend", "Type", "Driver", "Max binding", "f16", "Subgroups", "Timestamps"]);
    let yes = |has: bool| String::from(if has { "yes" } else { "no" });
    for adapter in here {
        table.add_row([
            adapter.name.clone(),
            adapter.backend.clone(),
            adapter.device_type.into(),
            adapter.driver.clone(),
            format!("{} MiB", adapter.max_binding_bytes >> 20),
            yes(adapter.f16),
            yes(adapter.subgroups),
            yes(adapter.timestamps),
        ]);
    }
    let version = concat!("plunge ", env!("CARGO_PKG_VERSION"));
    table.add_row([REFERENCE, "cpu", "brute force in f64, for checking", version, "-", "-", "-", "-"]);
    table
}

fn list(here: &[Capabilities]) -> serde_json::Value {
    let adapters = here.iter().map(|adapter| {
        json!({
            "name": adapter.name,
            "backend": adapter.backend,
            "device_type": adapter.device_type,
            "driver": adapter.driver,
            "max_binding_bytes": adapter.max_binding_bytes,
            "f16": adapter.f16,
            "subgroups": adapter.subgroups,
            "timestamps": adapter.timestamps,
        })
    });
    let reference = json!({
        "name": REFERENCE,
        "backend": "cpu",
        "device_type": "reference",
        "driver": concat!("plunge ", env!("CARGO_PKG_VERSION")),
        "max_binding_bytes": null,
        "f16": false,
        "subgroups": false,
        "timestamps": false,
    });
    adapters.chain([reference]).collect()
}
