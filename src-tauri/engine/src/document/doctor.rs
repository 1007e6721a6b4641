//! What was tried, step by step.

use serde::Serialize;
use ts_rs::TS;

use super::ProblemDocument;
use crate::doctor::{Found, Outcome, StepId};

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
    /// What `detail` has in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub found: Option<Found>,
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
        let (outcome, found, problem, because) = match outcome {
            Outcome::Ok(found) => ("ok", Some(found), None, None),
            Outcome::Warning(problem) => ("warning", None, Some(problem), None),
            Outcome::Failed(problem) => ("failed", None, Some(problem), None),
            Outcome::NotTried(because) => ("not-tried", None, None, Some(*because)),
        };
        Self {
            id,
            title: id.title(),
            outcome,
            detail: found.map(ToString::to_string),
            found: found.cloned(),
            problem: problem.map(ProblemDocument::of),
            because,
        }
    }
}

#[cfg(test)]
mod tests {
    use fieldscan_core::ids::AgentId;
    use serde_json::{Value, json};

    use super::*;
    use crate::vault::{Secret, Source};

    fn told(id: StepId, found: Found) -> Value {
        serde_json::to_value(StepDocument::of(id, &Outcome::Ok(found))).unwrap()
    }

    #[test]
    fn what_a_step_found_is_told_in_words_and_as_facts() {
        let agent = Found::Agent {
            id: AgentId(3),
            name: "depot".to_owned(),
        };
        assert_eq!(
            told(StepId::AgentCode, agent),
            json!({
                "id": "agent-code",
                "title": "Agent code",
                "outcome": "ok",
                "detail": "depot (agent 3)",
                "found": { "code": "agent", "id": 3, "name": "depot" },
            })
        );
        let secrets = Found::Secrets {
            secret: Secret::ClientToken,
            source: Source::CredentialsDirectory,
            auth_token: None,
        };
        assert_eq!(
            told(StepId::Keychain, secrets)["found"],
            json!({
                "code": "secrets",
                "secret": "client_token",
                "source": "credentials-directory",
                "auth_token": null,
            })
        );
        assert_eq!(
            told(StepId::Clock, Found::Clock { apart: 3 })["found"],
            json!({ "code": "clock", "apart": 3 })
        );
    }

    #[test]
    fn a_step_that_found_nothing_has_neither() {
        let failed = StepDocument::of(StepId::Tls, &Outcome::NotTried(StepId::Reachable));
        let told = serde_json::to_value(failed).unwrap();
        assert_eq!((told.get("detail"), told.get("found")), (None, None));
    }
}
