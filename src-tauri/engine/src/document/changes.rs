//! What changed between a scan and the one before it.

use std::net::IpAddr;

use fieldscan_core::{host::Host, ids::SubnetId, run::Scan};
use serde::Serialize;
use ts_rs::TS;

/// The changes of one scan.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ChangesDocument {
    pub subnet: SubnetId,
    pub cidr: String,
    pub new: Vec<IpAddr>,
    pub gone: Vec<IpAddr>,
    pub changed: Vec<IpAddr>,
}

/// One for each scan.
pub fn changes_documents(scans: &[(Scan, Vec<Host>)]) -> Vec<ChangesDocument> {
    scans.iter().map(|(scan, _)| scan.into()).collect()
}

impl From<&Scan> for ChangesDocument {
    fn from(scan: &Scan) -> Self {
        Self {
            subnet: scan.subnet,
            cidr: scan.cidr.clone(),
            new: scan.changes.new.clone(),
            gone: scan.changes.gone.clone(),
            changed: scan.changes.changed.clone(),
        }
    }
}
