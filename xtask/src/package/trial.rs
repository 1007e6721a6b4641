//! Installs the .deb, runs what is in it and removes it again, in a root that is thrown away: this system's files under a
//! layer in memory, in a mount namespace of its own. This system itself is not changed.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Made, tree::NMAP_PROGRAM};
use crate::step::{Look, read, run as run_program, which};

/// What is done in that root; each step leaves what it saw in a folder.
const SCRIPT: &str = include_str!("trial.sh");

/// Whether there can be such a root here; or why not.
pub(super) fn possible() -> Result<(), String> {
    let tried = namespace().and_then(|mut command| {
        command
            .args(["mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r"])
            .stdin(Stdio::null())
            .output()
            .context("can't start unshare")
    });
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "no root can be made that is thrown away: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// Installs, runs, removes, and judges.
pub(super) fn run(look: &Look, made: &Made, deb: &Path) -> anyhow::Result<()> {
    let seen = made.folder.join("trial");
    if seen.exists() {
        fs::remove_dir_all(&seen)?;
    }
    fs::create_dir_all(&seen)?;
    println!("  {}", look.faint("in a root that is thrown away"));
    run_program(
        namespace()?
            .arg(SCRIPT)
            .arg("trial")
            .arg(fs::canonicalize(deb)?)
            .arg(fs::canonicalize(&seen)?)
            .args(made.names()),
    )?;
    judge(made, &seen)
}

/// A shell in a mount namespace of its own, as root.
fn namespace() -> anyhow::Result<Command> {
    let unshare = which("unshare").context("unshare is missing (util-linux)")?;
    let mut command = if read(Command::new("id").arg("-u"))?.trim() == "0" {
        Command::new(unshare)
    } else {
        let mut command =
            Command::new(which("sudo").context("only root can do this, and there is no sudo")?);
        command.arg("-n").arg(unshare);
        command
    };
    command.args(["--mount", "--fork", "--kill-child", "sh", "-euc"]);
    Ok(command)
}

fn judge(made: &Made, seen: &Path) -> anyhow::Result<()> {
    let text = |name: &str| {
        let path = seen.join(name);
        fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))
    };
    for name in made
        .names()
        .iter()
        .filter(|name| **name != "fieldscan-nmap")
    {
        let said = text(&format!("version-{name}"))?;
        let due = format!("{name} {}", made.version);
        ensure!(
            said.trim() == due,
            "{name} --version says `{}`",
            said.trim()
        );
    }
    let able = text("able")?;
    // Its name, the version of its words, and the nmap that it would start.
    let words: Vec<&str> = able.split_whitespace().collect();
    ensure!(
        matches!(words[..], ["fieldscan-nmap", version, nmap]
            if version.parse::<u32>().is_ok() && nmap.starts_with('/')),
        "fieldscan-nmap can't open raw sockets for a person without rights: {able}"
    );
    let doctor: Value = serde_json::from_str(&text("doctor.json")?).context("doctor --json")?;
    let privileges = doctor["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|step| step["id"] == "privileges")
        .context("the doctor says nothing of privileges")?;
    ensure!(
        privileges["outcome"] == "ok"
            && privileges["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains(NMAP_PROGRAM)),
        "the agent doesn't find the installed fieldscan-nmap: {privileges}"
    );
    ensure!(
        text("page")?.contains(".TH fieldscan 1"),
        "there is no manual page"
    );
    ensure!(
        text("kept")?.trim().is_empty(),
        "an upgrade gives a capability back that was taken away: {}",
        text("kept")?
    );
    ensure!(
        text("given")?.contains("cap_net_raw=ep"),
        "an upgrade takes the capability away: {}",
        text("given")?
    );
    let left = text("left")?;
    ensure!(left.trim().is_empty(), "removing leaves behind:\n{left}");
    Ok(())
}
