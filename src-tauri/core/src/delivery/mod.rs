//! A report's life: Queued → Sent → Confirmed, or Waiting / Rejected, with back-off; Partly or Unconfirmed where the read-back falls short.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ids::{ReportId, ScanId, SubnetId},
    problem::Problem,
};

mod outbox;

pub use outbox::{Change, Outbox, Upload};

/// A report in the outbox: everything but its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its id. Rises with time.
    pub id: ReportId,
    /// The subnet that it tells of.
    pub subnet: SubnetId,
    /// The scan that it tells of.
    pub scan: ScanId,
    /// `subnet/mask` as phpIPAM has it.
    pub cidr: String,
    /// Part `.0` of `.1`, from 1: large results are split.
    pub part: (u32, u32),
    /// When it was committed.
    pub created_at: Timestamp,
    /// The `lastSeen` that it tells for each host, in phpIPAM's time zone.
    pub last_seen: String,
    /// The hosts that it tells of, in address order.
    pub hosts: Vec<IpAddr>,
    /// Whether it was made from addresses that were out of date.
    pub stale: bool,
    /// Those of `hosts` that it no longer tells of when it is sent, since a newer report does.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left_out: BTreeSet<IpAddr>,
    /// `lastSeen` before the report, of those hosts where phpIPAM already had that time or a later one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ahead: BTreeMap<IpAddr, String>,
    /// The subnet's `lastDiscovery` before the report was sent ("" for never); `None` if it could not be read then.
    /// Only needed where there are no hosts.
    pub baseline: Option<String>,
    /// How often the server took it.
    #[serde(default)]
    pub sends: u32,
    /// Where it is now.
    #[serde(flatten)]
    pub state: State,
    /// How it came there, the oldest first.
    pub journey: Vec<Step>,
}

/// Where a report is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
#[ts(rename = "ReportState")]
pub enum State {
    /// Committed, not yet tried.
    Queued,
    /// Tried in vain; it is tried again.
    Waiting {
        /// Tries so far.
        tries: u32,
        /// Not before.
        next_at: Timestamp,
        /// What went wrong last.
        problem: Problem,
    },
    /// The scan server took it (2xx). That says nothing of what it did with it.
    Sent {
        /// When.
        at: Timestamp,
        /// When it is looked for in phpIPAM next.
        check_at: Timestamp,
        /// After this time, what is not seen back is told.
        expected_by: Timestamp,
        /// How often it was looked for.
        checks: u32,
    },
    /// Read back from phpIPAM.
    Confirmed {
        /// When.
        at: Timestamp,
    },
    /// Some hosts were not seen back in the expected time.
    Partly {
        /// When that was told.
        at: Timestamp,
        /// The hosts that were not seen back.
        missing: Vec<IpAddr>,
        /// Likely causes, the likeliest first.
        causes: Vec<Cause>,
    },
    /// Nothing was seen back in the expected time.
    Unconfirmed {
        /// When that was told.
        at: Timestamp,
        /// Likely causes, the likeliest first.
        causes: Vec<Cause>,
    },
    /// The server refused it, or it may not be sent. Kept until a person mends the cause.
    Rejected {
        /// When.
        at: Timestamp,
        /// Why.
        problem: Problem,
    },
    /// Newer reports of the subnet tell all that it tells.
    Superseded {
        /// The newest of them.
        by: ReportId,
    },
}

impl Report {
    /// The hosts that it tells of when it is sent.
    pub fn told(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.hosts
            .iter()
            .copied()
            .filter(|ip| !self.left_out.contains(ip))
    }

    /// Adds a step to its journey and takes it to a new state.
    pub fn step(&mut self, at: Timestamp, event: Event, state: State) {
        self.journey.push(Step { at, event });
        self.state = state;
    }
}

impl State {
    /// Whether the server took the report.
    pub fn is_sent(&self) -> bool {
        match self {
            State::Sent { .. }
            | State::Confirmed { .. }
            | State::Partly { .. }
            | State::Unconfirmed { .. } => true,
            State::Queued
            | State::Waiting { .. }
            | State::Rejected { .. }
            | State::Superseded { .. } => false,
        }
    }

    /// Whether the agent has nothing more to do for it by itself.
    pub fn is_final(&self) -> bool {
        match self {
            State::Queued | State::Waiting { .. } | State::Sent { .. } => false,
            State::Confirmed { .. }
            | State::Partly { .. }
            | State::Unconfirmed { .. }
            | State::Rejected { .. }
            | State::Superseded { .. } => true,
        }
    }
}

/// A likely cause of a report that is not seen back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The scan server lost what it had taken: it was restarted.
    ServerRestarted,
    /// The scan server is still busy with earlier reports.
    ServerBusy,
    /// The scan server writes into another phpIPAM, or can't write.
    ServerElsewhere,
    /// The agent's code is not the one that the scan server knows, or the subnet is no longer assigned.
    NotAssigned,
    /// phpIPAM's row changed between the scan and the report (a host's id no longer belongs to its address).
    RowsChanged,
    /// The addresses that the report was made from were out of date.
    StaleAddresses,
}

/// One step of a report's journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened to a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[ts(rename = "ReportEvent")]
pub enum Event {
    /// Committed.
    Queued,
    /// A try failed.
    Failed {
        /// Why.
        problem: Problem,
    },
    /// The server took it.
    Sent {
        /// HTTP status.
        status: u16,
        /// Hosts left out because a newer report tells of them.
        left_out: u32,
    },
    /// Read back whole.
    Confirmed,
    /// Read back in part.
    Partly,
    /// Not read back.
    Unconfirmed,
    /// Refused.
    Rejected {
        /// Why.
        problem: Problem,
    },
    /// Not sent: newer reports tell all of it.
    Superseded,
    /// A person, or a mended setting, had it tried again.
    Retried,
}

/// What came of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 2xx.
    Taken {
        /// HTTP status.
        status: u16,
        /// The subnet's `lastDiscovery` before it was sent ("" for never), if it was asked for and could be read.
        baseline: Option<String>,
    },
    /// Not now: no connection, 408, 429, 5xx. Worth another try.
    NotNow {
        /// What happened.
        problem: Problem,
        /// What `Retry-After` asks for.
        retry_after: Option<Duration>,
    },
    /// Never, unless something is mended: other statuses, no token, an insecure server.
    Refused {
        /// What happened.
        problem: Problem,
    },
}

/// What phpIPAM shows when a report is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBack {
    /// The subnet's `lastDiscovery` ("" for never); `None` where it was not asked for.
    pub last_discovery: Option<String>,
    /// `lastSeen` of each address of the subnet that has one.
    pub last_seen: BTreeMap<IpAddr, String>,
}
