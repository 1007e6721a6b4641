//! The icon in the tray with its menu: what it shows is decided by `core::present`, how, by the platform.

mod icon;
#[cfg(not(target_os = "linux"))]
mod native;
#[cfg(target_os = "linux")]
mod notifier_item;
#[cfg(target_os = "linux")]
mod panel;

use std::time::Duration;

use fieldscan_core::{
    present::{self, Icon, Menu},
    snapshot::Snapshot,
};
use jiff::{Timestamp, tz::TimeZone};

#[cfg(not(target_os = "linux"))]
use self::native as platform;
#[cfg(target_os = "linux")]
use self::notifier_item as platform;
use crate::app::App;

/// Menus are read by people: more changes than this are not seen, and each is work for the panel.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);

/// "In 5 min" becomes untrue by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The tray at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Face {
    icon: Icon,
    tooltip: String,
    menu: Menu,
}

impl Face {
    fn of(snapshot: &Snapshot, now: Timestamp) -> Self {
        let zone = TimeZone::system();
        Self {
            icon: present::icon(snapshot),
            tooltip: present::tooltip(snapshot, now, &zone),
            menu: present::menu(snapshot, now, &zone),
        }
    }
}

/// Puts the icon into the tray and keeps it true to the newest snapshot.
pub(crate) async fn keep(app: App, ready: impl FnOnce()) {
    let mut snapshots = app.agent.snapshots();
    let mut shown = Face::of(&snapshots.borrow_and_update().clone(), app.agent.now());
    let tray = platform::Tray::show(&app, shown.clone()).await;
    ready();
    loop {
        match tokio::time::timeout(LOOK_AGAIN, snapshots.changed()).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(_)) => return,
        }
        let newest = Face::of(&snapshots.borrow_and_update().clone(), app.agent.now());
        if newest != shown {
            tray.change(newest.clone()).await;
            shown = newest;
            tokio::time::sleep(AT_MOST_EVERY).await;
        }
    }
}
