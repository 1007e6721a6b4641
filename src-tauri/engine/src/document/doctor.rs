//! What was tried, step by step.

use serde::Serialize;
use ts_rs::TS;

use super::ProblemDocument;
use crate::doctor::{Outcome, StepId};

/// All steps.
#[derive(Debug, Clone, Serialize, TS)]
pub struct DoctorDocument {
    pub ok: bool,
    pub steps: Vec<StepDocument>,
}

/// A step that ended.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "DoctorStep")]
pub struct StepDocument {
    pub id: StepId,
    pub title: &'static str,
    #[ts(type = "'ok' | 'warning' | 'failed' | 'not-tried'")]
    pub outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<ProblemDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub because: Option<StepId>,
}

impl DoctorDocument {
    /// All steps as a document.
    pub fn of(steps: &[(StepId, Outcome)]) -> Self {
        Self {
            ok: !steps
                .iter()
                .any(|(_, outcome)| matches!(outcome, Outcome::Failed(_))),
            steps: steps
                .iter()
                .map(|(id, outcome)| StepDocument::of(*id, outcome))
                .collect(),
        }
    }
}

impl StepDocument {
    /// A step with how it ended.
    pub fn of(id: StepId, outcome: &Outcome) -> Self {
        let (outcome, detail, problem, because) = match outcome {
            Outcome::Ok(detail) => ("ok", Some(detail.clone()), None, None),
            Outcome::Warning(problem) => ("warning", None, Some(problem), None),
            Outcome::Failed(problem) => ("failed", None, Some(problem), None),
            Outcome::NotTried(because) => ("not-tried", None, None, Some(*because)),
        };
        Self {
            id,
            title: id.title(),
            outcome,
            detail,
            problem: problem.map(ProblemDocument::of),
            because,
        }
    }
}
