//! What a scan saw, held against what phpIPAM believes and against the scan before.

mod differences;
#[cfg(test)]
mod properties;
mod standing;

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    host::{Host, Mac},
    ids::AddressId,
};

pub use standing::{changes_between, compare};

/// All that a comparison says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// One for each address that is in phpIPAM or answered, in address order.
    pub findings: Vec<Finding>,
    /// How many of them have which standing.
    pub counts: Counts,
    /// What changed since the last scan.
    pub changes: Changes,
    /// Addresses of phpIPAM's that were not seen: scans in a row, at least one. Replaces what was remembered.
    pub misses: Vec<(IpAddr, u32)>,
    /// Rows of phpIPAM's that were passed over since another row, with a lower id, has the same address.
    pub duplicates: Vec<AddressId>,
}

/// What is to be said of one address after a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "standing")]
pub enum Standing {
    /// In phpIPAM, seen, and as documented.
    Known,
    /// Answers, not in phpIPAM.
    Unknown,
    /// In phpIPAM, not seen, but fewer times in a row than make it Missing.
    Unseen {
        /// Scans in a row that did not see it; 0 if none looked yet, because the row is newer than the scan.
        misses: u32,
    },
    /// In phpIPAM, not seen often enough in a row.
    Missing {
        /// Scans in a row that did not see it.
        misses: u32,
    },
    /// Seen, but MAC or host name differ from phpIPAM's, or two devices answer; the latter whether or not phpIPAM has a row.
    Mismatch {
        /// At least one.
        differences: Vec<Difference>,
    },
    /// In phpIPAM with `excludePing`: not scanned.
    Excluded,
}

/// A standing that a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "as in `Standing`")]
pub enum Exception {
    Unknown,
    Missing,
    Mismatch,
}

impl Standing {
    /// What there is to look at, if anything.
    pub fn exception(&self) -> Option<Exception> {
        match self {
            Self::Unknown => Some(Exception::Unknown),
            Self::Missing { .. } => Some(Exception::Missing),
            Self::Mismatch { .. } => Some(Exception::Mismatch),
            Self::Known | Self::Unseen { .. } | Self::Excluded => None,
        }
    }
}

/// What differs: what phpIPAM has beside what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "field")]
pub enum Difference {
    /// Another MAC answers.
    Mac {
        /// phpIPAM's.
        ipam: Mac,
        /// The one that answered.
        seen: Mac,
    },
    /// Several devices answer for the address.
    DuplicateMac {
        /// The MACs that answered, at least two.
        seen: Vec<Mac>,
    },
    /// The PTR name is another.
    HostName {
        /// phpIPAM's.
        ipam: String,
        /// The one that the DNS has.
        seen: String,
    },
}

/// One address after a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The address.
    pub ip: IpAddr,
    /// phpIPAM's row, where there is one.
    pub address: Option<AddressId>,
    /// What is to be said of it.
    #[serde(flatten)]
    pub standing: Standing,
}

/// How many addresses have which standing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS, Deserialize)]
#[ts(rename = "Standings")]
pub struct Counts {
    /// As documented.
    pub known: u32,
    /// Not in phpIPAM.
    pub unknown: u32,
    /// Not seen, not yet Missing.
    pub unseen: u32,
    /// Missing.
    pub missing: u32,
    /// MAC or host name differ, or two devices answer.
    pub mismatch: u32,
    /// Not scanned.
    pub excluded: u32,
}

impl Counts {
    /// Hosts that answered.
    pub fn up(&self) -> u32 {
        self.known + self.unknown + self.mismatch
    }
}

/// What the agent remembers of a subnet from earlier scans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// For each address of phpIPAM's that was not seen lately: scans in a row.
    pub misses: BTreeMap<IpAddr, u32>,
    /// The hosts of the last scan, by address; `None` before the first one.
    pub last: Option<BTreeMap<IpAddr, Trace>>,
    /// What there was to look at after the last scan.
    #[serde(default)]
    pub exceptions: BTreeMap<IpAddr, Exception>,
}

/// As much of a host as tells whether it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Its MAC then.
    pub mac: Option<Mac>,
    /// Its host name then, by the report's rule.
    pub name: Option<String>,
}

impl Trace {
    /// What is kept of a host.
    pub fn of(host: &Host) -> Self {
        Self {
            mac: host.mac,
            name: host
                .ptr
                .as_deref()
                .and_then(|ptr| crate::report::host_name(ptr, host.ip)),
        }
    }
}

/// What changed since the last scan of the subnet. Empty for the first one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Up now, not then.
    pub new: Vec<IpAddr>,
    /// Up then, not now.
    pub gone: Vec<IpAddr>,
    /// Up both times, with another MAC or host name. A name or MAC that is merely not seen this time is no change.
    pub changed: Vec<IpAddr>,
}
