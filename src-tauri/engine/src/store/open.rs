//! Opening: check, bring up to date, or set aside and begin anew; and opening for reading only.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use fieldscan_core::problem::Problem;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::{
    Reader, Store,
    error::{OpenError, StoreError},
    lock, salvage, schema,
};

/// The database's file name in the data folder.
pub const DATABASE: &str = "fieldscan.db";

// A sound file of this size is read through in well under a second.
const ALWAYS_CHECKED: u64 = 128 << 20;

/// An opened store.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What a person should be told of how it was found.
    pub notes: Vec<Problem>,
}

impl Store {
    /// Opens the database in `data_dir`, making both if need be.
    ///
    /// A damaged database is set aside and told in `notes`; what can be read of its outbox is taken over.
    ///
    /// # Errors
    /// If another process holds the folder, a newer version wrote the database, or the system refuses.
    pub fn open(data_dir: &Path, now: Timestamp) -> Result<Opened, OpenError> {
        Self::open_with_door(data_dir, now, None)
    }

    /// The same, with a note for other processes of where this one lets them in.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_door(
        data_dir: &Path,
        now: Timestamp,
        door: Option<&str>,
    ) -> Result<Opened, OpenError> {
        make_dir(data_dir)?;
        let lock = lock::Lock::take(data_dir, now, door)?;
        let mut notes = Vec::new();
        let conn = match existing(data_dir) {
            Ok(Some(conn)) => conn,
            Ok(None) => adopt(data_dir, &build(data_dir, |_| Ok(()))?)?,
            Err(OpenError::Store(StoreError::Damaged { detail })) => {
                tracing::warn!(detail, "the database is damaged");
                let (conn, note) = begin_anew(data_dir, now)?;
                notes.push(note);
                conn
            }
            Err(error) => return Err(error),
        };
        Ok(Opened {
            store: Store {
                reader: Reader { conn },
                dir: data_dir.to_owned(),
                _lock: lock,
            },
            notes,
        })
    }
}

impl Reader {
    /// Opens the database in `data_dir` for reading only, whether or not a process holds it; `None` if there is none yet.
    ///
    /// For one command: a reader that stays open doesn't notice when the holder sets the database aside.
    ///
    /// # Errors
    /// If the database can't be read, or has another format than this version's.
    pub fn open(data_dir: &Path) -> Result<Option<Self>, OpenError> {
        let path = data_dir.join(DATABASE);
        match fs::metadata(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(&path.display().to_string(), &error).into()),
        }
        let (conn, found) = match read_only(&path, false) {
            // Where this user may not write the folder, SQLite can't make the index that it reads write-ahead logs by. Without
            // a log there is nothing to index: the file itself is all, and nobody writes it.
            Err(error) if no_access(&error) && log_is_empty(&path) => read_only(&path, true),
            other => other,
        }
        .map_err(StoreError::from)?;
        let known = schema::known();
        match found {
            0 => Err(StoreError::Damaged {
                detail: "it has no tables".to_owned(),
            }
            .into()),
            found if found > known => Err(OpenError::Newer { path, found, known }),
            found if found < known => Err(OpenError::Older { path, found, known }),
            _ => Ok(Some(Self { conn })),
        }
    }
}

/// Makes a new database with what can be saved of the damaged one, sets that aside and takes its place. The caller has closed
/// the old one. After an error the old one is still there, so that nothing is lost by trying again.
pub(super) fn begin_anew(dir: &Path, now: Timestamp) -> Result<(Connection, Problem), StoreError> {
    let damaged = dir.join(DATABASE);
    let unfinished = build(dir, |conn| match salvage::outbox(&damaged, conn) {
        Ok(saved) => {
            tracing::warn!(saved, "reports taken over from the damaged database");
            Ok(())
        }
        Err(StoreError::Full) => Err(StoreError::Full),
        Err(error) => {
            tracing::warn!(%error, "nothing taken over from the damaged database");
            Ok(())
        }
    })?;
    let aside = set_aside(dir, now)?;
    let conn = adopt(dir, &unfinished)?;
    let note = Problem::StoreSetAside {
        path: aside.display().to_string(),
    };
    Ok((conn, note))
}

fn make_dir(dir: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(dir)
        .map_err(|error| StoreError::io(&dir.display().to_string(), &error))
}

/// The database as it is, checked and brought up to date; `None` if there is none.
fn existing(dir: &Path) -> Result<Option<Connection>, OpenError> {
    let path = dir.join(DATABASE);
    let size = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // SQLite would play a log that was left alone into the new file.
            return if beside(&path, "-wal").exists() {
                Err(StoreError::Damaged {
                    detail: "its main file is gone".to_owned(),
                }
                .into())
            } else {
                Ok(None)
            };
        }
        Err(error) => return Err(StoreError::io(&path.display().to_string(), &error).into()),
    };
    // An empty log or none: the last process ended by itself.
    let ended_well = log_is_empty(&path);
    let mut conn = Connection::open_with_flags(
        &path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(StoreError::from)?;
    // Before the version is read: that is the first use, which may have to wait for a reader.
    conn.busy_timeout(BUSY).map_err(StoreError::from)?;
    let found = schema::version(&conn).map_err(StoreError::from)?;
    let known = schema::known();
    if found > known {
        // Closed without being written into.
        let _ = conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        return Err(OpenError::Newer { path, found, known });
    }
    if found <= 0 {
        // A new database gets its name only once it has its tables.
        return Err(StoreError::Damaged {
            detail: "it has no tables".to_owned(),
        }
        .into());
    }
    if size <= ALWAYS_CHECKED || !ended_well {
        quick_check(&conn)?;
    }
    set_up(&conn)?;
    schema::migrate(&mut conn, schema::MIGRATIONS)?;
    Ok(Some(conn))
}

fn quick_check(conn: &Connection) -> Result<(), StoreError> {
    let verdict: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged { detail: verdict })
    }
}

/// Makes a database under another name: one that has its own name has its tables, whenever the process dies.
fn build(
    dir: &Path,
    fill: impl FnOnce(&mut Connection) -> Result<(), StoreError>,
) -> Result<PathBuf, StoreError> {
    let path = beside(&dir.join(DATABASE), ".new");
    let made = (|| {
        remove(&path)?;
        remove(&beside(&path, "-journal"))?;
        let told = |error| StoreError::io(&path.display().to_string(), &error);
        let file = lock::private()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(told)?;
        let mut conn = Connection::open(&path)?;
        schema::migrate(&mut conn, schema::MIGRATIONS)?;
        fill(&mut conn)?;
        conn.close().map_err(|(_, error)| error)?;
        file.sync_all().map_err(told)
    })();
    if made.is_err() {
        let _ = fs::remove_file(&path);
    }
    made.map(|()| path)
}

/// Gives a database that was built its name, and opens it.
fn adopt(dir: &Path, built: &Path) -> Result<Connection, StoreError> {
    let path = dir.join(DATABASE);
    fs::rename(built, &path)
        .and_then(|()| sync_dir(dir))
        .map_err(|error| StoreError::io(&path.display().to_string(), &error))?;
    let conn = Connection::open_with_flags(
        &path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    set_up(&conn)?;
    Ok(conn)
}

const BUSY: Duration = Duration::from_secs(5);

fn set_up(conn: &Connection) -> Result<(), StoreError> {
    conn.busy_timeout(BUSY)?;
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::Failing {
            detail: format!("this file system can't keep a write-ahead log (journal mode {mode})"),
        });
    }
    // FULL: what a commit says is on the disk is on the disk. The log is cut back after large transactions.
    conn.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA cache_size = -8192;
         PRAGMA cell_size_check = ON;
         PRAGMA trusted_schema = OFF;",
    )?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn read_only(path: &Path, immutable: bool) -> rusqlite::Result<(Connection, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = if immutable {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut uri = url::Url::from_file_path(&absolute)
            .map_err(|()| rusqlite::Error::InvalidPath(absolute))?;
        uri.set_query(Some("immutable=1"));
        Connection::open_with_flags(uri.as_str(), flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Connection::open_with_flags(path, flags)?
    };
    conn.busy_timeout(BUSY)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.execute_batch(
        "PRAGMA cache_size = -8192; PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;",
    )?;
    conn.set_prepared_statement_cache_capacity(64);
    let version = schema::version(&conn)?;
    Ok((conn, version))
}

fn no_access(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
    )
}

fn log_is_empty(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).map_or(true, |metadata| metadata.len() == 0)
}

/// Renames the database and its companions. Returns the new path: the main file's, or its log's where that is all there is.
fn set_aside(dir: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let path = dir.join(DATABASE);
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let mut aside = beside(&path, &format!(".damaged-{stamp}"));
    let mut count = 1;
    while aside.exists() || beside(&aside, "-wal").exists() {
        count += 1;
        aside = beside(&path, &format!(".damaged-{stamp}-{count}"));
    }
    // The log first: SQLite would play one that is left behind into the new file.
    for suffix in ["-wal", "-shm", ""] {
        let from = beside(&path, suffix);
        match fs::rename(&from, beside(&aside, suffix)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io(&from.display().to_string(), &error)),
        }
    }
    sync_dir(dir).map_err(|error| StoreError::io(&dir.display().to_string(), &error))?;
    Ok(if aside.exists() {
        aside
    } else {
        beside(&aside, "-wal")
    })
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io(&path.display().to_string(), &error))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_waits_for_the_disk_and_foreign_keys_hold() {
        let dir = tempfile::tempdir().unwrap();
        for round in ["made", "opened again"] {
            let opened = Store::open(dir.path(), Timestamp::UNIX_EPOCH).unwrap();
            let pragma = |name: &str| -> String {
                opened
                    .store
                    .reader
                    .conn
                    .query_row(
                        &format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"),
                        [],
                        |row| row.get(0),
                    )
                    .unwrap()
            };
            assert_eq!(
                pragma("synchronous"),
                "2",
                "{round}: a power cut must not undo a commit"
            );
            assert_eq!(
                pragma("journal_mode"),
                "wal",
                "{round}: others read while the agent writes"
            );
            assert_eq!(pragma("foreign_keys"), "1", "{round}");
            assert_eq!(
                pragma("user_version"),
                schema::known().to_string(),
                "{round}"
            );
        }
    }
}
