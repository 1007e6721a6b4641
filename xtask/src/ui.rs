//! The user interface (`ui/`): its pages built, checked and tested by its own scripts, and the types that they share with
//! the agent.

use std::{path::Path, process::Command};

use anyhow::{Context, bail};

use crate::{
    packages,
    step::{Look, cargo, run as run_program, step, which},
};

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
    Ok(step(look, "programs", || {
        packages::install(look, packages::BROWSER)
    })? && step(look, "screenshots", || script("screenshots"))?)
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

/// Its tests.
pub(crate) fn test() -> anyhow::Result<()> {
    script("test")
}

/// Runs a script of `ui/package.json`, after installing what it uses.
fn script(name: &str) -> anyhow::Result<()> {
    let npm = which("npm").context("npm is missing; it comes with Node")?;
    // npm writes this file when it is done: without it the folder is half of one.
    if !Path::new("ui/node_modules/.package-lock.json").is_file() {
        run_program(Command::new(&npm).args(["ci", "--prefix", "ui"]))?;
    }
    run_program(Command::new(&npm).args(["run", "--prefix", "ui", name]))
}
