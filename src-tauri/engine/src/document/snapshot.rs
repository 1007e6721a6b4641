//! All that a view shows at one time.

use fieldscan_core::{
    ids::{RunId, SubnetId},
    present::{self, Icon},
    run::Trigger,
    snapshot::{DeliveryView, IpamView, Lists, Pause, Progress, Snapshot, Stage},
};
use jiff::Timestamp;
use serde::Serialize;
use ts_rs::TS;

use super::{HeldDocument, ProblemDocument, RunDocument, SubnetDocument, SurroundingsDocument};

/// The state of the agent at one time.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SnapshotDocument {
    pub revision: u64,
    pub now: Timestamp,
    pub headline: String,
    /// What the tray's icon shows.
    pub activity: Icon,
    pub run: Option<ProgressDocument>,
    pub last_run: Option<RunDocument>,
    pub subnets: Vec<SubnetDocument>,
    pub ipam: IpamView,
    pub delivery: DeliveryView,
    pub next_run: Option<Timestamp>,
    pub paused: Option<PauseDocument>,
    /// Why a scheduled run that is due waits.
    pub held: Option<HeldDocument>,
    pub surroundings: SurroundingsDocument,
    pub problems: Vec<ProblemDocument>,
    pub lists: Lists,
}

/// A run that goes on.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Progress")]
pub struct ProgressDocument {
    pub id: RunId,
    pub trigger: Trigger,
    pub started_at: Timestamp,
    pub stopping: bool,
    /// A pause holds it.
    pub held: bool,
    pub done: u32,
    pub total: u32,
    pub up: u32,
    /// Seconds left, once that can be told.
    pub eta_s: Option<u64>,
    pub subnets: Vec<SubnetProgressDocument>,
}

/// One subnet of a run that goes on.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "SubnetProgress")]
pub struct SubnetProgressDocument {
    pub subnet: SubnetId,
    pub cidr: String,
    pub stage: Stage,
    pub done: u32,
    pub total: u32,
    pub up: u32,
}

/// Until when runs wait; null until a person resumes.
#[derive(Debug, Clone, Copy, Serialize, TS)]
#[ts(rename = "Pause")]
pub struct PauseDocument {
    pub until: Option<Timestamp>,
}

impl SnapshotDocument {
    /// A snapshot as a document.
    pub fn of(snapshot: &Snapshot, now: Timestamp) -> Self {
        let name = |id| {
            let subnet = snapshot.subnets.iter().find(|subnet| subnet.id == id)?;
            Some(subnet.cidr.clone())
        };
        Self {
            revision: snapshot.revision,
            now,
            headline: present::headline(snapshot),
            activity: present::icon(snapshot),
            run: snapshot.run.as_ref().map(Into::into),
            last_run: snapshot.last_run.as_ref().map(Into::into),
            subnets: snapshot.subnets.iter().map(SubnetDocument::of).collect(),
            ipam: snapshot.ipam.clone(),
            delivery: snapshot.delivery,
            next_run: snapshot.next_run,
            paused: snapshot.paused.map(Into::into),
            held: snapshot.held.as_ref().map(HeldDocument::of),
            surroundings: SurroundingsDocument::of(&snapshot.surroundings),
            problems: snapshot
                .problems
                .iter()
                .map(|standing| ProblemDocument::standing(standing, &name))
                .collect(),
            lists: snapshot.lists,
        }
    }
}

impl From<&Progress> for ProgressDocument {
    fn from(run: &Progress) -> Self {
        Self {
            id: run.id,
            trigger: run.trigger,
            started_at: run.started_at,
            stopping: run.stopping,
            held: run.held,
            done: run.done,
            total: run.total,
            up: run.up,
            eta_s: run.eta.map(|eta| eta.as_secs()),
            subnets: run
                .subnets
                .iter()
                .map(|subnet| SubnetProgressDocument {
                    subnet: subnet.subnet,
                    cidr: subnet.cidr.clone(),
                    stage: subnet.stage,
                    done: subnet.done,
                    total: subnet.total,
                    up: subnet.up,
                })
                .collect(),
        }
    }
}

impl From<Pause> for PauseDocument {
    fn from(pause: Pause) -> Self {
        Self {
            until: match pause {
                Pause::Until(until) => Some(until),
                Pause::UntilResumed => None,
            },
        }
    }
}
