//! Changes a settings file's text key by key and keeps its comments and order, and writes a new one with a help for
//! each key.

use super::{
    Settings,
    file::{self, entries},
    import::Import,
    keys::{self, Draft, KEYS, Key, Shown},
    mistake::{Expected, Mistake, SECRET_KEYS},
    yaml::{Entry, Node, What},
};

/// The text with one key changed or added. An empty value takes the key back to its default.
///
/// # Errors
/// The value is not what the key takes, the key is unknown or a secret's, the result contradicts another key, or the
/// text has mistakes already: a broken file is not changed.
pub fn set(text: &str, name: &str, value: &str) -> Result<String, Vec<Mistake>> {
    if SECRET_KEYS.contains(&name) {
        return Err(vec![keys::secret_here(name, None)]);
    }
    let Some(key) = keys::key(name) else {
        return Err(vec![keys::no_such_key(name, None)]);
    };
    let mut draft = Draft::default();
    key.read(&Node::from_text(value), &mut draft)
        .map_err(|mistake| vec![mistake])?;
    let shown = match value.trim() {
        "" => None,
        _ => key.shown(&draft.settings),
    };
    let changed = put(text, key, shown.as_ref())?;
    match draft.server_port {
        Some(port) => put(&changed, port_key(), Some(&Shown::Number(port.into()))),
        None => Ok(changed),
    }
}

/// The text with several keys changed or added, in this order. An empty value takes a key back to its default.
///
/// # Errors
/// As [`set`], for all of them: each is tried, so that a person sees every mistake at once.
pub fn set_all(text: &str, changes: &[(String, String)]) -> Result<String, Vec<Mistake>> {
    let mut text = text.to_owned();
    let mut mistakes = Vec::new();
    for (key, value) in changes {
        match set(&text, key, value) {
            Ok(changed) => text = changed,
            Err(wrong) => mistakes.extend(wrong),
        }
    }
    match mistakes.is_empty() {
        true => Ok(text),
        false => Err(mistakes),
    }
}

/// The text with every key changed that has another value in `settings`.
///
/// # Errors
/// As [`set`].
pub fn update(text: &str, settings: &Settings) -> Result<String, Vec<Mistake>> {
    let (mut old, _) = file::parse(text)?;
    let mut text = text.to_owned();
    for key in &KEYS {
        let wanted = key.shown(settings);
        if key.shown(&old) != wanted {
            text = put(&text, key, wanted.as_ref())?;
            (old, _) = file::parse(&text)?;
        }
    }
    Ok(text)
}

/// The text with the keys that an imported file names, each with that file's value; all the others stay.
///
/// # Errors
/// As [`set`].
pub fn take_over(text: &str, import: &Import) -> Result<String, Vec<Mistake>> {
    let mut text = text.to_owned();
    for key in KEYS.iter().filter(|key| import.given.contains(&key.name)) {
        let wanted = key.shown(&import.settings);
        if key.shown(&file::parse(&text)?.0) != wanted {
            text = put(&text, key, wanted.as_ref())?;
        }
    }
    Ok(text)
}

/// A new settings file: each key with its help; those that have their default are commented out.
pub fn to_yaml(settings: &Settings) -> String {
    let defaults = Settings::default();
    let mut text = String::from(
        "# Fieldscan's settings. Lines that begin with # show the defaults, or an example where there is none.\n\
         # Secrets don't belong here: `fieldscan secret set client_token` puts them into the keychain.\n",
    );
    for key in &KEYS {
        let shown = key.shown(settings);
        let default = key.shown(&defaults);
        text += &format!("\n# {}\n# Takes {}.\n", key.help, key.expected);
        text += &match (&shown, &default) {
            (Some(value), _) if shown != default => format!("{}: {}\n", key.name, yaml(value)),
            (_, Some(default)) if key.example.is_empty() => {
                format!("#{}: {}\n", key.name, yaml(default))
            }
            _ => format!("#{}: {}\n", key.name, key.example),
        };
    }
    text
}

fn port_key() -> &'static Key {
    KEYS.iter()
        .find(|key| key.name == "http_port")
        .expect("the table has the key")
}

/// Writes a value at its key, and makes sure that this is all that changes.
fn put(text: &str, key: &Key, value: Option<&Shown>) -> Result<String, Vec<Mistake>> {
    let (old, _) = file::parse(text)?;
    let (bom, body) = match text.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", text),
    };
    let entries = entries(body)?;
    let value = value.map(yaml).unwrap_or_default();
    let mut wrong = Vec::new();
    for candidate in candidates(body, &entries, key, &value) {
        let candidate = format!("{bom}{candidate}");
        match file::parse(&candidate) {
            Ok((new, _)) if as_wanted(&old, &new, key, &value) => return Ok(candidate),
            Ok(_) => {}
            Err(mistakes) => wrong = mistakes,
        }
    }
    match wrong.is_empty() {
        false => Err(wrong),
        true => Err(vec![Mistake {
            at: entries.iter().find(|e| e.key == key.name).map(|e| e.at),
            key: key.name.to_owned(),
            found: "a file whose form leaves no place for a change".to_owned(),
            expected: Expected::ByHand,
        }]),
    }
}

/// Whether the key has the value and no other key another one (but the port that `http_server` brings).
fn as_wanted(old: &Settings, new: &Settings, key: &Key, value: &str) -> bool {
    let wanted = match value {
        "" => key.shown(&Settings::default()).as_ref().map(yaml),
        value => Some(value.to_owned()),
    };
    let same = |other: &Key| other.shown(old) == other.shown(new);
    key.shown(new).as_ref().map(yaml) == wanted
        && KEYS.iter().all(|other| {
            other.name == key.name
                || same(other)
                || (key.name == "http_server" && other.name == "http_port")
        })
}

/// Texts with the change, the nicest first. Whether they mean what they should is for the caller to see.
fn candidates(text: &str, entries: &[Entry], key: &Key, value: &str) -> Vec<String> {
    if let Some(entry) = entries.iter().find(|entry| entry.key == key.name) {
        return replaced(text, entry, value);
    }
    let newline = match text.contains("\r\n") {
        true => "\r\n",
        false => "\n",
    };
    let indent = " ".repeat(entries.first().map_or(0, |entry| entry.at.column - 1));
    let line = match value {
        "" => format!("{indent}{}:{newline}", key.name),
        value => format!("{indent}{}: {value}{newline}", key.name),
    };
    let mut places = Vec::new();
    // Below the line that shows the default.
    let mut at = 0;
    for existing in text.split_inclusive('\n') {
        at += existing.len();
        let comment = existing.trim_start().strip_prefix('#').map(str::trim_start);
        if comment
            .and_then(|comment| comment.strip_prefix(key.name))
            .is_some_and(|rest| rest.starts_with(':'))
            && existing.ends_with('\n')
        {
            places.push(at);
            break;
        }
    }
    places.push(text.len());
    // Behind the last entry, for a file that ends with `...`.
    if let Some(last) = entries.last() {
        let rest = text.get(last.value.bytes.end.max(last.key_bytes.end)..);
        if let Some(line_end) = rest.and_then(|rest| rest.find('\n')) {
            places.push(text.len() - rest.map_or(0, str::len) + line_end + 1);
        }
    }
    places
        .into_iter()
        .filter_map(|place| Some((text.get(..place)?, text.get(place..)?)))
        .map(
            |(before, after)| match before.is_empty() || before.ends_with('\n') {
                true => format!("{before}{line}{after}"),
                false => format!("{before}{newline}{line}{after}"),
            },
        )
        .collect()
}

/// The text with the entry's value replaced, the white space before it and the comment behind it kept.
fn replaced(text: &str, entry: &Entry, value: &str) -> Vec<String> {
    let rest = text.get(entry.key_bytes.end..).unwrap_or_default();
    let Some(colon) = rest.find(':') else {
        return Vec::new();
    };
    let from = entry.key_bytes.end + colon + 1;
    let (from, to) = match entry.value.what {
        What::Nothing if entry.value.bytes.is_empty() => (from, from),
        _ => (from, entry.value.bytes.end.max(from)),
    };
    let old = text.get(from..to).unwrap_or_default();
    let to = from + old.trim_end_matches(['\n', '\r']).len();
    let old = &old[..to - from];
    let blank = match old.find(|c| c != ' ' && c != '\t') {
        Some(0) | None => " ",
        Some(_) if old.contains('\n') => " ",
        Some(blank) => &old[..blank],
    };
    let blank = if value.is_empty() { "" } else { blank };
    match (text.get(..from), text.get(to..)) {
        (Some(before), Some(after)) => vec![format!("{before}{blank}{value}{after}")],
        _ => Vec::new(),
    }
}

/// A value as YAML, on one line.
fn yaml(value: &Shown) -> String {
    match value {
        Shown::YesNo(value) => value.to_string(),
        Shown::Number(value) => value.to_string(),
        Shown::Text(text) => scalar(text),
        Shown::List(values) => {
            let values: Vec<String> = values.iter().map(|value| scalar(value)).collect();
            format!("[{}]", values.join(", "))
        }
    }
}

/// A text that any reader of YAML takes for that text: bare where it is harmless, in double quotes otherwise.
fn scalar(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || " _-./+:".contains(c);
    let first = text
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric() || c == '/');
    let number = text.chars().all(|c| "0123456789_.:+-eExXoO".contains(c));
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "y" | "n"
    ) || (text.eq_ignore_ascii_case("off") && text != "off");
    if first
        && !number
        && !word
        && text.chars().all(bare)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
    {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() => quoted.push(c),
            c => quoted += &format!("\\U{:08X}", u32::from(c)),
        }
    }
    quoted + "\""
}
