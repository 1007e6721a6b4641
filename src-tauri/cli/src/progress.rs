//! Progress on standard error: a bar on a terminal, a line now and then elsewhere.

use std::{collections::BTreeSet, io::IsTerminal, time::Duration};

use fieldscan_core::{
    delivery::{Report, State},
    ids::SubnetId,
    present::{self, count, number},
    run::{Outcome, Run},
    snapshot::{Progress, Snapshot, Stage},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::output::{Style, Tone, note, plain};

/// A line at the most so often, where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

fn terminal() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A bar without colours of its own.
fn bar(template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
    // A wrong template would be a fault in this file; indicatif's own one will do then.
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ")
        .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ");
    bar.set_style(style);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// The progress of a run.
pub(crate) struct Scanning {
    bar: Option<ProgressBar>,
    told: Instant,
    stages: BTreeSet<(SubnetId, &'static str)>,
    last: String,
}

impl Scanning {
    pub(crate) fn new() -> Self {
        Self {
            bar: terminal().then(|| bar("  {spinner} {bar:28} {wide_msg}")),
            told: Instant::now(),
            stages: BTreeSet::new(),
            last: String::new(),
        }
    }

    /// Shows how far the run is.
    pub(crate) fn show(&mut self, snapshot: &Snapshot) {
        let Some(run) = &snapshot.run else { return };
        match &self.bar {
            Some(bar) => {
                bar.set_length(u64::from(run.total).max(1));
                bar.set_position(u64::from(run.done));
                bar.set_message(message(run));
            }
            None => self.line(snapshot, run),
        }
    }

    fn line(&mut self, snapshot: &Snapshot, run: &Progress) {
        let mut new = Vec::new();
        for subnet in &run.subnets {
            let stage = match subnet.stage {
                Stage::Scanning => "scanning",
                Stage::Done => "done",
                Stage::Failed => "failed",
                Stage::Queued | Stage::Preparing | Stage::Finishing => continue,
            };
            let is_new = self.stages.insert((subnet.subnet, stage));
            if is_new && stage == "failed" {
                new.push(format!("{}: could not be scanned.", plain(&subnet.cidr)));
            }
            if is_new && stage == "done" && subnet.total > 0 {
                let up = count(u64::from(subnet.up), "host", "hosts");
                new.push(format!("{}: {up} up.", plain(&subnet.cidr)));
            }
        }
        for line in &new {
            note(line);
        }
        if !new.is_empty() {
            self.told = Instant::now();
            return;
        }
        let line = plain(&present::headline(snapshot));
        let first = self.last.is_empty();
        if line != self.last && (first || self.told.elapsed() >= LINE_EVERY) {
            note(&line);
            self.told = Instant::now();
            self.last = line;
        }
    }

    /// Takes the bar away, or tells of the subnets that ended with the run.
    pub(crate) fn end(mut self, run: &Run) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            return;
        }
        for part in &run.subnets {
            if let Outcome::Scanned { counts, .. } = &part.outcome
                && self.stages.insert((part.subnet, "done"))
            {
                let up = count(u64::from(counts.up()), "host", "hosts");
                note(&format!("{}: {up} up.", plain(&part.cidr)));
            }
        }
    }
}

impl Drop for Scanning {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `1,022 of 2,044 addresses · 22 hosts · 10.77.0.0/24 and 2 more`
fn message(run: &Progress) -> String {
    if run.stopping {
        return "Stopping the scan…".to_owned();
    }
    if run.subnets.is_empty() {
        return "Asking phpIPAM…".to_owned();
    }
    let at_work: Vec<&str> = run
        .subnets
        .iter()
        .filter(|subnet| matches!(subnet.stage, Stage::Scanning))
        .map(|subnet| subnet.cidr.as_str())
        .collect();
    let what = match at_work.as_slice() {
        [] => String::new(),
        [only] => format!(" · {}", plain(only)),
        [first, rest @ ..] => format!(" · {} and {} more", plain(first), number(rest.len() as u64)),
    };
    format!(
        "{} of {} · {}{what}",
        number(u64::from(run.done)),
        count(u64::from(run.total), "address", "addresses"),
        count(u64::from(run.up), "host", "hosts"),
    )
}

/// The progress of reports.
pub(crate) struct Delivery {
    bar: Option<ProgressBar>,
    /// What the last line told of: reports being sent, or being waited for.
    sending: Option<bool>,
}

impl Delivery {
    pub(crate) fn new() -> Self {
        Self {
            bar: terminal().then(|| bar("  {spinner} {wide_msg}")),
            sending: None,
        }
    }

    /// Shows what is waited for.
    pub(crate) fn show(&mut self, reports: &[Report], left: usize, deadline: Option<Instant>) {
        let sent = |report: &&Report| matches!(report.state, State::Sent { .. });
        // Where nobody waits for phpIPAM, those that are sent are not among those that are left.
        let awaited = reports.iter().filter(sent).count();
        let unsent = match deadline {
            Some(_) => left.saturating_sub(awaited),
            None => left,
        };
        let what = if left == 0 {
            return;
        } else if unsent > 0 {
            format!("Sending {}…", count(unsent as u64, "report", "reports"))
        } else {
            format!(
                "{} sent; waiting until phpIPAM shows {}…",
                count(left as u64, "report is", "reports are"),
                if left == 1 { "it" } else { "them" }
            )
        };
        match &self.bar {
            Some(bar) => bar.set_message(match deadline {
                Some(deadline) => format!(
                    "{what} {}",
                    present::countdown(deadline.saturating_duration_since(Instant::now()))
                ),
                None => what,
            }),
            None if self.sending != Some(unsent > 0) => {
                note(&what);
                self.sending = Some(unsent > 0);
            }
            None => {}
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A step's tick, on a terminal shown while it goes on.
pub(crate) struct Step {
    bar: Option<ProgressBar>,
}

impl Step {
    pub(crate) fn begin(title: &str) -> Self {
        let bar = terminal().then(|| bar("  {spinner} {wide_msg}"));
        if let Some(bar) = &bar {
            bar.set_message(format!("{}…", Style::stderr().paint(Tone::Faint, title)));
        }
        Self { bar }
    }

    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
