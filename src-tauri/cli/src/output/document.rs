//! The parts of which the JSON documents are made. Their meaning is written down in `docs/json.md`.

mod report;

use std::net::IpAddr;

use fieldscan_core::{
    compare::{Counts, Difference, Standing},
    host::{Mac, SeenBy},
    ids::{AddressId, RunId, ScanId, SubnetId},
    plan::{LeftOut, Mode},
    present,
    problem::{Problem, Severity, Standing as StandingProblem},
    report::host_name,
    run::{Outcome, Rights, Run, SubnetRun, Trigger},
    snapshot::{PlanView, SubnetView},
};
use fieldscan_engine::store::AddressRow;
use jiff::Timestamp;
use serde::Serialize;

pub(crate) use self::report::{ReportDocument, probably};

/// A problem with its facts and its words.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProblemDocument {
    #[serde(flatten)]
    pub(crate) problem: Problem,
    severity: Severity,
    area: String,
    what: String,
    remedy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<SaidDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize)]
struct SaidDocument {
    by: &'static str,
    words: String,
}

impl ProblemDocument {
    pub(crate) fn of(problem: &Problem) -> Self {
        Self::with(problem, None, &|_| None)
    }

    /// With subnets named, and since when it stands.
    pub(crate) fn standing(
        standing: &StandingProblem,
        name: &dyn Fn(SubnetId) -> Option<String>,
    ) -> Self {
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
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct CountsDocument {
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
#[derive(Debug, Serialize)]
pub(crate) struct SubnetDocument {
    id: SubnetId,
    cidr: String,
    description: String,
    plan: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOutDocument>,
    last_scan: Option<LastScanDocument>,
}

#[derive(Debug, Serialize)]
struct LastScanDocument {
    finished_at: Timestamp,
    counts: CountsDocument,
    ipam_stale: bool,
    rights: Rights,
}

/// Why a subnet is not scanned.
#[derive(Debug, Serialize)]
pub(crate) struct LeftOutDocument {
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

/// The plan's name, for text and JSON.
pub(crate) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Sweep => "sweep",
        Mode::Known => "known",
    }
}

impl SubnetDocument {
    pub(crate) fn of(subnet: &SubnetView) -> Self {
        let (plan, left_out) = match &subnet.plan {
            PlanView::Scanned(mode) => (mode_name(*mode), None),
            PlanView::LeftOut(why) => ("left-out", Some(LeftOutDocument::of(why))),
        };
        Self {
            id: subnet.id,
            cidr: subnet.cidr.clone(),
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
#[derive(Debug, Serialize)]
pub(crate) struct AddressDocument {
    pub(crate) ip: IpAddr,
    pub(crate) subnet: SubnetId,
    pub(crate) standing: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) misses: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<DifferenceDocument>,
    pub(crate) ipam: Option<IpamDocument>,
    pub(crate) seen: Option<SeenDocument>,
}

impl AddressDocument {
    /// What phpIPAM had of a field that differed when it was scanned.
    pub(crate) fn was(&self, field: &str) -> Option<&str> {
        let mut all = self.differences.iter();
        let difference = all.find(|difference| difference.field == field)?;
        difference.ipam.as_deref()
    }
}

#[derive(Debug, Serialize)]
struct DifferenceDocument {
    field: &'static str,
    ipam: Option<String>,
    seen: String,
}

/// What phpIPAM says of an address.
#[derive(Debug, Serialize)]
pub(crate) struct IpamDocument {
    id: AddressId,
    pub(crate) hostname: Option<String>,
    pub(crate) mac: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) note: Option<String>,
    is_gateway: bool,
    pub(crate) exclude_ping: bool,
    tag: Option<u64>,
    pub(crate) last_seen: Option<String>,
    edit_date: Option<String>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    custom: std::collections::BTreeMap<String, String>,
}

/// How an address was seen last.
#[derive(Debug, Serialize)]
pub(crate) struct SeenDocument {
    pub(crate) up: bool,
    pub(crate) hostname: Option<String>,
    ptr: Option<String>,
    pub(crate) mac: Option<String>,
    /// Whether the device has made its MAC up.
    mac_random: bool,
    /// Other MACs that answered for the same address.
    other_macs: Vec<String>,
    pub(crate) vendor: Option<String>,
    pub(crate) rtt_ms: Option<f64>,
    seen_by: SeenBy,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    scan: ScanId,
}

/// The word for a standing in JSON documents and exports.
pub(crate) fn standing_code(standing: &Standing) -> &'static str {
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
#[derive(Debug, Serialize)]
pub(crate) struct RunDocument {
    pub(crate) id: RunId,
    trigger: Trigger,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    stopped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemDocument>,
    subnets: Vec<SubnetRunDocument>,
}

#[derive(Debug, Serialize)]
struct SubnetRunDocument {
    subnet: SubnetId,
    cidr: String,
    description: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scan: Option<ScanId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<CountsDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOutDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
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
