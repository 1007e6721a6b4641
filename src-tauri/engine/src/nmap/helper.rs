//! `fieldscan-nmap`: the program that starts nmap with raw sockets for an agent that has none. Found, asked whether it can,
//! and handed the work. Gives it no capability: `fieldscan grant` and packages do.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use fieldscan_core::plan::{Chunk, Timing};

use super::{
    Limits, Nmap, args,
    process::{self, Ended},
};

const NAME: &str = "fieldscan-nmap";
/// Where packages put it.
const FOLDERS: [&str; 2] = ["/usr/lib/fieldscan", "/usr/local/lib/fieldscan"];
/// The version of its words that this agent speaks.
const WORDS: &str = "2";
/// How long an answer holds. Each subnet's scan asks again, and a person may give or take the capability meanwhile.
const HOLDS: Duration = Duration::from_secs(30);

/// What its own words on standard error begin with, when it starts no nmap.
pub(super) const REFUSES: &str = "fieldscan-nmap: ";

/// How nmap comes by raw sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Privileges {
    /// This process has them and hands them on.
    Own,
    /// Through this program, which has the capability.
    Helper(PathBuf),
    /// Not at all.
    None,
}

impl Privileges {
    /// In words, as a person is told.
    pub fn words(&self) -> String {
        match self {
            Self::Own => "raw sockets of its own".to_owned(),
            Self::Helper(path) => format!("raw sockets through {}", path.display()),
            Self::None => "no raw sockets".to_owned(),
        }
    }
}

impl Nmap {
    /// How this nmap comes by raw sockets.
    pub fn privileges(&self) -> Privileges {
        match &self.helper {
            _ if !self.privileged => Privileges::None,
            Some(path) => Privileges::Helper(path.clone()),
            None => Privileges::Own,
        }
    }

    /// The program to start for a chunk, and its arguments. Without raw sockets it is nmap itself, whoever could have them.
    pub(super) fn command(
        &self,
        chunk: &Chunk,
        timing: &Timing,
        privileged: bool,
        trace: bool,
    ) -> (&Path, Vec<OsString>) {
        let request = args::request(chunk, timing, trace);
        match &self.helper {
            Some(helper) if privileged => (helper, request.for_helper(std::process::id())),
            Some(_) | None => (&self.path, request.for_nmap(privileged)),
        }
    }
}

/// The installed program, able or not: beside this one, or where packages put it.
pub fn installed() -> Option<PathBuf> {
    let beside = env::current_exe()
        .ok()
        .and_then(|own| Some(own.canonicalize().ok()?.parent()?.to_owned()));
    let folders = beside.into_iter().chain(FOLDERS.map(PathBuf::from));
    folders
        .map(|folder| folder.join(NAME))
        .find(|path| path.is_file())
}

/// A program that can open raw sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Able {
    /// The program.
    pub path: PathBuf,
    /// The nmap that it starts.
    pub nmap: PathBuf,
}

/// Asks the program at `path` whether it can open raw sockets; says why it can't in its own words.
pub async fn ask(path: &Path) -> Result<Able, String> {
    match process::ask(path, "check", Limits::default()).await {
        Ok((Ended::Exited { status, .. }, said)) if status.success() => nmap_of(&said)
            .map(|nmap| Able {
                path: path.to_owned(),
                nmap,
            })
            .ok_or_else(|| "it is of another version than this program".to_owned()),
        Ok((Ended::Exited { words, .. }, _)) => {
            let words = process::words(&words);
            Err(words.strip_prefix(REFUSES).unwrap_or(&words).to_owned())
        }
        Ok((Ended::Stopped | Ended::Hung | Ended::Refused { .. }, _)) => {
            Err("it doesn't answer".to_owned())
        }
        Err(error) => Err(format!("it can't be started: {error}")),
    }
}

fn nmap_of(said: &str) -> Option<PathBuf> {
    let mut parts = said.trim_end().splitn(3, ' ');
    let ours = parts.next() == Some(NAME) && parts.next() == Some(WORDS);
    parts
        .next()
        .map(PathBuf::from)
        .filter(|path| ours && path.is_absolute())
}

/// The installed program, if it can. Only Linux has it.
pub(super) async fn able() -> Option<Able> {
    static LAST: Mutex<Option<(Instant, Option<Able>)>> = Mutex::new(None);

    if !cfg!(target_os = "linux") {
        return None;
    }
    let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((at, able)) = &*last()
        && at.elapsed() < HOLDS
    {
        return able.clone();
    }
    let able = match installed() {
        None => None,
        Some(path) => match ask(&path).await {
            Ok(able) => Some(able),
            Err(why) => {
                tracing::info!(path = %path.display(), %why, "fieldscan-nmap can't be used");
                None
            }
        },
    };
    *last() = Some((Instant::now(), able.clone()));
    able
}

// With paths of Unix: Windows takes none of them for absolute, and has no such program.
#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_version_is_none() {
        assert_eq!(
            nmap_of("fieldscan-nmap 2 /usr/bin/nmap\n"),
            Some("/usr/bin/nmap".into())
        );
        for other in [
            "fieldscan-nmap 1 /usr/bin/nmap",
            "nmap 2 /usr/bin/nmap",
            "fieldscan-nmap 2",
            "fieldscan-nmap 2 nmap",
            "",
        ] {
            assert_eq!(nmap_of(other), None, "{other:?}");
        }
    }

    #[test]
    fn without_raw_sockets_nmap_is_started_itself() {
        use fieldscan_core::plan::{self, Observed, Place};

        let nmap = Nmap {
            path: "/usr/bin/nmap".into(),
            version: "7.93".to_owned(),
            privileged: true,
            helper: Some("/usr/lib/fieldscan/fieldscan-nmap".into()),
            limits: Limits::default(),
        };
        let target = super::super::tests::target("10.0.0.0/24", &["10.0.0.0/24"]);
        let of = |privileged| {
            let timing = plan::timing(Place::Behind, &Observed::default(), 2_000);
            let (program, args) = nmap.command(&target.chunks[0], &timing, privileged, false);
            (program.to_owned(), args)
        };
        let (program, args) = of(true);
        assert_eq!(Some(&program), nmap.helper.as_ref());
        assert_eq!(args[0], "scan");
        let (program, args) = of(false);
        assert_eq!(program, nmap.path, "a refusal must not be met again");
        assert!(args.contains(&"--unprivileged".into()));
    }
}
