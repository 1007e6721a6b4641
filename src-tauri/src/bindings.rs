//! The types of what passes between the agent and the window, for TypeScript: made from the Rust types, and held against
//! the files that the window is built with.

use std::{collections::BTreeMap, fs, path::Path};

use fieldscan_core::{
    notice::Category,
    present::{Icon, Section},
    settings::LogLevel,
};
use fieldscan_engine::{document, logging};
use ts_rs::{Config, TS};

use crate::commands::{agent, machine, refusal, settings, takeover};

/// Set, the files are written instead of held against what they should be.
const WRITE: &str = "FIELDSCAN_WRITE_BINDINGS";

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/host/bindings");

#[test]
fn the_windows_types_are_those_of_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path());
    let made = files(folder.path());
    assert!(made.len() > 30, "only {} types were made", made.len());
    if std::env::var_os(WRITE).is_some() {
        drop(fs::remove_dir_all(FOLDER));
        fs::create_dir_all(FOLDER).unwrap();
        for (name, text) in &made {
            fs::write(Path::new(FOLDER).join(name), text).unwrap();
        }
    }
    let kept = files(Path::new(FOLDER));
    for (name, text) in &made {
        assert_eq!(
            kept.get(name),
            Some(text),
            "{name} is not as the agent has it: `cargo xtask bindings` writes it"
        );
    }
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&kept),
        names(&made),
        "some belong to no type any more"
    );
}

fn export(folder: &Path) {
    let config = Config::new().with_out_dir(folder).with_large_int("number");
    macro_rules! export {
        ($($type:ty),* $(,)?) => { $(<$type>::export_all(&config).unwrap();)* };
    }
    export![
        document::SnapshotDocument,
        document::AddressesDocument,
        document::SightingDocument,
        document::HostsAtDocument,
        document::OneRunDocument,
        document::OneReportDocument,
        document::NoticeDocument,
        document::DoctorDocument,
        fieldscan_engine::export::Format,
        logging::Line,
        agent::Which,
        machine::PrivilegesDocument,
        machine::About,
        refusal::Refusal,
        settings::SettingsDocument,
        settings::Change,
        settings::MistakeDocument,
        settings::SchedulePreview,
        takeover::TakenOverDocument,
        Category,
        Icon,
        Section,
        LogLevel,
    ];
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // Where git changes line endings, that is no difference.
            (name, fs::read_to_string(path).unwrap().replace('\r', ""))
        })
        .collect()
}
