//! This machine: what works, what is logged, who starts it, and the way to phpIPAM in the browser.

use std::net::IpAddr;

use fieldscan_core::{ids::SubnetId, present, problem::Problem};
use fieldscan_engine::{
    diagnostics::bundle,
    doctor::{self, Progress},
    document::StepDocument,
    logging::{self, Line},
    nmap::{Nmap, Privileges},
};
use jiff::Timestamp;
use serde::Serialize;
use tauri::{State, ipc::Channel};
use ts_rs::TS;

use super::{blocking, refusal::Refusal};
use crate::{app::App, autostart, browse};

/// As many lines of the log are shown.
const LINES: usize = 2_000;

/// How nmap comes by raw sockets.
#[derive(Debug, Serialize, TS)]
#[ts(rename = "Privileges")]
pub(crate) struct PrivilegesDocument {
    #[ts(type = "'raw' | 'helper' | 'connect'")]
    mode: &'static str,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    remedy: Option<String>,
}

/// What this is and where its files are.
#[derive(Debug, Serialize, TS)]
pub(crate) struct About {
    version: &'static str,
    data_dir: String,
    config_path: String,
    log_dir: String,
    /// What was last learned of newer versions; null where nobody looks.
    update: Option<UpdateDocument>,
}

/// What was learned of newer versions.
#[derive(Debug, Clone, Default, Serialize, TS)]
#[ts(rename = "Update")]
pub(crate) struct UpdateDocument {
    /// Null before the first look.
    pub(crate) looked_at: Option<Timestamp>,
    /// The newer version, if there is one.
    pub(crate) newer: Option<String>,
    pub(crate) notes: Option<String>,
    /// Where a person reads more.
    pub(crate) page: Option<String>,
    /// Why the last look brought nothing.
    pub(crate) failed: Option<String>,
}

/// Each step goes to `ended` as it ends; all of them are the answer.
#[tauri::command]
pub(crate) async fn test_everything(
    app: State<'_, App>,
    ended: Channel<StepDocument>,
) -> Result<Vec<StepDocument>, Refusal> {
    let place = app.agent.place().clone();
    let patient = blocking(move || Ok(bundle::patient(&place))).await?;
    let mut steps = Vec::new();
    doctor::examine(patient, |progress| match progress {
        Progress::Begun(_) => {}
        Progress::Ended(step, outcome) => {
            let document = StepDocument::of(step, &outcome);
            if let Err(error) = ended.send(document.clone()) {
                // All of them follow in any case.
                tracing::debug!(%error, "a step was not told");
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
        update: app.updates.known(&app.agent.settings()),
    })
}

#[tauri::command]
pub(crate) async fn open_in_ipam(
    app: State<'_, App>,
    subnet: SubnetId,
    ip: Option<IpAddr>,
) -> Result<(), Refusal> {
    let snapshot = app.agent.snapshot();
    let url = browse::page_of(app.agent.settings().api_url.as_ref(), &snapshot, subnet, ip)?;
    blocking(move || browse::open(&url)).await
}
