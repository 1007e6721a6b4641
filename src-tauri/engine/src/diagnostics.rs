//! A redacted bundle (zip) of what helps to find a fault. It is written to a file and sent nowhere.
//!
//! Secrets are taken out by the [`Redactor`]; a site's addresses, MACs and names become tokens that are the same
//! throughout one bundle (`ip-1`, `mac-1`, `name-1`) and are kept nowhere. Names that can't be told from other words
//! (a host called `printer`) are only found if the caller gives them.

pub mod bundle;
mod pseudonyms;

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde_json::Value;
use zip::{ZipWriter, write::SimpleFileOptions};

use self::pseudonyms::Pseudonyms;
use crate::logging::{Redactor, log_number};

/// How much of each log is taken: its end.
const LOG_BYTES: u64 = 5 * 1024 * 1024;

/// What goes into a bundle.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The settings file's text; secrets are not in there.
    pub settings: &'a str,
    /// Versions of the agent, the system, nmap and phpIPAM.
    pub versions: Value,
    /// What `doctor` found.
    pub doctor: Value,
    /// The agent's state.
    pub snapshot: Value,
    /// How many rows the database has of what.
    pub counts: Value,
    /// The folder of the logs.
    pub logs: &'a Path,
    /// Folders of this machine and what is written instead (`~`), so that a user's name is in no path.
    pub folders: Vec<(PathBuf, &'static str)>,
    /// The site's own names: hosts, descriptions, owners, servers, users.
    pub names: Vec<String>,
    /// Knows the secrets.
    pub redactor: &'a Redactor,
    /// Replace the file if it is there.
    pub force: bool,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is a file already, and it may not be replaced.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// The file can't be written.
    #[error("{0} can't be written: {1}")]
    Write(PathBuf, #[source] io::Error),
}

/// Writes a bundle and returns the names of the files in it. On an error nothing is left behind.
///
/// Logs that can't be read are left out, and the bundle's README says so: an incomplete bundle is better than none.
pub fn write(zip: &Path, inputs: &Inputs<'_>) -> Result<Vec<String>, Error> {
    if !inputs.force && zip.exists() {
        return Err(Error::Exists(zip.to_owned()));
    }
    let failed = |error: io::Error| Error::Write(zip.to_owned(), error);
    let folder = match zip.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".fieldscan-")
        .tempfile_in(folder)
        .map_err(failed)?;
    let names = fill(file.as_file_mut(), inputs).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let kept = if inputs.force {
        file.persist(zip)
    } else {
        file.persist_noclobber(zip)
    };
    kept.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(zip.to_owned()),
        _ => failed(error.error),
    })?;
    Ok(names)
}

fn fill(file: &mut File, inputs: &Inputs<'_>) -> io::Result<Vec<String>> {
    let mut bundle = Bundle {
        zip: ZipWriter::new(file),
        names: Vec::new(),
        pseudonyms: Pseudonyms::new(
            inputs
                .names
                .iter()
                .cloned()
                .chain(free_text(&inputs.snapshot))
                .chain(free_text(&inputs.doctor)),
        ),
        inputs,
    };
    let settings = without_codes(inputs.settings, inputs.redactor);
    bundle.text("settings.yaml", &settings)?;
    bundle.json("versions.json", &inputs.versions)?;
    bundle.json("doctor.json", &inputs.doctor)?;
    bundle.json("status.json", &inputs.snapshot)?;
    bundle.json("counts.json", &inputs.counts)?;
    let mut unread = Vec::new();
    for path in logs(inputs.logs) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match end_of(&path) {
            Ok(text) => bundle.text(&format!("logs/{name}"), &text)?,
            Err(error) => unread.push(format!("{name}: {error}")),
        }
    }
    let readme = readme(&bundle.names, &unread);
    bundle.text("README.txt", &readme)?;
    bundle.zip.finish()?;
    Ok(bundle.names)
}

struct Bundle<'a, W: Write + Seek> {
    zip: ZipWriter<W>,
    names: Vec<String>,
    pseudonyms: Pseudonyms,
    inputs: &'a Inputs<'a>,
}

impl<W: Write + Seek> Bundle<'_, W> {
    fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        // First the secrets: a pseudonym inside one would make it unrecognisable. And once more for what came together
        // only afterwards.
        let text = self.inputs.redactor.text(text);
        let text = self.without_folders(&text);
        let text = self.pseudonyms.text(&text);
        let text = self.inputs.redactor.text(&text);
        self.zip.start_file(name, SimpleFileOptions::default())?;
        self.zip.write_all(text.as_bytes())?;
        self.names.push(name.to_owned());
        Ok(())
    }

    fn json(&mut self, name: &str, value: &Value) -> io::Result<()> {
        let value = self.pseudonyms.json(&self.without_secrets(value));
        let text = serde_json::to_string_pretty(&value).map_err(io::Error::other)?;
        self.text(name, &(text + "\n"))
    }

    /// Strings are redacted one by one, before JSON escapes anything in them.
    fn without_secrets(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let text = self.inputs.redactor.text(text);
                Value::String(self.without_folders(&text))
            }
            Value::Array(all) => all.iter().map(|one| self.without_secrets(one)).collect(),
            Value::Object(all) => all
                .iter()
                .map(|(key, value)| (key.clone(), self.without_secrets(value)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn without_folders(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (folder, instead) in &self.inputs.folders {
            let folder = folder.to_string_lossy();
            // A folder of one letter would be a piece of every path.
            if folder.len() > 2 {
                text = text.replace(folder.as_ref(), instead);
            }
        }
        text
    }
}

/// Free text that phpIPAM holds, wherever a document has it: what people write there names customers.
fn free_text(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(free_text).collect(),
        Value::Object(all) => all
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if pseudonyms::is_name(key) => vec![text.clone()],
                value => free_text(value),
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// The settings without the agent's code and whatever else is named like a secret, with what belongs to its value.
fn without_codes(settings: &str, redactor: &Redactor) -> String {
    let mut text = String::new();
    let mut inside: Option<usize> = None;
    for line in settings.lines() {
        let indent = line.len() - line.trim_start().len();
        if inside.is_some_and(|key| indent > key && !line.trim().is_empty()) {
            continue;
        }
        inside = None;
        let key = line
            .split(':')
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches(['"', '\'']);
        let is_secret = ["code", "token", "password", "secret"]
            .iter()
            .any(|word| key.to_lowercase().contains(word));
        match line.split_once(':') {
            Some((head, value)) if is_secret && !key.starts_with('#') => {
                let value = value.split(" #").next().unwrap_or_default().trim();
                let plain = value.trim_matches(['"', '\'']);
                if !plain.is_empty() && !plain.starts_with(['|', '>']) {
                    // It may be in a log too.
                    redactor.add(&SecretString::from(plain));
                }
                text += head;
                text += if value.is_empty() {
                    ":"
                } else {
                    ": [redacted]"
                };
                inside = Some(indent);
            }
            _ => text += line,
        }
        text.push('\n');
    }
    text
}

/// The logs of a folder, the newest first; none if it can't be read.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let mut logs: Vec<(u32, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number = log_number(&entry.file_name().to_string_lossy())?;
            Some((number, entry.path()))
        })
        .collect();
    logs.sort();
    logs.into_iter().map(|(_, path)| path).collect()
}

/// The last [`LOG_BYTES`] of a file, from the beginning of a line.
fn end_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(LOG_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if from == 0 {
        return Ok(text);
    }
    // Half a line could hold half a secret, which nobody would recognise.
    let whole = text.split_once('\n').map_or("", |(_, rest)| rest);
    Ok(format!("(the beginning of this file is left out)\n{whole}"))
}

fn readme(names: &[String], unread: &[String]) -> String {
    let mut text = String::from(
        "Fieldscan diagnostics\n\n\
         This bundle was written at a person's request and was sent nowhere. Look into it before you pass it on.\n\n\
         It has: the settings, versions, what `fieldscan doctor` found, the agent's state, how many rows the database\n\
         has of what, and the end of each log.\n\n\
         It has not: tokens, passwords and the agent's code (replaced by [redacted]), and the site's addresses, MACs and\n\
         names (replaced by ip-1, mac-1, name-1 and so on; the same token means the same thing throughout this bundle,\n\
         and no list of what they stand for is kept). Not in here either: the database, reports and scan results.\n\n\
         Free text that nobody could tell from other words may have been missed.\n\nFiles:\n",
    );
    for name in names {
        text += &format!("  {name}\n");
    }
    if !unread.is_empty() {
        text += "\nCould not be read:\n";
        for log in unread {
            text += &format!("  {log}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zip::ZipArchive;

    use super::*;

    struct Site {
        folder: tempfile::TempDir,
        redactor: Redactor,
    }

    impl Site {
        fn new(log: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("fieldscan.log"), log).unwrap();
            fs::write(folder.path().join("fieldscan.log.1"), "older\n").unwrap();
            fs::write(folder.path().join("database.sqlite"), "customers").unwrap();
            let redactor = Redactor::default();
            redactor.add(&SecretString::from("MARKER-client-token"));
            redactor.add(&SecretString::from("MARKER-auth/token"));
            Self { folder, redactor }
        }

        fn inputs(&self) -> Inputs<'_> {
            Inputs {
                settings: "version: 1\napi_url: https://MARKER-user:MARKER-word@ipam.customer.example/\nscanagent_code: \"MARKER-Code\" # ours\nclient_token: >-\n  MARKER-folded\nhttp_port: 5000\n",
                versions: json!({"fieldscan": "0.1.0", "nmap": "7.94", "os": "Linux 6.1.0-18-amd64"}),
                doctor: json!([{"step": "token", "detail": "sent MARKER-client-token to ipam.customer.example"}]),
                snapshot: json!({"subnets": [{"id": 101, "cidr": "10.77.0.0/24", "description": "Client Müller & Söhne"}]}),
                counts: json!({"hosts": 22, "reports": 3}),
                logs: self.folder.path(),
                folders: vec![(PathBuf::from("/homes/alice"), "~")],
                names: vec!["printer-hall".to_owned()],
                redactor: &self.redactor,
                force: false,
            }
        }

        fn bundle(&self) -> Vec<(String, String)> {
            let path = self.folder.path().join("bundle.zip");
            let names = write(&path, &self.inputs()).unwrap();
            let mut zip = ZipArchive::new(File::open(&path).unwrap()).unwrap();
            assert_eq!(
                zip.len(),
                names.len(),
                "all that is told is in there, and nothing else"
            );
            names
                .into_iter()
                .map(|name| {
                    let mut text = String::new();
                    zip.by_name(&name)
                        .unwrap()
                        .read_to_string(&mut text)
                        .unwrap();
                    (name, text)
                })
                .collect()
        }
    }

    const LOG: &str = "2026-03-13T14:00:00.123456Z DEBUG fieldscan_engine::phpipam: asked https://ipam.customer.example/api with MARKER-auth%2Ftoken code=MARKER-Code\n\
        2026-03-13T14:00:01.000000Z DEBUG fieldscan_engine::nmap: host 10.77.0.5 mac:02:77:00:aa:00:05 name printer-hall.customer.example\n\
        2026-03-13T14:00:02.000000Z DEBUG fieldscan_engine::nmap: again 10.77.0.5:80, 0277.00aa.0005, PRINTER-HALL in Client Müller & Söhne\n\
        2026-03-13T14:00:03.000000Z INFO fieldscan_engine::store: /homes/alice/data opened, fe80::277:ff:feaa:5 seen\n";

    #[test]
    fn no_secret_and_nothing_of_the_site_is_in_the_bundle() {
        let site = Site::new(LOG);
        for (name, text) in site.bundle() {
            for marker in [
                "MARKER",
                "10.77.0",
                "02:77",
                "0277.00aa",
                "fe80",
                "customer",
                "alice",
                "Müller",
            ] {
                assert!(!text.contains(marker), "{marker} is in {name}:\n{text}");
            }
            let lower = text.to_lowercase();
            assert!(
                !lower.contains("printer-hall"),
                "a host's name is in {name}:\n{text}"
            );
        }
    }

    #[test]
    fn what_helps_is_in_the_bundle() {
        let site = Site::new(LOG);
        let bundle = site.bundle();
        let names: Vec<&str> = bundle.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "settings.yaml",
                "versions.json",
                "doctor.json",
                "status.json",
                "counts.json",
                "logs/fieldscan.log",
                "logs/fieldscan.log.1",
                "README.txt"
            ],
            "logs of ours, and no database"
        );
        let text = |wanted: &str| &bundle.iter().find(|(name, _)| name == wanted).unwrap().1;
        assert!(
            text("versions.json").contains("\"nmap\": \"7.94\""),
            "versions stay"
        );
        assert!(
            text("settings.yaml").contains("http_port: 5000"),
            "settings stay"
        );
        assert!(
            text("settings.yaml").contains("scanagent_code: [redacted]"),
            "that it is set is told"
        );
        let log = text("logs/fieldscan.log");
        let lines: Vec<&str> = log.lines().collect();
        assert!(
            lines[0].starts_with(
                "2026-03-13T14:00:00.123456Z DEBUG fieldscan_engine::phpipam: asked https://name-"
            ),
            "times and places stay: {log}"
        );
        let token = |line: &str, kind: &str| {
            let at = line
                .find(kind)
                .unwrap_or_else(|| panic!("no {kind} in {line}"));
            let end = line[at + kind.len()..]
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(line.len() - at - kind.len());
            line[at..at + kind.len() + end].to_owned()
        };
        assert_eq!(
            token(lines[1], "ip-"),
            token(lines[2], "ip-"),
            "the same address has the same token: {log}"
        );
        assert_eq!(
            token(lines[1], "mac-"),
            token(lines[2], "mac-"),
            "however it is written: {log}"
        );
        assert!(
            text("status.json").contains("/24\""),
            "a subnet's size stays"
        );
        assert!(
            text("README.txt").contains("logs/fieldscan.log.1"),
            "it says what it has"
        );
    }

    #[test]
    fn a_file_that_is_there_is_not_replaced() {
        let site = Site::new("x\n");
        let path = site.folder.path().join("there.zip");
        fs::write(&path, "mine").unwrap();
        let error = write(&path, &site.inputs()).unwrap_err();
        assert!(matches!(error, Error::Exists(_)), "{error}");
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "mine",
            "it is left as it was"
        );
        let forced = Inputs {
            force: true,
            ..site.inputs()
        };
        write(&path, &forced).unwrap();
        assert!(
            fs::read(&path).unwrap().starts_with(b"PK"),
            "unless that was asked for"
        );
        let left: Vec<_> = fs::read_dir(site.folder.path())
            .unwrap()
            .filter(|entry| {
                entry
                    .as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with(".fieldscan-")
            })
            .collect();
        assert!(left.is_empty(), "nothing half-done is left: {left:?}");
    }

    #[test]
    fn of_a_large_log_the_end_is_taken_from_the_beginning_of_a_line() {
        let site = Site::new(&"0123456789abcde\n".repeat(400_000));
        let bundle = site.bundle();
        let log = &bundle
            .iter()
            .find(|(name, _)| name == "logs/fieldscan.log")
            .unwrap()
            .1;
        assert!(
            log.len() as u64 <= LOG_BYTES + 100,
            "bounded: {}",
            log.len()
        );
        assert_eq!(
            log.lines().nth(1),
            Some("0123456789abcde"),
            "half a line could hold half a secret"
        );
    }
}
