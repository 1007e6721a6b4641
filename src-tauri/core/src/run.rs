//! Records of what was done: runs, the scans in them, and everything that one finished scan leaves behind.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    compare::{Changes, Counts, Finding},
    delivery::Report,
    host::Host,
    ids::{RunId, ScanId, SubnetId},
    plan::{LeftOut, Mode},
    problem::Problem,
};

/// Why a run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A person asked for it.
    Person,
    /// The schedule.
    Schedule,
    /// One or more scheduled runs were missed.
    CatchUp,
}

/// What nmap was allowed, which decides whom it can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rights {
    /// Raw sockets: it was started by root, or by who could hand them on.
    Raw,
    /// Raw sockets through `fieldscan-nmap`.
    Helper,
    /// No raw sockets: TCP connections only.
    Connect,
}

impl Rights {
    /// Whether it had raw sockets.
    pub fn are_raw(self) -> bool {
        match self {
            Self::Raw | Self::Helper => true,
            Self::Connect => false,
        }
    }
}

/// One run over the assigned subnets, or over those that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Why it began.
    pub trigger: Trigger,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it goes on, or if the process died.
    pub finished_at: Option<Timestamp>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    /// What became of each subnet, in the order in which they were done.
    pub subnets: Vec<SubnetRun>,
    /// What kept the whole run from being done, if anything did.
    pub problem: Option<Problem>,
}

/// What became of one subnet in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetRun {
    /// The subnet.
    pub subnet: SubnetId,
    /// `subnet/mask` as phpIPAM has it.
    pub cidr: String,
    /// Its description then.
    pub description: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a subnet's part of a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// Scanned, compared and committed.
    Scanned {
        /// The scan.
        scan: ScanId,
        /// How many addresses have which standing.
        counts: Counts,
    },
    /// Not scanned, for a reason that is no failure.
    LeftOut {
        /// Why.
        why: LeftOut,
    },
    /// Could not be scanned.
    Failed {
        /// Why.
        problem: Problem,
    },
    /// Stopped before its end.
    Stopped,
}

/// A finished scan of one subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Its id.
    pub id: ScanId,
    /// The run that it belongs to.
    pub run: RunId,
    /// The subnet.
    pub subnet: SubnetId,
    /// `subnet/mask` as phpIPAM has it.
    pub cidr: String,
    /// When nmap began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How.
    pub mode: Mode,
    /// Addresses scanned.
    pub addresses: u32,
    /// What nmap was allowed.
    pub rights: Rights,
    /// When phpIPAM told the addresses that the scan was held against.
    pub ipam_at: Timestamp,
    /// Whether that was out of date by the settings (phpIPAM could not be reached).
    pub ipam_stale: bool,
    /// How many addresses have which standing.
    pub counts: Counts,
    /// What changed since the last scan of the subnet.
    pub changes: Changes,
}

/// All that a finished scan leaves behind. Committed in one transaction before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedScan {
    /// The scan.
    pub scan: Scan,
    /// The hosts that answered, in address order.
    pub hosts: Vec<Host>,
    /// The addresses with a standing, in address order.
    pub findings: Vec<Finding>,
    /// Addresses not seen: scans in a row. Replaces what was remembered of the subnet.
    pub misses: Vec<(IpAddr, u32)>,
    /// The reports, with their bodies.
    pub reports: Vec<(Report, Body)>,
}

/// A report's body: JSON, ready to be sent. `Debug` doesn't show it, since it holds the agent's code.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(pub String);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}
