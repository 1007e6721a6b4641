//! What is asked of the agent. What comes of it is seen in the snapshots.

use fieldscan_core::{
    agent::{Command, Scope},
    ids::{ReportId, SubnetId},
    snapshot::Pause,
};
use fieldscan_engine::document::SnapshotDocument;
use serde::Deserialize;
use tauri::State;

use crate::app::App;

/// The subnets that are to be scanned.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Which {
    Subnets { subnets: Vec<SubnetId> },
    All { all: bool },
}

#[tauri::command]
pub(crate) async fn snapshot(app: State<'_, App>) -> Result<SnapshotDocument, ()> {
    let snapshot = app.agent.snapshots().borrow().clone();
    Ok(SnapshotDocument::of(&snapshot, app.agent.now()))
}

#[tauri::command]
pub(crate) async fn scan(app: State<'_, App>, scope: Which, refresh: bool) -> Result<(), ()> {
    let scope = match scope {
        Which::Subnets { subnets } => Scope::Subnets(subnets),
        Which::All { all: true } => Scope::All,
        Which::All { all: false } => Scope::Subnets(Vec::new()),
    };
    app.agent.send(Command::Scan { scope, refresh });
    Ok(())
}

#[tauri::command]
pub(crate) async fn stop(app: State<'_, App>) -> Result<(), ()> {
    app.agent.send(Command::Stop);
    Ok(())
}

#[tauri::command]
pub(crate) async fn refresh(app: State<'_, App>) -> Result<(), ()> {
    app.agent.send(Command::Refresh);
    Ok(())
}

#[tauri::command]
pub(crate) async fn pause(app: State<'_, App>, until: String) -> Result<(), ()> {
    let _ = until;
    app.agent.send(Command::Pause(Pause::UntilResumed));
    Ok(())
}

#[tauri::command]
pub(crate) async fn resume(app: State<'_, App>) -> Result<(), ()> {
    app.agent.send(Command::Resume);
    Ok(())
}

#[tauri::command]
pub(crate) async fn retry(app: State<'_, App>, report: Option<ReportId>) -> Result<(), ()> {
    app.agent.send(Command::Retry(report));
    Ok(())
}

#[tauri::command]
pub(crate) async fn quit(app: State<'_, App>) -> Result<(), ()> {
    app.quit();
    Ok(())
}
