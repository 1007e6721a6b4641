//! A settings file's text → settings, with all its mistakes at once.

use std::collections::HashMap;

use super::{
    Settings,
    keys::{self, Draft},
    mistake::{Expected, Mistake, Position, SECRET_KEYS, Warning},
    yaml::{self, Entry, Node, What},
};

/// Reads a settings file's text. An empty file means the defaults; a byte order mark is skipped.
///
/// # Errors
/// Every mistake that keeps the file from being used, in the file's order.
pub fn parse(text: &str) -> Result<(Settings, Vec<Warning>), Vec<Mistake>> {
    let entries = entries(text)?;
    let foreign = super::import::not_settings(&entries);
    if !foreign.is_empty() {
        return Err(foreign);
    }
    let read = read(entries, |_, _| None);
    match read.mistakes.is_empty() {
        true => Ok((read.settings, read.warnings)),
        false => Err(read.mistakes),
    }
}

/// The top mapping's entries.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match yaml::read(text).map_err(|mistake| vec![mistake])? {
        None => Ok(Vec::new()),
        Some(top) => mapping(top, ""),
    }
}

/// A node's entries, if it is a mapping or nothing.
pub(super) fn mapping(node: Node, key: &str) -> Result<Vec<Entry>, Vec<Mistake>> {
    match node.what {
        What::Map(entries) => Ok(entries),
        What::Nothing => Ok(Vec::new()),
        What::Text { .. } | What::List(_) | What::Alias | What::Tagged(_) => Err(vec![Mistake {
            at: node.at,
            key: key.to_owned(),
            found: node.kind(),
            expected: Expected::Text {
                words: "lines like `key: value`",
            },
        }]),
    }
}

pub(super) struct Read {
    pub(super) settings: Settings,
    /// The keys that have a value there, in the table's order.
    pub(super) given: Vec<&'static str>,
    pub(super) warnings: Vec<Warning>,
    pub(super) mistakes: Vec<Mistake>,
}

/// What an importer does with a secret that it meets: `None` when it takes none, otherwise whether the secret was good.
pub(super) type Taken = Option<Result<(), Mistake>>;

/// Reads entries by the table of keys. `take_secret` may take a secret's value; if it takes none, a value is a mistake.
pub(super) fn read(
    entries: Vec<Entry>,
    mut take_secret: impl FnMut(&'static str, &Node) -> Taken,
) -> Read {
    let mut draft = Draft::default();
    let mut warnings = Vec::new();
    let mut mistakes = Vec::new();
    let mut seen: HashMap<String, Position> = HashMap::new();
    let mut server_at = None;
    let mut given = Vec::new();

    for entry in entries {
        let Entry { key, at, value, .. } = entry;
        let secret = SECRET_KEYS.into_iter().find(|name| *name == key);
        let known = keys::key(&key);
        if let Some(first) = seen.get(&key)
            && !key.is_empty()
        {
            mistakes.push(Mistake {
                at: Some(at),
                found: format!("it a second time (first on line {})", first.line),
                expected: Expected::Text {
                    words: "each key once",
                },
                key: key_shown(&key),
            });
            continue;
        }
        seen.insert(key.clone(), at);

        match (known, secret) {
            (Some(known), _) => {
                if known.name == "http_server" {
                    server_at = value.at;
                }
                if !is_empty(&value) {
                    given.push(known.name);
                }
                if let Err(mistake) = known.read(&value, &mut draft) {
                    mistakes.push(mistake);
                }
            }
            (None, Some(name)) => match take_secret(name, &value) {
                Some(Ok(())) => {}
                Some(Err(mistake)) => mistakes.push(mistake),
                None if is_empty(&value) => {}
                None => mistakes.push(keys::secret_here(name, value.at)),
            },
            (None, None) => warnings.push(Warning {
                at,
                nearest: keys::nearest(&key),
                key: key_shown(&key),
            }),
        }
    }

    if let Some(port) = draft.server_port {
        match draft.port_given {
            false => {
                draft.settings.http_port = port;
                given.push("http_port");
            }
            true if draft.settings.http_port == port => {}
            true => mistakes.push(Mistake {
                at: server_at,
                key: "http_server".to_owned(),
                found: format!("port {port} in it"),
                expected: Expected::Port {
                    port: draft.settings.http_port,
                },
            }),
        }
    }
    mistakes.sort_by_key(|mistake| mistake.at);
    given.sort_by_key(|name| keys::KEYS.iter().position(|key| key.name == *name));
    Read {
        settings: draft.settings,
        given,
        warnings,
        mistakes,
    }
}

/// Whether nothing stands there.
pub(super) fn is_empty(value: &Node) -> bool {
    match &value.what {
        What::Nothing => true,
        What::Text { text, .. } => text.is_empty(),
        What::List(_) | What::Map(_) | What::Alias | What::Tagged(_) => false,
    }
}

/// What stands for a key that is not shown. No key that is shown looks like it.
pub(super) const NOT_A_NAME: &str = "(not a name)";

/// An unknown key, if it looks like a name: anything else could be a value that stands in the wrong place.
pub(super) fn key_shown(key: &str) -> String {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
    match !key.is_empty() && key.len() <= 40 && key.chars().all(name) {
        true => key.to_owned(),
        false => NOT_A_NAME.to_owned(),
    }
}
