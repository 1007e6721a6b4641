//! Where settings and data are, and what commands open there.

use std::{
    hash::{Hash, Hasher},
    path::PathBuf,
};

use fieldscan_core::{
    agent::{Agent, Options},
    problem::Problem,
    settings::Settings,
    snapshot::Snapshot,
};
use fieldscan_engine::{
    paths, settings_file,
    store::{CacheKey, Reader},
    surroundings,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    args::Globals,
    failure::{Exit, Failure},
    output::{note, plain},
    session,
};

/// Where settings and data are.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) settings_file: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) nmap: Option<PathBuf>,
    pub(crate) verbose: u8,
}

/// What the commands that only read need.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) reader: Reader,
    pub(crate) key: CacheKey,
    pub(crate) settings: Settings,
    /// By the corrected clock.
    pub(crate) now: Timestamp,
}

impl Place {
    pub(crate) fn of(globals: &Globals) -> Result<Self, Failure> {
        let no_home = |error: paths::NoHome| {
            Failure::new(
                Exit::Usage,
                "no-home",
                "There is no place for settings and data.",
            )
            .detail(error.to_string())
        };
        Ok(Self {
            settings_file: match &globals.config {
                Some(path) => path.clone(),
                None => paths::settings_file().map_err(no_home)?,
            },
            data_dir: match &globals.data_dir {
                Some(path) => path.clone(),
                None => paths::data_folder().map_err(no_home)?,
            },
            nmap: globals.nmap.clone(),
            verbose: globals.verbose,
        })
    }

    /// The folder of the logs.
    pub(crate) fn logs(&self) -> PathBuf {
        self.data_dir.join("logs")
    }

    /// The settings, or why they can't be used. Unknown keys are told on standard error.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let Some((settings, warnings)) = settings_file::read(&self.settings_file)? else {
            return Err(self.no_settings());
        };
        for warning in warnings {
            note(&plain(&format!(
                "Warning: {}:{warning}",
                self.settings_file.display()
            )));
        }
        Ok(settings)
    }

    /// There is no settings file.
    pub(crate) fn no_settings(&self) -> Failure {
        let failure = Failure::new(
            Exit::Usage,
            "no-settings",
            format!(
                "There are no settings yet ({}).",
                self.settings_file.display()
            ),
        );
        if std::path::Path::new(settings_file::REFERENCE_PATH).exists() {
            failure.remedy(format!(
                "Take over those of the reference scanner: `fieldscan config import {}`.",
                settings_file::REFERENCE_PATH
            ))
        } else {
            failure.remedy(
                "Begin with `fieldscan config set api_url https://ipam.example.com`, or take over a file of the reference scanner: `fieldscan config import FILE`.",
            )
        }
    }

    /// Opens the database for reading, beside a process that may hold it.
    pub(crate) fn records(&self) -> Result<Records, Failure> {
        let settings = self.settings()?;
        let Some(reader) = Reader::open(&self.data_dir)? else {
            return Err(Failure::new(
                Exit::Nothing,
                "no-data",
                format!("There is no data yet ({}).", self.data_dir.display()),
            )
            .remedy("Scan first: `fieldscan scan`."));
        };
        Ok(Records {
            reader,
            key: CacheKey::of(&settings),
            now: corrected(&settings),
            settings,
        })
    }
}

impl Records {
    /// What a running agent would show, as far as it is in the database, or the system tells it to anybody.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, Failure> {
        let restored = self.reader.restore(&self.key)?;
        let settings = self.settings.clone();
        let options = options(&settings, true, false);
        let surroundings = session::block_on(async { Ok(surroundings::look().await) })?;
        let agent = Agent::new(settings, options, restored).surrounded(surroundings);
        let mut snapshot = agent.snapshot(self.now);
        // Only a running agent knows it; what stands wrong tells as much.
        snapshot.ipam.offline = snapshot
            .problems
            .iter()
            .any(|standing| standing.problem.means_offline());
        Ok(snapshot)
    }
}

/// The corrected clock.
pub(crate) fn corrected(settings: &Settings) -> Timestamp {
    let now = Timestamp::now();
    now.checked_add(SignedDuration::from_secs(settings.epoch_time_offset))
        .unwrap_or(now)
}

/// How this process uses the agent.
pub(crate) fn options(settings: &Settings, scheduled: bool, hold_uploads: bool) -> Options {
    Options {
        scheduled,
        hold_uploads,
        zone: TimeZone::system(),
        seed: seed(settings),
    }
}

/// The same for every start of an agent, so that `status` and `watch` agree on when the next run is due.
fn seed(settings: &Settings) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    settings
        .scanagent_code
        .as_ref()
        .map(fieldscan_core::ids::AgentCode::reveal)
        .hash(&mut hasher);
    settings.api_url.hash(&mut hasher);
    hasher.finish()
}

/// What settings must have before anything can be done with them.
pub(crate) fn complete(settings: &Settings) -> Result<(), Problem> {
    let missing = [
        ("api_url", settings.api_url.is_none()),
        ("client_name", settings.client_name.is_none()),
        ("scanagent_code", settings.scanagent_code.is_none()),
    ];
    match missing.into_iter().find(|(_, missing)| *missing) {
        Some((key, _)) => Err(Problem::SettingMissing {
            key: key.to_owned(),
        }),
        None => Ok(()),
    }
}
