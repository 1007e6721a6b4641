//! Tells the log what the agent does: runs, subnets, reports and problems, each change once.
//!
//! Above DEBUG nothing here names a site's addresses or hosts: subnets go by phpIPAM's id, and what others said is left
//! for DEBUG.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fieldscan_core::{
    agent::Effect,
    delivery::{Report, State},
    ids::{ReportId, RunId, SubnetId},
    place::Held,
    present::{self, count},
    problem::{Problem, Standing},
    run::{Outcome, Run, Trigger},
    snapshot::{Snapshot, Stage},
};
use jiff::{Timestamp, tz::TimeZone};

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct Journal {
    begun: Option<RunId>,
    ended: Option<RunId>,
    subnets: BTreeSet<SubnetId>,
    reports: BTreeMap<ReportId, &'static str>,
    problems: Vec<Standing>,
    next_run: Option<Timestamp>,
    held: Option<Held>,
}

impl Journal {
    /// What earlier processes did was told by them.
    pub(super) fn begin(snapshot: &Snapshot) -> Self {
        Self {
            ended: snapshot.last_run.as_ref().map(|run| run.id),
            ..Self::default()
        }
    }

    /// Tells of a report that comes to another state.
    pub(super) fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::SaveReport(report) => self.report(report),
            Effect::Notify(notice) => {
                tracing::info!(category = notice.category.name(), "notice {}", notice.id);
            }
            Effect::FetchAssignment
            | Effect::LoadAddresses { .. }
            | Effect::Scan { .. }
            | Effect::Discard(_)
            | Effect::HoldScans(_)
            | Effect::StopScan(_)
            | Effect::Commit(_)
            | Effect::SaveRun(_)
            | Effect::SavePlaces(_)
            | Effect::SaveLasting(_)
            | Effect::SaveNotice(_)
            | Effect::Upload { .. }
            | Effect::ReadBack { .. }
            | Effect::Prune(_)
            | Effect::WakeAt(_)
            | Effect::End => {}
        }
    }

    /// Tells what a snapshot has that the last one had not.
    pub(super) fn snapshot(&mut self, snapshot: &Snapshot, now: Timestamp) {
        if let Some(run) = &snapshot.run {
            if self.begun != Some(run.id) {
                self.begun = Some(run.id);
                self.subnets.clear();
                let why = match run.trigger {
                    Trigger::Person => "a person asked for it",
                    Trigger::Schedule => "by the schedule",
                    Trigger::CatchUp => "a scheduled one was missed",
                };
                tracing::info!("run {} began: {why}", run.id);
            }
            for subnet in &run.subnets {
                let done = match subnet.stage {
                    // One that is left out has no addresses to do.
                    Stage::Done => subnet.total > 0,
                    Stage::Queued
                    | Stage::Preparing
                    | Stage::Scanning
                    | Stage::Finishing
                    | Stage::Failed => false,
                };
                if done && self.subnets.insert(subnet.subnet) {
                    let up = count(u64::from(subnet.up), "host", "hosts");
                    tracing::info!("subnet {} done: {up} up", subnet.subnet);
                }
            }
        }
        if let Some(run) = &snapshot.last_run
            && self.ended != Some(run.id)
        {
            self.ended = Some(run.id);
            self.run_ended(run);
        }
        for standing in &snapshot.problems {
            let told = |old: &&Standing| {
                old.since == standing.since && old.problem.code() == standing.problem.code()
            };
            if !self.problems.iter().any(|old| told(&old)) {
                problem(&standing.problem);
            }
        }
        self.problems.clone_from(&snapshot.problems);
        if self.held != snapshot.held {
            self.held.clone_from(&snapshot.held);
            match &snapshot.held {
                // A site's name is its customer's.
                Some(Held::Elsewhere { .. }) => {
                    tracing::info!(
                        "this machine is at the site of no subnet: scheduled scans wait"
                    );
                }
                Some(held) => tracing::info!("{}", present::held(held)),
                None if snapshot.run.is_none() => tracing::info!("nothing holds scheduled scans"),
                None => {}
            }
        }
        if snapshot.run.is_none() && self.next_run != snapshot.next_run {
            self.next_run = snapshot.next_run;
            if let Some(at) = snapshot.next_run {
                let when = present::when(at, now, &TimeZone::system());
                tracing::info!("next scan: {when}");
            }
        }
    }

    fn run_ended(&mut self, run: &Run) {
        let (mut up, mut unknown, mut missing, mut mismatch) = (0, 0, 0, 0);
        for part in &run.subnets {
            match &part.outcome {
                Outcome::Scanned { counts, .. } => {
                    up += u64::from(counts.up());
                    unknown += counts.unknown;
                    missing += counts.missing;
                    mismatch += counts.mismatch;
                    if self.subnets.insert(part.subnet) {
                        let up = count(u64::from(counts.up()), "host", "hosts");
                        tracing::info!("subnet {} done: {up} up", part.subnet);
                    }
                }
                Outcome::Failed { problem } => {
                    tracing::warn!(code = problem.code(), "subnet {} failed", part.subnet);
                }
                Outcome::LeftOut { .. } | Outcome::Stopped => {}
            }
        }
        let ended = if run.stopped { "stopped" } else { "ended" };
        let at = run.finished_at.unwrap_or(run.started_at);
        let took = Duration::try_from(at.duration_since(run.started_at)).unwrap_or_default();
        tracing::info!(
            "run {} {ended} after {}: {}, {} up, {unknown} unknown, {missing} missing, {mismatch} mismatch",
            run.id,
            present::duration(took),
            count(run.subnets.len() as u64, "subnet", "subnets"),
            count(up, "host", "hosts"),
        );
    }

    fn report(&mut self, report: &Report) {
        let word = word(&report.state);
        if self.reports.insert(report.id, word) == Some(word) {
            return;
        }
        let (id, hosts) = (report.id, count(report.hosts.len() as u64, "host", "hosts"));
        match &report.state {
            State::Sent { .. } => tracing::info!("report {id} sent"),
            State::Confirmed { .. } => tracing::info!("report {id} of {hosts} confirmed"),
            State::Partly { missing, .. } => tracing::warn!(
                "report {id}: {} of {hosts} not seen back in phpIPAM",
                missing.len()
            ),
            State::Unconfirmed { .. } => {
                tracing::warn!("report {id}: nothing of it is seen back in phpIPAM");
            }
            State::Rejected { problem: why, .. } => {
                tracing::error!(code = why.code(), "report {id} of {hosts} rejected");
            }
            State::Waiting { problem: why, .. } => {
                tracing::warn!(code = why.code(), "report {id} of {hosts} waits");
            }
            State::Queued | State::Superseded { .. } => {}
        }
        if self.reports.len() > MOST {
            self.reports.pop_first();
        }
    }
}

/// As many reports are remembered; older ones hardly change any more.
const MOST: usize = 1_000;

/// A problem without a site's networks, and without the words of others, which may name them.
fn problem(problem: &Problem) {
    let mut nameless = problem.clone();
    match &mut nameless {
        Problem::SubnetRefused { subnet, cidr, .. } => *cidr = format!("Subnet {subnet}"),
        Problem::NotAssigned { .. } => {
            tracing::warn!(
                code = problem.code(),
                "a network that was asked for is not assigned to this scan agent"
            );
            return;
        }
        _ => {}
    }
    let words = present::words(&nameless);
    tracing::warn!(code = problem.code(), "{} {}", words.what, words.remedy);
    if let Some(said) = words.said {
        tracing::debug!(code = problem.code(), "{}: {}", said.by, said.words);
    }
}

fn word(state: &State) -> &'static str {
    match state {
        State::Queued => "queued",
        State::Waiting { .. } => "waiting",
        State::Sent { .. } => "sent",
        State::Confirmed { .. } => "confirmed",
        State::Partly { .. } => "partly",
        State::Unconfirmed { .. } => "unconfirmed",
        State::Rejected { .. } => "rejected",
        State::Superseded { .. } => "superseded",
    }
}
