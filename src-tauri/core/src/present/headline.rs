//! The one sentence: is phpIPAM right, and has it been told?

use std::collections::BTreeMap;

use crate::{
    compare::Counts,
    ids::SubnetId,
    problem::{Problem, Severity},
    run::Outcome,
    snapshot::{DeliveryView, PlanView, Progress, Snapshot, Stage, SubnetView},
};

use super::{count, exceptions, held, number, words_with};

/// The answer in one sentence, for a tooltip or the first line of `fieldscan status`.
///
/// A run that goes on comes first, then what keeps the agent from working, then the answer and what waits.
pub fn headline(snapshot: &Snapshot) -> String {
    if let Some(run) = &snapshot.run {
        return running(run);
    }
    let blocking = snapshot.problems.iter().find(|standing| {
        standing.problem.severity() == Severity::NeedsPerson
            && keeps_from_working(&standing.problem)
    });
    if let Some(standing) = blocking {
        return words_with(&standing.problem, &|id| {
            let subnet = snapshot.subnets.iter().find(|subnet| subnet.id == id)?;
            Some(subnet.cidr.clone())
        })
        .what;
    }
    let held = snapshot.held.as_ref().map(held).map(|held| held + ". ");
    held.unwrap_or_default() + &stands(snapshot)
}

/// The answer and what waits, while nothing goes on and nobody has to do anything first.
fn stands(snapshot: &Snapshot) -> String {
    let told = delivery_line(&snapshot.delivery, snapshot.ipam.offline);
    match (scanned(snapshot), told) {
        (Some((counts, stale)), told) => {
            let mut text = answer(&counts);
            if let Some(failed) = unscanned(failures(snapshot).len(), planned(snapshot)) {
                text += &format!("; {failed}");
            }
            if let Some(told) = told {
                // Offline is the first thing to know: everything else is as of before.
                text = if snapshot.ipam.offline {
                    format!("{told}. {text}")
                } else {
                    format!("{text}. {told}")
                };
            } else if snapshot.ipam.offline {
                text = format!("Offline. {text}");
            }
            if stale || snapshot.ipam.stale {
                text += ", by what phpIPAM told before";
            }
            format!("{text}.")
        }
        (None, Some(told)) => format!("{told}."),
        (None, None) if snapshot.ipam.offline => "Offline: phpIPAM can't be reached.".to_owned(),
        (None, None) if snapshot.ipam.fetched_at.is_none() => "Not scanned yet.".to_owned(),
        (None, None) if snapshot.subnets.is_empty() => {
            "phpIPAM assigns no subnet to this scan agent.".to_owned()
        }
        (None, None) => format!(
            "Not scanned yet: {} assigned.",
            count(snapshot.subnets.len() as u64, "subnet is", "subnets are")
        ),
    }
}

/// `1 of 7 subnets could not be scanned`; `None` if all could.
pub fn unscanned(failed: usize, of: usize) -> Option<String> {
    (failed > 0).then(|| {
        format!(
            "{} of {} could not be scanned",
            number(failed as u64),
            count(of.max(failed) as u64, "subnet", "subnets")
        )
    })
}

/// The subnets that are to be scanned and could not be, each with the reason: by what stands wrong, and by the last run.
pub fn failures(snapshot: &Snapshot) -> BTreeMap<SubnetId, &Problem> {
    let mut failures = BTreeMap::new();
    if let Some(run) = &snapshot.last_run {
        for part in &run.subnets {
            if let Outcome::Failed { problem } = &part.outcome {
                failures.insert(part.subnet, problem);
            }
        }
    }
    for standing in &snapshot.problems {
        let failed = match &standing.problem {
            Problem::NmapFailed { subnet, .. }
            | Problem::NmapHung { subnet }
            | Problem::NoRoute { subnet }
            | Problem::EverybodyUp { subnet, .. }
            | Problem::AddressesUnknown { subnet } => *subnet,
            _ => continue,
        };
        failures.insert(failed, &standing.problem);
    }
    failures.retain(|id, _| is_planned(snapshot, *id));
    failures
}

fn is_planned(snapshot: &Snapshot, id: SubnetId) -> bool {
    let mut all = snapshot.subnets.iter();
    all.any(|subnet| subnet.id == id && matches!(subnet.plan, PlanView::Scanned(_)))
}

pub(super) fn planned(snapshot: &Snapshot) -> usize {
    let planned = |subnet: &&SubnetView| matches!(subnet.plan, PlanView::Scanned(_));
    snapshot.subnets.iter().filter(planned).count()
}

/// What the last scans say of phpIPAM, without a full stop: `phpIPAM is right: 22 hosts as documented`, or
/// `3 unknown, 1 missing, 2 mismatches`.
pub fn answer(counts: &Counts) -> String {
    if let Some(exceptions) = exceptions(counts.unknown, counts.missing, counts.mismatch) {
        return exceptions;
    }
    match (counts.known, counts.unseen) {
        (0, 0) => "No host answers, and phpIPAM has none".to_owned(),
        (known, 0) => format!(
            "phpIPAM is right: {} as documented",
            count(u64::from(known), "host", "hosts")
        ),
        (known, unseen) => format!(
            "{} as documented, {} not seen this time",
            count(u64::from(known), "host", "hosts"),
            number(u64::from(unseen))
        ),
    }
}

/// What waits or went wrong on the way to phpIPAM, without a full stop; `None` if all has arrived.
pub fn delivery_line(delivery: &DeliveryView, offline: bool) -> Option<String> {
    let mut parts = Vec::new();
    if delivery.waiting > 0 {
        parts.push(format!(
            "{}{}",
            if offline { "Offline: " } else { "" },
            count(u64::from(delivery.waiting), "report waits", "reports wait")
        ));
    }
    for (n, one, many) in [
        (
            delivery.sent,
            "report is sent, not yet confirmed",
            "reports are sent, not yet confirmed",
        ),
        (
            delivery.rejected,
            "report was refused",
            "reports were refused",
        ),
        (
            delivery.doubtful,
            "report can't be seen whole in phpIPAM",
            "reports can't be seen whole in phpIPAM",
        ),
    ] {
        if n > 0 {
            parts.push(count(u64::from(n), one, many));
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What a run does just now.
fn running(run: &Progress) -> String {
    if run.stopping {
        return "Stopping the scan…".to_owned();
    }
    let at_work = run.subnets.iter().filter(|subnet| match subnet.stage {
        Stage::Scanning | Stage::Finishing => true,
        Stage::Queued | Stage::Preparing | Stage::Done | Stage::Failed => false,
    });
    let names: Vec<&str> = at_work.map(|subnet| subnet.cidr.as_str()).collect();
    let what = match names.as_slice() {
        [] if run.held => return "The scan is paused.".to_owned(),
        [] => return "Preparing the scan…".to_owned(),
        [only] => (*only).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", number(rest.len() as u64)),
    };
    let doing = match run.held {
        true => format!("The scan of {what} is paused"),
        false => format!("Scanning {what}"),
    };
    format!(
        "{doing}: {} of {}, {} up.",
        number(u64::from(run.done)),
        count(u64::from(run.total), "address", "addresses"),
        count(u64::from(run.up), "host", "hosts"),
    )
}

/// The sum over all subnets that were ever scanned, and whether any was held against addresses that were out of date.
pub(super) fn scanned(snapshot: &Snapshot) -> Option<(Counts, bool)> {
    snapshot
        .subnets
        .iter()
        .filter_map(|subnet| subnet.last_scan)
        .fold(None, |sum, scan| {
            let (mut counts, stale) = sum.unwrap_or((Counts::default(), false));
            let Counts {
                known,
                unknown,
                unseen,
                missing,
                mismatch,
                excluded,
            } = scan.counts;
            counts.known += known;
            counts.unknown += unknown;
            counts.unseen += unseen;
            counts.missing += missing;
            counts.mismatch += mismatch;
            counts.excluded += excluded;
            Some((counts, stale || scan.ipam_stale))
        })
}

/// Whether nothing goes on until a person has done something, so that the last answer is no longer the point.
pub(super) fn keeps_from_working(problem: &Problem) -> bool {
    use Problem::*;
    match problem {
        SettingMissing { .. }
        | SettingsInvalid { .. }
        | SecretMissing { .. }
        | SecretUnreadable { .. }
        | KeychainUnavailable { .. }
        | IpamCertificate { .. }
        | IpamInsecure
        | IpamTokenRejected { .. }
        | IpamTokenOfOtherApp { .. }
        | IpamAppUnknown { .. }
        | IpamApiOff { .. }
        | IpamNotFound { .. }
        | IpamNotUnderstood { .. }
        | AgentCodeUnknown
        | NothingAssigned
        | NmapMissing
        | NmapUnusable { .. }
        | NmapTooOld { .. }
        | ServerCertificate { .. }
        | ServerInsecure
        | ServerTokenRejected { .. }
        | DiskFull
        | StoreNewer { .. }
        | StoreFailing { .. } => true,
        IpamUnreachable { .. }
        | IpamBlocked { .. }
        | IpamFailing { .. }
        | NotAssigned { .. }
        | SubnetGone { .. }
        | AddressesUnknown { .. }
        | SubnetRefused { .. }
        | NmapUnprivileged
        | NmapFailed { .. }
        | NmapHung { .. }
        | NoRoute { .. }
        | EverybodyUp { .. }
        | ServerUnreachable { .. }
        | ReportRejected { .. }
        | ReportDamaged { .. }
        | ServerFailing { .. }
        | ReportPartly { .. }
        | ReportUnconfirmed { .. }
        | ClockOff { .. }
        | StoreSetAside { .. }
        | StoreHeld { .. }
        | AgentEnded
        | ScheduleInvalid { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        ids::{RunId, SubnetId},
        place::Held,
        plan::Mode,
        problem::Standing,
        run::Trigger,
        snapshot::{IpamView, LastScan, SubnetProgress},
    };

    fn with(counts: Counts) -> Snapshot {
        Snapshot {
            subnets: vec![SubnetView {
                id: SubnetId(101),
                cidr: "10.77.0.0/24".into(),
                network: None,
                description: String::new(),
                plan: PlanView::Scanned(Mode::Sweep),
                last_scan: Some(LastScan {
                    at: Timestamp::UNIX_EPOCH,
                    counts,
                    ipam_stale: false,
                    rights: crate::run::Rights::Raw,
                }),
            }],
            ipam: IpamView {
                fetched_at: Some(Timestamp::UNIX_EPOCH),
                ..IpamView::default()
            },
            ..Snapshot::default()
        }
    }

    fn known(known: u32) -> Counts {
        Counts {
            known,
            ..Counts::default()
        }
    }

    #[test]
    fn the_answer_comes_first() {
        assert_eq!(
            headline(&with(known(22))),
            "phpIPAM is right: 22 hosts as documented.",
            "normal is said as such"
        );
        assert_eq!(
            headline(&with(Counts {
                unknown: 3,
                missing: 1,
                mismatch: 2,
                ..known(1_016)
            })),
            "3 unknown, 1 missing, 2 mismatches.",
            "only what needs a look is counted"
        );
        assert_eq!(
            headline(&with(Counts {
                unseen: 1,
                ..known(21)
            })),
            "21 hosts as documented, 1 not seen this time.",
            "it is not said to be right while something is not seen"
        );
    }

    #[test]
    fn a_subnet_that_could_not_be_scanned_is_not_hidden_by_the_others() {
        let mut snapshot = with(known(22));
        let mut other = snapshot.subnets[0].clone();
        other.id = SubnetId(102);
        other.last_scan = None;
        snapshot.subnets.push(other);
        let problem = |subnet| Standing {
            problem: Problem::NoRoute {
                subnet: SubnetId(subnet),
            },
            since: Timestamp::UNIX_EPOCH,
        };
        snapshot.problems = vec![problem(102), problem(999)];
        assert_eq!(
            headline(&snapshot),
            "phpIPAM is right: 22 hosts as documented; 1 of 2 subnets could not be scanned.",
            "half an answer says that it is one, and one that is no longer assigned doesn't count"
        );
    }

    #[test]
    fn what_waits_is_told_beside_the_answer() {
        let mut snapshot = with(known(22));
        snapshot.delivery.waiting = 2;
        assert_eq!(
            headline(&snapshot),
            "phpIPAM is right: 22 hosts as documented. 2 reports wait.",
            "has it been told?"
        );
        snapshot.ipam.offline = true;
        snapshot.ipam.stale = true;
        assert_eq!(
            headline(&snapshot),
            "Offline: 2 reports wait. phpIPAM is right: 22 hosts as documented, by what phpIPAM told before.",
            "a stale cache is always labelled"
        );
        let mut refused = with(known(1));
        refused.delivery.rejected = 1;
        assert_eq!(
            headline(&refused),
            "phpIPAM is right: 1 host as documented. 1 report was refused.",
            "what was refused is not hidden by a good answer"
        );
    }

    #[test]
    fn a_run_that_goes_on_is_what_one_wants_to_know() {
        let mut snapshot = with(known(22));
        snapshot.run = Some(Progress {
            id: RunId(1),
            trigger: Trigger::Person,
            started_at: Timestamp::UNIX_EPOCH,
            stopping: false,
            held: false,
            done: 120,
            total: 1_022,
            up: 12,
            eta: None,
            subnets: vec![SubnetProgress {
                subnet: SubnetId(101),
                cidr: "10.77.0.0/24".into(),
                stage: Stage::Scanning,
                done: 120,
                total: 254,
                up: 12,
                kept: 0,
            }],
        });
        assert_eq!(
            headline(&snapshot),
            "Scanning 10.77.0.0/24: 120 of 1,022 addresses, 12 hosts up.",
            "with its progress"
        );
    }

    #[test]
    fn what_keeps_the_agent_from_working_hides_the_old_answer() {
        let mut snapshot = with(known(22));
        snapshot.problems = vec![Standing {
            problem: Problem::NmapMissing,
            since: Timestamp::UNIX_EPOCH,
        }];
        assert_eq!(
            headline(&snapshot),
            "nmap is not installed.",
            "an old answer would say that all is well"
        );
    }

    #[test]
    fn what_holds_the_next_run_back_comes_before_the_answer() {
        let mut snapshot = with(known(22));
        snapshot.held = Some(Held::Battery { percent: 14 });
        assert_eq!(
            headline(&snapshot),
            "Waiting for power: battery at 14 %. phpIPAM is right: 22 hosts as documented.",
            "else one wonders why the answer gets old"
        );
    }

    #[test]
    fn before_the_first_scan_nothing_is_claimed() {
        assert_eq!(
            headline(&Snapshot::default()),
            "Not scanned yet.",
            "nothing is known"
        );
        let mut snapshot = with(known(0));
        snapshot.subnets[0].last_scan = None;
        assert_eq!(
            headline(&snapshot),
            "Not scanned yet: 1 subnet is assigned.",
            "phpIPAM was asked, nothing was scanned"
        );
        snapshot.ipam.offline = true;
        assert_eq!(
            headline(&snapshot),
            "Offline: phpIPAM can't be reached.",
            "and now it can't be asked"
        );
    }
}
