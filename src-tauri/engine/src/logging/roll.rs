//! A file that is rolled by size and by age, and whose predecessors are deleted by number and by age.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::FILE_NAME;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub bytes: u64,
    /// Files, the one that is written included. At least 1.
    pub files: u32,
    /// No line is kept for longer.
    pub age: Duration,
}

impl Default for Limits {
    /// 5 files of 5 MiB, 14 days.
    fn default() -> Self {
        Self {
            bytes: 5 * 1024 * 1024,
            files: 5,
            age: Duration::from_secs(14 * 86_400),
        }
    }
}

/// Where the lines go.
pub(super) struct RollingFile {
    folder: PathBuf,
    limits: Limits,
    now: fn() -> SystemTime,
    open: Option<Open>,
    /// A write failed, and may have left half a line.
    torn: bool,
}

struct Open {
    file: File,
    bytes: u64,
    begun: SystemTime,
}

impl RollingFile {
    pub(super) fn new(folder: PathBuf, limits: Limits) -> Self {
        Self {
            folder,
            limits,
            now: SystemTime::now,
            open: None,
            torn: false,
        }
    }

    /// Writes one line with its line feed. After an error the next line tries anew.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let now = (self.now)();
        if self
            .open
            .as_ref()
            .is_some_and(|open| self.is_over(open, line, now))
        {
            self.open = None;
            self.roll()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let mut open = self.begin(now)?;
                if self.is_over(&open, line, now) {
                    drop(open);
                    self.roll()?;
                    open = self.begin(now)?;
                }
                self.delete_old(now);
                self.open.insert(open)
            }
        };
        let prefix: &[u8] = if self.torn { b"\n" } else { b"" };
        let whole = [prefix, line].concat();
        match open.file.write_all(&whole) {
            Ok(()) => {
                self.torn = false;
                open.bytes += whole.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.torn = true;
                self.open = None;
                Err(error)
            }
        }
    }

    /// The time that one file spans: a file is deleted as a whole, so its lines must not differ much in age.
    fn span(&self) -> Duration {
        self.limits.age / self.limits.files.max(2)
    }

    fn is_over(&self, open: &Open, line: &[u8], now: SystemTime) -> bool {
        let too_long = open.bytes > 0 && open.bytes + line.len() as u64 > self.limits.bytes;
        let too_old = open.bytes > 0
            && now
                .duration_since(open.begun)
                .is_ok_and(|age| age > self.span());
        too_long || too_old
    }

    fn begin(&self, now: SystemTime) -> io::Result<Open> {
        fs::create_dir_all(&self.folder)?;
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            // At DEBUG it holds a site's addresses: nobody else's business.
            options.mode(0o600);
        }
        let file = options.open(self.path(0))?;
        let metadata = file.metadata()?;
        let begun = if metadata.len() == 0 {
            now
        } else {
            metadata
                .created()
                .or_else(|_| metadata.modified())
                .unwrap_or(now)
        };
        Ok(Open {
            file,
            bytes: metadata.len(),
            begun,
        })
    }

    /// Gives each file the next number; the last one goes.
    fn roll(&self) -> io::Result<()> {
        let last = self.limits.files.max(1) - 1;
        remove(&self.path(last))?;
        for number in (0..last).rev() {
            match fs::rename(self.path(number), self.path(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Deletes what is older, or more, than the limits allow.
    fn delete_old(&self, now: SystemTime) {
        let oldest = self.limits.age.saturating_sub(self.span());
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(number) = number_of(&name.to_string_lossy()) else {
                continue;
            };
            let is_old = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|end| now.duration_since(end).is_ok_and(|age| age > oldest));
            if number > 0 && (is_old || number >= self.limits.files) {
                // It stays until the next time; a log that can't be deleted is no reason to stop logging.
                let _ = remove(&entry.path());
            }
        }
    }

    fn path(&self, number: u32) -> PathBuf {
        match number {
            0 => self.folder.join(FILE_NAME),
            number => self.folder.join(format!("{FILE_NAME}.{number}")),
        }
    }
}

/// 0 for the log that is written, n for the n-th before it; `None` for files that are none of ours.
pub(crate) fn number_of(name: &str) -> Option<u32> {
    match name.strip_prefix(FILE_NAME)? {
        "" => Some(0),
        suffix => suffix.strip_prefix('.')?.parse().ok(),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn rolling(folder: &Path, bytes: u64, files: u32) -> RollingFile {
        RollingFile::new(
            folder.to_owned(),
            Limits {
                bytes,
                files,
                ..Limits::default()
            },
        )
    }

    #[test]
    fn neither_size_nor_number_is_exceeded() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = rolling(folder.path(), 40, 3);
        for n in 0..50 {
            file.write(format!("line {n:04}\n").as_bytes()).unwrap();
        }
        assert_eq!(
            names(folder.path()),
            ["fieldscan.log", "fieldscan.log.1", "fieldscan.log.2"],
            "three files and no more"
        );
        for name in names(folder.path()) {
            let bytes = fs::metadata(folder.path().join(&name)).unwrap().len();
            assert!(bytes <= 40, "{name} has {bytes} bytes");
        }
        let newest = fs::read_to_string(folder.path().join("fieldscan.log")).unwrap();
        assert!(
            newest.ends_with("line 0049\n"),
            "the newest lines are in the first: {newest}"
        );
    }

    #[test]
    fn an_earlier_processs_file_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        rolling(folder.path(), 1_000, 3).write(b"one\n").unwrap();
        rolling(folder.path(), 1_000, 3).write(b"two\n").unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("fieldscan.log")).unwrap(),
            "one\ntwo\n",
            "nothing of it is lost"
        );
    }

    #[test]
    fn lines_grow_no_older_than_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = rolling(folder.path(), 1_000, 5);
        fs::write(folder.path().join("other.txt"), "").unwrap();
        file.write(b"old\n").unwrap();
        file.now = || SystemTime::now() + Duration::from_secs(3 * 86_400);
        file.write(b"newer\n").unwrap();
        assert_eq!(
            names(folder.path()),
            ["fieldscan.log", "fieldscan.log.1", "other.txt"],
            "a quiet log is rolled by age"
        );
        let mut next_process = rolling(folder.path(), 1_000, 5);
        next_process.now = || SystemTime::now() + Duration::from_secs(14 * 86_400);
        next_process.write(b"newest\n").unwrap();
        for name in names(folder.path()) {
            let text = fs::read_to_string(folder.path().join(&name)).unwrap();
            assert!(
                !text.contains("old\n"),
                "{name} still has a line of 14 days ago"
            );
        }
        assert!(
            names(folder.path()).contains(&"other.txt".to_owned()),
            "what is not a log of ours is left alone"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_the_next_line_tries_anew() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("fieldscan.log");
        std::os::unix::fs::symlink("/dev/full", &log).unwrap();
        let mut file = rolling(folder.path(), 1_000, 3);
        let error = file.write(b"lost\n").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
        fs::remove_file(&log).unwrap();
        file.write(b"kept\n").unwrap();
        assert_eq!(
            fs::read_to_string(&log).unwrap(),
            "\nkept\n",
            "on a line of its own, whatever was written of the one before"
        );
    }
}
