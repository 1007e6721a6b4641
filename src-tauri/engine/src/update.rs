//! Whether there is a newer version: a small signed notice on a server that the settings name. Nothing is downloaded beside
//! it, and nothing is installed.
//!
//! The notice is JSON, `{"version": "1.2.3", "notes": "…", "page": "https://…"}`; beside it, with `.minisig` after its
//! name, is its signature as `minisign` makes it.

use fieldscan_core::{present, settings::Settings};
use minisign_verify::{PublicKey, Signature};
use serde::Deserialize;
use url::Url;

use crate::{
    http::{Http, Limits, Now, Take},
    place::corrected,
};

/// No notice is longer, in bytes.
const LONGEST: usize = 16 * 1024;

/// A version that is newer than this one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Notice {
    /// Three numbers with dots between them.
    pub version: String,
    /// What it brings, fit to be shown.
    #[serde(default)]
    pub notes: Option<String>,
    /// Where a person reads more.
    #[serde(default)]
    pub page: Option<Url>,
}

/// Why nothing could be learned. Its text says what happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// A setting is missing or can't be used.
    #[error("{0}")]
    Settings(String),
    /// The server can't be reached, or has no notice.
    #[error("{0}")]
    Server(String),
    /// The signature is not that of the key in the settings. What was signed is not looked at.
    #[error("the notice is not signed with the key in `update_key`")]
    Signature,
    /// It is signed, and not a notice.
    #[error("the notice can't be read: {0}")]
    Unreadable(String),
}

/// Asks for the newest version. `None`: this one is.
///
/// # Errors
/// [`Failed`].
pub async fn look(settings: &Settings, own: &str) -> Result<Option<Notice>, Failed> {
    let missing = |key: &str| Failed::Settings(format!("the setting `{key}` has no value"));
    let url = settings
        .update_url
        .as_ref()
        .ok_or_else(|| missing("update_url"))?;
    let key = settings
        .update_key
        .as_ref()
        .ok_or_else(|| missing("update_key"))?;
    let mut signature_url = url.clone();
    signature_url.set_path(&format!("{}.minisig", url.path()));
    let limits = Limits {
        body: LONGEST,
        ..Limits::SCAN_SERVER
    };
    let now = {
        let settings = settings.clone();
        Now::new(move || corrected(&settings))
    };
    let http = Http::new(url, settings.ca_file.as_deref(), limits, now)
        .map_err(|problem| Failed::Settings(present::words(&problem).line()))?;
    let notice = fetch(&http, url.clone()).await?;
    let signature = fetch(&http, signature_url).await?;
    let newest = read(key, &notice, &signature)?;
    Ok(is_newer(&newest.version, own).then_some(newest))
}

async fn fetch(http: &Http, url: Url) -> Result<Vec<u8>, Failed> {
    let request = http.request(reqwest::Method::GET, url);
    let reply = http
        .send(request, Take::Whole)
        .await
        .map_err(|fault| Failed::Server(fault.to_string()))?;
    match reply.status {
        200 => Ok(reply.body),
        status => Err(Failed::Server(format!(
            "the server answered with status {status}"
        ))),
    }
}

/// Holds a notice against its signature, and only then reads it.
fn read(key: &str, notice: &[u8], signature: &[u8]) -> Result<Notice, Failed> {
    let key = PublicKey::from_base64(key.trim()).map_err(|_| {
        Failed::Settings("`update_key` is not the base64 line of a minisign public key".to_owned())
    })?;
    let signature = std::str::from_utf8(signature).map_err(|_| Failed::Signature)?;
    let signature = Signature::decode(signature).map_err(|_| Failed::Signature)?;
    key.verify(notice, &signature, false)
        .map_err(|_| Failed::Signature)?;
    let mut notice: Notice =
        serde_json::from_slice(notice).map_err(|error| Failed::Unreadable(error.to_string()))?;
    if numbers(&notice.version).is_none() {
        return Err(Failed::Unreadable(
            "its version is not three numbers".to_owned(),
        ));
    }
    notice.notes = notice.notes.as_deref().and_then(present::quote);
    // It is shown as a link.
    notice.page = notice.page.filter(|page| page.scheme() == "https");
    Ok(notice)
}

fn is_newer(newest: &str, own: &str) -> bool {
    match (numbers(newest), numbers(own)) {
        (Some(newest), Some(own)) => newest > own,
        (_, None) | (None, _) => false,
    }
}

fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.split('.');
    let mut next = || parts.next()?.parse().ok();
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "RWRGSUVMRFNDTk9ptYMTlxX84X4C09DsJInfdfgp3iAO1MaXYEwf8Ytc";
    const NOTICE: &str =
        r#"{"version":"0.9.0","notes":"Scans more.","page":"https://fieldscan.example/0.9.0"}"#;
    const SIGNATURE: &str = "untrusted comment: a signature of the tests
RURGSUVMRFNDThrXFOtvc0DZjkszrg4mgEpNxYIaV9ufhklgxiyMOYpwvySrP5s036cH1SKv8aXZEytnCk5KlI9feBzyiuICXgw=
trusted comment: timestamp:1773237600\tfile:newest.json
cVKxhcpvKWRrXeyZSRAGN41P12/XRren7pAF0kggPC13NgVmgyD7/MwP7SDAJoGgyJQ6diXz1nUJyhGkXuKhDw==
";

    #[test]
    fn a_notice_is_read_only_with_its_signature() {
        let notice = read(KEY, NOTICE.as_bytes(), SIGNATURE.as_bytes()).unwrap();
        assert_eq!(notice.version, "0.9.0");
        assert_eq!(notice.notes.as_deref(), Some("Scans more."));
        let forged = NOTICE.replace("0.9.0", "9.9.9");
        assert_eq!(
            read(KEY, forged.as_bytes(), SIGNATURE.as_bytes()),
            Err(Failed::Signature),
            "other bytes than those that were signed"
        );
        let other = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
        assert_eq!(
            read(other, NOTICE.as_bytes(), SIGNATURE.as_bytes()),
            Err(Failed::Signature),
            "somebody else's signature"
        );
        assert_eq!(
            read(KEY, NOTICE.as_bytes(), b"\xff"),
            Err(Failed::Signature)
        );
        assert!(matches!(
            read("no key", NOTICE.as_bytes(), SIGNATURE.as_bytes()),
            Err(Failed::Settings(_))
        ));
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        for (newest, own, newer) in [
            ("0.10.0", "0.9.9", true),
            ("0.9.0", "0.9.0", false),
            ("0.1.9", "0.2.0", false),
            ("1", "0.2.0", false),
            ("1.0.0-beta", "0.2.0", false),
        ] {
            assert_eq!(is_newer(newest, own), newer, "{newest} after {own}");
        }
    }

    #[tokio::test]
    async fn nobody_looks_without_a_key() {
        let settings = Settings {
            update_url: "https://127.0.0.1:1/newest.json".parse().ok(),
            ..Settings::default()
        };
        let failed = look(&settings, "0.1.0").await.unwrap_err();
        assert!(failed.to_string().contains("update_key"), "{failed}");
    }
}
