//! An address: what phpIPAM says of it beside what was seen.

use std::net::IpAddr;

use fieldscan_core::{
    compare::{Difference, Standing},
    host::{Mac, SeenBy},
    ids::{AddressId, ScanId, SubnetId},
    present,
    report::host_name,
};
use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

use crate::store::AddressRow;

/// An address: in phpIPAM, or seen, or both.
#[derive(Debug, Clone, Serialize, TS)]
pub struct AddressDocument {
    pub ip: IpAddr,
    pub subnet: SubnetId,
    #[ts(type = "'known' | 'unknown' | 'unseen' | 'missing' | 'mismatch' | 'excluded' | null")]
    pub standing: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub misses: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<DifferenceDocument>>")]
    differences: Vec<DifferenceDocument>,
    pub ipam: Option<IpamDocument>,
    pub seen: Option<SeenDocument>,
}

impl AddressDocument {
    /// What phpIPAM had of a field that differed when it was scanned.
    pub fn was(&self, field: &str) -> Option<&str> {
        let mut all = self.differences.iter();
        let difference = all.find(|difference| difference.field == field)?;
        difference.ipam.as_deref()
    }
}

#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Difference")]
struct DifferenceDocument {
    #[ts(type = "'mac' | 'hostname' | 'duplicate-mac'")]
    field: &'static str,
    ipam: Option<String>,
    seen: String,
}

/// What phpIPAM says of an address.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "IpamRecord")]
pub struct IpamDocument {
    id: AddressId,
    pub hostname: Option<String>,
    pub mac: Option<String>,
    pub description: Option<String>,
    pub owner: Option<String>,
    pub note: Option<String>,
    is_gateway: bool,
    pub exclude_ping: bool,
    tag: Option<u64>,
    pub last_seen: Option<String>,
    edit_date: Option<String>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    #[ts(optional, as = "Option<std::collections::BTreeMap<String, String>>")]
    custom: std::collections::BTreeMap<String, String>,
}

/// How an address was seen last.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Seen")]
pub struct SeenDocument {
    pub up: bool,
    pub hostname: Option<String>,
    ptr: Option<String>,
    pub mac: Option<String>,
    /// Whether the device has made its MAC up.
    pub mac_random: bool,
    /// Other MACs that answered for the same address.
    pub other_macs: Vec<String>,
    pub vendor: Option<String>,
    pub rtt_ms: Option<f64>,
    seen_by: SeenBy,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    scan: ScanId,
}

/// The word for a standing in JSON documents and exports.
pub fn standing_code(standing: &Standing) -> &'static str {
    match standing {
        Standing::Known => "known",
        Standing::Unknown => "unknown",
        Standing::Unseen { .. } => "unseen",
        Standing::Missing { .. } => "missing",
        Standing::Mismatch { .. } => "mismatch",
        Standing::Excluded => "excluded",
    }
}

impl From<&AddressRow> for AddressDocument {
    fn from(row: &AddressRow) -> Self {
        let (misses, differences) = match &row.standing {
            Some(Standing::Missing { misses } | Standing::Unseen { misses }) => {
                (Some(*misses), Vec::new())
            }
            Some(Standing::Mismatch { differences }) => {
                (None, differences.iter().map(Into::into).collect())
            }
            Some(Standing::Known | Standing::Unknown | Standing::Excluded) | None => {
                (None, Vec::new())
            }
        };
        Self {
            ip: row.ip,
            subnet: row.subnet,
            standing: row.standing.as_ref().map(standing_code),
            misses,
            differences,
            ipam: row.ipam.as_ref().map(|ipam| IpamDocument {
                id: ipam.id,
                hostname: ipam.hostname.clone(),
                mac: ipam.mac.map(present::mac),
                description: ipam.description.clone(),
                owner: ipam.owner.clone(),
                note: ipam.note.clone(),
                is_gateway: ipam.is_gateway,
                exclude_ping: ipam.exclude_ping,
                tag: ipam.tag,
                last_seen: ipam.last_seen.clone(),
                edit_date: ipam.edit_date.clone(),
                custom: ipam.custom.clone(),
            }),
            seen: row.seen.as_ref().map(|seen| SeenDocument {
                up: seen.up,
                hostname: seen
                    .host
                    .ptr
                    .as_deref()
                    .and_then(|ptr| host_name(ptr, seen.host.ip)),
                ptr: seen.host.ptr.clone(),
                mac: seen.host.mac.map(present::mac),
                mac_random: seen.host.mac.is_some_and(Mac::is_locally_administered),
                other_macs: seen
                    .host
                    .also
                    .iter()
                    .map(|mac| present::mac(*mac))
                    .collect(),
                vendor: seen.host.vendor.clone(),
                rtt_ms: seen.host.rtt.map(|rtt| rtt.as_micros() as f64 / 1000.0),
                seen_by: seen.host.seen_by,
                first_at: seen.first_at,
                last_at: seen.last_at,
                scan: seen.last_scan,
            }),
        }
    }
}

impl From<&Difference> for DifferenceDocument {
    fn from(difference: &Difference) -> Self {
        match difference {
            Difference::Mac { ipam, seen } => Self {
                field: "mac",
                ipam: Some(present::mac(*ipam)),
                seen: present::mac(*seen),
            },
            Difference::DuplicateMac { seen } => {
                let seen: Vec<String> = seen.iter().map(|mac| present::mac(*mac)).collect();
                Self {
                    field: "duplicate-mac",
                    ipam: None,
                    seen: seen.join(", "),
                }
            }
            Difference::HostName { ipam, seen } => Self {
                field: "hostname",
                ipam: Some(ipam.clone()),
                seen: seen.clone(),
            },
        }
    }
}
