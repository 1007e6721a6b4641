//! Waits until reports are on their way, or until phpIPAM shows them.

use std::time::Duration;

use fieldscan_core::{
    delivery::{Report, State},
    ids::ReportId,
};
use tokio::time::{Instant, MissedTickBehavior};

use crate::{
    failure::Failure,
    output::{Style, note},
    place::Records,
    progress::Delivery,
    session::{self, Session, Signals},
};

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait<'a> {
    /// Of these.
    pub(crate) reports: &'a [ReportId],
    /// Until phpIPAM shows them, so long at the most; otherwise until each was tried.
    pub(crate) until_confirmed: Option<Duration>,
}

/// How the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// There is nothing left to wait for.
    Settled,
    /// The time that was given is over.
    TimeOver,
    /// A person stopped it.
    Stopped,
}

/// The states are read from the database: what is not in there has not happened.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// So often nothing may be left to wait for before that is believed.
const QUIET_LOOKS: u32 = 2;

pub(crate) async fn wait(
    session: &Session,
    records: &Records,
    wait: Wait<'_>,
) -> Result<Ended, Failure> {
    let mut signals = Signals::listen()?;
    let deadline = wait
        .until_confirmed
        .map(|patience| Instant::now() + patience);
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut progress = Delivery::new();
    let (mut quiet, mut idle) = (0, 0);
    let ended = loop {
        let mut reports = Vec::with_capacity(wait.reports.len());
        for id in wait.reports {
            reports.extend(records.reader.report(*id)?.map(|(report, _)| report));
        }
        let snapshots = session.handle.snapshots();
        if snapshots.has_changed().is_err() {
            // What has become of them stands in the database.
            note(session.lost().text(Style::stderr()).trim_end());
            break Ended::Settled;
        }
        let sending = snapshots.borrow().delivery.sending;
        let waits = |report: &Report| is_awaited(report, &wait, sending);
        let left = reports.iter().filter(|report| waits(report)).count();
        // The database is a moment behind the agent: once more, to be sure.
        quiet = if left == 0 { quiet + 1 } else { 0 };
        // However short the time is, what can be sent is sent first.
        let unsent = reports.iter().any(|it| waits(it) && !is_settled(it));
        idle = if unsent { 0 } else { idle + 1 };
        let tried = idle > QUIET_LOOKS || reports.iter().all(is_settled);
        if quiet > QUIET_LOOKS || (quiet > 0 && reports.iter().all(is_settled)) {
            break Ended::Settled;
        }
        progress.show(&reports, left, deadline);
        tokio::select! {
            _ = look.tick() => {}
            () = signals.stop() => break Ended::Stopped,
        }
        if tried && deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            break Ended::TimeOver;
        }
    };
    progress.end();
    if ended == Ended::Stopped {
        tokio::spawn(async move {
            signals.stop().await;
            session::end_hard();
        });
    }
    Ok(ended)
}

/// Whether something more is to be expected of a report, soon.
fn is_awaited(report: &Report, wait: &Wait<'_>, sending: bool) -> bool {
    match &report.state {
        // As long as one is on its way, another's turn may come.
        State::Queued
        | State::Waiting { .. }
        | State::Rejected { .. }
        | State::Partly { .. }
        | State::Unconfirmed { .. } => sending,
        State::Sent { .. } => wait.until_confirmed.is_some(),
        State::Confirmed { .. } | State::Superseded { .. } => false,
    }
}

/// Whether nothing more can happen to a report whatever the agent still has in hand.
fn is_settled(report: &Report) -> bool {
    match &report.state {
        State::Sent { .. } | State::Confirmed { .. } | State::Superseded { .. } => true,
        State::Queued
        | State::Waiting { .. }
        | State::Rejected { .. }
        | State::Partly { .. }
        | State::Unconfirmed { .. } => false,
    }
}
