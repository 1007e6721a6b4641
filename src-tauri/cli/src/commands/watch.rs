//! `watch`: the scheduled agent without a desktop, until a signal stops it.

use fieldscan_core::{agent::Command, schedule::Schedule};
use fieldscan_engine::settings_file;

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
    let session = Session::start(place, settings, true, false).await?;
    let mut snapshots = session.handle.snapshots();
    tracing::info!(pid = std::process::id(), "ready");
    tell_schedule(&schedule);
    notify("READY=1");
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => break,
                Asked::Reload => reload(place, &session),
            },
            changed = snapshots.changed() => {
                if changed.is_err() {
                    return Err(Failure::new(
                        Exit::Fault,
                        "ended",
                        "The agent ended by itself. This is a fault in Fieldscan; its log says more.",
                    ));
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

/// Takes up changed settings. A file with mistakes changes nothing.
fn reload(place: &Place, session: &Session) {
    match settings_file::read(&place.settings_file) {
        Ok(Some((settings, warnings))) => {
            for warning in warnings {
                tracing::warn!("settings: {warning}");
            }
            if let Some(logs) = &session.logs {
                logs.set_level(settings.log_level);
            }
            tell_schedule(&settings.schedule);
            session.handle.send(Command::Settings(Box::new(settings)));
            tracing::info!("settings read again");
        }
        Ok(None) => tracing::error!(
            file = %place.settings_file.display(),
            "there is no settings file; the old settings stay in force"
        ),
        Err(error) => tracing::error!("the old settings stay in force: {error}"),
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
