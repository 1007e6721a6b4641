//! The parts of which the JSON documents are made, for programs and for the window. Their meaning is written down in
//! `docs/json.md`.
#![expect(missing_docs, reason = "docs/json.md says what the fields mean")]

mod address;
mod changes;
mod doctor;
mod lists;
mod report;
mod run;
mod settings;
mod snapshot;
mod subnet;
mod surroundings;

use fieldscan_core::{
    ids::SubnetId,
    present,
    problem::{Problem, Severity, Standing as StandingProblem},
};
use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

use crate::text;

pub use self::{
    address::{AddressDocument, IpamDocument, SeenDocument, standing_code},
    changes::{ChangesDocument, changes_documents},
    doctor::{DoctorDocument, StepDocument},
    lists::{
        AddressesDocument, HostsAtDocument, NoticeDocument, OneReportDocument, OneRunDocument,
        SightingDocument,
    },
    report::{ReportDocument, probably},
    run::RunDocument,
    settings::{SecretDocument, SettingDocument, setting_documents, source_code},
    snapshot::{PauseDocument, ProgressDocument, SnapshotDocument, SubnetProgressDocument},
    subnet::{CountsDocument, LeftOutDocument, SubnetDocument, mode_name},
    surroundings::{HeldDocument, HereDocument, SiteDocument, SurroundingsDocument},
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
