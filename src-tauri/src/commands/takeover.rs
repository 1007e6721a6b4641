//! Settings of the reference scanner, pasted as they are.

use fieldscan_core::settings::{self, Mistake};
use fieldscan_engine::{
    settings_file,
    takeover::{Kept, keep_secrets},
    vault::Vault,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tauri::State;
use ts_rs::TS;

use super::{blocking, refusal::Refusal, settings::RemarkDocument};
use crate::app::App;

/// A file's text on its way in: it has tokens in it.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(crate) struct Pasted(SecretString);

impl From<String> for Pasted {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// What was taken over.
#[derive(Debug, Serialize, TS)]
#[ts(rename = "ImportDocument")]
pub(crate) struct TakenOverDocument {
    /// The keys of the settings.
    settings: Vec<&'static str>,
    secrets: Vec<KeptDocument>,
    warnings: Vec<RemarkDocument>,
}

/// Where a secret is now: of its value nothing is told.
#[derive(Debug, Serialize, TS)]
#[ts(rename = "KeptSecret")]
pub(crate) struct KeptDocument {
    #[ts(type = "'client_token' | 'auth_token' | 'client_password'")]
    name: &'static str,
    #[ts(type = "'keychain' | 'outside' | 'nowhere'")]
    kept_in: &'static str,
}

impl From<&Kept> for KeptDocument {
    fn from(kept: &Kept) -> Self {
        Self {
            name: kept.secret.name(),
            kept_in: kept.code(),
        }
    }
}

#[tauri::command]
pub(crate) async fn import_settings(
    app: State<'_, App>,
    text: Pasted,
) -> Result<TakenOverDocument, Refusal> {
    let file = app.agent.place().settings_file.clone();
    let document = blocking(move || {
        let import = settings::import(text.0.expose_secret()).map_err(mistaken)?;
        if import.is_empty() {
            return Err(Refusal::new(
                "nothing-known",
                "There is no setting and no token in it that is known here.",
                "The reference scanner's file is usually /etc/phpipam/scan_agent.yaml.",
            ));
        }
        // A broken settings file is told before anything is moved; then secrets come first, so that nothing is lost.
        settings_file::read(&file)?;
        let kept = keep_secrets(&Vault::open(), &import, true)?;
        settings_file::take_over(&file, &import)?;
        Ok(TakenOverDocument {
            settings: import.given.clone(),
            secrets: kept.iter().map(Into::into).collect(),
            warnings: import.warnings.iter().map(Into::into).collect(),
        })
    })
    .await;
    // Where the file could not be written, secrets may have changed all the same.
    app.agent.reread();
    document
}

/// Mistakes never hold a secret.
fn mistaken(mistakes: Vec<Mistake>) -> Refusal {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    Refusal::new(
        "import-refused",
        "This is not a file that can be taken over.",
        "Nothing was changed. Correct what is named, or enter the settings by hand.",
    )
    .detail(lines.join("\n"))
}
