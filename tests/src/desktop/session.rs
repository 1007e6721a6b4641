//! A session of its own: a session bus, and a real Secret Service (gnome-keyring) on it.
//!
//! It has its own home and run-time folder, so that nobody's keychain is touched. Processes that shall live in it get
//! [`Session::env`].

use std::{
    ffi::OsString,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use super::bus::Bus;

/// How long a daemon may take to be ready.
const READY: Duration = Duration::from_secs(20);

/// The Secret Service of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// There is none.
    None,
    /// It runs, and nobody has unlocked it since this person's account was made.
    NeverUnlocked,
    /// It runs and is unlocked.
    Unlocked,
}

/// A session bus with its daemons; all end when it is dropped.
pub struct Session {
    bus: Bus,
    folder: tempfile::TempDir,
    keyring: Option<Child>,
}

/// Why no session can be had on this machine; `None` when its programs are there.
pub fn missing() -> Option<String> {
    missing_of(&["dbus-daemon", "dbus-send", "gnome-keyring-daemon"])
}

/// Which of these programs is not there, in words.
pub(crate) fn missing_of(programs: &[&str]) -> Option<String> {
    programs
        .iter()
        .find(|program| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            !std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
        })
        .map(|program| format!("{program} is not installed"))
}

impl Session {
    /// Starts a bus, and a Secret Service on it if wanted.
    ///
    /// # Errors
    /// A program is missing, or doesn't get ready.
    pub fn start(keyring: Keyring) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        for name in ["home", "run"] {
            let path = folder.path().join(name);
            fs::create_dir(&path)?;
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        }
        let socket = bus_socket(folder.path());
        let mut session = Session {
            bus: Bus::start(folder.path(), &socket, env(folder.path(), None))?,
            folder,
            keyring: None,
        };
        session.start_keyring(keyring)?;
        Ok(session)
    }

    /// The bus's address.
    pub fn address(&self) -> &str {
        &self.bus.address
    }

    /// Starts the Secret Service on a session that has none yet.
    ///
    /// # Errors
    /// It is missing, or doesn't get ready.
    pub fn start_keyring(&mut self, keyring: Keyring) -> anyhow::Result<()> {
        let unlock = match keyring {
            Keyring::None => return Ok(()),
            Keyring::NeverUnlocked => false,
            Keyring::Unlocked => true,
        };
        let mut daemon = Command::new("gnome-keyring-daemon");
        daemon
            .args(["--foreground", "--components=secrets"])
            .args(unlock.then_some("--unlock"))
            .envs(self.env())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut daemon = daemon.spawn().context("gnome-keyring-daemon")?;
        if let Some(mut input) = daemon.stdin.take()
            && unlock
        {
            input.write_all(b"test\n")?;
        }
        self.keyring = Some(daemon);
        let until = Instant::now() + READY;
        while !self.has_owner("org.freedesktop.secrets")? {
            if Instant::now() > until {
                bail!("gnome-keyring-daemon was not on the bus within {READY:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Locks the keyring; the next one who needs it is to be asked for its password.
    ///
    /// # Errors
    /// The service refuses.
    pub fn lock_keyring(&self) -> anyhow::Result<()> {
        let output = Command::new("dbus-send")
            .args(["--session", "--print-reply"])
            .arg("--dest=org.freedesktop.secrets")
            .args([
                "/org/freedesktop/secrets",
                "org.freedesktop.Secret.Service.Lock",
                "array:objpath:/org/freedesktop/secrets/aliases/default",
            ])
            .envs(self.env())
            .output()
            .context("dbus-send")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// What a process needs in its environment to live in this session.
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        env(self.folder.path(), Some(self.address()))
    }

    /// The session's home folder.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(super) fn has_owner(&self, name: &str) -> anyhow::Result<bool> {
        let output = Command::new("dbus-send")
            .args(["--session", "--print-reply=literal"])
            .arg("--dest=org.freedesktop.DBus")
            .args(["/", "org.freedesktop.DBus.NameHasOwner"])
            .arg(format!("string:{name}"))
            .envs(self.env())
            .output()
            .context("dbus-send")?;
        Ok(String::from_utf8_lossy(&output.stdout).contains("true"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(keyring) = &mut self.keyring {
            keyring.kill().ok();
            keyring.wait().ok();
        }
    }
}

fn bus_socket(folder: &Path) -> PathBuf {
    folder.join("run/bus")
}

fn env(folder: &Path, address: Option<&str>) -> Vec<(&'static str, OsString)> {
    let home = folder.join("home");
    let address = match address {
        Some(address) => address.to_owned(),
        None => format!("unix:path={}", bus_socket(folder).display()),
    };
    vec![
        ("DBUS_SESSION_BUS_ADDRESS", address.into()),
        ("XDG_RUNTIME_DIR", folder.join("run").into()),
        ("XDG_CONFIG_HOME", home.join(".config").into()),
        ("XDG_DATA_HOME", home.join(".local/share").into()),
        ("XDG_CACHE_HOME", home.join(".cache").into()),
        ("HOME", home.into()),
    ]
}
