//! Takes over a file of the reference scanner, its tokens apart, and blanks the tokens in its text.
//!
//! Whatever is returned can be printed: no token is in a mistake, a warning or a `Debug` text.

use secrecy::{ExposeSecret, SecretString};

use super::{
    Settings,
    file::{self, entries, key_shown, mapping},
    keys,
    mistake::{Expected, Mistake, SECRET_KEYS, Warning},
    yaml::{Entry, Node, What},
};

/// The key under which the reference scanner's file has its settings.
pub const REFERENCE_KEY: &str = "nofusscomputing_phpipam_scan_agent";

/// What the reference's playbooks call its variables inside; files and scripts use both.
const REFERENCE_PREFIX: &str = "nfc_c_";

/// What a reference file holds.
#[derive(Debug)]
pub struct Import {
    /// The settings; what the file doesn't name has its default.
    pub settings: Settings,
    /// The keys that have a value in the file, in the order of [`super::KEYS`].
    pub given: Vec<&'static str>,
    /// phpIPAM's token, if there is one.
    pub client_token: Option<SecretString>,
    /// The scan server's token, if there is one.
    pub auth_token: Option<SecretString>,
    /// The password of `client_user`; the reference has none, but files of ours may.
    pub client_password: Option<SecretString>,
    /// Keys that were not used.
    pub warnings: Vec<Warning>,
}

impl Import {
    /// The secrets, in the order of [`SECRET_KEYS`].
    pub fn secrets(&self) -> [Option<&SecretString>; 3] {
        [
            self.client_token.as_ref(),
            self.auth_token.as_ref(),
            self.client_password.as_ref(),
        ]
    }

    /// Whether the file has nothing that could be taken over.
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && self.secrets().iter().all(Option::is_none)
    }
}

/// What is wrong with a file of the reference scanner in the place of the settings; nothing for other files.
pub(super) fn not_settings(entries: &[Entry]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for entry in entries.iter().filter(|entry| entry.key == REFERENCE_KEY) {
        mistakes.push(Mistake {
            at: Some(entry.at),
            key: REFERENCE_KEY.to_owned(),
            found: "a file of the reference scanner".to_owned(),
            expected: Expected::Text {
                words: "Fieldscan's own settings; this is a reference file: \
                        `fieldscan config import FILE` takes it over",
            },
        });
        let What::Map(inside) = &entry.value.what else {
            continue;
        };
        for inner in inside {
            let name = inner.key.strip_prefix(REFERENCE_PREFIX);
            let name = name.unwrap_or(&inner.key);
            if let Some(known) = SECRET_KEYS.into_iter().find(|known| *known == name)
                && !file::is_empty(&inner.value)
            {
                mistakes.push(keys::secret_here(known, inner.value.at));
            }
        }
    }
    mistakes
}

/// Reads a file of the reference scanner as it is: with its top key, or flat.
///
/// # Errors
/// Every mistake that keeps it from being used. At a token's key they tell the kind of what was found, not the value.
pub fn import(text: &str) -> Result<Import, Vec<Mistake>> {
    let (body, mut warnings) = body(entries(text)?)?;
    let mut secrets: [Option<SecretString>; 3] = [None, None, None];
    let read = file::read(body, |name, node| {
        let place = SECRET_KEYS.iter().position(|known| *known == name)?;
        let taken = secret(name, node);
        Some(taken.map(|value| secrets[place] = value))
    });
    warnings.extend(read.warnings);
    warnings.sort_by_key(|warning| warning.at);

    let leaks = |text: &str| {
        secrets
            .iter()
            .flatten()
            .any(|secret| text.contains(secret.expose_secret()))
    };
    let mut mistakes = read.mistakes;
    for mistake in &mut mistakes {
        if leaks(&mistake.found) {
            mistake.found = "text with a secret in it".to_owned();
        }
        if leaks(&mistake.key) {
            mistake.key = key_shown("");
        }
    }
    for warning in &mut warnings {
        if leaks(&warning.key) {
            warning.key = key_shown("");
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let [client_token, auth_token, client_password] = secrets;
    Ok(Import {
        settings: read.settings,
        given: read.given,
        client_token,
        auth_token,
        client_password,
        warnings,
    })
}

/// The text with only the secrets' values emptied, but for those whose names are in `keep`; all the rest, comments
/// included, is the same byte for byte.
///
/// # Errors
/// The text is not YAML, or a secret's value is written in a way that can't be cut out.
pub fn blank_tokens(text: &str, keep: &[&str]) -> Result<String, Vec<Mistake>> {
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let top = entries(text)?;
    let mut cuts = Vec::new();
    let mut collect = |entries: &[Entry]| {
        for entry in entries {
            let name = entry.key.strip_prefix(REFERENCE_PREFIX);
            let name = name.unwrap_or(&entry.key);
            if SECRET_KEYS.contains(&name) && !keep.contains(&name) {
                cuts.push((entry.key.clone(), entry.at, value_bytes(text, bom, entry)));
            }
        }
    };
    collect(&top);
    for entry in top.iter().filter(|entry| entry.key == REFERENCE_KEY) {
        if let What::Map(entries) = &entry.value.what {
            collect(entries);
        }
    }
    cuts.sort_by_key(|(_, _, bytes)| std::cmp::Reverse(bytes.start));
    let mut blanked = text.to_owned();
    for (key, at, bytes) in cuts {
        match blanked.is_char_boundary(bytes.start) && blanked.is_char_boundary(bytes.end) {
            true => blanked.replace_range(bytes, ""),
            false => return Err(vec![uncut(&key, Some(at))]),
        }
    }

    // What was cut must have been the values and nothing else.
    let (before, after) = (import(text), import(&blanked));
    match after {
        Ok(after)
            if SECRET_KEYS
                .iter()
                .zip(after.secrets())
                .all(|(name, secret)| {
                    // One that is kept must not be hurt by the others' cuts either.
                    match keep.contains(name) {
                        true => before.as_ref().map_or(true, |before| {
                            let mut all = SECRET_KEYS.iter().zip(before.secrets());
                            all.any(|(other, old)| {
                                other == name
                                    && old.map(ExposeSecret::expose_secret)
                                        == secret.map(ExposeSecret::expose_secret)
                            })
                        }),
                        false => secret.is_none(),
                    }
                })
                && before
                    .as_ref()
                    .map_or(true, |before| before.settings == after.settings) =>
        {
            Ok(blanked)
        }
        Ok(_) => Err(vec![uncut(SECRET_KEYS[0], None)]),
        Err(mistakes) => match before {
            // The text had these mistakes before.
            Err(_) => Ok(blanked),
            Ok(_) => Err(mistakes),
        },
    }
}

/// The bytes of a value in the whole text, with its tag and anchor, without the line break behind it.
fn value_bytes(text: &str, bom: usize, entry: &Entry) -> std::ops::Range<usize> {
    let end = bom + entry.value.bytes.end;
    let key_end = bom + entry.key_bytes.end;
    if matches!(entry.value.what, What::Nothing) && entry.value.bytes.is_empty() {
        return key_end..key_end;
    }
    let between = text.get(key_end..end).unwrap_or_default();
    let start = between
        .find(':')
        .map_or(bom + entry.value.bytes.start, |colon| {
            let behind = &between[colon + 1..];
            let blank = behind.len() - behind.trim_start_matches([' ', '\t']).len();
            key_end + colon + 1 + blank
        });
    let start = start.min(end);
    let value = text.get(start..end).unwrap_or_default();
    start..start + value.trim_end_matches(['\n', '\r']).len()
}

fn uncut(key: &str, at: Option<super::Position>) -> Mistake {
    Mistake {
        at,
        key: key.to_owned(),
        found: "a secret that can't be cut out of the text".to_owned(),
        expected: Expected::Text {
            words: "`key: value` on one line",
        },
    }
}

/// The entries that hold settings: those under the reference's key, or the top ones.
fn body(top: Vec<Entry>) -> Result<(Vec<Entry>, Vec<Warning>), Vec<Mistake>> {
    let mut places = top.iter().filter(|entry| entry.key == REFERENCE_KEY);
    let (first, second) = (places.next(), places.next());
    if let (Some(first), Some(second)) = (first, second) {
        return Err(vec![Mistake {
            at: Some(second.at),
            key: REFERENCE_KEY.to_owned(),
            found: format!("it a second time (first on line {})", first.at.line),
            expected: Expected::Text {
                words: "each key once",
            },
        }]);
    }
    let nested = first.is_some();
    let mut warnings = Vec::new();
    let mut body = Vec::new();
    for entry in top {
        if !nested {
            body.push(entry);
        } else if entry.key == REFERENCE_KEY {
            body = mapping(entry.value, REFERENCE_KEY)?;
        } else {
            warnings.push(Warning {
                at: entry.at,
                nearest: None,
                key: key_shown(&entry.key),
            });
        }
    }
    for entry in &mut body {
        if let Some(name) = entry.key.strip_prefix(REFERENCE_PREFIX)
            && (keys::key(name).is_some() || SECRET_KEYS.contains(&name))
        {
            entry.key = name.to_owned();
        }
    }
    Ok((body, warnings))
}

fn secret(name: &str, node: &Node) -> Result<Option<SecretString>, Mistake> {
    let refuse = |found: String| {
        Err(Mistake {
            at: node.at,
            key: name.to_owned(),
            found,
            expected: Expected::Text {
                words: "the secret itself, as text on one line",
            },
        })
    };
    let text = match &node.what {
        What::Nothing => return Ok(None),
        What::Text { text, .. } => text,
        What::List(_) | What::Map(_) | What::Alias | What::Tagged(_) => return refuse(node.kind()),
    };
    if text.contains("{{") {
        return refuse("an Ansible expression (`{{ … }}`)".to_owned());
    }
    // Tokens are sent in headers; a password may hold any characters of one line.
    let token = name != "client_password";
    let text = if token { text.trim() } else { text.as_str() };
    match text {
        "" => Ok(None),
        text if token && !text.chars().all(|c| c.is_ascii_graphic()) => {
            refuse("text with characters that no token has".to_owned())
        }
        text if text.contains(char::is_control) => {
            refuse("text with control characters".to_owned())
        }
        text => Ok(Some(SecretString::from(text))),
    }
}
