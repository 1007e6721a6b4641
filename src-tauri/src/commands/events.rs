//! What the window is told without asking.

use std::time::Duration;

use fieldscan_engine::document::SnapshotDocument;
use tauri::{Emitter, Manager};

use crate::{app::App, window};

/// Snapshots come faster than anybody sees; the newest one wins.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);

/// Tells the window of each snapshot, as long as there is one.
pub(crate) async fn tell(app: App) {
    let mut snapshots = app.agent.snapshots();
    while snapshots.changed().await.is_ok() {
        let newest = snapshots.borrow_and_update().clone();
        if app.tauri.get_webview_window(window::LABEL).is_none() {
            continue;
        }
        let document = SnapshotDocument::of(&newest, app.agent.now());
        if let Err(error) = app.tauri.emit_to(window::LABEL, "snapshot", document) {
            tracing::debug!(%error, "the window was not told");
        }
        tokio::time::sleep(AT_MOST_EVERY).await;
    }
}
