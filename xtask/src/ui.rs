//! `cargo xtask ui` builds the pages of the window; `cargo xtask bindings` writes the types that they share with the agent.

use std::{path::Path, process::Command};

use anyhow::Context as _;

use crate::step::{Look, cargo, run as run_program, step, which};

/// `cargo xtask ui`.
pub(crate) fn run(look: &Look, _args: &[String]) -> anyhow::Result<bool> {
    step(look, "user interface", build)
}

/// Builds the pages into `ui/dist`, from where the application takes them.
pub(crate) fn build() -> anyhow::Result<()> {
    let npm = npm()?;
    run_program(Command::new(npm).args(["run", "--prefix", "ui", "build"]))
}

/// npm, with what the pages need installed.
pub(crate) fn npm() -> anyhow::Result<std::path::PathBuf> {
    let npm = which("npm").context("npm is missing; it comes with Node")?;
    if !Path::new("ui/node_modules").is_dir() {
        run_program(Command::new(&npm).args(["ci", "--prefix", "ui"]))?;
    }
    Ok(npm)
}

/// `cargo xtask bindings`: the test that holds the types against the files writes them instead.
pub(crate) fn bindings(look: &Look, _args: &[String]) -> anyhow::Result<bool> {
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
