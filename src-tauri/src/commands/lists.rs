//! Lists and single records, read from the database beside the agent.

use std::net::IpAddr;

use fieldscan_core::ids::{ReportId, RunId, SubnetId};
use fieldscan_engine::{
    document::{
        AddressesDocument, ChangesDocument, HostsAtDocument, NoticeDocument, OneReportDocument,
        OneRunDocument, ReportDocument, RunDocument, SightingDocument,
    },
    place::Records,
    query,
    store::StoreError,
};
use serde::Serialize;
use tauri::{State, ipc::Response};

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

/// Rows in a slice of a long document: few enough that the window reads them in a moment in which nobody waits for it.
const SLICE: usize = 2_048;

/// The addresses as [`AddressesDocument`], in slices: see [`in_slices`].
#[tauri::command]
pub(crate) async fn addresses(app: State<'_, App>, subnet: SubnetId) -> Result<Response, Refusal> {
    let written = |mut document: AddressesDocument| {
        let addresses = std::mem::take(&mut document.addresses);
        in_slices(&document, &addresses)
    };
    let found = ask(&app, move |records| {
        query::addresses(records, subnet).map(written)
    })
    .await?;
    let lines = found.unwrap_or_else(|| written(AddressesDocument::none(subnet)));
    let lines = lines.map_err(|error| Refusal::broke_off(&error))?;
    Ok(Response::new(lines))
}

/// A long list as lines of JSON: a document, then its rows in slices, an array each. A subnet of 65,536 addresses has 40 MB:
/// read in one piece, it would hold up the window for a quarter of a second and more.
fn in_slices<T: Serialize>(document: &impl Serialize, rows: &[T]) -> serde_json::Result<Vec<u8>> {
    let mut lines = serde_json::to_vec(document)?;
    for slice in rows.chunks(SLICE) {
        lines.push(b'\n');
        serde_json::to_writer(&mut lines, slice)?;
    }
    Ok(lines)
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_long_list_comes_in_slices_and_whole() {
        let rows: Vec<String> = (0..SLICE * 2 + 1).map(|row| format!("{row}\n")).collect();
        let lines = in_slices(&json!({"subnet": 7, "addresses": []}), &rows).unwrap();
        let lines: Vec<Value> = lines
            .split(|byte| *byte == b'\n')
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(lines[0], json!({"subnet": 7, "addresses": []}));
        let slices: Vec<Vec<String>> = lines[1..]
            .iter()
            .map(|line| serde_json::from_value(line.clone()).unwrap())
            .collect();
        let sizes: Vec<usize> = slices.iter().map(Vec::len).collect();
        assert_eq!(
            sizes,
            [SLICE, SLICE, 1],
            "no line holds more than one slice"
        );
        assert_eq!(slices.concat(), rows, "all of them, in their order");
    }

    #[test]
    fn a_list_without_rows_is_one_line() {
        let lines = in_slices(&json!({"subnet": 7}), &[0_u8; 0]).unwrap();
        assert_eq!(lines, br#"{"subnet":7}"#);
    }
}
