//! A running instance that is told what this command has changed.

use std::time::Duration;

use fieldscan_engine::{
    door::{AskError, Refusal},
    run,
};

use crate::{failure::Failure, place::Place, session};

/// The change is made already: so long is waited for somebody to take it up.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether a running instance works with what was changed.
#[derive(Debug)]
pub(crate) enum TakenUp {
    /// None is running: the next one reads it anyway.
    Nobody,
    /// It does.
    Yes { pid: u32 },
    /// It doesn't, for now.
    No { why: String },
}

/// Has a running instance read settings and secrets again.
pub(crate) fn take_up(place: &Place) -> TakenUp {
    let asked = session::block_on(async {
        Ok(match run::connect_within(&place.data_dir, PATIENCE).await {
            Ok(None) => TakenUp::Nobody,
            Ok(Some(remote)) => {
                let pid = remote.peer().pid;
                match remote.reload().await {
                    Ok(()) => TakenUp::Yes { pid },
                    // It has ended meanwhile.
                    Err(AskError::Gone | AskError::Refused(Refusal::Ending)) => TakenUp::Nobody,
                    Err(error) => TakenUp::No {
                        why: Failure::from(error).what,
                    },
                }
            }
            // A command that ends by itself after one run.
            Err(fieldscan_engine::door::ConnectError::Closed { .. }) => TakenUp::Nobody,
            Err(error) => TakenUp::No {
                why: Failure::from(error).what,
            },
        })
    });
    asked.unwrap_or_else(|failure| TakenUp::No { why: failure.what })
}

impl TakenUp {
    /// For documents: null if none is running.
    pub(crate) fn document(&self) -> Option<bool> {
        match self {
            Self::Nobody => None,
            Self::Yes { .. } => Some(true),
            Self::No { .. } => Some(false),
        }
    }

    /// A line for people, where there is something to say.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Yes { pid } => {
                format!("The running Fieldscan (process {pid}) works with it from now on.\n")
            }
            Self::No { why } => {
                format!(
                    "The running Fieldscan does not yet work with it: end it and start it again. {why}\n"
                )
            }
        }
    }
}
