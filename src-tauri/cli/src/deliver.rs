//! Waits until reports are on their way, or until phpIPAM shows them.

use std::time::Duration;

use fieldscan_core::{
    delivery::{Event, Report, State},
    ids::ReportId,
};
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use crate::{
    failure::Failure,
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
    /// What happened to them before then doesn't count.
    pub(crate) retried_since: Option<Timestamp>,
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
    let ended = loop {
        let mut reports = Vec::with_capacity(wait.reports.len());
        for id in wait.reports {
            reports.extend(records.reader.report(*id)?.map(|(report, _)| report));
        }
        let next_try = session.handle.snapshots().borrow().delivery.next_try;
        let waits = |report: &Report| is_awaited(report, &wait, next_try);
        let left = reports.iter().filter(|report| waits(report)).count();
        if left == 0 {
            break Ended::Settled;
        }
        progress.show(&reports, left, deadline);
        tokio::select! {
            _ = look.tick() => {}
            () = signals.stop() => break Ended::Stopped,
        }
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
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
fn is_awaited(report: &Report, wait: &Wait<'_>, next_try: Option<Timestamp>) -> bool {
    let tried = |since| {
        report.journey.iter().any(|step| {
            step.at >= since
                && match &step.event {
                    Event::Failed { .. } | Event::Sent { .. } | Event::Rejected { .. } | Event::Superseded => true,
                    Event::Queued | Event::Confirmed | Event::Partly | Event::Unconfirmed | Event::Retried => false,
                }
        })
    };
    match &report.state {
        // While the server can't be reached, the others of the queue are not tried one by one.
        State::Queued => next_try.is_none_or(|at| at <= Timestamp::now()),
        State::Waiting { .. } => wait
            .retried_since
            .is_some_and(|since| !tried(since) && next_try.is_none_or(|at| at <= Timestamp::now())),
        State::Sent { .. } => wait.until_confirmed.is_some(),
        State::Rejected { .. } | State::Partly { .. } | State::Unconfirmed { .. } => {
            wait.retried_since.is_some_and(|since| !tried(since))
        }
        State::Confirmed { .. } | State::Superseded { .. } => false,
    }
}
