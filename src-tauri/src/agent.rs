//! The one agent of this process: started, kept running, asked and ended here.
//!
//! It may not be there: without settings, with settings that can't be used, or while another process has the database.
//! Then the snapshots say what is in the way, with what the database holds beside it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fieldscan_core::{
    agent::Command,
    problem::{Problem, Standing},
    settings::Settings,
    snapshot::Snapshot,
};
use fieldscan_engine::{
    logging::{Logs, Redactor},
    place::{self, Place, Records},
    run::{self, Handle, Setup},
    settings_file,
    vault::Vault,
};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

/// What is in the way may go by itself: it is looked at this often.
const TRY_AGAIN: Duration = Duration::from_secs(15);

/// After a fault of its own the agent is not started again at once: it could fail for ever.
const AFTER_A_FAULT: Duration = Duration::from_secs(60);

/// The agent from anywhere in this process. Cloning it makes another handle on the same one.
#[derive(Clone)]
pub(crate) struct Agent {
    asks: mpsc::UnboundedSender<Ask>,
    snapshots: watch::Receiver<Snapshot>,
    shared: Arc<Shared>,
}

struct Shared {
    place: Place,
    settings: Mutex<Settings>,
    redactor: Redactor,
    logs: Option<Logs>,
}

enum Ask {
    Command(Command),
    /// The settings file or a secret may have changed.
    Reread,
    End(oneshot::Sender<()>),
}

impl Agent {
    /// Starts the agent on the current tokio runtime.
    pub(crate) fn start(place: Place, redactor: Redactor, logs: Option<Logs>) -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        let (snapshot, snapshots) = watch::channel(Snapshot::default());
        let shared = Arc::new(Shared {
            place,
            settings: Mutex::default(),
            redactor,
            logs,
        });
        tokio::spawn(keep(shared.clone(), asked, snapshot));
        Self {
            asks,
            snapshots,
            shared,
        }
    }

    /// Asks for something. What comes of it is seen in the snapshots.
    pub(crate) fn send(&self, command: Command) {
        // After the end there is nobody left to ask, and nothing to lose by it.
        let _ = self.asks.send(Ask::Command(command));
    }

    /// Has the settings read again, and the secrets asked for again.
    pub(crate) fn reread(&self) {
        let _ = self.asks.send(Ask::Reread);
    }

    /// The newest snapshot, and word of each new one.
    pub(crate) fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// Where settings and data are.
    pub(crate) fn place(&self) -> &Place {
        &self.shared.place
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> Settings {
        self.shared.settings().clone()
    }

    /// By the corrected clock.
    pub(crate) fn now(&self) -> Timestamp {
        place::corrected(&self.shared.settings())
    }

    /// Ends the agent and waits until everything is written.
    pub(crate) async fn end(&self) {
        let (ended, end) = oneshot::channel();
        if self.asks.send(Ask::End(ended)).is_ok() {
            let _ = end.await;
        }
    }

    /// Waits until what was logged is in its file.
    pub(crate) fn flush_logs(&self) {
        if let Some(logs) = &self.shared.logs {
            logs.flush();
        }
    }
}

impl Shared {
    fn settings(&self) -> std::sync::MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the settings and takes them in force, if they can be used.
    fn reread(&self) -> Result<Settings, Problem> {
        let (settings, warnings) = match settings_file::read(&self.place.settings_file) {
            Ok(read) => read.unwrap_or_default(),
            Err(error) => return Err(Problem::from(&error)),
        };
        for warning in warnings {
            tracing::warn!("settings: {warning}");
        }
        if let Some(logs) = &self.logs {
            logs.set_level(settings.log_level);
        }
        *self.settings() = settings.clone();
        place::complete(&settings)?;
        Ok(settings)
    }

    fn start(&self, settings: Settings) -> Result<Handle, Problem> {
        let options = place::options(&settings, true, false);
        Ok(run::start(Setup {
            settings,
            vault: Vault::open(),
            redactor: self.redactor.clone(),
            data_dir: self.place.data_dir.clone(),
            nmap: self.place.nmap.clone(),
            options,
        })?)
    }

    /// What there is to be seen without an agent.
    fn without_agent(&self, standing: &Standing, revision: u64) -> Snapshot {
        let settings = self.settings().clone();
        let records = Records::open(&self.place, settings);
        let kept = records.ok().flatten().and_then(|it| it.snapshot().ok());
        let mut snapshot = kept.unwrap_or_default();
        snapshot.revision = revision;
        // Nothing begins by itself as long as there is no agent.
        snapshot.next_run = None;
        snapshot.problems.insert(0, standing.clone());
        snapshot
    }
}

/// The task that owns the agent.
async fn keep(
    shared: Arc<Shared>,
    mut asked: mpsc::UnboundedReceiver<Ask>,
    snapshot: watch::Sender<Snapshot>,
) {
    // What is in the way, and since when.
    let mut obstacle: Option<Standing> = None;
    loop {
        let started = match &obstacle {
            Some(fault) if fault.problem == Problem::AgentEnded => Err(Problem::AgentEnded),
            Some(_) | None => shared.reread().and_then(|settings| shared.start(settings)),
        };
        let end = match started {
            Ok(handle) => {
                obstacle = None;
                attend(&shared, handle, &mut asked, &snapshot).await
            }
            Err(problem) => {
                let standing = match obstacle.take() {
                    Some(standing) if standing.problem == problem => standing,
                    Some(_) | None => {
                        tracing::warn!(code = problem.code(), "there is no agent");
                        let since = place::corrected(&shared.settings());
                        Standing { problem, since }
                    }
                };
                let end = stand_by(&shared, &standing, &mut asked, &snapshot).await;
                obstacle = Some(standing).filter(|it| it.problem != Problem::AgentEnded);
                end
            }
        };
        match end {
            End::Asked(ended) => {
                let _ = ended.send(());
                return;
            }
            End::Again => {}
            End::Fault => {
                tracing::error!("the agent ended by a fault of its own");
                obstacle = Some(Standing {
                    problem: Problem::AgentEnded,
                    since: place::corrected(&shared.settings()),
                });
            }
        }
    }
}

/// How a while with or without an agent ended.
enum End {
    Asked(oneshot::Sender<()>),
    Again,
    Fault,
}

/// Hands on what is asked, and shows what the agent shows, until one of both ends.
async fn attend(
    shared: &Shared,
    handle: Handle,
    asked: &mut mpsc::UnboundedReceiver<Ask>,
    snapshot: &watch::Sender<Snapshot>,
) -> End {
    let mut snapshots = handle.snapshots();
    // Views keep the highest revision, and an agent that is started anew begins with a low one.
    let before = snapshot.borrow().revision;
    let show = |mut newest: Snapshot| {
        newest.revision += before + 1;
        snapshot.send_replace(newest);
    };
    show(snapshots.borrow_and_update().clone());
    loop {
        tokio::select! {
            changed = snapshots.changed() => match changed {
                Ok(()) => show(snapshots.borrow_and_update().clone()),
                Err(_) => return End::Fault,
            },
            ask = asked.recv() => match ask {
                Some(Ask::Command(command)) => handle.send(command),
                Some(Ask::Reread) => match shared.reread() {
                    Ok(settings) => handle.send(Command::Settings(Box::new(settings))),
                    Err(problem) => {
                        tracing::error!(code = problem.code(), "the settings can't be used any more");
                        handle.shutdown().await;
                        return End::Again;
                    }
                },
                Some(Ask::End(ended)) => {
                    handle.shutdown().await;
                    return End::Asked(ended);
                }
                None => {
                    // Nobody can ask any more, not even for an end.
                    handle.shutdown().await;
                    std::future::pending().await
                }
            },
        }
    }
}

/// Shows what is in the way, for a while or until something may have changed.
async fn stand_by(
    shared: &Shared,
    standing: &Standing,
    asked: &mut mpsc::UnboundedReceiver<Ask>,
    snapshot: &watch::Sender<Snapshot>,
) -> End {
    let revision = snapshot.borrow().revision + 1;
    let shown = tokio::task::block_in_place(|| shared.without_agent(standing, revision));
    snapshot.send_replace(shown);
    let again = tokio::time::sleep(match standing.problem {
        Problem::AgentEnded => AFTER_A_FAULT,
        _ => TRY_AGAIN,
    });
    tokio::pin!(again);
    loop {
        tokio::select! {
            () = &mut again => return End::Again,
            ask = asked.recv() => match ask {
                // There is nobody who could do it, and what stands in the way is told.
                Some(Ask::Command(_)) => {}
                Some(Ask::Reread) => return End::Again,
                Some(Ask::End(ended)) => return End::Asked(ended),
                None => std::future::pending().await,
            },
        }
    }
}
