//! `diagnostics`: a bundle for a fault report. What goes into it is decided here, what is taken out in the engine.

use std::{fs, io, path::PathBuf};

use fieldscan_core::settings::Settings;
use fieldscan_engine::{
    diagnostics::{self, Error, Inputs},
    doctor::{Outcome, Progress, StepId, examine},
    document::DoctorDocument,
    logging::Redactor,
    nmap::Nmap,
    store,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::doctor;
use crate::{
    args,
    failure::{Exit, Failure},
    output::{Output, note, plain},
    place::{Place, Records},
    session,
};

#[derive(Serialize)]
struct DiagnosticsDocument {
    file: String,
    contents: Vec<String>,
}

pub(super) fn run(place: &Place, out: &Output, args: &args::Diagnostics) -> Result<Exit, Failure> {
    let redactor = Redactor::default();
    note("Trying each step, as `fieldscan doctor` does…");
    let (steps, nmap) = session::block_on(async {
        session::tell_secrets(&redactor).await?;
        let mut steps: Vec<(StepId, Outcome)> = Vec::new();
        examine(doctor::patient(place), |progress| match progress {
            Progress::Ended(step, outcome) => steps.push((step, outcome)),
            Progress::Begun(_) => {}
        })
        .await;
        Ok((steps, Nmap::find(place.nmap.as_deref()).await.ok()))
    })?;
    let settings = match fs::read_to_string(&place.settings_file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => format!("# can't be read: {error}\n"),
    };
    // What is broken may be the reason for the bundle: each part is left out by itself.
    let records = place.records().ok();
    let snapshot = records
        .as_ref()
        .and_then(|records| records.snapshot().ok())
        .map(|snapshot| to_value(&snapshot));
    let logs = place.logs();
    let inputs = Inputs {
        settings: &settings,
        versions: json!({
            "fieldscan": env!("CARGO_PKG_VERSION"),
            "system": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
            "nmap": nmap.map(|nmap| nmap.version),
        }),
        doctor: to_value(&DoctorDocument::of(&steps)),
        snapshot: snapshot.unwrap_or(Value::Null),
        counts: records.as_ref().map_or(Value::Null, counts),
        logs: &logs,
        folders: folders(place),
        names: records
            .as_ref()
            .map_or_else(Vec::new, names)
            .into_iter()
            .chain(agent_name(&steps))
            .collect(),
        redactor: &redactor,
        force: false,
    };
    let contents = diagnostics::write(&args.file, &inputs).map_err(|error| match error {
        Error::Exists(path) => Failure::new(
            Exit::Usage,
            "file-exists",
            format!("{} is there already.", path.display()),
        )
        .remedy("Nothing was written. Give another name."),
        Error::Write(..) => {
            Failure::new(Exit::Nothing, "output", "The bundle could not be written.")
                .detail(error.to_string())
        }
    })?;
    let document = DiagnosticsDocument {
        file: args.file.display().to_string(),
        contents,
    };
    out.show(&document, |_| {
        format!(
            "{} is written: {}.\nSecrets are taken out, addresses and names replaced. It was sent nowhere; look into it before you give it away.\n",
            plain(&document.file),
            document.contents.join(", ")
        )
    })?;
    Ok(Exit::Done)
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

/// The agent's name in phpIPAM, as the doctor tells it before its id.
fn agent_name(steps: &[(StepId, Outcome)]) -> Option<String> {
    steps
        .iter()
        .find_map(|(step, outcome)| match (step, outcome) {
            (StepId::AgentCode, Outcome::Ok(says)) => {
                let (name, _) = says.rsplit_once(" (agent ")?;
                Some(name.to_owned())
            }
            _ => None,
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
