//! What WebKit leaves running after its last page: the process that does its network requests, tens of megabytes that nobody
//! needs. Nothing asks it to end, so it is told to; WebKit starts another one for the next page.

use std::{fs, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tauri::{AppHandle, Manager};

use super::LABEL;

/// The name as Linux has it, which is 15 characters long at the most.
const NAME: &str = "WebKitNetworkPr";
/// Who opens the window again at once has it sooner with the process that is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ends it in a moment, unless there is a window again.
pub(super) fn end_soon(tauri: &AppHandle) {
    let tauri = tauri.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        let app = tauri.clone();
        // Windows are made on the main thread: none is made meanwhile.
        let asked = tauri.run_on_main_thread(move || {
            if app.get_webview_window(LABEL).is_none() {
                end();
            }
        });
        if let Err(error) = asked {
            tracing::debug!(%error, "the application ends");
        }
    });
}

fn end() {
    for id in children() {
        let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        if name.trim_end() == NAME
            && let Err(error) = kill(Pid::from_raw(id), Signal::SIGTERM)
        {
            tracing::debug!(%error, "WebKit's network process goes on");
        }
    }
}

/// The processes that this one has started.
fn children() -> Vec<i32> {
    let mut found = Vec::new();
    for task in fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
    {
        let line = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(
            line.split_whitespace()
                .filter_map(|id| id.parse::<i32>().ok()),
        );
    }
    found
}
