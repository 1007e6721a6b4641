//! `watch`: the scheduled agent without a desktop, until a signal stops it.

use std::{path::PathBuf, sync::Arc};

use fieldscan_core::{agent::Command, schedule::Schedule, settings::Settings};
use fieldscan_engine::{
    door::{Door, Keeper},
    logging::Logs,
    settings_file,
};

use crate::{
    failure::{Exit, Failure},
    place::Place,
    session::{self, Asked, Session, Signals},
};

pub(super) fn run(place: &Place) -> Result<Exit, Failure> {
    session::block_on(watch(place))
}

async fn watch(place: &Place) -> Result<Exit, Failure> {
    let settings = place.settings()?;
    let schedule = settings.schedule.clone();
    let mut signals = Signals::listen()?;
    let mut desk = None;
    let session = Session::stay(place, settings, |logs| {
        let kept = desk.insert(Desk {
            settings_file: place.settings_file.clone(),
            logs,
        });
        Door::new(kept.clone())
    })?;
    let mut snapshots = session.handle.snapshots();
    tracing::info!(pid = std::process::id(), "ready");
    tell_schedule(&schedule);
    notify("READY=1");
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => break,
                // What is wrong with them is in the log.
                Asked::Reload => if let Some(Ok(settings)) = desk.as_ref().map(Desk::settings) {
                    session.handle.send(Command::Settings(Box::new(settings)));
                },
            },
            changed = snapshots.changed() => {
                if changed.is_err() {
                    return Err(session.lost());
                }
                snapshots.borrow_and_update();
            }
        }
    }
    tracing::info!("stopping");
    notify("STOPPING=1");
    tokio::spawn(async move {
        signals.stop().await;
        session::end_hard();
    });
    session.end().await;
    Ok(Exit::Done)
}

/// Without a schedule nothing comes by itself, and a person may wonder why.
fn tell_schedule(schedule: &Schedule) {
    match schedule {
        Schedule::Off => tracing::info!(
            "schedule: off. Reports that wait are sent; nothing is scanned until the setting is changed"
        ),
        Schedule::Every(_) | Schedule::Cron(_) => {}
    }
}

/// What this process does beside the agent, for signals and for who comes through the door.
#[derive(Debug, Clone)]
struct Desk {
    settings_file: PathBuf,
    logs: Option<Arc<Logs>>,
}

impl Keeper for Desk {
    /// Reads changed settings. A file with mistakes changes nothing.
    fn settings(&self) -> Result<Settings, String> {
        match settings_file::read(&self.settings_file) {
            Ok(Some((settings, warnings))) => {
                for warning in warnings {
                    tracing::warn!("settings: {warning}");
                }
                if let Some(logs) = &self.logs {
                    logs.set_level(settings.log_level);
                }
                tell_schedule(&settings.schedule);
                tracing::info!("settings read again");
                Ok(settings)
            }
            Ok(None) => {
                tracing::error!(
                    file = %self.settings_file.display(),
                    "there is no settings file; the old settings stay in force"
                );
                Err(format!("there is no {}", self.settings_file.display()))
            }
            Err(error) => {
                tracing::error!("the old settings stay in force: {error}");
                Err(error.to_string())
            }
        }
    }

    fn show(&self, _page: Option<&str>) -> bool {
        false
    }
}

/// Tells systemd (`Type=notify`), where it wants to be told.
#[cfg(target_os = "linux")]
fn notify(state: &str) {
    use std::os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    };
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path)),
    };
    let told = address
        .and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = told {
        tracing::debug!(%error, "systemd could not be told");
    }
}

#[cfg(not(target_os = "linux"))]
fn notify(_state: &str) {}
