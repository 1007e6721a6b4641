//! The state that the tray's icon shows.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    problem::{Problem, Severity, Subject},
    snapshot::Snapshot,
};

/// The tray's icon: five states that differ in shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "Activity")]
pub enum Icon {
    /// All is done, and the next run is awaited.
    Idle,
    /// A run goes on.
    Scanning,
    /// A server can't be reached, or reports wait: it goes on by itself.
    Waiting,
    /// A person must do something.
    Attention,
    /// Runs are held back by a person.
    Paused,
}

impl Icon {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Idle,
        Self::Scanning,
        Self::Waiting,
        Self::Attention,
        Self::Paused,
    ];

    /// Its name, as files and documents have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Scanning => "scanning",
            Self::Waiting => "waiting",
            Self::Attention => "attention",
            Self::Paused => "paused",
        }
    }
}

/// The icon for a snapshot.
///
/// A run that goes on comes first, since it soon ends and what it hides then shows again. What needs a person comes before a
/// pause, in which it would stay unseen, and a pause before what mends itself: it is what the person chose.
pub fn icon(snapshot: &Snapshot) -> Icon {
    let mut problems = snapshot.problems.iter().map(|standing| &standing.problem);
    if snapshot.run.as_ref().is_some_and(|run| !run.held) {
        Icon::Scanning
    } else if problems.any(|problem| problem.severity() == Severity::NeedsPerson) {
        Icon::Attention
    } else if snapshot.paused.is_some() || snapshot.run.is_some() {
        Icon::Paused
    } else if snapshot.ipam.offline
        || snapshot.delivery.waiting > 0
        || server_is_unreachable(snapshot)
    {
        Icon::Waiting
    } else {
        Icon::Idle
    }
}

/// Whether the scan server can't be reached or fails, and is tried again by itself.
pub(super) fn server_is_unreachable(snapshot: &Snapshot) -> bool {
    let is_that = |problem: &Problem| {
        problem.subject() == Subject::Server && problem.severity() == Severity::Waiting
    };
    let mut problems = snapshot.problems.iter();
    problems.any(|standing| is_that(&standing.problem))
}
