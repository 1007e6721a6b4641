//! The parts of which the JSON documents are made, for programs and for the window. Their meaning is written down in
//! `docs/json.md`.
#![expect(missing_docs, reason = "docs/json.md says what the fields mean")]

mod changes;
mod doctor;
mod lists;
mod report;
mod settings;
mod snapshot;

use std::net::IpAddr;

use crate::{store::AddressRow, text};
use fieldscan_core::{
    compare::{Counts, Difference, Standing},
    host::{Mac, SeenBy},
    ids::{AddressId, RunId, ScanId, SubnetId},
    place::{Battery, Held, Site},
    plan::{LeftOut, Mode},
    present,
    problem::{Problem, Severity, Standing as StandingProblem},
    report::host_name,
    run::{Outcome, Rights, Run, SubnetRun, Trigger},
    snapshot::{HereView, PlanView, SubnetView, SurroundingsView},
};
use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

pub use self::{
    changes::{ChangesDocument, changes_documents},
    doctor::{DoctorDocument, StepDocument},
    lists::{
        AddressesDocument, HostsAtDocument, NoticeDocument, OneReportDocument, OneRunDocument,
        SightingDocument,
    },
    report::{ReportDocument, probably},
    settings::{SecretDocument, SettingDocument, setting_documents, source_code},
    snapshot::{PauseDocument, ProgressDocument, SnapshotDocument, SubnetProgressDocument},
};

/// Version of the JSON documents. It rises when a field goes or changes its meaning, not when one is added.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: u32,
    #[serde(flatten)]
    document: &'a T,
}

/// A document as text with its version, harmless for terminals.
///
/// # Errors
/// If it can't be put into JSON; none of ours is like that.
pub fn json<T: Serialize>(document: &T) -> serde_json::Result<String> {
    let json = serde_json::to_string_pretty(&Envelope {
        schema: SCHEMA,
        document,
    })?;
    Ok(text::plain_json(&json) + "\n")
}

/// A problem with its facts and its words.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProblemDocument {
    #[serde(flatten)]
    pub problem: Problem,
    severity: Severity,
    area: String,
    what: String,
    remedy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    said: Option<SaidDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    since: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Said")]
struct SaidDocument {
    by: &'static str,
    words: String,
}

impl ProblemDocument {
    pub fn of(problem: &Problem) -> Self {
        Self::with(problem, None, &|_| None)
    }

    /// With subnets named, and since when it stands.
    pub fn standing(standing: &StandingProblem, name: &dyn Fn(SubnetId) -> Option<String>) -> Self {
        Self::with(&standing.problem, Some(standing.since), name)
    }

    fn with(
        problem: &Problem,
        since: Option<Timestamp>,
        name: &dyn Fn(SubnetId) -> Option<String>,
    ) -> Self {
        let words = present::words_with(problem, name);
        Self {
            severity: problem.severity(),
            problem: problem.clone(),
            area: words.area,
            what: words.what,
            remedy: words.remedy,
            said: words.said.map(|said| SaidDocument {
                by: said.by,
                words: said.words,
            }),
            since,
        }
    }
}

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
    fn of(why: &LeftOut) -> Self {
        Self {
            words: present::left_out(why),
            why: why.clone(),
        }
    }
}

/// Why scheduled scans don't begin.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Held")]
pub struct HeldDocument {
    #[serde(flatten)]
    why: Held,
    words: String,
}

impl HeldDocument {
    pub fn of(why: &Held) -> Self {
        Self {
            words: present::held(why),
            why: why.clone(),
        }
    }
}

/// Network and power, as far as the system says.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Surroundings")]
pub struct SurroundingsDocument {
    online: Option<bool>,
    metered: Option<bool>,
    battery: Option<Battery>,
    here: Option<HereDocument>,
}

impl SurroundingsDocument {
    pub fn of(view: &SurroundingsView) -> Self {
        Self {
            online: view.online,
            metered: view.metered,
            battery: view.battery,
            here: view.here.as_ref().map(HereDocument::of),
        }
    }
}

/// Where this machine is.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Here")]
pub struct HereDocument {
    name: Option<String>,
    gateway_mac: String,
    #[ts(type = "string")]
    prefix: IpNetwork,
}

impl HereDocument {
    pub fn of(here: &HereView) -> Self {
        Self {
            name: here.name.clone(),
            gateway_mac: present::mac(here.spot.gateway_mac),
            prefix: here.spot.prefix,
        }
    }
}

/// A place with its name.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Site")]
pub struct SiteDocument {
    name: String,
    gateway_mac: String,
    #[ts(type = "string")]
    prefix: IpNetwork,
}

impl SiteDocument {
    pub fn of(site: &Site) -> Self {
        Self {
            name: site.name.clone(),
            gateway_mac: present::mac(site.spot.gateway_mac),
            prefix: site.spot.prefix,
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

/// A run.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RunDocument {
    pub id: RunId,
    trigger: Trigger,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    stopped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    problem: Option<ProblemDocument>,
    subnets: Vec<SubnetRunDocument>,
}

#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "SubnetRun")]
struct SubnetRunDocument {
    subnet: SubnetId,
    cidr: String,
    description: String,
    #[ts(type = "'scanned' | 'left-out' | 'failed' | 'stopped'")]
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    scan: Option<ScanId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    counts: Option<CountsDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    left_out: Option<LeftOutDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    problem: Option<ProblemDocument>,
}

impl From<&Run> for RunDocument {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id,
            trigger: run.trigger,
            started_at: run.started_at,
            finished_at: run.finished_at,
            stopped: run.stopped,
            problem: run.problem.as_ref().map(ProblemDocument::of),
            subnets: run.subnets.iter().map(Into::into).collect(),
        }
    }
}

impl From<&SubnetRun> for SubnetRunDocument {
    fn from(part: &SubnetRun) -> Self {
        let mut document = Self {
            subnet: part.subnet,
            cidr: part.cidr.clone(),
            description: part.description.clone(),
            outcome: "stopped",
            scan: None,
            counts: None,
            left_out: None,
            problem: None,
        };
        match &part.outcome {
            Outcome::Scanned { scan, counts } => {
                document.outcome = "scanned";
                document.scan = Some(*scan);
                document.counts = Some((*counts).into());
            }
            Outcome::LeftOut { why } => {
                document.outcome = "left-out";
                document.left_out = Some(LeftOutDocument::of(why));
            }
            Outcome::Failed { problem } => {
                document.outcome = "failed";
                document.problem = Some(ProblemDocument::of(problem));
            }
            Outcome::Stopped => {}
        }
        document
    }
}
