//! What is asked of the agent. What comes of it is seen in the snapshots.

use fieldscan_core::{
    agent::{Command, Scope},
    ids::{ReportId, SubnetId},
    present::Length,
};
use fieldscan_engine::document::SnapshotDocument;
use jiff::tz::TimeZone;
use serde::Deserialize;
use tauri::State;
use ts_rs::TS;

use super::refusal::Refusal;
use crate::app::App;

/// The subnets that are to be scanned.
#[derive(Debug, Deserialize, TS)]
#[serde(untagged)]
#[ts(rename = "ScanScope")]
pub(crate) enum Which {
    Subnets { subnets: Vec<SubnetId> },
    All { all: bool },
}

#[tauri::command]
pub(crate) async fn snapshot(app: State<'_, App>) -> Result<SnapshotDocument, Refusal> {
    Ok(SnapshotDocument::of(&app.agent.snapshot(), app.agent.now()))
}

#[tauri::command]
pub(crate) async fn scan(app: State<'_, App>, scope: Which, refresh: bool) -> Result<(), Refusal> {
    let scope = match scope {
        Which::Subnets { subnets } => Scope::Subnets(subnets),
        Which::All { all: true } => Scope::All,
        Which::All { all: false } => Scope::Subnets(Vec::new()),
    };
    app.agent.send(Command::Scan { scope, refresh });
    Ok(())
}

#[tauri::command]
pub(crate) async fn stop(app: State<'_, App>) -> Result<(), Refusal> {
    app.agent.send(Command::Stop);
    Ok(())
}

#[tauri::command]
pub(crate) async fn refresh(app: State<'_, App>) -> Result<(), Refusal> {
    app.agent.send(Command::Refresh);
    Ok(())
}

#[tauri::command]
pub(crate) async fn pause(app: State<'_, App>, until: String) -> Result<(), Refusal> {
    let length: Length = until.parse().map_err(|_| {
        Refusal::new(
            "no-pause",
            "There is no pause of that length.",
            "Known are 1h, tomorrow and resumed.",
        )
    })?;
    let (now, paused) = (app.agent.now(), app.agent.snapshot().paused);
    let pause = length.pause(paused, now, &TimeZone::system());
    app.agent.send(Command::Pause(pause));
    Ok(())
}

#[tauri::command]
pub(crate) async fn resume(app: State<'_, App>) -> Result<(), Refusal> {
    app.agent.send(Command::Resume);
    Ok(())
}

#[tauri::command]
pub(crate) async fn retry(app: State<'_, App>, report: Option<ReportId>) -> Result<(), Refusal> {
    app.agent.send(Command::Retry(report));
    Ok(())
}

#[tauri::command]
pub(crate) async fn quit(app: State<'_, App>) -> Result<(), Refusal> {
    app.quit();
    Ok(())
}
