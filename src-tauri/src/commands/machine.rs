//! This machine: what works, what is logged, who starts it, and the way to phpIPAM in the browser.

use std::net::IpAddr;

use fieldscan_core::{ids::SubnetId, present, problem::Problem};
use fieldscan_engine::{
    doctor::{self, Patient, Progress},
    document::StepDocument,
    logging::{self, Line},
    nmap::{Nmap, Privileges},
    settings_file,
    vault::Vault,
};
use serde::Serialize;
use tauri::{Emitter as _, State};

use super::{blocking, refusal::Refusal};
use crate::{app::App, autostart, browse, window};

/// As many lines of the log are shown.
const LINES: usize = 2_000;

/// How nmap comes by raw sockets.
#[derive(Debug, Serialize)]
pub(crate) struct PrivilegesDocument {
    mode: &'static str,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// What this is and where its files are.
#[derive(Debug, Serialize)]
pub(crate) struct About {
    version: &'static str,
    data_dir: String,
    config_path: String,
    log_dir: String,
}

#[tauri::command]
pub(crate) async fn test_everything(app: State<'_, App>) -> Result<Vec<StepDocument>, Refusal> {
    let place = app.agent.place().clone();
    let settings = blocking({
        let file = place.settings_file.clone();
        move || Ok(settings_file::read(&file))
    });
    let patient = Patient {
        // What then is missing is told as the first thing to set.
        settings: match settings.await? {
            Ok(read) => Ok(read.unwrap_or_default().0),
            Err(error) => Err(Problem::from(&error)),
        },
        vault: Vault::open(),
        nmap: place.nmap.clone(),
    };
    let mut steps = Vec::new();
    doctor::examine(patient, |progress| match progress {
        Progress::Begun(_) => {}
        Progress::Ended(step, outcome) => {
            let document = StepDocument::of(step, &outcome);
            let told = app.tauri.emit_to(window::LABEL, "doctor-step", &document);
            if let Err(error) = told {
                tracing::debug!(%error, "the window was not told");
            }
            steps.push(document);
        }
    })
    .await;
    Ok(steps)
}

#[tauri::command]
pub(crate) async fn autostart() -> Result<bool, Refusal> {
    blocking(|| Ok(autostart::is_on()?)).await
}

#[tauri::command]
pub(crate) async fn set_autostart(app: State<'_, App>, on: bool) -> Result<(), Refusal> {
    let args = app.again.clone();
    blocking(move || Ok(autostart::set(on, &args)?)).await
}

#[tauri::command]
pub(crate) async fn logs(
    app: State<'_, App>,
    level: fieldscan_core::settings::LogLevel,
    after: i64,
) -> Result<Vec<Line>, Refusal> {
    let folder = app.agent.place().logs();
    blocking(move || {
        logging::lines(&folder, level, after, LINES).map_err(|error| {
            Refusal::new(
                "log-unread",
                "The log can't be read.",
                "Check the permissions of its folder.",
            )
            .detail(error.to_string())
        })
    })
    .await
}

#[tauri::command]
pub(crate) async fn privileges(app: State<'_, App>) -> Result<PrivilegesDocument, Refusal> {
    let nmap = Nmap::find(app.agent.place().nmap.as_deref()).await?;
    let privileges = nmap.privileges();
    let mode = match &privileges {
        Privileges::Own => "raw",
        Privileges::Helper(_) => "helper",
        Privileges::None => "connect",
    };
    Ok(PrivilegesDocument {
        mode,
        words: privileges.words(),
        remedy: (privileges == Privileges::None)
            .then(|| present::words(&Problem::NmapUnprivileged).remedy),
    })
}

#[tauri::command]
pub(crate) async fn about(app: State<'_, App>) -> Result<About, Refusal> {
    let place = app.agent.place();
    Ok(About {
        version: env!("CARGO_PKG_VERSION"),
        data_dir: place.data_dir.display().to_string(),
        config_path: place.settings_file.display().to_string(),
        log_dir: place.logs().display().to_string(),
    })
}

#[tauri::command]
pub(crate) async fn open_in_ipam(
    app: State<'_, App>,
    subnet: SubnetId,
    ip: Option<IpAddr>,
) -> Result<(), Refusal> {
    let snapshot = app.agent.snapshots().borrow().clone();
    let url = browse::page_of(app.agent.settings().api_url.as_ref(), &snapshot, subnet, ip)?;
    blocking(move || browse::open(&url)).await
}
