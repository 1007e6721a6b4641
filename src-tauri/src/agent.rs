//! The one agent of this process: started, kept running, asked and ended here.
//!
//! Where settings are missing or can't be used, the agent rests: it holds the data folder, so that a second start finds
//! this one, and does nothing by itself. Where another process holds the folder, this one is a face of that one's agent.
//! And where there is no agent at all, the snapshots say what is in the way, with what the database holds beside it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fieldscan_core::{
    agent::Command,
    notice::Notice,
    place::Surroundings,
    present::{self, Page},
    problem::{Problem, Standing},
    settings::Settings,
    snapshot::Snapshot,
};
use fieldscan_engine::{
    door::{self, Door, Remote},
    logging::{Logs, Redactor},
    place::{self, Place, Records},
    run::{self, Handle, Setup},
    settings_file,
    store::OpenError,
    vault::Vault,
};
use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// What is in the way may go by itself: it is looked at this often.
const TRY_AGAIN: Duration = Duration::from_secs(15);

/// After a fault of its own the agent is not started again at once: it could fail for ever.
const AFTER_A_FAULT: Duration = Duration::from_secs(60);

/// Who holds the folder may take this long to answer.
const ANSWER: Duration = Duration::from_secs(3);

/// As many notices may wait to be shown; more are only in the database.
const NOTICES: usize = 64;

/// The agent from anywhere in this process. Cloning it makes another handle on the same one.
#[derive(Clone)]
pub(crate) struct Agent {
    shared: Arc<Shared>,
    snapshots: watch::Receiver<Snapshot>,
}

struct Shared {
    place: Place,
    settings: Mutex<Settings>,
    redactor: Redactor,
    logs: Option<Logs>,
    asks: mpsc::UnboundedSender<Ask>,
    notices: broadcast::Sender<Notice>,
    shows: mpsc::UnboundedSender<Option<Page>>,
}

enum Ask {
    Command(Command),
    /// The settings file or a secret may have changed.
    Reread,
    End(oneshot::Sender<()>),
}

impl Agent {
    /// Starts the agent on the current tokio runtime. Pages that other processes want to see come out of the receiver.
    pub(crate) fn start(
        place: Place,
        redactor: Redactor,
        logs: Option<Logs>,
    ) -> (Self, mpsc::UnboundedReceiver<Option<Page>>) {
        let (asks, asked) = mpsc::unbounded_channel();
        let (shows, pages) = mpsc::unbounded_channel();
        let (snapshot, snapshots) = watch::channel(Snapshot::default());
        let shared = Arc::new(Shared {
            place,
            settings: Mutex::default(),
            redactor,
            logs,
            asks,
            notices: broadcast::channel(NOTICES).0,
            shows,
        });
        tokio::spawn(keep(shared.clone(), asked, snapshot));
        (Self { shared, snapshots }, pages)
    }

    /// Asks for something. What comes of it is seen in the snapshots.
    pub(crate) fn send(&self, command: Command) {
        // After the end there is nobody left to ask, and nothing to lose by it.
        let _ = self.shared.asks.send(Ask::Command(command));
    }

    /// Has the settings read again, and the secrets asked for again.
    pub(crate) fn reread(&self) {
        let _ = self.shared.asks.send(Ask::Reread);
    }

    /// The newest snapshot, and word of each new one.
    pub(crate) fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// The newest snapshot.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.snapshots.borrow().clone()
    }

    /// The notices from now on.
    pub(crate) fn notices(&self) -> broadcast::Receiver<Notice> {
        self.shared.notices.subscribe()
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
        self.shared.now()
    }

    /// Ends the agent and waits until everything is written.
    pub(crate) async fn end(&self) {
        let (ended, end) = oneshot::channel();
        if self.shared.asks.send(Ask::End(ended)).is_ok() {
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
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        place::corrected(&self.settings())
    }

    /// Reads the settings and takes them in force, as far as they can be used.
    fn reread(&self) -> Result<Settings, Problem> {
        let (settings, warnings) = match settings_file::read(&self.place.settings_file) {
            Ok(read) => read.unwrap_or_default(),
            Err(error) => {
                *self.settings() = Settings::default();
                return Err(Problem::from(&error));
            }
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

    /// Starts an agent; one that rests begins nothing by itself.
    fn start(self: &Arc<Self>, rests: bool) -> Result<Handle, OpenError> {
        let settings = self.settings().clone();
        let options = place::options(&settings, !rests, rests);
        run::start(Setup {
            settings,
            vault: Vault::open(),
            redactor: self.redactor.clone(),
            data_dir: self.place.data_dir.clone(),
            nmap: self.place.nmap.clone(),
            options,
            door: Some(Door::new(Keeper(self.clone()))),
        })
    }

    /// What there is to be seen without an agent.
    fn without_agent(&self, standing: &Standing, revision: u64) -> Snapshot {
        let settings = self.settings().clone();
        let records = Records::open(&self.place, settings);
        let kept = records
            .ok()
            .flatten()
            .and_then(|it| it.snapshot(Surroundings::default()).ok());
        let mut snapshot = kept.unwrap_or_default();
        snapshot.revision = revision;
        // Nothing begins by itself as long as there is no agent.
        snapshot.next_run = None;
        snapshot.problems.insert(0, standing.clone());
        snapshot
    }
}

/// Does for other processes what the agent can't.
struct Keeper(Arc<Shared>);

impl door::Keeper for Keeper {
    fn settings(&self) -> Result<Settings, String> {
        let read = self.0.reread();
        // An agent that rests is started anew.
        let _ = self.0.asks.send(Ask::Reread);
        read.map_err(|problem| present::words(&problem).line())
    }

    fn show(&self, page: Option<&str>) -> bool {
        // A page that doesn't exist is no reason not to show the window.
        let page = page.and_then(|page| page.parse().ok());
        self.0.shows.send(page).is_ok()
    }
}

/// What can be had on the data folder.
enum Had {
    /// An agent of our own.
    Own(Handle),
    /// An agent of our own that rests, for this reason.
    Resting(Handle, Problem),
    /// That of another process.
    Other(Remote),
    Nothing(Problem),
}

async fn have(shared: &Arc<Shared>) -> Had {
    let obstacle = shared.reread().err();
    match shared.start(obstacle.is_some()) {
        Ok(handle) => match obstacle {
            Some(problem) => Had::Resting(handle, problem),
            None => Had::Own(handle),
        },
        Err(held @ OpenError::Held { .. }) => {
            match run::connect_within(&shared.place.data_dir, ANSWER).await {
                Ok(Some(remote)) => Had::Other(remote),
                Ok(None) => Had::Nothing(held.into()),
                Err(error) => {
                    tracing::debug!(%error, "the agent of another process can't be asked");
                    Had::Nothing(held.into())
                }
            }
        }
        Err(error) => Had::Nothing(error.into()),
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
        let stands = |obstacle: Option<Standing>, problem: Problem| match obstacle {
            Some(standing) if standing.problem == problem => standing,
            Some(_) | None => {
                tracing::warn!(code = problem.code(), "the agent is kept from working");
                let since = shared.now();
                Standing { problem, since }
            }
        };
        let had = match &obstacle {
            Some(fault) if fault.problem == Problem::AgentEnded => {
                Had::Nothing(Problem::AgentEnded)
            }
            Some(_) | None => have(&shared).await,
        };
        let end = match had {
            Had::Own(handle) => {
                obstacle = None;
                let end = attend(&shared, &handle, None, &mut asked, &snapshot).await;
                handle.shutdown().await;
                end
            }
            Had::Resting(handle, problem) => {
                let standing = stands(obstacle.take(), problem);
                let end = attend(&shared, &handle, Some(&standing), &mut asked, &snapshot).await;
                handle.shutdown().await;
                obstacle = Some(standing);
                end
            }
            Had::Other(remote) => {
                obstacle = None;
                tracing::info!(pid = remote.peer().pid, "another process has the agent");
                let handle = remote.handle();
                let end = attend(&shared, handle, None, &mut asked, &snapshot).await;
                handle.shutdown().await;
                match end {
                    // It has ended, or the line is broken.
                    End::Fault => End::Again,
                    End::Again | End::Asked(_) => end,
                }
            }
            Had::Nothing(problem) => {
                let standing = stands(obstacle.take(), problem);
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
                    since: shared.now(),
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
    handle: &Handle,
    obstacle: Option<&Standing>,
    asked: &mut mpsc::UnboundedReceiver<Ask>,
    snapshot: &watch::Sender<Snapshot>,
) -> End {
    let mut snapshots = handle.snapshots();
    let mut notices = handle.notices();
    // Views keep the highest revision, and an agent that is started anew begins with a low one.
    let before = snapshot.borrow().revision;
    let show = |mut newest: Snapshot| {
        newest.revision += before + 1;
        if let Some(standing) = obstacle {
            newest.problems.retain(|it| it.problem != standing.problem);
            newest.problems.insert(0, standing.clone());
        }
        snapshot.send_replace(newest);
    };
    show(snapshots.borrow_and_update().clone());
    loop {
        tokio::select! {
            changed = snapshots.changed() => match changed {
                Ok(()) => show(snapshots.borrow_and_update().clone()),
                Err(_) => return End::Fault,
            },
            Ok(notice) = notices.recv() => {
                // Nobody may be there to show it; it is in the database.
                let _ = shared.notices.send(notice);
            }
            ask = asked.recv() => match ask {
                Some(Ask::Command(command)) => handle.send(command),
                Some(Ask::Reread) => match (shared.reread(), obstacle) {
                    (Ok(settings), None) => handle.send(Command::Settings(Box::new(settings))),
                    (Ok(_) | Err(_), Some(_)) | (Err(_), None) => return End::Again,
                },
                Some(Ask::End(ended)) => return End::Asked(ended),
                // Nobody can ask any more, not even for an end.
                None => std::future::pending().await,
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

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use fieldscan_core::problem::Severity;

    use super::*;

    /// Bounds every wait.
    const SOON: Duration = Duration::from_secs(20);

    const COMPLETE: &str =
        "api_url: https://127.0.0.1:1\nclient_name: app\nscanagent_code: code\nschedule: off\n";

    fn start(folder: &Path) -> (Agent, mpsc::UnboundedReceiver<Option<Page>>) {
        let place = Place {
            settings_file: folder.join("settings.yaml"),
            data_dir: folder.join("data"),
            nmap: None,
        };
        Agent::start(place, Redactor::default(), None)
    }

    async fn until(agent: &Agent, what: &str, is: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let mut snapshots = agent.snapshots();
        let seen = tokio::time::timeout(SOON, snapshots.wait_for(is)).await;
        match seen {
            Ok(Ok(snapshot)) => snapshot.clone(),
            Ok(Err(_)) | Err(_) => panic!("never seen: {what}; at last {:?}", agent.snapshot()),
        }
    }

    fn first(snapshot: &Snapshot) -> Option<&Problem> {
        snapshot.problems.first().map(|standing| &standing.problem)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn without_settings_the_agent_rests_until_there_are_some() {
        let folder = tempfile::tempdir().unwrap();
        let (agent, _pages) = start(folder.path());
        let missing = |it: &Snapshot| matches!(first(it), Some(Problem::SettingMissing { .. }));
        let rests = until(&agent, "what is missing", missing).await;
        assert_eq!(rests.next_run, None, "nothing begins by itself");

        fs::write(agent.place().settings_file.clone(), "api_url: [\n").unwrap();
        agent.reread();
        let invalid = |it: &Snapshot| matches!(first(it), Some(Problem::SettingsInvalid { .. }));
        let broken = until(&agent, "what is wrong", invalid).await;
        assert!(broken.revision > rests.revision, "views keep the highest");

        fs::write(agent.place().settings_file.clone(), COMPLETE).unwrap();
        agent.reread();
        let works = until(&agent, "an agent at work", |it| it.problems.is_empty()).await;
        assert!(works.revision > broken.revision);
        assert_eq!(agent.settings().client_name.as_deref(), Some("app"));
        tokio::time::timeout(SOON, agent.end()).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_second_start_finds_the_first_even_before_it_is_set_up() {
        let folder = tempfile::tempdir().unwrap();
        let (agent, mut pages) = start(folder.path());
        until(&agent, "a rest", |it| !it.problems.is_empty()).await;
        let first = run::connect(&agent.place().data_dir)
            .await
            .unwrap()
            .unwrap();
        first.show(Some("settings/phpipam")).await.unwrap();
        let shown = tokio::time::timeout(SOON, pages.recv()).await.unwrap();
        let wanted: Page = "settings/phpipam".parse().unwrap();
        assert_eq!(shown, Some(Some(wanted)));
        first.show(Some("no/such/page")).await.unwrap();
        let shown = tokio::time::timeout(SOON, pages.recv()).await.unwrap();
        assert_eq!(shown, Some(None), "the window comes all the same");
        tokio::time::timeout(SOON, agent.end()).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn beside_another_process_it_is_a_face_of_that_ones_agent() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("settings.yaml"), COMPLETE).unwrap();
        let (one, _pages) = start(folder.path());
        until(&one, "an agent at work", |it| it.problems.is_empty()).await;
        let (other, _pages) = start(folder.path());
        until(&other, "the same agent", |it| it.revision > 0).await;
        other.send(Command::Pause(
            fieldscan_core::snapshot::Pause::UntilResumed,
        ));
        until(&one, "a pause that the other asked for", |it| {
            it.paused.is_some()
        })
        .await;
        until(&other, "the pause in the other", |it| it.paused.is_some()).await;

        tokio::time::timeout(SOON, one.end()).await.unwrap();
        // Its agent is gone: the other one goes on by itself.
        until(&other, "an agent of its own", |it| {
            it.paused.is_some()
                && it
                    .problems
                    .iter()
                    .all(|it| it.problem.severity() != Severity::Waiting)
        })
        .await;
        tokio::time::timeout(SOON, other.end()).await.unwrap();
    }
}
