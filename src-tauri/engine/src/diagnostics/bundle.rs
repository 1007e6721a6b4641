//! Gathers what goes into a bundle: what the doctor found, settings, state, logs, and the names that are replaced in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use fieldscan_core::{place::Surroundings, problem::Problem, settings::Settings};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Error, Inputs};
use crate::{
    doctor::{Found, Outcome, Patient, Progress, StepId, examine},
    document::DoctorDocument,
    logging::Redactor,
    nmap::Nmap,
    place::{Place, Records},
    settings_file, store,
    vault::{Secret, Vault},
};

/// Tries each step, gathers everything, and writes a bundle. Returns the names of the files in it.
///
/// # Errors
/// If the bundle can't be written. What can't be read is left out: what is broken may be the reason for the bundle.
pub async fn write(place: &Place, file: &Path, force: bool) -> Result<Vec<String>, Error> {
    let mut steps: Vec<(StepId, Outcome)> = Vec::new();
    examine(patient(place), |progress| match progress {
        Progress::Ended(step, outcome) => steps.push((step, outcome)),
        Progress::Begun(_) => {}
    })
    .await;
    let nmap = Nmap::find(place.nmap.as_deref()).await.ok();
    let version = nmap.map(|nmap| nmap.version);
    let (place, file) = (place.clone(), file.to_owned());
    let written = tokio::task::spawn_blocking({
        let file = file.clone();
        move || gather(&place, &file, &steps, version, force)
    });
    written
        .await
        .unwrap_or_else(|error| Err(Error::Write(file, io::Error::other(error))))
}

/// What there is to be examined. Settings that are missing are the first step's failure.
pub fn patient(place: &Place) -> Patient {
    let settings = match settings_file::read(&place.settings_file) {
        Ok(Some((settings, _))) => Ok(settings),
        // What then is missing is told as the first thing to set.
        Ok(None) => Ok(Settings::default()),
        Err(error) => Err(Problem::from(&error)),
    };
    Patient {
        settings,
        vault: Vault::open(),
        nmap: place.nmap.clone(),
    }
}

/// Tells a redactor every secret that can be found, so that nothing that passes it has one. Blocks.
fn tell_secrets(redactor: &Redactor) {
    let vault = Vault::open();
    for secret in Secret::ALL {
        match vault.get(secret) {
            Ok(Some(found)) => redactor.add(&found.value),
            Ok(None) => {}
            // Asking on would only take as long again.
            Err(_) => break,
        }
    }
}

fn gather(
    place: &Place,
    file: &Path,
    steps: &[(StepId, Outcome)],
    nmap: Option<String>,
    force: bool,
) -> Result<Vec<String>, Error> {
    let redactor = Redactor::default();
    tell_secrets(&redactor);
    let settings = match fs::read_to_string(&place.settings_file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => format!("# can't be read: {error}\n"),
    };
    let read = settings_file::read(&place.settings_file).ok().flatten();
    let records = read.and_then(|(settings, _)| Records::open(place, settings).ok().flatten());
    let snapshot = records
        .as_ref()
        .and_then(|records| records.snapshot(Surroundings::default()).ok())
        .map(|snapshot| to_value(&snapshot));
    let logs = place.logs();
    let inputs = Inputs {
        settings: &settings,
        versions: json!({
            "fieldscan": env!("CARGO_PKG_VERSION"),
            "system": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
            "nmap": nmap,
        }),
        doctor: to_value(&DoctorDocument::of(steps)),
        snapshot: snapshot.unwrap_or(Value::Null),
        counts: records.as_ref().map_or(Value::Null, counts),
        logs: &logs,
        folders: folders(place),
        names: records
            .as_ref()
            .map_or_else(Vec::new, names)
            .into_iter()
            .chain(agent_name(steps))
            .collect(),
        redactor: &redactor,
        force,
    };
    super::write(file, &inputs)
}

fn to_value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// How much there is of what.
fn counts(records: &Records) -> Value {
    let filter = store::ReportFilter::default();
    let of = |n: Option<usize>| n.map_or(Value::Null, |n| json!(n));
    json!({
        "subnets": of(records.reader.subnets(&records.key).ok().map(|all| all.len())),
        "runs": of(records.reader.runs(&records.key, 10_000).ok().map(|all| all.len())),
        "scans": of(records.reader.scans(&records.key, None, 10_000).ok().map(|all| all.len())),
        "reports": of(records.reader.reports(&records.key, &filter).ok().map(|all| all.len())),
    })
}

/// What this machine's folders are called in the bundle: paths hold people's names.
fn folders(place: &Place) -> Vec<(PathBuf, &'static str)> {
    let mut folders = vec![(place.data_dir.clone(), "<data>")];
    if let Some(folder) = place
        .settings_file
        .parent()
        .filter(|folder| folder.is_absolute())
    {
        folders.push((folder.to_owned(), "<config>"));
    }
    folders.extend(std::env::home_dir().map(|home| (home, "~")));
    folders
}

/// The site's own names, as far as they are known.
fn names(records: &Records) -> Vec<String> {
    let mut names = servers(&records.settings);
    let assignment = records.reader.assignment(&records.key).ok().flatten();
    names.extend(assignment.as_ref().map(|all| all.agent_name.clone()));
    let places = records.reader.places(&records.key).unwrap_or_default();
    names.extend(places.into_values().map(|binding| binding.site.name));
    for subnet in assignment.map_or_else(Vec::new, |all| all.subnets) {
        names.push(subnet.description);
        names.extend(subnet.custom.into_values());
        let book = records.reader.address_book(&records.key, subnet.id);
        for address in book
            .ok()
            .flatten()
            .map_or_else(Vec::new, |book| book.addresses)
        {
            names.extend(
                [
                    address.hostname,
                    address.description,
                    address.owner,
                    address.note,
                ]
                .into_iter()
                .flatten(),
            );
            names.extend(address.custom.into_values());
        }
    }
    names.sort();
    names.dedup();
    names
}

/// The agent's name in phpIPAM, as the doctor found it.
fn agent_name(steps: &[(StepId, Outcome)]) -> Option<String> {
    steps.iter().find_map(|(_, outcome)| {
        let Outcome::Ok(Found::Agent { name, .. }) = outcome else {
            return None;
        };
        Some(name.clone())
    })
}

fn servers(settings: &Settings) -> Vec<String> {
    let host = |url: &url::Url| url.host_str().map(ToOwned::to_owned);
    let mut names = Vec::new();
    names.extend(settings.api_url.as_ref().and_then(host));
    names.extend(host(&settings.http_server));
    names.extend(settings.client_user.clone());
    names
}
