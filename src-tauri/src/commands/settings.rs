//! Settings and secrets. A secret comes in and never goes out: the window learns only where it is.

use std::{path::Path, time::Duration};

use fieldscan_core::{
    problem::Problem,
    settings::{self, Expected, Mistake, Shown, Warning},
};
use fieldscan_engine::{
    document::{SecretDocument, SettingDocument, setting_documents, source_code},
    settings_file,
    vault::{Secret, Source, Vault},
};
use jiff::{Timestamp, tz::TimeZone};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tauri::State;
use ts_rs::TS;

use super::{blocking, refusal::Refusal};
use crate::app::App;

/// As long may the keychain take while somebody looks at the settings.
const PATIENCE: Duration = Duration::from_secs(2);

/// All settings, and where the secrets are.
#[derive(Debug, Serialize, TS)]
pub(crate) struct SettingsDocument {
    path: String,
    settings: Vec<SettingDocument>,
    secrets: Vec<SecretDocument>,
    warnings: Vec<RemarkDocument>,
}

/// A value that somebody typed for a key. Null takes the setting out, so that its default counts.
#[derive(Debug, Deserialize, TS)]
#[ts(rename = "SettingChange")]
pub(crate) struct Change {
    key: String,
    value: Option<Shown>,
}

/// What stands in a settings file and is not used.
#[derive(Debug, Serialize, TS)]
#[ts(rename = "Remark")]
pub(crate) struct RemarkDocument {
    #[ts(type = "'unknown-key'")]
    code: &'static str,
    /// Where it stands: from 1, columns in characters.
    line: usize,
    column: usize,
    /// Null where it looks like no name: it could be a secret.
    key: Option<String>,
    /// The known key that comes nearest, when one is near.
    nearest: Option<&'static str>,
    words: String,
}

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "Mistake")]
pub(crate) struct MistakeDocument {
    key: String,
    found: String,
    /// In words; beside them, what they speak of.
    expected: String,
    #[serde(flatten)]
    expects: Expected,
}

/// The times of a schedule, or what is wrong with it.
#[derive(Debug, Serialize, TS)]
pub(crate) struct SchedulePreview {
    next: Vec<Timestamp>,
    mistake: Option<MistakeDocument>,
}

impl From<Mistake> for MistakeDocument {
    fn from(mistake: Mistake) -> Self {
        Self {
            key: mistake.key,
            found: mistake.found,
            expected: mistake.expected.to_string(),
            expects: mistake.expected,
        }
    }
}

impl From<&Warning> for RemarkDocument {
    fn from(warning: &Warning) -> Self {
        Self {
            code: "unknown-key",
            line: warning.at.line,
            column: warning.at.column,
            key: warning.name().map(str::to_owned),
            nearest: warning.nearest,
            words: warning.to_string(),
        }
    }
}

/// As the settings file takes them.
fn texts(changes: Vec<Change>) -> Vec<(String, String)> {
    let text = |value: Option<Shown>| value.map(|value| value.to_string()).unwrap_or_default();
    changes
        .into_iter()
        .map(|change| (change.key, text(change.value)))
        .collect()
}

#[tauri::command]
pub(crate) async fn settings(app: State<'_, App>) -> Result<SettingsDocument, Refusal> {
    let file = app.agent.place().settings_file.clone();
    // A keychain that is locked or broken may take a minute to say so; the page is not to wait for it.
    let asked = blocking(|| Ok(Vault::open().status()));
    let secrets = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(secrets) => secrets?,
        Err(_) => blocking(|| Ok(unanswered(&Vault::open()))).await?,
    };
    blocking(move || document(&file, &secrets)).await
}

type Secrets = Vec<(Secret, Result<Option<Source>, Problem>)>;

fn document(file: &Path, secrets: &Secrets) -> Result<SettingsDocument, Refusal> {
    let (settings, warnings) = settings_file::read(file)?.unwrap_or_default();
    Ok(SettingsDocument {
        path: file.display().to_string(),
        settings: setting_documents(&settings),
        secrets: secrets.iter().map(Into::into).collect(),
        warnings: warnings.iter().map(Into::into).collect(),
    })
}

/// Where each secret is, as far as it is known without the keychain.
fn unanswered(vault: &Vault) -> Secrets {
    let all = Secret::ALL.into_iter().map(|secret| {
        let found = match vault.get_outside(secret) {
            Ok(Some(found)) => Ok(Some(found.source)),
            Ok(None) => Err(Problem::KeychainUnavailable {
                detail: "it has not answered yet; it may be waiting to be unlocked".to_owned(),
            }),
            Err(problem) => Err(problem),
        };
        (secret, found)
    });
    all.collect()
}

#[tauri::command]
pub(crate) async fn check_settings(
    app: State<'_, App>,
    changes: Vec<Change>,
) -> Result<Vec<MistakeDocument>, Refusal> {
    let file = app.agent.place().settings_file.clone();
    let mistakes = blocking(move || Ok(settings_file::check(&file, &texts(changes))?)).await?;
    Ok(mistakes.into_iter().map(Into::into).collect())
}

#[tauri::command]
pub(crate) async fn apply_settings(
    app: State<'_, App>,
    changes: Vec<Change>,
) -> Result<SettingsDocument, Refusal> {
    let file = app.agent.place().settings_file.clone();
    blocking(move || Ok(settings_file::set_all(&file, &texts(changes))?)).await?;
    app.agent.reread();
    settings(app).await
}

#[tauri::command]
pub(crate) async fn preview_schedule(
    app: State<'_, App>,
    text: String,
) -> Result<SchedulePreview, Refusal> {
    let times = settings::preview_schedule(&text, app.agent.now(), &TimeZone::system());
    Ok(match times {
        Ok(next) => SchedulePreview {
            next,
            mistake: None,
        },
        Err(mistake) => SchedulePreview {
            next: Vec::new(),
            mistake: Some(mistake.into()),
        },
    })
}

#[tauri::command]
pub(crate) async fn set_secret(
    app: State<'_, App>,
    name: String,
    value: SecretText,
) -> Result<&'static str, Refusal> {
    let secret = named(&name)?;
    let value = value.checked(secret)?;
    let source = blocking(move || {
        let vault = Vault::open();
        vault.set(secret, &value)?;
        Ok(vault.get(secret)?.map(|found| found.source))
    })
    .await?;
    app.agent.reread();
    Ok(source.map_or("keychain", source_code))
}

#[tauri::command]
pub(crate) async fn delete_secret(app: State<'_, App>, name: String) -> Result<(), Refusal> {
    let secret = named(&name)?;
    blocking(move || Ok(Vault::open().delete(secret)?)).await?;
    app.agent.reread();
    Ok(())
}

fn named(name: &str) -> Result<Secret, Refusal> {
    // The name is not repeated: somebody may have put the secret itself there.
    name.parse().map_err(|_| {
        Refusal::new(
            "no-such-secret",
            "There is no secret of that name.",
            "Known are client_token, auth_token and client_password.",
        )
    })
}

/// A secret on its way in. It can't be printed and can't be sent back: it has no `Serialize`.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(crate) struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl SecretText {
    /// No secret is longer, in bytes.
    const LONGEST: usize = 64 * 1024;

    fn checked(self, secret: Secret) -> Result<SecretString, Refusal> {
        let text = self.0.expose_secret().trim_end_matches(['\r', '\n']);
        let what = if text.trim().is_empty() {
            "nothing was given"
        } else if text.len() > Self::LONGEST {
            "what was given is longer than any secret"
        } else if text.chars().any(char::is_control) {
            "what was given has more than one line, or control characters"
        } else {
            return Ok(SecretString::from(text));
        };
        Err(Refusal::new(
            "secret-refused",
            format!("{secret} was not changed: {what}."),
            "Copy it once more, without what stands around it.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> SecretText {
        serde_json::from_value(serde_json::Value::from(value)).unwrap()
    }

    #[test]
    fn a_secret_that_is_refused_is_not_repeated() {
        for value in ["MARKER\nMARKER", " ", "", "MARKER\u{7}"] {
            let refusal = text(value).checked(Secret::ClientToken).unwrap_err();
            let told = serde_json::to_string(&refusal).unwrap();
            assert!(!told.contains("MARKER"), "{told}");
        }
        let long = text(&"MARKER".repeat(20_000)).checked(Secret::AuthToken);
        assert!(long.is_err(), "no token is that long");
        let refusal = named("MARKER").unwrap_err();
        assert!(!format!("{refusal:?}").contains("MARKER"));
    }

    #[test]
    fn of_a_secret_the_window_learns_only_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.yaml");
        std::fs::write(&file, "scanagent_code: MARKER-CODE\n").unwrap();
        let vault =
            Vault::with_environment(|name| name.starts_with("FIELDSCAN_").then(|| "MARKER".into()));
        for secrets in [vault.status(), unanswered(&vault)] {
            let document = document(&file, &secrets).unwrap();
            assert_eq!(document.secrets.len(), 3);
            let told = serde_json::to_string(&document).unwrap();
            assert!(told.contains(r#""source":"environment""#), "{told}");
            assert!(!told.contains("MARKER"), "{told}");
        }
    }

    #[test]
    fn a_keychain_that_does_not_answer_is_told_as_that() {
        let secrets = unanswered(&Vault::with_environment(|_| None));
        let told = |found: &Result<Option<Source>, Problem>| {
            matches!(found, Err(Problem::KeychainUnavailable { .. }))
        };
        assert!(secrets.iter().all(|(_, found)| told(found)), "{secrets:?}");
    }

    #[test]
    fn a_secret_is_taken_without_the_line_break_of_a_paste() {
        let value = text("token-1\r\n").checked(Secret::ClientToken).unwrap();
        assert_eq!(value.expose_secret(), "token-1");
    }

    #[test]
    fn a_mistake_has_facts_beside_its_words() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.yaml");
        let told = |key: &str, value: &str| {
            let changes = [(key.to_owned(), value.to_owned())];
            let mistakes = settings_file::check(&file, &changes).unwrap();
            let documents = mistakes.into_iter().map(MistakeDocument::from);
            serde_json::to_value(documents.collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(
            told("http_port", "70000"),
            serde_json::json!([{
                "key": "http_port",
                "found": "\"70000\"",
                "expected": "a port from 1 to 65535",
                "expects": "value",
            }]),
            "the window has its own words for what each key takes"
        );
        assert_eq!(
            told("allow_public", "198.51.100.7/24"),
            serde_json::json!([{
                "key": "allow_public",
                "found": "\"198.51.100.7/24\", which has bits beside its mask",
                "expected": "198.51.100.0/24 or 198.51.100.7",
                "expects": "network",
                "network": "198.51.100.0/24",
                "address": "198.51.100.7",
            }]),
        );
        let unknown = told("http_prot", "80");
        assert_eq!(unknown[0]["expects"], "known-key");
        assert_eq!(unknown[0]["nearest"], "http_port");
        let secret = told("client_token", "MARKER");
        assert_eq!(secret[0]["expects"], "no-secret");
        assert!(!secret.to_string().contains("MARKER"), "{secret}");
    }

    #[test]
    fn a_remark_has_facts_beside_its_words() {
        let (_, warnings) =
            settings::parse("http_port: 80\nhttp_prot: 81\n\"a secret, maybe\": 1\n").unwrap();
        let documents: Vec<RemarkDocument> = warnings.iter().map(Into::into).collect();
        assert_eq!(
            serde_json::to_value(documents).unwrap(),
            serde_json::json!([
                {
                    "code": "unknown-key",
                    "line": 2,
                    "column": 1,
                    "key": "http_prot",
                    "nearest": "http_port",
                    "words": "2:1: http_prot: unknown key, not used; did you mean http_port?",
                },
                {
                    "code": "unknown-key",
                    "line": 3,
                    "column": 1,
                    "key": null,
                    "nearest": null,
                    "words": "3:1: (not a name): unknown key, not used",
                },
            ])
        );
    }

    #[test]
    fn values_of_every_kind_become_what_a_file_has() {
        let changes: Vec<Change> = serde_json::from_str(
            r#"[{"key":"a","value":true},{"key":"b","value":7},{"key":"c","value":"x y"},
                {"key":"d","value":["10.0.0.0/8","192.168.0.0/16"]},{"key":"e","value":null}]"#,
        )
        .unwrap();
        let texts: Vec<String> = texts(changes).into_iter().map(|(_, text)| text).collect();
        assert_eq!(
            texts,
            ["true", "7", "x y", "10.0.0.0/8, 192.168.0.0/16", ""]
        );
    }
}
