//! `grant`: gives `fieldscan-nmap` its one capability, after saying what that is and asking; or takes it away. Gives nothing
//! to nmap itself or to any other program.

use std::{
    io::{BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fieldscan_engine::nmap;
use serde::Serialize;

use crate::{
    args,
    failure::{Exit, Failure},
    output::{Output, plain},
    session,
};

/// `cap_net_raw` in the file's permitted and effective sets.
const CAPABILITY: &str = "cap_net_raw+ep";
/// Where `setcap` is; a person's `PATH` often lacks the folder, and must not choose what root runs.
const SETCAP: [&str; 4] = [
    "/usr/sbin/setcap",
    "/sbin/setcap",
    "/usr/bin/setcap",
    "/bin/setcap",
];

#[derive(Serialize)]
struct GrantDocument {
    program: String,
    capability: &'static str,
    /// Whether the program can open raw sockets now.
    granted: bool,
    /// Whether this command changed that.
    changed: bool,
}

pub(super) fn run(out: &Output, args: &args::Grant) -> Result<Exit, Failure> {
    if !cfg!(target_os = "linux") {
        return Err(Failure::new(
            Exit::Usage,
            "grant-elsewhere",
            "Only Linux has such capabilities.",
        )
        .remedy("On macOS run the agent as root. On Windows install Npcap; where it is restricted to administrators, run the agent as one."));
    }
    let path = nmap::installed_helper().ok_or_else(not_installed)?;
    // A link would be followed to a file that was not shown.
    let path = path.canonicalize().unwrap_or(path);
    let setcap = SETCAP.map(Path::new);
    let setcap = *setcap
        .iter()
        .find(|program| program.is_file())
        .ok_or_else(no_setcap)?;
    let has = has_capability(setcap, &path);
    if args.remove {
        if has {
            consent(&removing(&path), args.yes)?;
            change(setcap, &["-q", "-r"], &path)?;
        }
        return verify(out, setcap, &path, has, false);
    }
    if !has {
        only_ours(&path)?;
        consent(&giving(&path), args.yes)?;
        change(setcap, &[CAPABILITY], &path)?;
    }
    verify(out, setcap, &path, !has, true)
}

/// Whether the file has the capability. Root's processes have it anyway, so asking the program says nothing of the file.
fn has_capability(setcap: &Path, path: &Path) -> bool {
    let verified = Command::new(setcap)
        .args(["-q", "-v", CAPABILITY])
        .arg(path)
        .stdin(Stdio::null())
        .output();
    verified.is_ok_and(|output| output.status.success())
}

/// Fails if somebody else could put another program into the place of the one that was shown.
#[cfg(unix)]
fn only_ours(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;

    const STICKY: u32 = 0o1000;
    let own = std::fs::metadata("/proc/self").map_or(0, |meta| meta.uid());
    let others = path.ancestors().find(|part| {
        part.metadata().map_or(true, |meta| {
            let open = meta.mode() & 0o002 != 0 && meta.mode() & STICKY == 0;
            open || (meta.uid() != 0 && meta.uid() != own)
        })
    });
    match others {
        None => Ok(()),
        Some(part) => Err(Failure::new(
            Exit::Nothing,
            "helper-exposed",
            "Others could replace fieldscan-nmap, so it is given nothing.",
        )
        .detail(format!("{} is not root's or yours alone.", part.display()))
        .remedy("Install it into /usr/lib/fieldscan.")),
    }
}

#[cfg(not(unix))]
fn only_ours(_path: &Path) -> Result<(), Failure> {
    Ok(())
}

fn not_installed() -> Failure {
    Failure::new(
        Exit::Nothing,
        "helper-missing",
        "fieldscan-nmap is not installed: it is neither beside fieldscan nor in /usr/lib/fieldscan.",
    )
    .remedy("Install it there; it comes with the package. Until then scans work without raw sockets.")
}

fn no_setcap() -> Failure {
    Failure::new(
        Exit::Nothing,
        "setcap-missing",
        "The program `setcap` is missing.",
    )
    .remedy("Install it: `apt install libcap2-bin` or `dnf install libcap`.")
}

fn giving(path: &Path) -> String {
    let path = plain(&path.display().to_string());
    format!(
        "This gives one capability (cap_net_raw: sending and receiving raw packets) to one small program:\n  {path}\n\
         With it nmap finds hosts that drop TCP, and sees MAC addresses, without anything running as root.\n\
         The program starts the system's nmap, for private networks of at most 65,536 addresses only, with options of its own.\n\
         Everybody on this machine who may run it can scan private networks in that way. nmap itself gets nothing.\n\
         `fieldscan grant --remove` takes it away again.\n"
    )
}

fn removing(path: &Path) -> String {
    let path = plain(&path.display().to_string());
    format!(
        "This takes the capability cap_net_raw away from\n  {path}\n\
         Scans without root then don't see hosts that drop TCP, nor MAC addresses beyond the system's neighbour table.\n"
    )
}

/// Says what is to be done, and asks unless that was answered before.
fn consent(what: &str, yes: bool) -> Result<(), Failure> {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{what}");
    if yes {
        return Ok(());
    }
    let refused = |what: &str| {
        Failure::new(Exit::Usage, "not-agreed", what).remedy("`--yes` agrees without being asked.")
    };
    if !(std::io::stdin().is_terminal() && stderr.is_terminal()) {
        return Err(refused(
            "Nothing was changed: there is nobody to ask without a terminal.",
        ));
    }
    let _ = write!(stderr, "Go on? [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    match read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        true => Ok(()),
        false => Err(refused("Nothing was changed.")),
    }
}

/// Runs `setcap` on the program, through sudo where this process is not root.
fn change(setcap: &Path, what: &[&str], path: &Path) -> Result<(), Failure> {
    let line = line(setcap, what, path);
    let status = Command::new(&line[0])
        .args(&line[1..])
        // What it says goes where a person reads it: standard output is the document's.
        .stdout(Stdio::from(std::io::stderr()))
        .status();
    let failed = |detail: String| {
        let by_hand: Vec<_> = line
            .iter()
            .map(|word| plain(&word.display().to_string()))
            .collect();
        Failure::new(
            Exit::Nothing,
            "setcap-failed",
            "The capability could not be changed.",
        )
        .detail(detail)
        .remedy(format!("Try it by hand: `{}`.", by_hand.join(" ")))
    };
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(status.to_string())),
        Err(error) => Err(failed(format!("{}: {error}", line[0].display()))),
    }
}

fn line(program: &Path, what: &[&str], path: &Path) -> Vec<PathBuf> {
    let sudo = (!is_root()).then(|| PathBuf::from("sudo"));
    sudo.into_iter()
        .chain([program.to_owned()])
        .chain(what.iter().map(PathBuf::from))
        .chain([path.to_owned()])
        .collect()
}

fn is_root() -> bool {
    #[cfg(target_os = "linux")]
    {
        std::os::unix::fs::MetadataExt::uid(&match std::fs::metadata("/proc/self") {
            Ok(meta) => meta,
            Err(_) => return false,
        }) == 0
    }
    #[cfg(not(target_os = "linux"))]
    false
}

/// Looks at what has come of it. Given, the program itself is asked: what counts is what it can do.
fn verify(
    out: &Output,
    setcap: &Path,
    path: &Path,
    changed: bool,
    wanted: bool,
) -> Result<Exit, Failure> {
    if has_capability(setcap, path) != wanted {
        return Err(Failure::new(
            Exit::Nothing,
            "setcap-failed",
            "`setcap` says that it is done, and the file's capabilities are not as they should be.",
        ));
    }
    if wanted {
        let able = session::block_on(async { Ok(nmap::ask_helper(path).await) })?;
        able.map_err(|why| {
            Failure::new(
                Exit::Problems,
                "grant-useless",
                "The program has the capability, and still can't start nmap with raw sockets.",
            )
            .detail(format!("fieldscan-nmap: {why}"))
            .remedy(
                "A file system mounted `nosuid`, `NoNewPrivileges=` of a service or a container may be in the way.",
            )
        })?;
    }
    show(out, path, wanted, changed)
}

fn show(out: &Output, path: &Path, granted: bool, changed: bool) -> Result<Exit, Failure> {
    let document = GrantDocument {
        program: path.display().to_string(),
        capability: "cap_net_raw",
        granted,
        changed,
    };
    out.show(&document, |_| {
        let path = plain(&document.program);
        match (granted, changed) {
            (true, true) => {
                format!("{path} can open raw sockets now. Scans use it from the next one on.\n")
            }
            (true, false) => format!("{path} can open raw sockets already; nothing was changed.\n"),
            (false, true) => format!("{path} has no capability any more.\n"),
            (false, false) => format!("{path} has no capability; nothing was changed.\n"),
        }
    })?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_said_with_the_program_and_the_way_back() {
        let text = giving(Path::new("/usr/lib/fieldscan/fieldscan-nmap"));
        for said in [
            "cap_net_raw",
            "/usr/lib/fieldscan/fieldscan-nmap",
            "grant --remove",
            "nmap itself gets nothing",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
    }

    #[test]
    fn nothing_is_changed_without_consent() {
        // Tests have no terminal on standard input, or a person's who would have to answer.
        if !std::io::stdin().is_terminal() {
            assert!(consent("", false).is_err(), "nobody has agreed");
        }
        assert!(consent("", true).is_ok());
    }

    #[test]
    fn setcap_is_run_on_the_one_program_and_never_through_a_shell() {
        let line = line(
            Path::new("/usr/sbin/setcap"),
            &[CAPABILITY],
            Path::new("/a b/$(id)"),
        );
        let tail: Vec<_> = line.iter().rev().take(3).collect();
        assert_eq!(tail[0], Path::new("/a b/$(id)"));
        assert_eq!(tail[1], Path::new("cap_net_raw+ep"));
        assert_eq!(tail[2], Path::new("/usr/sbin/setcap"));
    }
}
