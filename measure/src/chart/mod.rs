//! Records as pictures: SVG for documents, and a page of HTML that needs nothing beside it. Both follow the reader's light or dark scheme.

mod bars;
mod drawing;
mod page;
mod roofline;
mod scale;
mod sweep;

pub use drawing::escape;
pub use page::page;

use crate::Record;

/// Colours by scheme, and what the classes of drawings look like.
const STYLE: &str = "
:root, svg { color-scheme: light dark; --ground: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d9dee4; --bar: #3b76c4; --missed: #c4762f; --mark: #1f2328; }
@media (prefers-color-scheme: dark) {
  :root, svg { --ground: #14181d; --ink: #e6e9ee; --soft: #9aa4b0; --grid: #313942; --bar: #6ba3ea; --missed: #e0a05c; --mark: #f2f4f7; }
}
svg { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
svg text { fill: var(--ink); }
svg text.soft { fill: var(--soft); }
svg text.title { font-weight: 600; font-size: 13px; }
svg .grid { stroke: var(--grid); stroke-width: 1; fill: none; }
svg .copy { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; }
svg .mark { stroke: var(--mark); stroke-width: 2.5; }
svg .aim { stroke: var(--mark); stroke-width: 1.5; stroke-dasharray: 2 2; }
svg rect.met, svg circle.met { fill: var(--bar); }
svg rect.missed, svg circle.missed { fill: var(--missed); }
svg rect.none, svg circle.none { fill: var(--bar); opacity: 0.55; }
svg .curve { stroke: var(--bar); stroke-width: 2; fill: none; }
";

/// Every workload's rate over the copy kernel's, with the targets, as an SVG that stands alone.
#[must_use]
pub fn copy_ratios(record: &Record) -> String {
    bars::copy_ratios(record, true).alone("Rates of workloads over that of a copy kernel", STYLE)
}

/// The class of a workload's mark: whether it meets its target.
fn class(workload: &crate::WorkloadTime) -> &'static str {
    match &workload.target {
        Some(target) if target.met => "met",
        Some(_) => "missed",
        None => "none",
    }
}

/// Where a record is from, in a line.
fn origin(record: &Record) -> String {
    let kind = if record.adapter.is_software() { "software adapter" } else { &record.adapter.device_type };
    let day = record.date.as_deref().map_or("", |date| date.get(..10).unwrap_or(date));
    format!("{} ({}, {kind}) {day}", record.adapter.name, record.adapter.backend).trim().into()
}
