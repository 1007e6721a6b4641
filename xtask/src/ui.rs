//! The user interface (`ui/`): its pages built, checked and tested by its own scripts, and the types that they share with
//! the agent.

use std::{ffi::OsString, path::Path, process::Command};

use anyhow::{Context, bail};

use crate::{
    packages,
    step::{Look, cargo, run as run_program, step, which},
};

/// Names the browser to the walks and the pictures (`ui/e2e/harness.ts`).
const BROWSER: &str = "CHROMIUM";

/// `cargo xtask ui`: the pages, which the tray application carries in itself from its next build on.
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    if !args.is_empty() {
        bail!("`ui` takes nothing");
    }
    step(look, "user interface", build)
}

/// `cargo xtask bindings`: the test that holds the types against the files writes them instead.
pub(crate) fn bindings(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    if !args.is_empty() {
        bail!("`bindings` takes nothing");
    }
    step(look, "bindings", || {
        run_program(
            cargo(&[
                "test",
                "--locked",
                "--package",
                "fieldscan-tray",
                "bindings::",
            ])
            .env("FIELDSCAN_WRITE_BINDINGS", "1"),
        )
    })
}

/// `cargo xtask screenshots`: pictures of every screen and state, in `ui/screenshots/`.
pub(crate) fn screenshots(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    if !args.is_empty() {
        bail!("`screenshots` takes nothing");
    }
    Ok(step(look, "programs", || install_browser(look))?
        && step(look, "screenshots", || script("screenshots"))?)
}

/// Installs a browser for the pages, unless there is one or `CHROMIUM` names one.
pub(crate) fn install_browser(look: &Look) -> anyhow::Result<()> {
    match browser() {
        Some(_) => Ok(()),
        None => packages::install(look, packages::BROWSER),
    }
}

/// The browser for the pages.
fn browser() -> Option<OsString> {
    std::env::var_os(BROWSER).or_else(|| {
        let programs = ["chromium", "chromium-browser", "google-chrome"];
        let found = programs.into_iter().find_map(which)?;
        Some(found.into_os_string())
    })
}

/// Whether there is one.
pub(crate) fn is_there() -> bool {
    Path::new("ui/package.json").is_file()
}

/// Builds the pages.
pub(crate) fn build() -> anyhow::Result<()> {
    script("build")
}

/// Types, Svelte and lints.
pub(crate) fn check() -> anyhow::Result<()> {
    script("check")
}

/// Its tests, to be started.
pub(crate) fn tests() -> anyhow::Result<Command> {
    counted("test")
}

/// The walks through the built pages in a real browser, to be started. There must be one.
pub(crate) fn walks() -> anyhow::Result<Command> {
    counted("e2e")
}

/// A script that tests, with its numbers in plain text.
fn counted(name: &str) -> anyhow::Result<Command> {
    let mut command = prepared(name)?;
    command.env("NO_COLOR", "1").env_remove("FORCE_COLOR");
    Ok(command)
}

fn script(name: &str) -> anyhow::Result<()> {
    run_program(&mut prepared(name)?)
}

/// Whether what the lock file names was installed since it was last changed.
fn is_installed() -> bool {
    let changed = |path| {
        let file = Path::new(path).metadata();
        file.and_then(|file| file.modified())
    };
    // npm writes this file when it is done: without it the folder is half of one.
    let installed = changed("ui/node_modules/.package-lock.json");
    let wanted = changed("ui/package-lock.json");
    matches!((installed, wanted), (Ok(installed), Ok(wanted)) if installed >= wanted)
}

/// A script of `ui/package.json`, after installing what it uses.
fn prepared(name: &str) -> anyhow::Result<Command> {
    let npm = which("npm").context("npm is missing; it comes with Node")?;
    if !is_installed() {
        run_program(Command::new(&npm).args(["ci", "--prefix", "ui"]))?;
    }
    let mut command = Command::new(&npm);
    command.args(["run", "--prefix", "ui", name]);
    if let Some(browser) = browser() {
        command.env(BROWSER, browser);
    }
    Ok(command)
}
