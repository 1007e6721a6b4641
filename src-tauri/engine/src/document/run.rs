//! A run, and what became of each subnet in it.

use fieldscan_core::{
    ids::{RunId, ScanId, SubnetId},
    run::{Outcome, Run, SubnetRun, Trigger},
};
use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

use super::{CountsDocument, LeftOutDocument, ProblemDocument};

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
