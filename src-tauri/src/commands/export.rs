//! Files for other programs and for fault reports. Where they go, a person says in the system's own dialog.

use std::path::PathBuf;

use fieldscan_core::ids::SubnetId;
use fieldscan_engine::{
    diagnostics::{self, bundle},
    export::{self, Export, Format},
    query,
};
use tauri::{Manager as _, State};
use tokio::sync::oneshot;

use super::{blocking, lists, refusal::Refusal};
use crate::{app::App, window};

#[tauri::command]
pub(crate) async fn export_subnet(
    app: State<'_, App>,
    subnet: SubnetId,
    format: Format,
) -> Result<Option<String>, Refusal> {
    let snapshot = app.agent.snapshot();
    let network = snapshot
        .subnets
        .iter()
        .find(|it| it.id == subnet)
        .and_then(|it| it.network);
    let Some(network) = network else {
        return Err(Refusal::new(
            "no-such-subnet",
            format!("The subnet {subnet} is not assigned to this agent."),
            "Ask phpIPAM again.",
        ));
    };
    let name = format!(
        "fieldscan-{}.{}",
        network.to_string().replace(['/', ':'], "_"),
        format.name()
    );
    let Some(path) = ask_where(&app, name, format.name()).await else {
        return Ok(None);
    };
    let found = lists::ask(&app, move |records| query::addresses(records, subnet)).await?;
    let addresses =
        found.ok_or_else(|| Refusal::new("no-data", "There is no data yet.", "Scan first."))?;
    blocking(move || {
        let export = Export {
            network,
            fetched_at: addresses.fetched_at,
            stale: addresses.stale,
            addresses: &addresses.addresses,
        };
        let text = export
            .text(format)
            .map_err(|error| Refusal::broke_off(&error))?;
        // The dialog has asked whether to replace what is there.
        export::write_file(&path, &text, true).map_err(|error| unwritten(&error))?;
        Ok(Some(path.display().to_string()))
    })
    .await
}

#[tauri::command]
pub(crate) async fn export_diagnostics(app: State<'_, App>) -> Result<Option<String>, Refusal> {
    let name = "fieldscan-diagnostics.zip".to_owned();
    let Some(path) = ask_where(&app, name, "zip").await else {
        return Ok(None);
    };
    let place = app.agent.place().clone();
    let written = bundle::write(&place, &path, true).await;
    written.map_err(|error| match error {
        diagnostics::Error::Exists(_) | diagnostics::Error::Write(..) => unwritten(&error),
    })?;
    Ok(Some(path.display().to_string()))
}

fn unwritten(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(
        "output",
        "The file could not be written.",
        "Choose another folder, or make room.",
    )
    .detail(error.to_string())
}

/// The file that the person names; `None` if they think better of it.
async fn ask_where(app: &App, name: String, ending: &'static str) -> Option<PathBuf> {
    let (asked, dialog) = oneshot::channel();
    let tauri = app.tauri.clone();
    // Dialogs are begun on the main thread; the answer may come to any.
    let begun = app.tauri.run_on_main_thread(move || {
        let mut dialog = rfd::AsyncFileDialog::new()
            .set_title("Fieldscan")
            .set_file_name(name)
            .add_filter(ending.to_uppercase(), &[ending]);
        if let Some(window) = tauri.get_webview_window(window::LABEL) {
            dialog = dialog.set_parent(&window);
        }
        let _ = asked.send(dialog.save_file());
    });
    begun.ok()?;
    let file = dialog.await.ok()?.await?;
    Some(file.path().to_owned())
}
