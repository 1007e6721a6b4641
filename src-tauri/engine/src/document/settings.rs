//! Settings and secrets: of secrets only where they are.

use fieldscan_core::{
    problem::Problem,
    settings::{KEYS, Settings, Shown},
};
use serde::Serialize;
use ts_rs::TS;

use super::ProblemDocument;
use crate::vault::{Secret, Source};

/// A setting.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SettingDocument {
    pub key: &'static str,
    /// Not there for what stays out of output, and for what has no value.
    pub value: Option<Shown>,
    pub set: bool,
    /// Whether the value is the default.
    pub default: bool,
    /// The default; null where there is none.
    pub default_value: Option<Shown>,
    pub help: &'static str,
}

/// Where a secret is.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SecretDocument {
    #[ts(type = "'client_token' | 'auth_token' | 'client_password'")]
    pub name: &'static str,
    #[ts(type = "'environment' | 'credentials-directory' | 'keychain' | null")]
    pub source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<ProblemDocument>,
}

/// Every key, in the order of the documented example.
pub fn setting_documents(settings: &Settings) -> Vec<SettingDocument> {
    let defaults = Settings::default();
    let documents = KEYS.iter().map(|key| {
        let value = key.shown(settings);
        SettingDocument {
            key: key.name,
            set: value.is_some(),
            default: value == key.shown(&defaults),
            default_value: key.shown(&defaults),
            value: value.filter(|_| !key.private),
            help: key.help,
        }
    });
    documents.collect()
}

impl From<&(Secret, Result<Option<Source>, Problem>)> for SecretDocument {
    fn from((secret, found): &(Secret, Result<Option<Source>, Problem>)) -> Self {
        Self {
            name: secret.name(),
            source: match found {
                Ok(source) => source.map(source_code),
                Err(_) => None,
            },
            problem: found.as_ref().err().map(ProblemDocument::of),
        }
    }
}

/// The word for a source of secrets.
pub fn source_code(source: Source) -> &'static str {
    match source {
        Source::Environment => "environment",
        Source::CredentialsDirectory => "credentials-directory",
        Source::Keychain => "keychain",
    }
}
