//! Which nmap this machine has, how old it is, and whether it gets raw sockets.

use std::{
    env,
    path::{Path, PathBuf},
};

use fieldscan_core::problem::Problem;

#[cfg(windows)]
use super::npcap;
use super::{
    Limits, Nmap, helper,
    process::{self, Ended},
};

/// The oldest nmap whose output and options are as needed.
const OLDEST: (u32, u32) = (7, 80);

impl Nmap {
    /// Finds nmap, at `path` or else where programs are, and asks for its version.
    ///
    /// Fails with [`Problem::NmapMissing`] or [`Problem::NmapTooOld`], and with [`Problem::NmapUnusable`] for what is no
    /// nmap at `path`.
    pub async fn find(path: Option<&Path>) -> Result<Self, Problem> {
        let able = match gets_raw_sockets() {
            true => None,
            false => helper::able().await,
        };
        let mut nmap = match path {
            Some(named) => Self::named(named).await?,
            None => {
                let path = match &able {
                    Some(able) => able.nmap.clone(),
                    None => look_up(search_folders()).ok_or(Problem::NmapMissing)?,
                };
                Self::at(path, Limits::default()).await?
            }
        };
        // It starts its own nmap and no other: one that was named goes without.
        if let Some(able) = able
            && same(&able.nmap, &nmap.path)
        {
            nmap.privileged = true;
            nmap.helper = Some(able.path);
        }
        Ok(nmap)
    }

    async fn named(named: &Path) -> Result<Self, Problem> {
        let unusable = |program| Problem::NmapUnusable {
            path: named.display().to_string(),
            program,
        };
        if !is_program(named) {
            return Err(unusable(named.exists()));
        }
        match Self::at(named.to_owned(), Limits::default()).await {
            // It tells no version at all.
            Err(Problem::NmapTooOld { found, .. }) if numbers(&found).is_none() => {
                Err(unusable(true))
            }
            Err(Problem::NmapMissing) => Err(unusable(true)),
            found => found,
        }
    }

    pub(super) async fn at(path: PathBuf, limits: Limits) -> Result<Self, Problem> {
        let said = ask_version(&path, limits).await?;
        let too_old = |found: String| Problem::NmapTooOld {
            found,
            needed: format!("{}.{}", OLDEST.0, OLDEST.1),
        };
        let version = version(&said).ok_or_else(|| {
            let line = said.lines().next().unwrap_or_default();
            too_old(process::words(line))
        })?;
        if numbers(version).is_none_or(|numbers| numbers < OLDEST) {
            return Err(too_old(version.to_owned()));
        }
        Ok(Self {
            version: version.to_owned(),
            path,
            privileged: gets_raw_sockets(),
            helper: None,
            limits,
        })
    }
}

/// What the program says to `--version`; nothing if it hangs.
async fn ask_version(path: &Path, limits: Limits) -> Result<String, Problem> {
    let asked = process::ask(path, "--version", limits);
    // One that never says anything is ended before that, and waited for.
    match tokio::time::timeout(limits.version * 2, asked).await {
        Ok(Ok((Ended::Exited { .. }, said))) => Ok(said),
        Ok(Err(error)) => {
            tracing::warn!(%error, path = %path.display(), "nmap can't be started");
            Err(Problem::NmapMissing)
        }
        Ok(Ok((Ended::Stopped | Ended::Hung | Ended::Refused { .. }, _))) | Err(_) => {
            tracing::warn!(path = %path.display(), "nmap doesn't tell its version");
            Ok(String::new())
        }
    }
}

/// `7.93` of `Nmap version 7.93 ( https://nmap.org )`.
fn version(said: &str) -> Option<&str> {
    let version = said
        .split_once("Nmap version ")?
        .1
        .split_whitespace()
        .next()?;
    numbers(version).is_some().then_some(version)
}

/// `(7, 94)` of `7.94SVN`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    let digits = minor.bytes().take_while(u8::is_ascii_digit).count();
    Some((major.parse().ok()?, minor[..digits].parse().ok()?))
}

/// `PATH`, and where packages put programs that a desktop session's `PATH` may lack.
fn search_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default();
    // A relative folder would let the working directory choose the program.
    folders.retain(|folder| folder.is_absolute());
    if cfg!(windows) {
        for variable in ["ProgramFiles(x86)", "ProgramFiles"] {
            folders.extend(env::var_os(variable).map(|folder| Path::new(&folder).join("Nmap")));
        }
    } else {
        folders.extend(
            [
                "/usr/bin",
                "/usr/local/bin",
                "/opt/homebrew/bin",
                "/opt/local/bin",
            ]
            .map(PathBuf::from),
        );
    }
    folders
}

fn same(a: &Path, b: &Path) -> bool {
    a == b
        || a.canonicalize()
            .is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

fn look_up(folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let name = if cfg!(windows) { "nmap.exe" } else { "nmap" };
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Whether a program started by this process gets raw sockets: the capability must be there in the namespace that owns
/// the network, and it must be one that outlives the start of a program.
#[cfg(target_os = "linux")]
fn gets_raw_sockets() -> bool {
    use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};

    // Trying says more than the capability sets: root of a user namespace may have the capability and not the network.
    let opened = socket(
        AddressFamily::Inet,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::Icmp,
    );
    opened.is_ok()
        && (nix::unistd::geteuid().is_root()
            || std::fs::read_to_string("/proc/self/status")
                .is_ok_and(|status| has_ambient_net_raw(&status)))
}

#[cfg(target_os = "linux")]
fn has_ambient_net_raw(status: &str) -> bool {
    const CAP_NET_RAW: u32 = 13;
    status
        .lines()
        .find_map(|line| line.strip_prefix("CapAmb:"))
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .is_some_and(|set| set >> CAP_NET_RAW & 1 == 1)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn gets_raw_sockets() -> bool {
    nix::unistd::geteuid().is_root()
}

#[cfg(windows)]
fn gets_raw_sockets() -> bool {
    npcap::Npcap::find().serves(npcap::is_administrator())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_nmap_writes_them() {
        let said = "\nNmap version 7.94SVN ( https://nmap.org )\nPlatform: x86_64-pc-linux-gnu\n";
        assert_eq!(version(said), Some("7.94SVN"));
        assert_eq!(numbers("7.94SVN"), Some((7, 94)));
        assert_eq!(numbers("7.8"), Some((7, 8)));
        assert!(numbers("10.0") > Some(OLDEST), "compared as numbers");
        assert_eq!(version("Nmap version unknown"), None);
        assert_eq!(version("ncat 7.93"), None);
    }

    #[test]
    fn relative_folders_are_not_searched() {
        assert!(search_folders().iter().all(|folder| folder.is_absolute()));
    }

    #[test]
    fn a_folder_named_nmap_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("nmap")).unwrap();
        assert_eq!(look_up([folder.path().to_owned()]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_ambient_capability_is_read_from_the_process_status() {
        assert!(has_ambient_net_raw(
            "CapEff:\t0\nCapAmb:\t0000000000002000\n"
        ));
        assert!(!has_ambient_net_raw(
            "CapEff:\t0000000000002000\nCapAmb:\t0000000000000000\n"
        ));
        assert!(!has_ambient_net_raw(""));
    }
}
