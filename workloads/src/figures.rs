//! Figures that tests and routines note for docs/reliability.md.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::date;

/// Notes a figure under a topic of docs/reliability.md, where a routine has asked for figures by naming a folder in `PLUNGE_FIGURES`; else does nothing.
/// `on`: adapters, compilers or files; `command`: what measures it anew. The last note of a topic and a `what` is the one that stays.
///
/// # Panics
/// Where the folder cannot be written to.
#[allow(clippy::expect_used, reason = "a routine that cannot keep its figures has failed")]
pub fn note(topic: &str, what: &str, figure: &str, on: &str, command: &str) {
    let Some(folder) = env::var_os("PLUNGE_FIGURES").map(PathBuf::from) else { return };
    // Kept to one adapter, a test's figure is not that of the command that runs it on all, but where it is about that adapter.
    if env::var_os("PLUNGE_ADAPTER").is_some() && topic != "adapters" {
        return;
    }
    note_in(&folder, topic, what, figure, on, command);
}

/// Notes a figure in a folder, for a routine that measures it itself.
///
/// # Panics
/// Where the folder cannot be written to.
#[allow(clippy::expect_used, reason = "a routine that cannot keep its figures has failed")]
pub fn note_in(folder: &Path, topic: &str, what: &str, figure: &str, on: &str, command: &str) {
    let now = date::now();
    let date = now.split('T').next().unwrap_or(&now);
    let note = serde_json::json!({
        "topic": topic, "what": what, "figure": figure, "on": on, "command": command, "date": date,
    });
    let name: String = format!("{topic}-{what}").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    fs::create_dir_all(folder).expect("a folder for figures");
    fs::write(folder.join(name + ".json"), note.to_string()).expect("a figure is kept");
}
