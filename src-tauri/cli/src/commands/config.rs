//! `config`: show, change and find the settings. The import is in a module of its own.

use fieldscan_core::settings::Shown;
use fieldscan_engine::{
    document::{SettingDocument, setting_documents},
    settings_file::{self, WriteError},
};
use serde::Serialize;

use super::import;
use crate::{
    args::Config,
    failure::{Exit, Failure},
    instance::take_up,
    output::{Cell, Column, Output, Table, Tone, plain},
    place::Place,
};

#[derive(Serialize)]
struct ConfigDocument {
    path: String,
    exists: bool,
    settings: Vec<SettingDocument>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct PathDocument {
    path: String,
    exists: bool,
}

#[derive(Serialize)]
struct SetDocument {
    key: String,
    path: String,
    /// Another key that was set with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    also: Option<&'static str>,
    /// Whether a running instance works with it; null if none is running.
    taken_up: Option<bool>,
}

pub(super) fn run(place: &Place, out: &Output, args: &Config) -> Result<Exit, Failure> {
    match args {
        Config::Show => show(place, out),
        Config::Set { key, value } => set(place, out, key, value),
        Config::Import(args) => import::run(place, out, args),
        Config::Path => path(place, out),
    }
}

fn show(place: &Place, out: &Output) -> Result<Exit, Failure> {
    let read = settings_file::read(&place.settings_file)?;
    let exists = read.is_some();
    let (settings, warnings) = read.unwrap_or_default();
    let document = ConfigDocument {
        path: place.settings_file.display().to_string(),
        exists,
        settings: setting_documents(&settings),
        warnings: warnings.iter().map(ToString::to_string).collect(),
    };
    out.show(&document, |out| {
        let mut text = out.style.paint(
            Tone::Strong,
            plain(&match exists {
                true => document.path.clone(),
                false => format!(
                    "{} is not there yet; these are the defaults.",
                    document.path
                ),
            }),
        ) + "\n\n";
        let mut table = Table::new([Column::Left(""), Column::Left(""), Column::Wrapped("")]);
        for setting in &document.settings {
            let value = match (&setting.value, setting.set) {
                (Some(Shown::List(values)), _) if values.is_empty() => {
                    Cell::toned(Tone::Faint, "none")
                }
                (Some(value), _) if setting.default => {
                    Cell::toned(Tone::Faint, plain(&value.to_string()))
                }
                (Some(value), _) => plain(&value.to_string()).into(),
                (None, true) => Cell::toned(Tone::Faint, "set, not shown"),
                (None, false) => Cell::toned(Tone::Faint, "not set"),
            };
            table.row([
                setting.key.into(),
                value,
                Cell::toned(Tone::Faint, setting.help),
            ] as [Cell; 3]);
        }
        text += &out.table(&table, 2);
        for warning in &document.warnings {
            text += &format!("\n  Warning: {}\n", plain(warning));
        }
        text
    })?;
    Ok(Exit::Done)
}

fn set(place: &Place, out: &Output, key: &str, value: &str) -> Result<Exit, Failure> {
    let before = port_of(place, key);
    settings_file::set(&place.settings_file, key, value).map_err(unwritten)?;
    // A port in the server's address stands in a setting of its own.
    let port = port_of(place, key).filter(|port| Some(*port) != before);
    let taken_up = take_up(place);
    let document = SetDocument {
        taken_up: taken_up.document(),
        also: port.map(|_| "http_port"),
        key: key.to_owned(),
        path: place.settings_file.display().to_string(),
    };
    out.show(&document, |_| {
        let mut text = format!("{} is set in {}.\n", plain(key), plain(&document.path));
        if let Some(port) = port {
            text += &format!("http_port is now {port}, as the address says.\n");
        }
        text + &taken_up.words()
    })?;
    Ok(Exit::Done)
}

/// The scan server's port, where its address is what is set.
fn port_of(place: &Place, key: &str) -> Option<u16> {
    if key != "http_server" {
        return None;
    }
    let (settings, _) = settings_file::read(&place.settings_file).ok()??;
    Some(settings.http_port)
}

/// Why the settings were not written.
pub(super) fn unwritten(error: WriteError) -> Failure {
    match error {
        WriteError::Broken(error) => error.into(),
        WriteError::Refused(_) => Failure::new(
            Exit::Usage,
            "settings-refused",
            "The settings were not changed.",
        )
        .detail(error.to_string()),
        WriteError::Io { .. } => Failure::new(
            Exit::Nothing,
            "settings-unwritten",
            "The settings could not be written; they are as they were.",
        )
        .detail(error.to_string()),
    }
}

fn path(place: &Place, out: &Output) -> Result<Exit, Failure> {
    let document = PathDocument {
        path: place.settings_file.display().to_string(),
        exists: place.settings_file.exists(),
    };
    out.show(&document, |_| format!("{}\n", document.path))?;
    Ok(Exit::Done)
}
