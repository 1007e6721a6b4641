//! `cargo xtask demo`: the agent at work on a simulated site, from a bare checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::{
    packages,
    step::{Look, cargo, metadata, run as run_program, step},
    ui,
};

/// The program of the tests crate that shows it.
const PROGRAM: &str = "fieldscan-demo";

/// Installs, builds, and shows: the tray application first, where it can be had, then the agent on the terminal. Arguments
/// go to the latter.
///
/// It builds without optimisation: the site has some hundred hosts, whose simulation costs little, and a first build is
/// done in a third of the time that an optimised one takes.
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    let desktop = cfg!(target_os = "linux") && ui::is_there();
    let programs = step(look, "programs", || match desktop {
        true => packages::install_for_tests(look),
        false => packages::install(look, packages::DEMO),
    })?;
    // The tray application carries the pages in itself.
    if !programs || (desktop && !step(look, "user interface", ui::build)?) {
        return Ok(false);
    }
    let metadata = metadata()?;
    if !declares(&metadata, PROGRAM) {
        bail!(
            "the package fieldscan-tests has no program `{PROGRAM}`, so there is nothing to show"
        );
    }
    let built = step(look, "build", || {
        let mut command = cargo(&[
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
        ]);
        if desktop {
            command.args(["--package", "fieldscan-tray", "--bin", "fieldscan-tray"]);
        }
        run_program(&mut command)
    })?;
    if !built {
        return Ok(false);
    }
    let folder = debug_folder(&metadata)?;
    println!("{}", look.strong("▶ demo"));
    if desktop {
        let pictures = folder.with_file_name("demo");
        show(
            &folder,
            &["--desktop".to_owned(), pictures.display().to_string()],
        )?;
    }
    show(&folder, args)?;
    Ok(true)
}

fn show(folder: &Path, args: &[String]) -> anyhow::Result<()> {
    let status = std::process::Command::new(folder.join(PROGRAM))
        .args(args)
        .env("FIELDSCAN_BIN", folder.join("fieldscan"))
        .env("FIELDSCAN_TRAY_BIN", folder.join("fieldscan-tray"))
        .status()
        .with_context(|| format!("can't start {PROGRAM}"))?;
    if !status.success() {
        bail!("the demo ended with {status}");
    }
    Ok(())
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
