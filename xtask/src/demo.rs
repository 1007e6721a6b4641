//! `cargo xtask demo`: the agent at work on a simulated site, from a bare checkout.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::{
    packages,
    step::{Look, cargo, metadata, run as run_program, step},
};

/// The program of the tests crate that shows it.
const PROGRAM: &str = "fieldscan-demo";

/// Installs, builds, and shows. Arguments go to the demo.
///
/// It builds without optimisation: the site has some hundred hosts, whose simulation costs little, and a first build is
/// done in a third of the time that an optimised one takes.
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    if !step(look, "programs", || packages::install(look, packages::DEMO))? {
        return Ok(false);
    }
    let metadata = metadata()?;
    if !declares(&metadata, PROGRAM) {
        bail!(
            "the package fieldscan-tests has no program `{PROGRAM}`, so there is nothing to show"
        );
    }
    let built = step(look, "build", || {
        run_program(&mut cargo(&[
            "build",
            "--locked",
            "--package",
            "fieldscan",
            "--package",
            "fieldscan-tests",
            "--bin",
            "fieldscan",
            "--bin",
            PROGRAM,
        ]))
    })?;
    if !built {
        return Ok(false);
    }
    let folder = debug_folder(&metadata)?;
    println!("{}", look.strong("▶ demo"));
    let status = std::process::Command::new(folder.join(PROGRAM))
        .args(args)
        .env("FIELDSCAN_BIN", folder.join("fieldscan"))
        .status()
        .with_context(|| format!("can't start {PROGRAM}"))?;
    if !status.success() {
        bail!("the demo ended with {status}");
    }
    Ok(true)
}

/// Where programs built without optimisation are.
pub(crate) fn debug_folder(metadata: &serde_json::Value) -> anyhow::Result<PathBuf> {
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names no target folder")?;
    Ok(PathBuf::from(target).join("debug"))
}

fn declares(metadata: &serde_json::Value, program: &str) -> bool {
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .any(|target| {
            target["name"] == program
                && target["kind"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|kind| kind == "bin")
        })
}
