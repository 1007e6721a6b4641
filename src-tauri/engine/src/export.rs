//! The addresses of a subnet for other programs. CSV is guarded against formulas.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::document::{self, AddressDocument};

/// The columns of CSV and the attributes of XML.
const FIELDS: [&str; 20] = [
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
    "was_hostname",
    "was_mac",
];

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "ExportFormat")]
pub enum Format {
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
    /// For programs of another kind.
    Xml,
}

impl Format {
    /// Its name, which is the ending of such files too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Xml => "xml",
        }
    }
}

/// The addresses of a network, as files have them.
#[derive(Debug, Serialize)]
pub struct Export<'a> {
    /// The network.
    pub network: IpNetwork,
    /// When phpIPAM told the addresses.
    pub fetched_at: Option<Timestamp>,
    /// Whether that is out of date.
    pub stale: bool,
    /// The addresses.
    pub addresses: &'a [AddressDocument],
}

impl Export<'_> {
    /// The text of a file.
    ///
    /// # Errors
    /// If it can't be made; then it is a fault of ours.
    pub fn text(&self, format: Format) -> Result<String, Unmade> {
        Ok(match format {
            Format::Csv => csv(self.addresses)?,
            Format::Json => document::json(self).map_err(|error| Unmade(error.to_string()))?,
            Format::Xml => xml(&self.network.to_string(), self.addresses),
        })
    }
}

/// The text of a file could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unmade(String);

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// It is there already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The system doesn't let it be written.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    Io(PathBuf, io::Error),
}

/// Puts the whole file in its place at once.
///
/// # Errors
/// [`Unwritten`].
pub fn write_file(path: &Path, text: &str, force: bool) -> Result<(), Unwritten> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let written = tempfile::Builder::new()
        .prefix(".fieldscan-")
        .tempfile_in(folder)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            let kept = match force {
                true => file.persist(path),
                false => file.persist_noclobber(path),
            };
            kept.map(drop).map_err(|error| error.error)
        });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Unwritten::Exists(path.to_owned()),
        _ => Unwritten::Io(path.to_owned(), error),
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
        address.was("hostname").unwrap_or_default().to_owned(),
        address.was("mac").unwrap_or_default().to_owned(),
    ]
}

fn csv(addresses: &[AddressDocument]) -> Result<String, Unmade> {
    let broken = |error: &dyn std::fmt::Display| Unmade(error.to_string());
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
        document::SCHEMA,
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
    use crate::store::AddressRow;
    use fieldscan_core::{compare::Standing, ids::SubnetId};

    use super::*;

    #[test]
    fn what_phpipam_had_of_a_mismatch_is_told_after_its_row_was_mended() {
        let row = AddressRow {
            ip: "10.77.0.5".parse().unwrap(),
            subnet: SubnetId(1),
            ipam: None,
            seen: None,
            standing: Some(Standing::Mismatch {
                differences: vec![fieldscan_core::compare::Difference::HostName {
                    ipam: "old".into(),
                    seen: "new".into(),
                }],
            }),
        };
        let text = csv(&[(&row).into()]).unwrap();
        let mut lines = text.lines();
        assert!(lines.next().unwrap().ends_with(",was_hostname,was_mac"));
        assert!(lines.next().unwrap().ends_with(",old,"), "{text}");
        assert!(xml("n", &[(&row).into()]).contains("was_hostname=\"old\""));
    }

    #[test]
    fn a_file_is_replaced_only_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        write_file(&path, "one", false).unwrap();
        assert!(matches!(
            write_file(&path, "two", false),
            Err(Unwritten::Exists(_))
        ));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        write_file(&path, "two", true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

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
