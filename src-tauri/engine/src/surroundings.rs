//! What the system says of network and power: one trait, and an implementation for each kind of system.
//!
//! Nothing here decides anything: a [`Surroundings`] goes to the agent whenever it changed. Whatever can't be found out is
//! not known, which holds nothing back. Nothing is written to the log above DEBUG that would tell where a person is.

use std::{future::Future, time::Duration};

use fieldscan_core::{
    agent::Input,
    place::{Link, Surroundings},
};
use tokio::sync::mpsc::UnboundedSender;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod others;
#[cfg(any(target_os = "macos", test))]
mod pmset;

#[cfg(target_os = "linux")]
use linux::Linux as Own;
#[cfg(not(target_os = "linux"))]
use others::Other as Own;

/// Changes come in bursts: a cable that is plugged in makes a dozen.
const BURST: Duration = Duration::from_millis(300);
/// The first look must not keep an agent from starting.
const FIRST_LOOK: Duration = Duration::from_secs(2);

/// A system that can be asked, and that says when to ask again.
trait System: Send {
    /// What it says now.
    fn look(&mut self) -> impl Future<Output = Surroundings> + Send;
    /// Waits until that may have changed.
    fn changed(&mut self) -> impl Future<Output = Change> + Send;
}

/// What may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Something with the network or the power.
    Something,
    /// The machine woke up.
    Woke,
}

/// What this machine's system says now.
pub async fn look() -> Surroundings {
    let look = async { Own::start().await.look().await };
    tokio::time::timeout(FIRST_LOOK, look)
        .await
        .unwrap_or_default()
}

/// Where this machine is, without network state and power: for a process that makes one run and ends.
pub(crate) async fn place() -> Surroundings {
    Surroundings {
        networks: links().await,
        ..Surroundings::default()
    }
}

/// The links with a default route, the one that packets take first.
async fn links() -> Vec<Link> {
    Own::links().await
}

/// What the system says, and then word of every change, for as long as the agent runs.
#[derive(Debug)]
pub(crate) struct Watch {
    system: Own,
    last: Surroundings,
}

impl Watch {
    /// Looks for the first time.
    pub(crate) async fn start() -> Self {
        let mut system = Own::start().await;
        let last = tokio::time::timeout(FIRST_LOOK, system.look()).await;
        Self {
            system,
            last: last.unwrap_or_default(),
        }
    }

    /// What it said last.
    pub(crate) fn last(&self) -> Surroundings {
        self.last.clone()
    }

    /// Tells the agent of changes until nobody listens any more.
    pub(crate) async fn follow(self, inputs: UnboundedSender<Input>) {
        follow(self.system, self.last, inputs).await;
    }
}

async fn follow(mut system: impl System, mut last: Surroundings, inputs: UnboundedSender<Input>) {
    while !inputs.is_closed() {
        if system.changed().await == Change::Woke {
            tracing::debug!("the machine woke up");
            let _ = inputs.send(Input::Woke);
        }
        tokio::time::sleep(BURST).await;
        let now = system.look().await;
        if now != last {
            tracing::debug!(?now, "other surroundings");
            last = now.clone();
            let _ = inputs.send(Input::Surroundings(Box::new(now)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::sync::mpsc;

    use super::*;

    /// Says one thing after another, and then that nothing changes any more.
    struct Scripted(VecDeque<(Change, Surroundings)>);

    impl System for Scripted {
        async fn look(&mut self) -> Surroundings {
            let (_, surroundings) = self.0.pop_front().unwrap();
            surroundings
        }

        async fn changed(&mut self) -> Change {
            match self.0.front() {
                Some((change, _)) => *change,
                None => std::future::pending().await,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_changes_are_told() {
        let online = |online| Surroundings {
            online: Some(online),
            ..Surroundings::default()
        };
        let script = [
            (Change::Something, online(true)),
            (Change::Something, online(true)),
            (Change::Woke, online(true)),
            (Change::Something, online(false)),
        ];
        let (inputs, mut told) = mpsc::unbounded_channel();
        let system = Scripted(script.into());
        tokio::spawn(follow(system, Surroundings::default(), inputs));
        let mut words = Vec::new();
        for _ in 0..3 {
            words.push(match told.recv().await.unwrap() {
                Input::Surroundings(surroundings) => format!("{:?}", surroundings.online),
                Input::Woke => "woke".to_owned(),
                other => panic!("{other:?}"),
            });
        }
        assert_eq!(words, ["Some(true)", "woke", "Some(false)"]);
        assert!(told.try_recv().is_err(), "nothing is told twice");
    }
}
