//! Everything that a view may show, in one value. Long lists are read by query; `lists` says when they changed.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    compare::Counts,
    ids::{RunId, SubnetId},
    place::{Battery, Binding, Held, Spot},
    plan::{LeftOut, Mode},
    problem::Standing,
    run::{Rights, Run, Trigger},
};

/// The state of the agent at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Rises with every change. A view keeps the highest.
    pub revision: u64,
    /// The run that goes on.
    pub run: Option<Progress>,
    /// The last run that ended.
    pub last_run: Option<Run>,
    /// The assigned subnets, by id.
    pub subnets: Vec<SubnetView>,
    /// What phpIPAM said, and how old that is.
    pub ipam: IpamView,
    /// The outbox.
    pub delivery: DeliveryView,
    /// When the next scheduled run begins; `None` if the schedule is off or paused.
    pub next_run: Option<Timestamp>,
    /// Scheduled runs wait until then.
    pub paused: Option<Pause>,
    /// Why the scheduled run that is due doesn't begin, or none will at this place.
    #[serde(default)]
    pub held: Option<Held>,
    /// Network and power, as far as the system says.
    #[serde(default)]
    pub surroundings: SurroundingsView,
    /// At which sites subnets can be scanned.
    #[serde(default)]
    pub places: BTreeMap<SubnetId, Binding>,
    /// What stands wrong, the gravest first.
    pub problems: Vec<Standing>,
    /// When lists changed.
    pub lists: Lists,
}

/// Network and power, as far as the system says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurroundingsView {
    /// Whether there is a network.
    pub online: Option<bool>,
    /// Whether the connection is metered.
    pub metered: Option<bool>,
    /// The battery.
    pub battery: Option<Battery>,
    /// Where this machine is.
    pub here: Option<HereView>,
}

/// A place, with its name if some subnet is bound to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HereView {
    /// What tells it from others.
    #[serde(flatten)]
    pub spot: Spot,
    /// What people call it.
    pub name: Option<String>,
}

/// Until when scheduled runs wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// Until a time.
    Until(Timestamp),
    /// Until a person resumes.
    UntilResumed,
}

/// A run that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The run.
    pub id: RunId,
    /// Why it began.
    pub trigger: Trigger,
    /// When it began.
    pub started_at: Timestamp,
    /// Whether it is being stopped.
    pub stopping: bool,
    /// Whether it is held: no part of a subnet is begun until a person lets it go on.
    #[serde(default)]
    pub held: bool,
    /// Addresses done.
    pub done: u32,
    /// Addresses to do, as far as known: subnets that are not yet planned count with their size.
    pub total: u32,
    /// Hosts found so far.
    pub up: u32,
    /// How long it will still take; `None` while that can't be told yet.
    #[serde(default)]
    pub eta: Option<Duration>,
    /// The subnets of the run, in order.
    pub subnets: Vec<SubnetProgress>,
}

/// One subnet of a run that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetProgress {
    /// The subnet.
    pub subnet: SubnetId,
    /// `subnet/mask` as phpIPAM has it.
    pub cidr: String,
    /// Its part in the run.
    pub stage: Stage,
    /// Addresses done.
    pub done: u32,
    /// Addresses to do.
    pub total: u32,
    /// Hosts found so far.
    pub up: u32,
    /// Parts whose hosts can be read while the rest is being scanned. With each that is added, more can be read.
    #[serde(default)]
    pub kept: u32,
}

/// What is being done for a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Not begun.
    Queued,
    /// Its addresses are read.
    Preparing,
    /// nmap works.
    Scanning,
    /// Compared and committed.
    Finishing,
    /// Done, or left out.
    Done,
    /// Failed.
    Failed,
}

/// An assigned subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetView {
    /// phpIPAM's id.
    pub id: SubnetId,
    /// `subnet/mask` as phpIPAM has it.
    pub cidr: String,
    /// The network, if it is one.
    pub network: Option<IpNetwork>,
    /// phpIPAM's description.
    pub description: String,
    /// How it is scanned, or why it is not.
    pub plan: PlanView,
    /// The last scan of it that was finished.
    pub last_scan: Option<LastScan>,
}

/// How a subnet is scanned, or why it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanView {
    /// It is scanned.
    Scanned(Mode),
    /// It is not.
    LeftOut(LeftOut),
}

/// The last finished scan of a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastScan {
    /// When it ended.
    pub at: Timestamp,
    /// How many addresses have which standing.
    pub counts: Counts,
    /// Whether it was held against addresses that were out of date.
    pub ipam_stale: bool,
    /// What nmap was allowed.
    pub rights: Rights,
}

/// What phpIPAM said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS, Deserialize)]
#[ts(rename = "Ipam")]
pub struct IpamView {
    /// When it last told the assigned subnets.
    pub fetched_at: Option<Timestamp>,
    /// Whether that is out of date by the settings.
    pub stale: bool,
    /// Whether the last try to ask failed.
    pub offline: bool,
    /// Whether it is being asked for the assigned subnets right now.
    pub fetching: bool,
}

/// The outbox in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS, Deserialize)]
#[ts(rename = "Delivery")]
pub struct DeliveryView {
    /// Queued or Waiting.
    pub waiting: u32,
    /// Whether one is on its way to the scan server right now. If not, nothing can be sent at present.
    #[serde(default)]
    pub sending: bool,
    /// Sent, not yet confirmed.
    pub sent: u32,
    /// Confirmed by this process.
    pub confirmed: u32,
    /// Rejected, and kept.
    pub rejected: u32,
    /// Partly or Unconfirmed, of this process.
    pub doubtful: u32,
    /// When a waiting report is tried next.
    pub next_try: Option<Timestamp>,
}

/// Revisions at which lists changed that are read by query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS, Deserialize)]
pub struct Lists {
    /// Addresses and findings.
    pub addresses: u64,
    /// Runs and scans.
    pub runs: u64,
    /// Reports.
    pub reports: u64,
    /// Notices.
    #[serde(default)]
    pub notices: u64,
}
