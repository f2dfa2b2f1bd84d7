//! Progress for a person who waits: on a terminal only, and only where the wait is long enough to notice.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::JoinHandle,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Jobs done sooner show nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that counts what is done.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    end: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// A bar over so many `things`, for what `what` says is being done.
    pub(crate) fn new(what: &str, count: usize, things: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::hidden());
        let template = format!("{{spinner}} {{msg}} {{wide_bar}} {{pos}}/{{len}} {things}, {{per_sec}}, {{eta}} left");
        bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_string());
        let (end, ended) = channel();
        let shown = bar.clone();
        let shower = std::thread::Builder::new().spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // Draws nothing where stderr is no terminal.
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(Duration::from_millis(100));
            }
        });
        // Without a thread there is no bar, and the job goes on.
        Self { bar, end: shower.ok().map(|shower| (end, shower)) }
    }

    /// No bar, where another counts.
    pub(crate) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), end: None }
    }

    /// Says that so many more are done.
    pub(crate) fn advance(&self, count: usize) {
        self.bar.inc(count as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, shower)) = self.end.take() {
            // The thread may have ended by itself.
            let _ = end.send(());
            let _ = shower.join();
        }
        self.bar.finish_and_clear();
    }
}
