//! What can go wrong with the database, told apart by what helps.

use std::{io, path::PathBuf};

use fieldscan_core::{
    ids::{ReportId, ScanId},
    problem::Problem,
};
use rusqlite::ErrorCode;

use super::lock::Holder;

/// A call of the store failed. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space left for the database. The call may be repeated once there is.
    #[error("the disk with the database is full")]
    Full,
    /// The file is not, or no longer, a sound database: see [`super::Store::set_aside`].
    #[error("the database is damaged: {detail}")]
    Damaged {
        /// SQLite's words.
        detail: String,
    },
    /// No right to write the folder or its files, or to read them.
    #[error("the data folder can't be used: {detail}")]
    NoAccess {
        /// The system's words.
        detail: String,
    },
    /// The outbox has no such report.
    #[error("there is no report {0}")]
    NoSuchReport(ReportId),
    /// The subnet already has a scan with this or a higher id.
    #[error("scan {scan} comes after scan {last} of the same subnet")]
    OutOfOrder {
        /// The scan that was to be committed.
        scan: ScanId,
        /// The subnet's last one.
        last: ScanId,
    },
    /// Anything else.
    #[error("{detail}")]
    Failing {
        /// SQLite's or the system's words.
        detail: String,
    },
}

/// The store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{}", held(.by))]
    Held {
        /// Which, if it could be read.
        by: Option<Holder>,
    },
    /// It was written by a newer Fieldscan. It is left as it is.
    #[error(
        "{path} has format {found}; this version knows formats up to {known}: install a newer Fieldscan"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// It was written by an older Fieldscan, and a reader may not bring it up to date.
    #[error(
        "{path} has format {found} of an older version: start the agent once to bring it up to format {known}"
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The format known here.
        known: i64,
    },
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn held(by: &Option<Holder>) -> String {
    match by {
        Some(Holder {
            pid,
            program,
            since,
            door: _,
        }) => format!("{program} (process {pid}) has been using the data folder since {since}"),
        None => "another process is using the data folder".to_owned(),
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Held { by } => {
                let (program, pid) = by.map_or_else(
                    || ("another process".to_owned(), 0),
                    |by| (by.program, by.pid),
                );
                Problem::StoreHeld { program, pid }
            }
            OpenError::Newer { path, .. } => Problem::StoreNewer {
                path: path.display().to_string(),
            },
            error @ OpenError::Older { .. } => Problem::StoreFailing {
                detail: error.to_string(),
            },
            OpenError::Store(error) => error.into(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        let detail = error.to_string();
        match &error {
            // Their words may quote a row, which may hold customer data.
            FromSqlConversionFailure(column, ..)
            | IntegralValueOutOfRange(column, _)
            | InvalidColumnType(column, ..)
            | Utf8Error(column, _) => {
                return Self::Damaged {
                    detail: format!("a row's column {column} can't be read"),
                };
            }
            _ => {}
        }
        let Some(sqlite) = error.sqlite_error() else {
            return Self::Failing { detail };
        };
        match sqlite.code {
            ErrorCode::DiskFull => Self::Full,
            // The index of the write-ahead log can only fail to grow where the disk is full.
            ErrorCode::SystemIoFailure
                if sqlite.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE =>
            {
                Self::Full
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged { detail },
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                Self::NoAccess { detail }
            }
            _ => Self::Failing { detail },
        }
    }
}

impl StoreError {
    /// What to make of a failed call on a file or folder.
    pub(super) fn io(what: &str, error: &io::Error) -> Self {
        let detail = format!("{what}: {error}");
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            // A file where a folder should be: the second is Windows' word for it.
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists => Self::NoAccess { detail },
            _ => Self::Failing { detail },
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Full => Self::DiskFull,
            StoreError::Damaged { .. }
            | StoreError::NoAccess { .. }
            | StoreError::NoSuchReport(_)
            | StoreError::OutOfOrder { .. }
            | StoreError::Failing { .. } => Self::StoreFailing {
                detail: error.to_string(),
            },
        }
    }
}
