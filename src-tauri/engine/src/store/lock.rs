//! One process at a time: a lock that the system releases however the process ends, and a note beside it of who holds it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::{OpenError, StoreError};

const LOCK: &str = "fieldscan.lock";
// Its own file: where locks are mandatory (Windows), nobody else could read it in the locked one.
const HOLDER: &str = "fieldscan.holder";

/// The process that holds the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its program's file name.
    pub program: String,
    /// Since when.
    pub since: Timestamp,
    /// Where it lets other processes in (see [`crate::door`]), or will once its database is open; `None` if it doesn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<String>,
}

/// The process that holds `data_dir` at present, or `None`. A holder that left no note has pid 0.
///
/// # Errors
/// If the lock file can't be read.
pub fn holder(data_dir: &Path) -> Result<Option<Holder>, StoreError> {
    let path = data_dir.join(LOCK);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(&path.display().to_string(), &error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(read_holder(data_dir).unwrap_or(Holder {
            pid: 0,
            program: "another process".to_owned(),
            since: Timestamp::UNIX_EPOCH,
            door: None,
        }))),
        Err(TryLockError::Error(error)) => Err(StoreError::io(&path.display().to_string(), &error)),
    }
}

/// The lock, until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    holder: PathBuf,
    _file: File,
}

impl Lock {
    pub(super) fn take(dir: &Path, now: Timestamp, door: Option<&str>) -> Result<Self, OpenError> {
        let path = dir.join(LOCK);
        let told = |error| StoreError::io(&path.display().to_string(), &error);
        let file = private()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(told)?;
        // `holder` takes the lock for an instant, and a process that ends needs one to let go.
        let mut tries = 10;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries > 0 => {
                    tries -= 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(OpenError::Held {
                        by: read_holder(dir),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(told(error).into()),
            }
        }
        let lock = Self {
            holder: dir.join(HOLDER),
            _file: file,
        };
        if let Err(error) = lock.write_holder(now, door) {
            // The lock holds without the note; a full disk shows itself where it matters.
            tracing::warn!(%error, "no note of who holds the data folder");
            let _ = std::fs::remove_file(&lock.holder);
        }
        Ok(lock)
    }

    fn write_holder(&self, now: Timestamp, door: Option<&str>) -> std::io::Result<()> {
        let note = serde_json::to_vec(&Holder {
            pid: std::process::id(),
            program: program(),
            since: now,
            door: door.map(str::to_owned),
        })?;
        private()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&self.holder)?
            .write_all(&note)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.holder);
    }
}

fn read_holder(dir: &Path) -> Option<Holder> {
    serde_json::from_slice(&std::fs::read(dir.join(HOLDER)).ok()?).ok()
}

/// This program's file name.
pub(crate) fn program() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "fieldscan".to_owned())
}

/// Options for files that only this user may read.
pub(super) fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
