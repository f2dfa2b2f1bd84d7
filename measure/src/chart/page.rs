//! A record as one page of HTML, which asks nothing of the network.

use std::fmt::Write as _;

use super::{STYLE, bars, drawing::escape, origin, roofline, scale::short, sweep};
use crate::{ClockKind, Record, WorkloadTime};

const LOOK: &str = "
body { margin: 2rem auto; padding: 0 1rem; max-width: 60rem; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 0.25rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 0.5rem; }
p { margin: 0.25rem 0; max-width: 48rem; } .soft { color: var(--soft); }
.note { border-left: 4px solid var(--missed); padding: 0.25rem 0.75rem; margin: 1rem 0; }
svg { max-width: 100%; height: auto; display: block; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; width: 100%; }
th { text-align: left; border-bottom: 2px solid var(--grid); padding: 0.3rem 0.5rem; white-space: nowrap; }
td { border-bottom: 1px solid var(--grid); padding: 0.3rem 0.5rem; vertical-align: top; }
td.short { white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
";

/// The page: the roofline, the bars, the sweeps and the table, and where and when they were measured.
#[must_use]
pub fn page(record: &Record) -> String {
    let mut html = String::new();
    let title = escape(&format!("plunge bench: {}", origin(record)));
    // Writing to a string does not fail, here and below.
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}{LOOK}</style>\n</head>\n<body>\n<h1>plunge bench</h1>\n<p>{}</p>\n<p class=\"soft\">{}</p>\n",
        escape(&origin(record)),
        escape(&how(record)),
    );
    if record.adapter.is_software() {
        html.push_str(
            "<p class=\"note\">A software adapter: a processor that plays a GPU. These figures compare kernels with each other and with a copy on \
             the same processor; they say nothing about GPUs.</p>\n",
        );
    }
    section(
        &mut html,
        "Share of the copy limit",
        "The rate of each workload, its input read once and its output written once, over that of the best kernel that only copies.",
        &bars::copy_ratios(record, false).within("Bars of the rates of workloads over the copy kernel's"),
    );
    section(
        &mut html,
        "Roofline",
        "Rates beside the work that each byte brings. The level line is the copy kernel. The slope is the most taps a second that any workload here reached; it is \
         no limit of the adapter.",
        &roofline::roofline(record).within("Rates of workloads by the taps that they fold for each byte"),
    );
    if !record.sweeps.is_empty() {
        let drawn: String = record.sweeps.iter().map(|one| sweep::sweep(one, record.copy_gbs).within(&one.name)).collect();
        let note = "The planner's choice at each size, named where it changes.";
        section(&mut html, "Sweeps", note, &format!("<div class=\"row\">\n{drawn}</div>"));
    }
    section(&mut html, "Workloads", "Medians; in brackets the least and the most.", &table(record));
    if let Some(encode) = &record.encode {
        let text = format!(
            "One step: {} µs, {} µs with its share of the encoder; {} poolings joined: {} and {} µs.",
            short(encode.one_step_us),
            short(encode.one_step_finished_us),
            encode.join_steps,
            short(encode.join_us),
            short(encode.join_finished_us),
        );
        section(&mut html, "Recording", "What a host pays to record a pooling that is bound.", &format!("<p>{text}</p>"));
    }
    if !record.skipped.is_empty() {
        let items: String =
            record.skipped.iter().map(|one| format!("<li>{}: {}</li>\n", escape(&one.name), escape(&one.why))).collect();
        section(&mut html, "Not measured here", "", &format!("<ul>\n{items}</ul>"));
    }
    html + "</body>\n</html>\n"
}

fn section(html: &mut String, title: &str, note: &str, body: &str) {
    let note = if note.is_empty() { String::new() } else { format!("<p class=\"soft\">{note}</p>\n") };
    let _ = write!(html, "<h2>{title}</h2>\n{note}{body}\n");
}

/// Driver, version, date, clock and rounds.
fn how(record: &Record) -> String {
    let mut parts = vec![format!("driver {}", record.adapter.driver), format!("plunge {}", record.plunge)];
    parts.extend(record.date.clone());
    parts.extend(record.clock.map(|clock| match clock {
        ClockKind::Timestamps => "timed by the device's timestamps".into(),
        ClockKind::Wall => "timed by the wall clock".into(),
    }));
    if record.rounds > 0 {
        parts.push(format!("{} round{}", record.rounds, if record.rounds == 1 { "" } else { "s" }));
    }
    parts.join(" · ")
}

fn table(record: &Record) -> String {
    let mut html = String::from("<div class=\"wide\"><table>\n<tr>");
    for (class, title) in [
        ("", "Workload"),
        ("number", "ms"),
        ("number", "GB/s"),
        ("number", "of copy"),
        ("", "Target"),
        ("", "Kernel"),
        ("", "Best other kernel"),
        ("", "Answer"),
    ] {
        let _ = write!(html, "<th class=\"{class}\">{title}</th>");
    }
    html.push_str("</tr>\n");
    for workload in &record.workloads {
        row(&mut html, workload);
    }
    html + "</table></div>"
}

fn row(html: &mut String, workload: &WorkloadTime) {
    let WorkloadTime { name, used_in, median_ms, min_ms, max_ms, gbs, copy_ratio, .. } = workload;
    let times = format!("{} ({}–{})", short(*median_ms), short(*min_ms), short(*max_ms));
    let chosen = workload.kernels.first().map_or(workload.kernel.as_str(), |kernel| &kernel.name);
    let other = workload.best_forced().map_or("–".into(), |other| {
        format!("{}, {}{} ms", other.name, if other.samples == 0 { "≈ " } else { "" }, short(other.median_ms))
    });
    let answer = if workload.correct { "correct" } else { "WRONG" };
    html.push_str("<tr>");
    let mut cell = |class: &str, note: &str, text: &str| {
        let _ = write!(html, "<td class=\"{class}\" title=\"{}\">{}</td>", escape(note), escape(text));
    };
    cell("", "", &format!("{name}: {used_in}"));
    cell("number", "", &times);
    cell("number", "", &short(*gbs));
    cell("number", "", &short(*copy_ratio));
    cell("short", "", &workload.target.as_ref().map_or("–".into(), ToString::to_string));
    cell("", &workload.kernel, chosen);
    cell("", "", &other);
    cell("", "", answer);
    html.push_str("</tr>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chart::copy_ratios, record::tests::record};

    #[test]
    fn pages_stand_alone_and_hold_what_the_record_says() {
        let record = record();
        let page = page(&record);
        for text in [
            "A software adapter",
            "llvmpipe &lt;&quot;256&quot; bits&gt;",
            "llvmpipe &amp; Mesa",
            "2026-11-25",
            "W13",
            "too &lt;large&gt;",
            "prefers-color-scheme",
        ] {
            assert!(page.contains(text), "{text}");
        }
        for outside in ["http://", "https://", "src=", "href=", "@import", "url(", "<script", "NaN", "inf\""] {
            assert!(!page.contains(outside), "{outside}");
        }
        for element in ["svg", "tr", "td", "table", "div", "text", "rect", "circle", "p", "h2"] {
            let opened = page.matches(&format!("<{element} ")).count() + page.matches(&format!("<{element}>")).count();
            assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
        }
    }

    #[test]
    fn empty_records_have_a_page_and_gpus_no_note() {
        let mut record = record();
        (record.workloads, record.sweeps, record.encode) = (Vec::new(), Vec::new(), None);
        record.adapter.device_type = "discrete GPU".into();
        let page = page(&record);
        assert!(!page.contains("software") && !page.contains("NaN") && page.contains("discrete GPU"));
    }

    #[test]
    fn the_chart_alone_has_its_style_and_name_space() {
        let svg = copy_ratios(&record());
        assert!(svg.starts_with("<svg xmlns=") && svg.contains("<style>") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("software adapter"));
    }
}
