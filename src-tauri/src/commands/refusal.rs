//! Why a command could not be done, as the window is told: what happened, and what to do.

use fieldscan_core::{
    present::{self, Words},
    problem::Problem,
};
use fieldscan_engine::{
    settings_file::{ReadError, WriteError},
    store::{OpenError, StoreError},
};
use serde::Serialize;
use ts_rs::TS;

/// A command that could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) what: String,
    pub(crate) remedy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub(crate) detail: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            what: what.into(),
            remedy: remedy.into(),
            detail: None,
        }
    }

    /// With what somebody else said, or the places of mistakes.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// A fault of our own: work that was begun broke off.
    pub(crate) fn broke_off(error: &dyn std::fmt::Display) -> Self {
        Self::new(
            "broke-off",
            "This could not be finished: a fault in Fieldscan itself.",
            "Try it again. Its log says more, and the diagnostics hold it.",
        )
        .detail(error.to_string())
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let Words {
            what, remedy, said, ..
        } = present::words(&problem);
        Self {
            code: problem.code(),
            what,
            remedy,
            detail: said.map(|said| said.words),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        Problem::from(error).into()
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        Self::from(Problem::from(&error)).detail(error.to_string())
    }
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Broken(error) => error.into(),
            WriteError::Refused(_) => Self::new(
                "settings-refused",
                "The settings were not changed.",
                "Correct what is marked.",
            )
            .detail(error.to_string()),
            WriteError::Io { .. } => Self::new(
                "settings-unwritten",
                "The settings could not be written; they are as they were.",
                "Check the permissions and the disk of their folder.",
            )
            .detail(error.to_string()),
        }
    }
}
