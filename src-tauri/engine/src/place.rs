//! Where an agent's settings and data are, and what command line and tray application alike make of them.

use std::{
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

use fieldscan_core::{
    agent::{Agent, Options},
    place::Surroundings,
    problem::Problem,
    settings::Settings,
    snapshot::Snapshot,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    paths::{self, NoHome},
    store::{CacheKey, OpenError, Reader, StoreError},
};

/// Where settings and data are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The settings file, whether it is there or not.
    pub settings_file: PathBuf,
    /// The folder of the database and the logs.
    pub data_dir: PathBuf,
    /// The nmap to run, instead of the first one in `PATH`.
    pub nmap: Option<PathBuf>,
}

impl Place {
    /// The platform's places, but for those that are named.
    ///
    /// # Errors
    /// [`NoHome`] if one that is not named has no place.
    pub fn of(
        settings_file: Option<&Path>,
        data_dir: Option<&Path>,
        nmap: Option<&Path>,
    ) -> Result<Self, NoHome> {
        Ok(Self {
            settings_file: match settings_file {
                Some(path) => path.to_owned(),
                None => paths::settings_file()?,
            },
            data_dir: match data_dir {
                Some(path) => path.to_owned(),
                None => paths::data_folder()?,
            },
            nmap: nmap.map(Path::to_owned),
        })
    }

    /// The folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.data_dir.join("logs")
    }
}

/// What those need that only read, beside a process that may hold the database.
#[derive(Debug)]
pub struct Records {
    /// The database.
    pub reader: Reader,
    /// Whose data.
    pub key: CacheKey,
    /// The settings in force.
    pub settings: Settings,
    /// By the corrected clock.
    pub now: Timestamp,
}

impl Records {
    /// Opens the database for reading. `None`: there is none yet.
    ///
    /// # Errors
    /// It can't be read, or is not of this version.
    pub fn open(place: &Place, settings: Settings) -> Result<Option<Self>, OpenError> {
        let reader = Reader::open(&place.data_dir)?;
        Ok(reader.map(|reader| Self {
            reader,
            key: CacheKey::of(&settings),
            now: corrected(&settings),
            settings,
        }))
    }

    /// What a running agent would show, as far as it is in the database and follows from where the machine is.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn snapshot(&self, surroundings: Surroundings) -> Result<Snapshot, StoreError> {
        let restored = self.reader.restore(&self.key)?;
        let settings = self.settings.clone();
        let options = options(&settings, true, false);
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
pub fn corrected(settings: &Settings) -> Timestamp {
    let now = Timestamp::now();
    now.checked_add(SignedDuration::from_secs(settings.epoch_time_offset))
        .unwrap_or(now)
}

/// How a process uses the agent.
pub fn options(settings: &Settings, scheduled: bool, hold_uploads: bool) -> Options {
    Options {
        scheduled,
        hold_uploads,
        zone: TimeZone::system(),
        seed: seed(settings),
    }
}

/// The same for every start of an agent, so that all its faces agree on when the next run is due.
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
///
/// # Errors
/// [`Problem::SettingMissing`] with the first key that has no value.
pub fn complete(settings: &Settings) -> Result<(), Problem> {
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
