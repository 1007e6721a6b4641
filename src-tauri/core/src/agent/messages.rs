//! What goes into the agent and what comes out of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    compare::Memory,
    delivery::{Answer, ReadBack, Report},
    host::Host,
    ids::{NoticeId, ReportId, RunId, ScanId, SubnetId},
    ipam::{AddressBook, Assignment},
    notice::{News, Notice, Outage, Told},
    place::{Binding, PlaceChange, Surroundings},
    plan::{Profile, Target},
    problem::{Problem, Standing},
    run::{FinishedScan, Rights, Run, Scan},
    settings::Settings,
    snapshot::Pause,
};

/// What can happen to the agent.
#[derive(Debug)]
pub enum Input {
    /// Somebody wants something.
    Command(Command),
    /// The time that [`Effect::WakeAt`] asked for has come, or the machine woke up.
    Tick,
    /// The system says something new of network or power.
    Surroundings(Box<Surroundings>),
    /// The machine slept, or its clock was set forward: which of the two can't be told everywhere.
    Woke,
    /// [`Effect::FetchAssignment`] ended.
    Assignment(Result<Assignment, Problem>),
    /// [`Effect::LoadAddresses`] ended.
    Addresses(Box<Loaded>),
    /// A scan goes on.
    ScanProgress {
        /// The scan.
        scan: ScanId,
        /// Addresses done.
        done: u32,
        /// Hosts found.
        up: u32,
    },
    /// A finished part of a scan can be read from the database.
    ScanKept {
        /// The scan.
        scan: ScanId,
    },
    /// [`Effect::Scan`] ended. Comes exactly once for each.
    ScanEnded(Box<ScanEnded>),
    /// [`Effect::Commit`] ended; on failure with what could not be written.
    Committed {
        /// The scan.
        scan: ScanId,
        /// Whether it is in the database.
        result: Result<(), (Problem, Box<FinishedScan>)>,
    },
    /// [`Effect::Upload`] ended.
    Uploaded {
        /// The report.
        report: ReportId,
        /// What came of it.
        answer: Answer,
    },
    /// [`Effect::ReadBack`] ended.
    ReadBack {
        /// The subnet.
        subnet: SubnetId,
        /// What phpIPAM shows.
        result: Result<ReadBack, Problem>,
    },
    /// A server's clock was seen. Seconds by which this machine's corrected clock is ahead.
    ClockSeen {
        /// Seconds; negative if behind.
        ahead: i64,
    },
    /// [`Effect::SaveReport`], [`Effect::SaveRun`], [`Effect::SavePlaces`], [`Effect::SaveLasting`], [`Effect::SaveNotice`],
    /// or the writing of [`Effect::Notify`] failed, with what could not be written.
    NotSaved {
        /// The effect.
        effect: Box<Effect>,
        /// Why.
        problem: Problem,
    },
    /// Another effect failed.
    Failed(Problem),
    /// The database takes writes again.
    StoreMended,
}

/// What a person, the schedule's owner or a second process can ask for.
#[derive(Debug, Clone)]
pub enum Command {
    /// Scan now.
    Scan {
        /// What.
        scope: Scope,
        /// Ask phpIPAM even if the cache is fresh.
        refresh: bool,
    },
    /// Stop the run that goes on.
    Stop,
    /// Ask phpIPAM for the assigned subnets now.
    Refresh,
    /// Hold scheduled runs back, and the run that goes on: of that, what nmap is at is finished, and nothing new begins until
    /// the pause ends or a person asks for a scan.
    Pause(Pause),
    /// End a pause.
    Resume,
    /// Try reports again that are Waiting, Rejected, Partly or Unconfirmed: one, or all.
    Retry(Option<ReportId>),
    /// The settings changed, or a secret did.
    Settings(Box<Settings>),
    /// Say at which site a subnet can be scanned.
    Place {
        /// The subnet.
        subnet: SubnetId,
        /// What is said.
        change: PlaceChange,
    },
    /// End. [`Effect::End`] follows once nothing would be lost.
    Shutdown,
}

/// Which subnets to scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All that are assigned.
    All,
    /// The assigned subnets that are one of these networks.
    Networks(Vec<IpNetwork>),
    /// These.
    Subnets(Vec<SubnetId>),
}

/// What is known of a subnet's addresses, from phpIPAM and from earlier scans.
#[derive(Debug)]
pub struct Loaded {
    /// The subnet.
    pub subnet: SubnetId,
    /// The addresses; `None` if phpIPAM never told them.
    pub book: Option<AddressBook>,
    /// Whether phpIPAM was asked.
    pub asked: bool,
    /// What kept them from being fresh, if phpIPAM was asked in vain.
    pub problem: Option<Problem>,
    /// What earlier scans left.
    pub memory: Memory,
}

/// How a scan ended.
#[derive(Debug)]
pub struct ScanEnded {
    /// The scan.
    pub scan: ScanId,
    /// When nmap began.
    pub started_at: Timestamp,
    /// What nmap was allowed.
    pub rights: Rights,
    /// The hosts that answered, in address order, or why there is no result.
    pub result: Result<Vec<Host>, ScanFailure>,
}

/// Why a scan has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanFailure {
    /// It was stopped.
    Stopped,
    /// It failed. What was found until then says nothing about the rest, so it is not reported.
    Failed(Problem),
}

/// How fresh addresses must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// As the cache has them; phpIPAM is not asked unless the cache has none.
    Cached,
    /// As the settings say (`cache_expire_time`).
    Settings,
    /// Not older than this time; phpIPAM is asked unless they are.
    Since(Timestamp),
}

/// What the engine must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask phpIPAM for the assigned subnets, and keep them in the cache. → [`Input::Assignment`]
    FetchAssignment,
    /// Read a subnet's addresses and what earlier scans left of it; ask phpIPAM if they are not fresh enough, and keep what it says. → [`Input::Addresses`]
    LoadAddresses {
        /// The subnet.
        subnet: SubnetId,
        /// How fresh.
        freshness: Freshness,
    },
    /// Scan. → [`Input::ScanProgress`], then [`Input::ScanEnded`]
    Scan {
        /// The scan.
        scan: ScanId,
        /// What and how.
        target: Target,
        /// How hard to press.
        profile: Profile,
    },
    /// Forget what was kept of a subnet's scan while it went on: no later scan may go on with it.
    Discard(SubnetId),
    /// Begin no chunk of any scan, or (false) go on again.
    HoldScans(bool),
    /// Stop a scan: it ends within 2 s, with [`ScanFailure::Stopped`] unless it was faster.
    StopScan(ScanId),
    /// Write a finished scan in one transaction. → [`Input::Committed`]
    Commit(Box<FinishedScan>),
    /// Keep a report's new state. Written before any effect that follows it.
    SaveReport(Box<Report>),
    /// Send a report. → [`Input::Uploaded`]
    Upload {
        /// The report.
        report: ReportId,
        /// The subnet whose `lastDiscovery` is to be read just before, where the report has no hosts.
        baseline: Option<SubnetId>,
        /// Hosts to leave out: newer reports tell of them.
        leave_out: BTreeSet<IpAddr>,
    },
    /// Look in phpIPAM for what reports of a subnet told. → [`Input::ReadBack`]
    ReadBack {
        /// The subnet.
        subnet: SubnetId,
        /// Whether `lastDiscovery` is needed (one of the reports has no hosts).
        last_discovery: bool,
    },
    /// Keep a run's record.
    SaveRun(Box<Run>),
    /// Keep at which sites these subnets can be scanned; `None` for one that is no longer bound.
    SavePlaces(BTreeMap<SubnetId, Option<Binding>>),
    /// Keep what must survive the process and stands nowhere else.
    SaveLasting(Box<Lasting>),
    /// Keep a notice, then tell it. Where it can't be kept it is told all the same.
    Notify(Box<Notice>),
    /// Keep a notice that was told already.
    SaveNotice(Box<Notice>),
    /// Delete scans, runs, notices and finished reports from before this time.
    Prune(Timestamp),
    /// Send [`Input::Tick`] at this time. Replaces the one before.
    WakeAt(Timestamp),
    /// Nothing is left to do: the loop may end.
    End,
}

/// Agent state that survives the process beside runs, scans and reports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Lasting {
    /// When the last run began that the schedule or a person started: what the schedule counts from.
    pub anchor: Option<Timestamp>,
    /// Whether that run has ended: if not, it is caught up after a crash.
    pub anchor_finished: bool,
    /// When the first of the runs began that this one goes on with, after crashes: what was scanned since is done.
    #[serde(default)]
    pub begun: Option<Timestamp>,
    /// Scheduled runs wait.
    pub paused: Option<Pause>,
    /// Subnets that a run left out since they are at another site: they are caught up when this machine comes there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub missed: BTreeSet<SubnetId>,
    /// What stands wrong.
    pub problems: Vec<Standing>,
    /// What was newly found, to be told when the run is over.
    #[serde(default)]
    pub news: Vec<News>,
    /// A server can't be reached, or could not until lately, and reports are still on their way.
    #[serde(default)]
    pub outage: Option<Outage>,
}

/// What an earlier process left in the database.
#[derive(Debug, Default)]
pub struct Restored {
    /// The cached assignment of the present server, app and agent.
    pub assignment: Option<Assignment>,
    /// Reports that are not final, and those Rejected, Partly or Unconfirmed, the oldest first.
    pub reports: Vec<Report>,
    /// The last finished scan of each subnet.
    pub last_scans: Vec<Scan>,
    /// The last finished run.
    pub last_run: Option<Run>,
    /// What the person was told lately.
    pub told: Told,
    /// At which sites subnets can be scanned.
    pub places: BTreeMap<SubnetId, Binding>,
    /// The rest.
    pub lasting: Lasting,
    /// The highest ids that were ever given.
    pub last_ids: LastIds,
}

/// The highest ids that were ever given; 0 for none.
#[derive(Debug, Clone, Copy)]
pub struct LastIds {
    /// Of a run.
    pub run: RunId,
    /// Of a scan.
    pub scan: ScanId,
    /// Of a report.
    pub report: ReportId,
    /// Of a notice.
    pub notice: NoticeId,
}

impl Default for LastIds {
    fn default() -> Self {
        Self {
            run: RunId(0),
            scan: ScanId(0),
            report: ReportId(0),
            notice: NoticeId(0),
        }
    }
}
