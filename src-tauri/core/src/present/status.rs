//! What goes on, in the few short lines that open the tray's menu and make its tooltip.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    compare::Counts,
    problem::{Problem, Subject},
    snapshot::{DeliveryView, Pause, Progress, Snapshot, Stage},
};

use super::{
    count, duration,
    headline::{failures, planned, scanned, unscanned},
    icon::server_is_unreachable,
    number, place_of_subnet,
    remedy::{brief, foremost, keeps_reports},
    when,
};

/// What goes on, in a few lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// At least one; the first may be the problem that needs the person most.
    pub lines: Vec<String>,
    /// That problem, where `lines` tell of something else.
    pub problem: Option<String>,
    /// Where the reports are.
    pub delivery: Option<String>,
}

/// The status of a snapshot.
pub fn status(snapshot: &Snapshot, now: Timestamp, zone: &TimeZone) -> Status {
    let foremost = foremost(snapshot);
    let told = foremost.map(|problem| brief(problem, snapshot));
    if let Some(run) = &snapshot.run {
        return Status {
            lines: running(run, snapshot),
            problem: told,
            delivery: delivery(snapshot, foremost).filter(|_| waits(snapshot)),
        };
    }
    if let Some(pause) = snapshot.paused {
        let lines = vec![match pause {
            Pause::Until(until) => format!("Paused until {}", when(until, now, zone)),
            Pause::UntilResumed => "Paused until you resume".to_owned(),
        }];
        return Status {
            lines,
            problem: told,
            delivery: delivery(snapshot, foremost),
        };
    }
    let mut lines = Vec::from_iter(told.clone());
    if snapshot.ipam.offline {
        if told.is_none() {
            lines.push("phpIPAM unreachable".to_owned());
        }
        if let Some(at) = snapshot.ipam.fetched_at {
            lines.push(format!("Using data from {}", when(at, now, zone)));
        } else if told.is_none() {
            lines.push("Its subnets are not known yet".to_owned());
        }
    } else if server_is_unreachable(snapshot) && told.is_none() {
        lines.push("Scan server unreachable".to_owned());
    } else if told.is_none() {
        lines.extend(answer(snapshot));
    }
    Status {
        lines,
        problem: None,
        delivery: delivery(snapshot, foremost),
    }
}

/// Whether reports wait, and none of them is on its way.
pub(super) fn waits(snapshot: &Snapshot) -> bool {
    snapshot.delivery.waiting > 0 && !snapshot.delivery.sending
}

/// What the last scans say.
fn answer(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    match scanned(snapshot) {
        Some((counts, _)) => {
            lines.push(up(&counts));
            let exceptions = super::exceptions(counts.unknown, counts.missing, counts.mismatch);
            lines.extend(exceptions);
        }
        None if snapshot.ipam.fetched_at.is_none() => lines.push("Not scanned yet".to_owned()),
        None if snapshot.subnets.is_empty() => {
            lines.push("No subnet is assigned".to_owned());
        }
        None => match planned(snapshot) {
            0 => lines.push(format!(
                "Nothing to scan: {}",
                count(
                    snapshot.subnets.len() as u64,
                    "subnet is left out",
                    "subnets are left out"
                )
            )),
            n => lines.push(format!(
                "Not scanned yet: {}",
                count(n as u64, "subnet", "subnets")
            )),
        },
    }
    lines.extend(unscanned(failures(snapshot).len(), planned(snapshot)));
    lines
}

/// `410 of 412 known hosts up`: of the hosts that phpIPAM has, those that answer.
fn up(counts: &Counts) -> String {
    let documented = counts.known + counts.unseen + counts.missing + counts.mismatch;
    match (documented, counts.up()) {
        (0, 0) => "No host answers, and phpIPAM has none".to_owned(),
        (0, up) => format!("{} up", count(u64::from(up), "host", "hosts")),
        (documented, _) => format!(
            "{} of {} up",
            number(u64::from(counts.known + counts.mismatch)),
            count(u64::from(documented), "known host", "known hosts"),
        ),
    }
}

/// The outbox in one line; `None` where there is nothing to be said of it, or where the menu has an item for it.
fn delivery(snapshot: &Snapshot, foremost: Option<&Problem>) -> Option<String> {
    let DeliveryView {
        waiting,
        sending,
        sent,
        confirmed: _,
        rejected,
        doubtful,
        next_try: _,
    } = snapshot.delivery;
    let reports = |n: u32, one, many| count(u64::from(n), one, many);
    if sending && waiting > 0 {
        return Some(format!("Sending {}", reports(waiting, "report", "reports")));
    }
    if waiting > 0 {
        return Some(match foremost {
            Some(problem) if keeps_reports(problem) => {
                reports(waiting, "report waits for it", "reports wait for it")
            }
            Some(_) | None => reports(waiting, "report waits", "reports wait"),
        });
    }
    if let (1, Some(Subject::Report(_))) = (rejected + doubtful, foremost.map(Problem::subject)) {
        // The problem tells of that one.
        return None;
    }
    if rejected > 0 {
        return Some(reports(
            rejected,
            "report was refused",
            "reports were refused",
        ));
    }
    if doubtful > 0 {
        return Some(reports(
            doubtful,
            "report not seen whole in phpIPAM",
            "reports not seen whole in phpIPAM",
        ));
    }
    if sent > 0 {
        return Some(reports(
            sent,
            "report sent, not yet confirmed",
            "reports sent, not yet confirmed",
        ));
    }
    // Beside a problem it would say that all is well.
    scanned(snapshot)
        .filter(|_| foremost.is_none())
        .map(|_| "All reports confirmed".to_owned())
}

fn running(run: &Progress, snapshot: &Snapshot) -> Vec<String> {
    if run.stopping {
        return vec!["Stopping the scan…".to_owned()];
    }
    let at_work = run.subnets.iter().filter(|subnet| match subnet.stage {
        Stage::Scanning | Stage::Finishing => true,
        Stage::Queued | Stage::Preparing | Stage::Done | Stage::Failed => false,
    });
    let names: Vec<String> = at_work
        .map(|subnet| {
            place_of_subnet(snapshot, subnet.subnet)
                .unwrap_or_else(|| super::place("", &subnet.cidr))
        })
        .collect();
    let paused = || "The scan is paused".to_owned();
    let what = match names.as_slice() {
        [] if run.held => return vec![paused()],
        [] => return vec!["Preparing the scan…".to_owned()],
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {} more", number(rest.len() as u64)),
    };
    // All of it is only done once it is committed.
    let share = (u64::from(run.done) * 100)
        .checked_div(u64::from(run.total))
        .map(|percent| format!(", {} %", percent.min(99)));
    let share = share.unwrap_or_default();
    if run.held {
        return vec![paused(), format!("{what}{share}")];
    }
    vec![
        format!("Scanning {what}{share}"),
        match run.eta {
            Some(left) => time_left(left),
            None => format!("{} up so far", count(u64::from(run.up), "host", "hosts")),
        },
    ]
}

/// `About 50 s left`: no finer than it can be known, and rather too long than too short.
pub fn time_left(left: Duration) -> String {
    let seconds = left.as_secs();
    let rounded = match seconds {
        0..10 => return "A few seconds left".to_owned(),
        10..60 => seconds.div_ceil(10) * 10,
        60..3_600 => seconds.div_ceil(60) * 60,
        _ => seconds.div_ceil(600) * 600,
    };
    format!("About {} left", duration(Duration::from_secs(rounded)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_is_told_no_finer_than_it_is_known() {
        for (seconds, text) in [
            (0, "A few seconds left"),
            (9, "A few seconds left"),
            (41, "About 50 s left"),
            (59, "About 1 min left"),
            (61, "About 2 min left"),
            (3_590, "About 1 h left"),
            (4_000, "About 1 h 10 min left"),
        ] {
            assert_eq!(
                time_left(Duration::from_secs(seconds)),
                text,
                "{seconds} s are left"
            );
        }
    }
}
