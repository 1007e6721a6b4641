//! `export CIDR`: the addresses of a subnet for other programs. CSV is guarded against formulas.

use fieldscan_engine::{
    document::AddressDocument,
    export::{self, Unwritten},
};
use serde::Serialize;

use super::addresses::{Age, canonical, rows};
use crate::{
    args::{Export, Format},
    failure::{Exit, Failure},
    output::{Output, note, write_stdout},
    place::Place,
};

#[derive(Serialize)]
struct WrittenDocument {
    file: String,
    format: &'static str,
    network: ipnetwork::IpNetwork,
    addresses: usize,
}

pub(super) fn run(place: &Place, out: &Output, args: &Export) -> Result<Exit, Failure> {
    // Standard output is either a document of ours or the file itself.
    let (format, name) = match (args.format, out.is_json()) {
        (Some(Format::Json), _) | (None, true) => (Format::Json, "json"),
        (Some(Format::Csv), _) | (None, false) => (Format::Csv, "csv"),
        (Some(Format::Xml), _) => (Format::Xml, "xml"),
    };
    if out.is_json() && args.output.is_none() && format != Format::Json {
        return Err(
            super::prints_text(&format!("`export --format {name}`")).remedy(
                "Give a file to write to: `--output FILE`. Or leave one of the two options out.",
            ),
        );
    }
    let records = place.records()?;
    let network = canonical(args.network);
    let rows = rows(&records, network)?;
    let age = Age::of(&records, &rows)?;
    let addresses: Vec<AddressDocument> = rows.iter().map(Into::into).collect();
    let export = export::Export {
        network,
        fetched_at: age.fetched_at,
        stale: age.stale,
        addresses: &addresses,
    };
    let text = export.text(format.into()).map_err(|error| {
        Failure::new(
            Exit::Fault,
            "unmade",
            format!("The {} could not be made.", name.to_uppercase()),
        )
        .detail(error.to_string())
    })?;
    match &args.output {
        None => write_stdout(&text)?,
        Some(path) => {
            export::write_file(path, &text, args.force).map_err(unwritten)?;
            if out.is_json() {
                let document = WrittenDocument {
                    file: path.display().to_string(),
                    format: name,
                    network,
                    addresses: addresses.len(),
                };
                out.show(&document, |_| String::new())?;
            }
            note(&format!(
                "{} written to {}.",
                fieldscan_core::present::count(addresses.len() as u64, "address", "addresses"),
                path.display()
            ));
        }
    }
    Ok(Exit::Done)
}

impl From<Format> for export::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Json => Self::Json,
            Format::Xml => Self::Xml,
        }
    }
}

fn unwritten(error: Unwritten) -> Failure {
    match error {
        Unwritten::Exists(path) => Failure::new(
            Exit::Usage,
            "file-exists",
            format!("{} is there already.", path.display()),
        )
        .remedy("Nothing was written. Give another name, or replace it: `--force`."),
        Unwritten::Io(path, error) => Failure::new(
            Exit::Nothing,
            "output",
            format!("{} can't be written.", path.display()),
        )
        .detail(error.to_string()),
    }
}
