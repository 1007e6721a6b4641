//! Lists and single records that a window asks for beside the snapshot.

use fieldscan_core::{
    compare::changes_between,
    host::{Host, SeenBy},
    ids::{NoticeId, ScanId, SubnetId},
    notice::{Category, Facts, Notice},
    present,
    report::host_name,
    run::Scan,
};
use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

use super::{AddressDocument, ChangesDocument, CountsDocument, ReportDocument, RunDocument};
use crate::store::Sighting;

/// The addresses of a subnet.
#[derive(Debug, Clone, Serialize, TS)]
pub struct AddressesDocument {
    pub subnet: SubnetId,
    pub fetched_at: Option<Timestamp>,
    pub stale: bool,
    pub addresses: Vec<AddressDocument>,
}

/// An address while scans saw it alike.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SightingDocument {
    /// The last of these scans.
    pub scan: ScanId,
    pub at: Timestamp,
    /// The first of them.
    pub first_scan: ScanId,
    pub first_at: Timestamp,
    /// Whether the subnet's last scan is among them.
    pub up: bool,
    pub hostname: Option<String>,
    pub mac: Option<String>,
    pub vendor: Option<String>,
    pub rtt_ms: Option<f64>,
    pub seen_by: SeenBy,
}

/// What one scan of a subnet found.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "HostsAt")]
pub struct HostsAtDocument {
    pub at: Timestamp,
    pub up: u32,
    pub counts: CountsDocument,
}

/// A run with what it changed and reported.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "RunDetail")]
pub struct OneRunDocument {
    pub run: RunDocument,
    pub changes: Vec<ChangesDocument>,
    pub reports: Vec<ReportDocument>,
}

/// A report with its hosts and its body.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "ReportDetail")]
pub struct OneReportDocument {
    #[serde(flatten)]
    pub report: ReportDocument,
    /// The JSON that is sent, the agent's code masked; null once it is given up, or if it is not as it was written.
    pub body: Option<String>,
}

/// Something that the person was told.
#[derive(Debug, Clone, Serialize, TS)]
pub struct NoticeDocument {
    pub id: NoticeId,
    pub at: Timestamp,
    pub category: Category,
    pub title: String,
    pub text: String,
    /// What title and text say; null in a notice from before facts were kept.
    pub facts: Option<Facts>,
    /// The page that shows what it speaks of.
    pub page: String,
}

impl From<&Notice> for NoticeDocument {
    fn from(notice: &Notice) -> Self {
        Self {
            id: notice.id,
            at: notice.at,
            category: notice.category,
            title: notice.title.clone(),
            text: notice.text.clone(),
            facts: notice.facts.clone(),
            page: notice.page.to_string(),
        }
    }
}

impl AddressesDocument {
    /// Before anything is known.
    pub fn none(subnet: SubnetId) -> Self {
        Self {
            subnet,
            fetched_at: None,
            stale: false,
            addresses: Vec::new(),
        }
    }
}

impl SightingDocument {
    /// A sighting, held against the subnet's last scan.
    pub fn of(sighting: &Sighting, last: Option<ScanId>) -> Self {
        let host = &sighting.host;
        Self {
            scan: sighting.last_scan,
            at: sighting.last_at,
            first_scan: sighting.first_scan,
            first_at: sighting.first_at,
            up: Some(sighting.last_scan) == last,
            hostname: host.ptr.as_deref().and_then(|ptr| host_name(ptr, host.ip)),
            mac: host.mac.map(present::mac),
            vendor: host.vendor.clone(),
            rtt_ms: host.rtt.map(|rtt| rtt.as_micros() as f64 / 1000.0),
            seen_by: host.seen_by,
        }
    }
}

impl From<&Scan> for HostsAtDocument {
    fn from(scan: &Scan) -> Self {
        Self {
            at: scan.finished_at,
            up: scan.counts.up(),
            counts: scan.counts.into(),
        }
    }
}

impl ChangesDocument {
    /// What `now` saw otherwise than the scan whose hosts are `then`.
    pub fn between(now: &Scan, then: &[Host], hosts: &[Host]) -> Self {
        let changes = changes_between(then, hosts);
        Self {
            subnet: now.subnet,
            cidr: now.cidr.clone(),
            new: changes.new,
            gone: changes.gone,
            changed: changes.changed,
        }
    }
}
