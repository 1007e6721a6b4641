//! The icon in the tray with its menu: shown as the platform does, decided by [`crate::menu`].

mod icon;
#[cfg(not(target_os = "linux"))]
mod native;
#[cfg(target_os = "linux")]
mod notifier_item;
#[cfg(target_os = "linux")]
mod panel;

use std::time::Duration;

#[cfg(not(target_os = "linux"))]
use self::native as platform;
#[cfg(target_os = "linux")]
use self::notifier_item as platform;
use crate::{app::App, menu::Face};

/// Menus are read by people: more changes than this are not seen, and each is work for the panel.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);

/// Puts the icon into the tray and keeps it true to the newest snapshot.
pub(crate) async fn keep(app: App, ready: impl FnOnce()) {
    let mut snapshots = app.agent.snapshots();
    let face = |snapshot: &_| Face::of(snapshot, app.agent.now());
    let mut shown = face(&snapshots.borrow_and_update().clone());
    let tray = platform::Tray::show(&app, shown.clone()).await;
    ready();
    while snapshots.changed().await.is_ok() {
        let newest = face(&snapshots.borrow_and_update().clone());
        if newest != shown {
            tray.change(newest.clone()).await;
            shown = newest;
            tokio::time::sleep(AT_MOST_EVERY).await;
        }
    }
}
