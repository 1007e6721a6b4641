//! The settings file: read with line and column of every mistake, written atomically.
//!
//! A file with mistakes is never written over: whoever wants it changed mends it first.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use fieldscan_core::{
    problem::Problem,
    settings::{self, Import, Mistake, Settings, Warning},
};

/// Where the reference scanner keeps its settings.
pub const REFERENCE_PATH: &str = "/etc/phpipam/scan_agent.yaml";

/// No settings file is longer.
const LONGEST: u64 = 1 << 20;

/// Why a file can't be used. Its text has one line per mistake: `FILE:LINE:COL: key: found X, expected Y`.
#[derive(Debug)]
pub enum ReadError {
    /// The system doesn't let it be read.
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// It is longer than any settings are.
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// It is not text in UTF-8.
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line with the first wrong byte, from 1.
        line: usize,
        /// The wrong byte's place in it, in characters from 1.
        column: usize,
    },
    /// It has mistakes.
    Mistakes {
        /// The file.
        path: PathBuf,
        /// All of them.
        mistakes: Vec<Mistake>,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io { path, source } => write!(f, "{}: {source}", path.display()),
            ReadError::TooLong { path } => write!(
                f,
                "{}: found more than {LONGEST} bytes, expected a settings file",
                path.display()
            ),
            ReadError::NotUtf8 { path, line, column } => write!(
                f,
                "{}:{line}:{column}: found a byte that is not UTF-8, expected text in UTF-8",
                path.display()
            ),
            ReadError::Mistakes { path, mistakes } => {
                for (place, mistake) in mistakes.iter().enumerate() {
                    let line_break = if place == 0 { "" } else { "\n" };
                    let gap = if mistake.at.is_some() { "" } else { " " };
                    write!(f, "{line_break}{}:{gap}{mistake}", path.display())?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::Io { source, .. } => Some(source),
            ReadError::TooLong { .. } | ReadError::NotUtf8 { .. } | ReadError::Mistakes { .. } => {
                None
            }
        }
    }
}

impl From<&ReadError> for Problem {
    fn from(error: &ReadError) -> Self {
        Problem::SettingsInvalid {
            detail: error.to_string(),
        }
    }
}

/// Why a file was not written. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// What is there can't be used, so it is not written over.
    #[error("{0}")]
    Broken(#[from] ReadError),
    /// The change is not one that can be made.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Mistake>),
    /// The system doesn't let it be written; a full disk for instance.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// Reads a settings file. `None`: there is no such file.
///
/// # Errors
/// It can't be read, or has mistakes.
pub fn read(path: &Path) -> Result<Option<(Settings, Vec<Warning>)>, ReadError> {
    match text(path)? {
        None => Ok(None),
        Some(text) => settings::parse(&text)
            .map(Some)
            .map_err(|mistakes| in_file(path, mistakes)),
    }
}

/// Reads a file of the reference scanner. `None`: there is no such file.
///
/// # Errors
/// It can't be read, or has mistakes; no token is shown.
pub fn import(path: &Path) -> Result<Option<Import>, ReadError> {
    match text(path)? {
        None => Ok(None),
        Some(text) => settings::import(&text)
            .map(Some)
            .map_err(|mistakes| in_file(path, mistakes)),
    }
}

/// Changes one key and keeps the rest of the file; begins a file with help for every key if there is none.
///
/// # Errors
/// The file is broken, the value is not the key's, or the disk refuses.
pub fn set(path: &Path, key: &str, value: &str) -> Result<(), WriteError> {
    change(path, |text| settings::set(text, key, value))
}

/// Changes several keys at once, or none of them.
///
/// # Errors
/// As [`set`], with the mistakes of all of them.
pub fn set_all(path: &Path, changes: &[(String, String)]) -> Result<(), WriteError> {
    change(path, |text| settings::set_all(text, changes))
}

/// What would be wrong with changes; nothing is written.
///
/// # Errors
/// The file is broken.
pub fn check(path: &Path, changes: &[(String, String)]) -> Result<Vec<Mistake>, ReadError> {
    let (_, base) = base(path)?;
    Ok(settings::set_all(&base, changes).err().unwrap_or_default())
}

/// Writes settings: into the file that is there, whose comments and order stay, or into a new one.
///
/// # Errors
/// The file is broken, or the disk refuses.
pub fn write(path: &Path, new: &Settings) -> Result<(), WriteError> {
    change(path, |text| settings::update(text, new))
}

/// Takes over what an imported file names; other keys, comments and order stay.
///
/// # Errors
/// The file is broken, or the disk refuses.
pub fn take_over(path: &Path, import: &Import) -> Result<(), WriteError> {
    change(path, |text| settings::take_over(text, import))
}

fn change(
    path: &Path,
    change: impl FnOnce(&str) -> Result<String, Vec<Mistake>>,
) -> Result<(), WriteError> {
    let (old, base) = base(path)?;
    let new = change(&base).map_err(WriteError::Refused)?;
    if old.as_deref() == Some(&new) {
        return Ok(());
    }
    replace(path, &new)
}

/// The file's text, and the text from which a change begins.
fn base(path: &Path) -> Result<(Option<String>, String), ReadError> {
    let old = text(path)?;
    if let Some(text) = &old {
        settings::parse(text).map_err(|mistakes| in_file(path, mistakes))?;
    }
    let base = match &old {
        Some(text) if !text.trim_start_matches('\u{feff}').trim().is_empty() => text.clone(),
        Some(_) | None => settings::to_yaml(&Settings::default()),
    };
    Ok((old, base))
}

/// Empties the tokens in a file of the reference scanner, but for those named in `keep`, and changes nothing else in it.
///
/// # Errors
/// It can't be read, a token can't be cut out, or the disk refuses.
pub fn blank_tokens(path: &Path, keep: &[&str]) -> Result<(), WriteError> {
    let Some(text) = text(path)? else {
        return Ok(());
    };
    let blanked =
        settings::blank_tokens(&text, keep).map_err(|mistakes| in_file(path, mistakes))?;
    match blanked == text {
        true => Ok(()),
        false => replace(path, &blanked),
    }
}

fn in_file(path: &Path, mistakes: Vec<Mistake>) -> ReadError {
    ReadError::Mistakes {
        path: path.to_owned(),
        mistakes,
    }
}

fn text(path: &Path) -> Result<Option<String>, ReadError> {
    let io = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LONGEST {
        return Err(ReadError::TooLong {
            path: path.to_owned(),
        });
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let good = String::from_utf8_lossy(good);
        let line = good.rsplit('\n').next().unwrap_or_default();
        ReadError::NotUtf8 {
            path: path.to_owned(),
            line: good.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    })
}

/// Puts a text in a file's place at once: whoever reads sees all of the old one or all of the new one. A link stays and
/// its target is replaced; an existing file keeps its permissions and owner, a new one is for this user alone.
fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    replace_target(&target(path), text).map_err(|source| WriteError::Io {
        path: path.to_owned(),
        source,
    })
}

fn replace_target(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    crate::paths::create_private(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".fieldscan-")
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(old) = std::fs::metadata(path) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            // Only root can give a file away; for anybody else it is theirs already, or stays this user's.
            let new = file.as_file().metadata()?;
            if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
                fchown(file.as_file(), Some(old.uid()), Some(old.gid())).ok();
            }
        }
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// The file behind links, whether it exists or not.
fn target(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links as systems follow.
    for _ in 0..40 {
        let Ok(next) = std::fs::read_link(&path) else {
            break;
        };
        path = match path.parent() {
            Some(folder) => folder.join(next),
            None => next,
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn no_file_is_not_an_error_and_a_folder_is() {
        let folder = folder();
        assert!(
            read(&folder.path().join("settings.yaml"))
                .unwrap()
                .is_none()
        );
        assert!(matches!(read(folder.path()), Err(ReadError::Io { .. })));
    }

    #[test]
    fn a_mistake_names_file_line_column_key_found_and_expected() {
        let folder = folder();
        let path = folder.path().join("s.yaml");
        fs::write(&path, "profile: fast\nhttp_port: x\nreport_ipv6: 1\n").unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{0}:2:12: http_port: found \"x\", expected a port from 1 to 65535\n{0}:3:14: report_ipv6: found \"1\", expected true or false",
                path.display()
            )
        );
        assert!(matches!(
            Problem::from(&error),
            Problem::SettingsInvalid { .. }
        ));
    }

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_place() {
        let folder = folder();
        let path = folder.path().join("s.yaml");
        fs::write(&path, b"profile: fast\nx: \xc3\xa9\xff\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(
            error.contains("s.yaml:2:5: found a byte that is not UTF-8"),
            "{error}"
        );
        fs::write(&path, vec![b'#'; (LONGEST + 1) as usize]).unwrap();
        assert!(matches!(read(&path), Err(ReadError::TooLong { .. })));
        fs::write(&path, "\u{feff}profile: fast\n").unwrap();
        assert!(
            read(&path).unwrap().is_some(),
            "a byte order mark does no harm"
        );
    }

    #[test]
    fn a_broken_file_is_never_written_over() {
        let folder = folder();
        let path = folder.path().join("s.yaml");
        for text in [
            &b"http_port: x\n"[..],
            b"\xff",
            b"- a",
            b"a: \"",
            b"client_token: x",
        ] {
            fs::write(&path, text).unwrap();
            assert!(matches!(
                set(&path, "profile", "fast"),
                Err(WriteError::Broken(_))
            ));
            assert!(matches!(
                write(&path, &Settings::default()),
                Err(WriteError::Broken(_))
            ));
            assert_eq!(
                fs::read(&path).unwrap(),
                text,
                "the file must stay as it was"
            );
        }
        assert_eq!(
            names(folder.path()),
            ["s.yaml"],
            "and nothing is left beside it"
        );
    }

    #[test]
    fn a_new_file_explains_its_keys_and_is_for_this_user_alone() {
        let folder = folder();
        let path = folder.path().join("new/folder/s.yaml");
        set(&path, "http_port", "5001").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().0.http_port, 5001);
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("#profile: normal\n") && text.contains("\nhttp_port: 5001\n"),
            "{text}"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600, "the agent's code is in it");
            set(&path, "http_port", "5002").unwrap();
            assert_eq!(mode(&path), 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            set(&path, "http_port", "5003").unwrap();
            assert_eq!(mode(&path), 0o640, "what a person allowed stays allowed");
        }
        assert_eq!(names(path.parent().unwrap()), ["s.yaml"]);
    }

    #[test]
    fn settings_are_written_into_the_file_that_is_there() {
        let folder = folder();
        let path = folder.path().join("s.yaml");
        fs::write(&path, "# mine\nhttp_port: 5001 # why\nunknown: 1\n").unwrap();
        let (mut new, warnings) = read(&path).unwrap().unwrap();
        assert_eq!(warnings.len(), 1);
        new.client_name = Some("probe".to_owned());
        new.http_port = 5002;
        write(&path, &new).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "# mine\nhttp_port: 5002 # why\nunknown: 1\nclient_name: probe\n"
        );
        assert_eq!(read(&path).unwrap().unwrap().0, new);
    }

    #[test]
    fn tokens_are_taken_out_of_a_reference_file() {
        let folder = folder();
        let path = folder.path().join("scan_agent.yaml");
        let text =
            "nofusscomputing_phpipam_scan_agent:\n  client_token: MARKER # t\n  client_name: a\n";
        fs::write(&path, text).unwrap();
        assert!(import(&path).unwrap().unwrap().client_token.is_some());
        blank_tokens(&path, &[]).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            text.replace("MARKER", "")
        );
        assert!(import(&folder.path().join("none")).unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = folder();
        let (target, link, dangling) = (
            folder.path().join("target.yaml"),
            folder.path().join("link.yaml"),
            folder.path().join("dangling.yaml"),
        );
        fs::write(&target, "http_port: 1\n").unwrap();
        std::os::unix::fs::symlink("target.yaml", &link).unwrap();
        std::os::unix::fs::symlink("later.yaml", &dangling).unwrap();
        for link in [&link, &dangling] {
            set(link, "http_port", "2").unwrap();
            assert!(fs::symlink_metadata(link).unwrap().is_symlink());
            assert_eq!(read(link).unwrap().unwrap().0.http_port, 2);
        }
        assert_eq!(fs::read_to_string(target).unwrap(), "http_port: 2\n");
        assert!(folder.path().join("later.yaml").exists());
    }

    /// On a small file system of its own, in a mount namespace: this test runs itself again inside.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        const INSIDE: &str = "FIELDSCAN_TEST_SMALL_DISK";
        if let Some(disk) = std::env::var_os(INSIDE) {
            return on_a_full_disk(Path::new(&disk));
        }
        let folder = folder();
        let unshare = |script: &str| {
            std::process::Command::new("unshare")
                .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
                .env(INSIDE, folder.path())
                .env("TEST", std::env::current_exe().unwrap())
                .output()
        };
        const MOUNT: &str = "mount -t tmpfs -o size=64k none \"$FIELDSCAN_TEST_SMALL_DISK\"";
        match unshare(MOUNT) {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                crate::skip::skip(&format!(
                    "no mount namespace: {}",
                    String::from_utf8_lossy(&output.stderr).trim()
                ));
                return;
            }
            Err(error) => {
                crate::skip::skip(&format!("unshare: {error}"));
                return;
            }
        }
        let output = unshare(&format!(
            "{MOUNT} && \"$TEST\" --exact settings_file::tests::a_full_disk_leaves_the_old_file_and_nothing_else --nocapture"
        ))
        .unwrap();
        let words = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && words.contains("1 passed"),
            "{words}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    #[cfg(target_os = "linux")]
    fn on_a_full_disk(disk: &Path) {
        let path = disk.join("s.yaml");
        let text = format!("http_port: 1\n#{}\n", "x".repeat(10_000));
        fs::write(&path, &text).unwrap();
        let mut filler = File::create(disk.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
        let error = set(&path, "http_port", "2").unwrap_err();
        assert!(
            matches!(&error, WriteError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull),
            "a full disk must be told as one: {error:?}"
        );
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            text,
            "the old file must be whole"
        );
        assert_eq!(
            names(disk),
            ["filler", "s.yaml"],
            "no part of the new one may stay"
        );
        drop(filler);
        fs::remove_file(disk.join("filler")).unwrap();
        set(&path, "http_port", "2").unwrap();
    }
}
