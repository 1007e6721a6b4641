//! An agent of this process: logging, secrets, the loop; and how people stop it.

use fieldscan_core::settings::{LogLevel, Settings};
use fieldscan_engine::{
    logging::{self, Console, Logs, Redactor},
    run::{self, Handle, Setup},
    vault::{Secret, Vault},
};

use crate::{
    failure::{Exit, Failure, exit_of},
    output::{note, plain},
    place::{Place, complete, options},
};

/// A running agent with its logs.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) handle: Handle,
    pub(crate) logs: Option<Logs>,
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

impl Session {
    /// Starts the agent on this place's data.
    pub(crate) async fn start(
        place: &Place,
        settings: Settings,
        scheduled: bool,
        hold_uploads: bool,
    ) -> Result<Self, Failure> {
        complete(&settings).map_err(|problem| Failure::of(exit_of(&problem), problem))?;
        let redactor = Redactor::default();
        let console = match (scheduled, place.verbose) {
            (false, 0) => None,
            (true, 0) | (false, 1) => Some(LogLevel::Info),
            (true, 1..) | (false, 2..) => Some(LogLevel::Debug),
        };
        let logs = start_logs(place, &settings, console.map(Console::new), &redactor);
        let options = options(&settings, scheduled, hold_uploads);
        let handle = run::start(Setup {
            settings,
            vault: Vault::open(),
            redactor,
            data_dir: place.data_dir.clone(),
            nmap: place.nmap.clone(),
            options,
        })?;
        Ok(Self { handle, logs })
    }

    /// Ends the agent; nothing of it is left.
    pub(crate) async fn end(self) {
        self.handle.shutdown().await;
        if let Some(logs) = &self.logs {
            logs.flush();
        }
    }
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

/// Tells a redactor every secret that can be found, so that nothing that passes it has one.
pub(crate) async fn tell_secrets(redactor: &Redactor) -> Result<(), Failure> {
    let redactor = redactor.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let vault = Vault::open();
        for secret in Secret::ALL {
            match vault.get(secret) {
                Ok(Some(found)) => redactor.add(&found.value),
                Ok(None) => {}
                // Asking on would only take as long again.
                Err(_) => break,
            }
        }
    });
    asked.await.map_err(|error| {
        Failure::new(Exit::Fault, "keychain", "The secrets could not be read.")
            .detail(error.to_string())
    })
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
