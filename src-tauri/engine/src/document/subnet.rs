//! An assigned subnet, and why it is left out.

use fieldscan_core::{
    compare::Counts,
    ids::SubnetId,
    plan::{LeftOut, Mode},
    present,
    run::Rights,
    snapshot::{PlanView, SubnetView},
};
use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

/// How many addresses have which standing.
#[derive(Debug, Clone, Copy, Serialize, TS)]
#[ts(rename = "Counts")]
pub struct CountsDocument {
    #[serde(flatten)]
    counts: Counts,
    up: u32,
}

impl From<Counts> for CountsDocument {
    fn from(counts: Counts) -> Self {
        Self {
            counts,
            up: counts.up(),
        }
    }
}

/// An assigned subnet.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SubnetDocument {
    id: SubnetId,
    cidr: String,
    #[ts(type = "string | null")]
    network: Option<IpNetwork>,
    description: String,
    #[ts(type = "'sweep' | 'known' | 'left-out'")]
    plan: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    left_out: Option<LeftOutDocument>,
    last_scan: Option<LastScanDocument>,
}

#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "LastScan")]
struct LastScanDocument {
    finished_at: Timestamp,
    counts: CountsDocument,
    ipam_stale: bool,
    rights: Rights,
}

/// Why a subnet is not scanned.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "LeftOutWhy")]
pub struct LeftOutDocument {
    #[serde(flatten)]
    why: LeftOut,
    words: String,
}

impl LeftOutDocument {
    pub(super) fn of(why: &LeftOut) -> Self {
        Self {
            words: present::left_out(why),
            why: why.clone(),
        }
    }
}

/// The plan's name, for text and JSON.
pub fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Sweep => "sweep",
        Mode::Known => "known",
    }
}

impl SubnetDocument {
    pub fn of(subnet: &SubnetView) -> Self {
        let (plan, left_out) = match &subnet.plan {
            PlanView::Scanned(mode) => (mode_name(*mode), None),
            PlanView::LeftOut(why) => ("left-out", Some(LeftOutDocument::of(why))),
        };
        Self {
            id: subnet.id,
            cidr: subnet.cidr.clone(),
            network: subnet.network,
            description: subnet.description.clone(),
            plan,
            left_out,
            last_scan: subnet.last_scan.map(|scan| LastScanDocument {
                finished_at: scan.at,
                counts: scan.counts.into(),
                ipam_stale: scan.ipam_stale,
                rights: scan.rights,
            }),
        }
    }
}
