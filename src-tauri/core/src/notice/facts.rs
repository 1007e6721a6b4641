//! What a notice tells as facts, for whoever has words of their own: the window, in the language that is spoken there.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{compare::Exception, problem::Problem};

/// What a notice tells. Names of places and hosts are fit to be shown; of long lists the first are named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(tag = "tells", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
#[ts(rename = "NoticeFacts")]
pub enum Facts {
    /// A run newly found one host. `stale`: by what phpIPAM told before.
    Host {
        what: Exception,
        ip: IpAddr,
        name: Option<String>,
        place: String,
        stale: bool,
    },
    /// A run newly found hosts in one subnet.
    Hosts {
        place: String,
        kinds: Vec<Kind>,
        stale: bool,
    },
    /// A run newly found hosts in so many subnets.
    Subnets {
        many: u32,
        counts: Exceptions,
        named: Vec<Place>,
        stale: bool,
    },
    /// A problem, and how many reports wait because of it.
    Problem { problem: Problem, waiting: u32 },
    /// So many subnets can't be scanned.
    Unscanned { many: u32, problems: Vec<Problem> },
    /// A report has a problem; its subnet and time, where they are still known.
    Report {
        problem: Problem,
        place: Option<String>,
        created_at: Option<Timestamp>,
    },
    /// So many reports have problems. `rejected`: all of them were refused.
    Reports {
        many: u32,
        rejected: bool,
        places: Vec<String>,
        more: u32,
    },
    /// Offline for so many hours. `ipam_at`: when phpIPAM was last heard.
    Offline {
        hours: u64,
        waiting: u32,
        ipam_at: Option<Timestamp>,
    },
    /// The scan server alone can't be reached for so many hours.
    ServerAway { hours: u64, waiting: u32 },
    /// Reports have arrived after so many seconds offline.
    Arrived { reports: u32, offline_s: u64 },
}

/// Hosts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
#[ts(rename = "NoticeKind")]
pub struct Kind {
    pub what: Exception,
    pub ips: Vec<IpAddr>,
    /// As many are not named.
    pub more: u32,
}

/// How many hosts of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
#[ts(rename = "NoticeCounts")]
pub struct Exceptions {
    pub unknown: u32,
    pub missing: u32,
    pub mismatch: u32,
}

/// A subnet with what was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
#[ts(rename = "NoticePlace")]
pub struct Place {
    pub place: String,
    pub counts: Exceptions,
}
