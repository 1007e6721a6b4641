//! What is said through the door: lines of JSON.
//!
//! Each side first says who it is ([`Hello`]). Then the visitor asks, and the house answers each request, in order; between
//! the answers come snapshots, for who asked for them.

use fieldscan_core::{
    agent::{Command, Scope},
    ids::{ReportId, RunId, SubnetId},
    place::PlaceChange,
    snapshot::{Pause, Snapshot},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version of what is said. Rises when something that was said before gets another meaning.
pub(super) const VERSION: u32 = 1;
/// The longest line of a visitor, in bytes: room for some thousand networks.
pub(super) const LONGEST_REQUEST: usize = 256 << 10;
/// The longest line of a house, in bytes: a snapshot of many thousand subnets.
pub(super) const LONGEST_ANSWER: usize = 32 << 20;

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of what is said.
    pub protocol: u32,
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// The program's file name.
    pub program: String,
    /// Whose data it works on: [`super::whose`]. Visitors say 0.
    #[serde(default)]
    pub whose: u64,
}

impl Hello {
    pub(super) fn of_this_process(whose: u64) -> Self {
        Self {
            protocol: VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            program: crate::store::program(),
            whose,
        }
    }
}

/// What a visitor may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what", deny_unknown_fields)]
pub(super) enum Request {
    /// Scan now.
    Scan {
        scope: Scope,
        #[serde(default)]
        refresh: bool,
    },
    /// Stop the run that goes on, if it is this one.
    Stop {
        #[serde(default)]
        run: Option<RunId>,
    },
    /// Ask phpIPAM for the assigned subnets.
    Refresh,
    /// Hold scheduled runs back, and the run that goes on.
    Pause { until: Pause },
    /// End a pause.
    Resume,
    /// Try reports again.
    Retry {
        #[serde(default)]
        report: Option<ReportId>,
    },
    /// Bind a subnet to a place, or part it from one.
    Place {
        subnet: SubnetId,
        change: PlaceChange,
    },
    /// Read settings and secrets again.
    Reload,
    /// Tell each new snapshot from now on.
    Subscribe,
    /// Show the window.
    Show {
        #[serde(default)]
        page: Option<String>,
    },
}

impl Request {
    /// What a command is asked for with; `None` for what nobody asks of another process.
    pub(super) fn of(command: Command) -> Option<Self> {
        Some(match command {
            Command::Scan { scope, refresh } => Self::Scan { scope, refresh },
            Command::Stop => Self::Stop { run: None },
            Command::Refresh => Self::Refresh,
            Command::Pause(until) => Self::Pause { until },
            Command::Resume => Self::Resume,
            Command::Retry(report) => Self::Retry { report },
            Command::Place { subnet, change } => Self::Place { subnet, change },
            // The other process reads them itself: they don't go through the door.
            Command::Settings(_) => Self::Reload,
            Command::Shutdown => return None,
        })
    }
}

/// A visitor's line after its hello.
#[derive(Serialize)]
pub(super) struct Asking<'a> {
    pub(super) id: u64,
    pub(super) ask: &'a Request,
}

/// The same as it arrives: what is asked for is read by itself, so that a refusal can say to which request it belongs.
#[derive(Deserialize)]
pub(super) struct Asked {
    pub(super) id: u64,
    pub(super) ask: Box<RawValue>,
}

/// A house's line after its hello.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Told {
    /// The newest snapshot.
    Snapshot(Box<Snapshot>),
    /// A request is done.
    Answer {
        id: u64,
        /// The run that does what was asked for.
        #[serde(default)]
        run: Option<RunId>,
    },
    /// A request is not done, or the visit is over (without an id).
    Refused {
        #[serde(default)]
        id: Option<u64>,
        why: Refusal,
    },
    /// The house closes.
    Bye,
}

/// Why something that was asked for through the door is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "code")]
pub enum Refusal {
    /// The line says nothing that is known.
    #[error("it was not understood: {detail}")]
    NotUnderstood {
        /// What is wrong with it.
        detail: String,
    },
    /// The line is too long.
    #[error("it is longer than {most} bytes")]
    TooLong {
        /// How long it may be.
        most: usize,
    },
    /// The two programs differ too much in age.
    #[error("it knows version {ours} of what is said between processes, not {yours}")]
    OtherProtocol {
        /// The version of the process that refuses.
        ours: u32,
        /// The version of the process that was refused.
        yours: u32,
    },
    /// Too many visitors.
    #[error("too many processes are connected to it")]
    Busy,
    /// Nothing was asked for too long.
    #[error("nothing was asked for too long")]
    Silent,
    /// The process has no windows.
    #[error("it has no window")]
    NoWindow,
    /// The settings can't be used; the old ones stay in force.
    #[error("the settings can't be used: {detail}")]
    SettingsUnusable {
        /// What is wrong with them.
        detail: String,
    },
    /// The run that was to be stopped is over.
    #[error("that run is over")]
    RunOver,
    /// It is ending.
    #[error("it is ending")]
    Ending,
    /// A fault in the process.
    #[error("it failed by a fault of its own; its log says more")]
    Fault,
    /// Something newer than this program.
    #[serde(other)]
    #[error("for a reason that this version doesn't know")]
    Other,
}
