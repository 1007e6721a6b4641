//! The agent that a command works with: its own, or that of a running process; and how people stop it.

use std::sync::Arc;

use fieldscan_core::settings::{LogLevel, Settings};
use fieldscan_engine::{
    door::{self, Door, Remote},
    logging::{self, Console, Logs, Redactor},
    run::{self, Handle, Setup},
    store::OpenError,
    vault::Vault,
};

use crate::{
    failure::{Exit, Failure, exit_of},
    output::{note, plain},
    place::{Place, complete, options},
};

/// An agent that works.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) handle: Handle,
    /// Of an agent of this process.
    logs: Option<Arc<Logs>>,
    /// Where the agent is another process's.
    pub(crate) remote: Option<Remote>,
}

/// Runs a command that needs the agent.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(Exit::Fault, "runtime", "Fieldscan could not start.")
                .detail(error.to_string())
        })?;
    let result = runtime.block_on(command);
    // A keychain that never answers must not keep the process.
    runtime.shutdown_background();
    result
}

/// Two processes that start at once may each find the other gone; so often that is tried again.
const TRIES: u32 = 5;

impl Session {
    /// Starts an agent that stays, and lets other processes in.
    pub(crate) fn stay(
        place: &Place,
        settings: Settings,
        door: impl FnOnce(Option<Arc<Logs>>) -> Door,
    ) -> Result<Self, Failure> {
        complete(&settings).map_err(|problem| Failure::of(exit_of(&problem), problem))?;
        let (logs, redactor) = begin_logs(place, &settings, true);
        let door = Some(door(logs.clone()));
        let setup = Setup {
            door,
            ..setup(place, settings, redactor)
        };
        Ok(Self::own(run::start(setup)?, logs))
    }

    /// Reaches the agent that a process runs on this place's data; where there is none, starts one for this command.
    /// `may_ask` says whether a running one can do what is wanted.
    pub(crate) async fn reach(
        place: &Place,
        settings: Settings,
        hold_uploads: bool,
        may_ask: impl FnOnce(&Remote) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        complete(&settings).map_err(|problem| Failure::of(exit_of(&problem), problem))?;
        let mut logs = None;
        for _ in 0..TRIES {
            if let Some(remote) = run::connect(&place.data_dir).await? {
                may_ask(&remote)?;
                return Self::of(place, &settings, remote).await;
            }
            let (logs, redactor) = logs.get_or_insert_with(|| begin_logs(place, &settings, false));
            let mut setup = setup(place, settings.clone(), redactor.clone());
            setup.options = options(&settings, false, hold_uploads);
            match run::start(setup) {
                Ok(handle) => return Ok(Self::own(handle, logs.clone())),
                Err(OpenError::Held { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(crate::failure::held(None))
    }

    fn own(handle: Handle, logs: Option<Arc<Logs>>) -> Self {
        Self {
            handle,
            logs,
            remote: None,
        }
    }

    /// With the agent of another process, if that works on the data that these settings mean.
    async fn of(place: &Place, settings: &Settings, remote: Remote) -> Result<Self, Failure> {
        let whose = door::whose(settings);
        let mut remote = remote;
        if remote.peer().whose != whose {
            // The file may have been edited since it was read. If it can't be used, that is told next.
            let _ = remote.reload().await;
            if let Some(again) = run::connect(&place.data_dir).await? {
                remote = again;
            }
        }
        if remote.peer().whose != whose {
            return Err(Failure::new(
                Exit::Usage,
                "other-settings",
                format!(
                    "The running Fieldscan (process {}) works for another phpIPAM, app or agent than {} says.",
                    remote.peer().pid,
                    place.settings_file.display()
                ),
            )
            .remedy("Name the settings that it has with --config, or use another data folder with --data-dir."));
        }
        note(&format!(
            "The running Fieldscan (process {}) is asked to do it.",
            remote.peer().pid
        ));
        Ok(Self {
            handle: remote.handle().clone(),
            logs: None,
            remote: Some(remote),
        })
    }

    /// Ends the agent, so that nothing of it is left; one of another process goes on.
    pub(crate) async fn end(self) {
        self.handle.shutdown().await;
        if let Some(logs) = &self.logs {
            logs.flush();
        }
    }

    /// The agent is gone, and nobody here has ended it.
    pub(crate) fn lost(&self) -> Failure {
        match &self.remote {
            Some(_) => door::AskError::Gone.into(),
            None => Failure::new(
                Exit::Fault,
                "ended",
                "The agent ended by itself. This is a fault in Fieldscan; its log says more.",
            ),
        }
    }
}

fn setup(place: &Place, settings: Settings, redactor: Redactor) -> Setup {
    Setup {
        options: options(&settings, true, false),
        settings,
        vault: Vault::open(),
        redactor,
        data_dir: place.data_dir.clone(),
        nmap: place.nmap.clone(),
        door: None,
    }
}

/// The logs of a process with an agent; one that stays shows them on standard error.
fn begin_logs(place: &Place, settings: &Settings, stays: bool) -> (Option<Arc<Logs>>, Redactor) {
    let redactor = Redactor::default();
    let console = match (stays, place.verbose) {
        (false, 0) => None,
        (true, 0) | (false, 1) => Some(LogLevel::Info),
        (true, 1..) | (false, 2..) => Some(LogLevel::Debug),
    };
    let logs = start_logs(place, settings, console.map(Console::new), &redactor);
    (logs.map(Arc::new), redactor)
}

/// Starts the logs. Not being able to log is told, and keeps nobody from working.
pub(crate) fn start_logs(
    place: &Place,
    settings: &Settings,
    console: Option<Console>,
    redactor: &Redactor,
) -> Option<Logs> {
    let logs = logging::start(logging::Options {
        folder: place.logs(),
        level: settings.log_level,
        limits: logging::Limits::default(),
        console,
        redactor: redactor.clone(),
    });
    logs.inspect_err(|error| note(&plain(&error.to_string())))
        .ok()
}

/// Waits until a person, or the system, wants this process to stop.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Ctrl-C, or SIGTERM.
    Stop,
    /// SIGHUP.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has it"))]
    Reload,
}

impl Signals {
    /// From now on signals no longer end the process.
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(Exit::Fault, "signals", "Fieldscan could not start.")
                    .detail(error.to_string())
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// From now on Ctrl-C no longer ends the process.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// The next one.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.hang_up.recv() => Asked::Reload,
        }
    }

    /// The next one.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> Asked {
        // Without a way to hear of it, there is nothing to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Asked::Stop
    }

    /// The next one that asks to stop. A terminal that closes asks for that, too.
    pub(crate) async fn stop(&mut self) {
        match self.next().await {
            Asked::Stop | Asked::Reload => {}
        }
    }
}

/// Ends at once, at the second Ctrl-C.
pub(crate) fn end_hard() -> ! {
    // No destructor runs from here on.
    fieldscan_engine::nmap::kill_all();
    note("Ended at once.");
    std::process::exit(i32::from(Exit::Stopped as u8))
}
