//! Where settings and data are, and what commands open there.

use std::ops::Deref;

use fieldscan_core::{settings::Settings, snapshot::Snapshot};
pub(crate) use fieldscan_engine::place::{Records, complete, corrected, options};
use fieldscan_engine::{paths::NoHome, place, settings_file, surroundings};

use crate::{
    args::Globals,
    failure::{Exit, Failure},
    output::{note, plain},
    session,
};

/// Where settings and data are.
#[derive(Debug)]
pub(crate) struct Place {
    at: place::Place,
    pub(crate) verbose: u8,
}

impl Deref for Place {
    type Target = place::Place;

    fn deref(&self) -> &Self::Target {
        &self.at
    }
}

impl Place {
    pub(crate) fn of(globals: &Globals) -> Result<Self, Failure> {
        let at = place::Place::of(
            globals.config.as_deref(),
            globals.data_dir.as_deref(),
            globals.nmap.as_deref(),
        );
        Ok(Self {
            at: at.map_err(|error: NoHome| {
                Failure::new(
                    Exit::Usage,
                    "no-home",
                    "There is no place for settings and data.",
                )
                .detail(error.to_string())
            })?,
            verbose: globals.verbose,
        })
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
        Records::open(self, settings)?.ok_or_else(|| {
            Failure::new(
                Exit::Nothing,
                "no-data",
                format!("There is no data yet ({}).", self.data_dir.display()),
            )
            .remedy("Scan first: `fieldscan scan`.")
        })
    }
}

/// What a running agent would show, as far as it is in the database, or the system tells it to anybody.
pub(crate) fn snapshot_of(records: &Records) -> Result<Snapshot, Failure> {
    let surroundings = session::block_on(async { Ok(surroundings::look().await) })?;
    Ok(records.snapshot(surroundings)?)
}
