//! `cargo xtask cross`: the whole workspace checked for Windows and macOS from Linux, and the Windows programs run under wine.

mod compiler;
mod wine;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use self::compiler::Compiler;
use crate::{
    packages::{self, COMPILER, MINGW, WINE},
    step::{Look, metadata, run as run_program, step, which},
};

/// Another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Windows,
    MacOs,
}

impl System {
    pub(crate) const ALL: [Self; 2] = [Self::Windows, Self::MacOs];

    /// What the command calls it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::MacOs => "macos",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::Windows => "x86_64-pc-windows-gnu",
            Self::MacOs => "aarch64-apple-darwin",
        }
    }
}

/// Checks for the systems that are named, or all; with `wine`, builds for Windows and runs that.
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (systems, with_wine) = match words[..] {
        [] => (System::ALL.to_vec(), false),
        ["windows"] => (vec![System::Windows], false),
        ["macos"] => (vec![System::MacOs], false),
        ["wine"] => (Vec::new(), true),
        _ => bail!("`cross` takes nothing, or `windows`, `macos` or `wine`"),
    };
    if !cfg!(target_os = "linux") {
        bail!("this is done from Linux; on Windows and macOS themselves: cargo xtask check");
    }
    let needed = needed(systems.contains(&System::Windows) || with_wine, with_wine);
    if !step(look, "programs", || packages::install(look, &needed))? {
        return Ok(false);
    }
    let compiler = Compiler::find().map_err(anyhow::Error::msg)?;
    let folder = folder()?;
    let mut well = true;
    for system in systems {
        well &= check_with(look, &compiler, system, &folder)?;
    }
    if with_wine {
        well &= wine::run(look, &compiler, &folder)?;
    }
    Ok(well)
}

/// Installs what the checks need, where that is not asking much: on a machine that is there for nothing else.
pub(crate) fn prepare(look: &Look) {
    let needed = needed(true, false);
    if std::env::var_os("CI").is_some() && cfg!(target_os = "linux") {
        // Where it fails, `check` says what is missing.
        let _ = step(look, "programs for other systems", || {
            packages::install(look, &needed)
        });
    }
}

/// Checks for one system; or says why that can't be done here.
pub(crate) fn check(look: &Look, system: System) -> anyhow::Result<Result<bool, String>> {
    if !cfg!(target_os = "linux") {
        return Ok(Err("it is done from Linux".to_owned()));
    }
    let compiler = match Compiler::find() {
        Ok(compiler) => compiler,
        Err(why) => {
            return Ok(Err(format!(
                "{why} (`cargo xtask cross` installs what it needs)"
            )));
        }
    };
    if system == System::Windows && which(MINGW[0].sign()).is_none() {
        return Ok(Err(format!("{} is not installed", MINGW[0].sign())));
    }
    check_with(look, &compiler, system, &folder()?).map(Ok)
}

/// What has to be there. With a compiler that will do, however it came, no other is installed.
fn needed(windows: bool, wine: bool) -> Vec<packages::Needed> {
    let of = |wanted: bool, list: &'static [packages::Needed]| if wanted { list } else { &[] };
    [
        of(Compiler::find().is_err(), COMPILER),
        of(windows, MINGW),
        of(wine, WINE),
    ]
    .concat()
}

fn check_with(
    look: &Look,
    compiler: &Compiler,
    system: System,
    folder: &Path,
) -> anyhow::Result<bool> {
    step(look, &format!("check for {}", system.word()), || {
        run_program(
            compiler
                .clippy(system, folder)?
                .args(["--workspace", "--all-targets", "--locked"])
                .args(["--", "-D", "warnings"]),
        )
    })
}

/// A folder of its own for all that is built here: the same crates are built by another compiler.
fn folder() -> anyhow::Result<PathBuf> {
    let metadata = metadata()?;
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names no target folder")?;
    Ok(PathBuf::from(target).join("cross"))
}
