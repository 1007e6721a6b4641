//! `export CIDR`: the addresses of a subnet for other programs. CSV is guarded against formulas.

use std::{fmt::Write as _, fs, path::Path};

use serde::Serialize;

use super::addresses::{canonical, rows};
use crate::{
    args::{Export, Format},
    failure::{Exit, Failure},
    output::{self, document::AddressDocument, note, write_stdout},
    place::Place,
};

/// The columns of CSV and the attributes of XML.
const FIELDS: [&str; 18] = [
    "ip",
    "subnet_id",
    "standing",
    "misses",
    "up",
    "seen_hostname",
    "seen_mac",
    "seen_vendor",
    "rtt_ms",
    "first_seen",
    "last_seen",
    "ipam_hostname",
    "ipam_mac",
    "ipam_description",
    "ipam_owner",
    "ipam_note",
    "ipam_last_seen",
    "ipam_exclude_ping",
];

#[derive(Serialize)]
struct ExportDocument<'a> {
    network: ipnetwork::IpNetwork,
    addresses: &'a [AddressDocument],
}

pub(super) fn run(place: &Place, args: &Export) -> Result<Exit, Failure> {
    let records = place.records()?;
    let network = canonical(args.network);
    let addresses: Vec<AddressDocument> = rows(&records, network)?.iter().map(Into::into).collect();
    let text = match args.format {
        Format::Csv => csv(&addresses)?,
        Format::Json => output::json(&ExportDocument {
            network,
            addresses: &addresses,
        })?,
        Format::Xml => xml(&network.to_string(), &addresses),
    };
    match &args.output {
        None => write_stdout(&text)?,
        Some(path) => {
            write_file(path, &text)?;
            note(&format!(
                "{} written to {}.",
                fieldscan_core::present::count(addresses.len() as u64, "address", "addresses"),
                path.display()
            ));
        }
    }
    Ok(Exit::Done)
}

fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| {
        Failure::new(
            Exit::Nothing,
            "output",
            format!("{} can't be written.", path.display()),
        )
        .detail(error.to_string())
    })
}

/// The values of [`FIELDS`].
fn values(address: &AddressDocument) -> [String; FIELDS.len()] {
    let seen = address.seen.as_ref();
    let ipam = address.ipam.as_ref();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    [
        address.ip.to_string(),
        address.subnet.to_string(),
        address.standing.unwrap_or_default().to_owned(),
        address.misses.map(|n| n.to_string()).unwrap_or_default(),
        seen.map(|seen| seen.up.to_string()).unwrap_or_default(),
        text(seen.and_then(|seen| seen.hostname.as_ref())),
        text(seen.and_then(|seen| seen.mac.as_ref())),
        text(seen.and_then(|seen| seen.vendor.as_ref())),
        seen.and_then(|seen| seen.rtt_ms)
            .map(|rtt| format!("{rtt:.3}"))
            .unwrap_or_default(),
        seen.map(|seen| seen.first_at.to_string())
            .unwrap_or_default(),
        seen.map(|seen| seen.last_at.to_string())
            .unwrap_or_default(),
        text(ipam.and_then(|ipam| ipam.hostname.as_ref())),
        text(ipam.and_then(|ipam| ipam.mac.as_ref())),
        text(ipam.and_then(|ipam| ipam.description.as_ref())),
        text(ipam.and_then(|ipam| ipam.owner.as_ref())),
        text(ipam.and_then(|ipam| ipam.note.as_ref())),
        text(ipam.and_then(|ipam| ipam.last_seen.as_ref())),
        ipam.map(|ipam| ipam.exclude_ping.to_string())
            .unwrap_or_default(),
    ]
}

fn csv(addresses: &[AddressDocument]) -> Result<String, Failure> {
    let broken = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Fault, "csv", "The CSV could not be made.").detail(error.to_string())
    };
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer
        .write_record(FIELDS)
        .map_err(|error| broken(&error))?;
    for address in addresses {
        writer
            .write_record(values(address).map(|value| guarded(&value)))
            .map_err(|error| broken(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(&error))?;
    String::from_utf8(bytes).map_err(|error| broken(&error))
}

/// A spreadsheet takes a cell for a formula by how it begins, and a host name can begin like that.
fn guarded(value: &str) -> String {
    match value.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{value}")
        }
        Some(_) | None => value.to_owned(),
    }
}

fn xml(network: &str, addresses: &[AddressDocument]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<addresses schema=\"{}\" network=\"{}\">\n",
        output::SCHEMA,
        escaped(network)
    );
    for address in addresses {
        text += "  <address";
        for (field, value) in FIELDS.iter().zip(values(address)) {
            if !value.is_empty() {
                let _ = write!(text, " {field}=\"{}\"", escaped(&value));
            }
        }
        text += "/>\n";
    }
    text + "</addresses>\n"
}

/// An attribute's value. What XML can't hold at all is replaced.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(text, "&#{};", u32::from(c));
            }
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => text.push('\u{fffd}'),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use fieldscan_core::{compare::Standing, ids::SubnetId};
    use fieldscan_engine::store::AddressRow;

    use super::*;

    fn hostile(description: &str) -> Vec<AddressDocument> {
        let ipam = fieldscan_core::ipam::Address {
            id: fieldscan_core::ids::AddressId(7),
            subnet: SubnetId(1),
            ip: "10.77.0.5".parse().unwrap(),
            hostname: None,
            mac: None,
            description: Some(description.to_owned()),
            owner: None,
            note: None,
            is_gateway: false,
            exclude_ping: false,
            tag: None,
            last_seen: None,
            edit_date: None,
            custom: Default::default(),
        };
        let row = AddressRow {
            ip: ipam.ip,
            subnet: SubnetId(1),
            ipam: Some(ipam),
            seen: None,
            standing: Some(Standing::Missing { misses: 3 }),
        };
        vec![(&row).into()]
    }

    #[test]
    fn csv_cells_are_never_formulas() {
        for begin in ["=", "+", "-", "@", "\t", "\r", "\n", "＝"] {
            let text = format!("{begin}cmd|' /C calc'!A0, \"x\"");
            let csv_text = csv(&hostile(&text)).unwrap();
            let mut reader = csv::Reader::from_reader(csv_text.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(
                &record[13],
                format!("'{text}"),
                "the spreadsheet sees text, and nothing else moved"
            );
            assert_eq!(&record[2], "missing", "the columns stay in their places");
        }
        assert_eq!(guarded("a=1"), "a=1", "only the beginning counts");
    }

    #[test]
    fn xml_holds_whatever_a_description_has() {
        let text = xml("10.77.0.0/24", &hostile("a\"<b>&\u{1b}\n' />"));
        assert!(
            text.contains("ipam_description=\"a&quot;&lt;b&gt;&amp;\u{fffd}&#10;' /&gt;\""),
            "{text}"
        );
        assert_eq!(text.matches("<address ").count(), 1, "no element is forged");
    }
}
