//! Lists and single records, read from the database beside the agent.

use std::net::IpAddr;

use fieldscan_core::ids::{ReportId, RunId, SubnetId};
use fieldscan_engine::{
    document::{
        ChangesDocument, HostsAtDocument, NoticeDocument, OneReportDocument, OneRunDocument,
        ReportDocument, RunDocument, SightingDocument,
    },
    place::Records,
    query,
    store::StoreError,
};
use tauri::State;

use super::refusal::Refusal;
use crate::app::App;

/// Runs a query where it may block. `None`: there is no database yet.
pub(super) async fn ask<T: Send + 'static>(
    app: &App,
    query: impl FnOnce(&Records) -> Result<T, StoreError> + Send + 'static,
) -> Result<Option<T>, Refusal> {
    let (place, settings) = (app.agent.place().clone(), app.agent.settings());
    let asked = tokio::task::spawn_blocking(move || {
        let Some(records) = Records::open(&place, settings)? else {
            return Ok(None);
        };
        Ok(Some(query(&records)?))
    });
    asked.await.map_err(|error| Refusal::broke_off(&error))?
}

fn no_such(what: &str, id: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        &format!("no-such-{what}"),
        format!("There is no {what} {id}."),
        "It may be older than the history that is kept.",
    )
}

#[tauri::command]
pub(crate) async fn address_history(
    app: State<'_, App>,
    subnet: SubnetId,
    ip: IpAddr,
) -> Result<Vec<SightingDocument>, Refusal> {
    let found = ask(&app, move |records| {
        query::address_history(records, subnet, ip)
    })
    .await?;
    Ok(found.unwrap_or_default())
}

#[tauri::command]
pub(crate) async fn hosts_over_time(
    app: State<'_, App>,
    subnet: SubnetId,
    days: u32,
) -> Result<Vec<HostsAtDocument>, Refusal> {
    let found = ask(&app, move |records| {
        query::hosts_over_time(records, subnet, days)
    })
    .await?;
    Ok(found.unwrap_or_default())
}

#[tauri::command]
pub(crate) async fn runs(app: State<'_, App>, limit: u32) -> Result<Vec<RunDocument>, Refusal> {
    let found = ask(&app, move |records| query::runs(records, limit)).await?;
    Ok(found.unwrap_or_default())
}

#[tauri::command]
pub(crate) async fn run(app: State<'_, App>, id: RunId) -> Result<OneRunDocument, Refusal> {
    let found = ask(&app, move |records| query::one_run(records, id)).await?;
    found.flatten().ok_or_else(|| no_such("run", id))
}

#[tauri::command]
pub(crate) async fn compare_runs(
    app: State<'_, App>,
    a: RunId,
    b: RunId,
) -> Result<Vec<ChangesDocument>, Refusal> {
    let found = ask(&app, move |records| query::compare_runs(records, a, b)).await?;
    found
        .flatten()
        .ok_or_else(|| no_such("run", format!("{a} or {b}")))
}

#[tauri::command]
pub(crate) async fn reports(app: State<'_, App>) -> Result<Vec<ReportDocument>, Refusal> {
    let found = ask(&app, query::reports).await?;
    Ok(found.unwrap_or_default())
}

#[tauri::command]
pub(crate) async fn report(
    app: State<'_, App>,
    id: ReportId,
) -> Result<OneReportDocument, Refusal> {
    let found = ask(&app, move |records| query::one_report(records, id)).await?;
    found.flatten().ok_or_else(|| no_such("report", id))
}

#[tauri::command]
pub(crate) async fn notices(app: State<'_, App>) -> Result<Vec<NoticeDocument>, Refusal> {
    let found = ask(&app, query::notices).await?;
    Ok(found.unwrap_or_default())
}
