//! `cargo xtask bench`: the benchmarks of the workspace; `cargo xtask bench scan`: scans of simulated networks beside plain
//! nmap's; `cargo xtask bench desktop`: time, memory and work of the tray application.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::{
    packages,
    step::{Look, cargo, metadata, run as run_program, step},
    ui,
};

/// Runs every benchmark that the manifests declare; arguments go to criterion (a filter, `--save-baseline …`). With `scan`
/// first, runs that one instead, and the arguments go to it (`--seeds N`, `--only NAME`, `--quick`).
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    if let Some((first, rest)) = args.split_first()
        && first == "scan"
    {
        return step(look, "scans beside plain nmap's", || {
            run_program(
                cargo(&[
                    "run",
                    "--release",
                    "--locked",
                    "--package",
                    "fieldscan-tests",
                    "--bin",
                    "bench-scan",
                    "--",
                ])
                .args(rest),
            )
        });
    }
    if let Some((first, rest)) = args.split_first()
        && first == "desktop"
    {
        return desktop(look, rest);
    }
    let benches = benches(&metadata()?);
    if benches.is_empty() {
        bail!("no package declares a benchmark");
    }
    let mut well = true;
    for (package, bench) in benches {
        well &= step(look, &format!("{package}: {bench}"), || {
            run_program(
                cargo(&[
                    "bench",
                    "--locked",
                    "--package",
                    &package,
                    "--bench",
                    &bench,
                    "--",
                ])
                .args(args),
            )
        })?;
    }
    Ok(well)
}

/// What the tray application takes of a computer. Arguments go to it (`--idle MINUTES`, `--windows TIMES`).
fn desktop(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    if !step(look, "programs", || packages::install_for_tests(look))?
        || !step(look, "user interface", ui::build)?
    {
        return Ok(false);
    }
    let built = step(look, "build", || {
        run_program(&mut cargo(&[
            "build",
            "--release",
            "--locked",
            "--package",
            "fieldscan-tray",
        ]))
    })?;
    if !built {
        return Ok(false);
    }
    let metadata = metadata()?;
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names no target folder")?;
    let program = Path::new(target).join("release/fieldscan-tray");
    step(look, "the tray application, measured", || {
        // Who measures may be slow.
        run_program(
            cargo(&[
                "run",
                "--locked",
                "--package",
                "fieldscan-tests",
                "--bin",
                "bench-desktop",
                "--",
            ])
            .args(args)
            .env("FIELDSCAN_TRAY_BIN", &program),
        )
    })
}

/// Package and name of each benchmark, in the manifests' order.
fn benches(metadata: &serde_json::Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let is_bench = target["kind"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|kind| kind == "bench");
            if let (true, Some(package), Some(name), Some(source)) = (
                is_bench,
                package["name"].as_str(),
                target["name"].as_str(),
                target["src_path"].as_str(),
            ) && Path::new(source).is_file()
            {
                found.push((package.to_owned(), name.to_owned()));
            }
        }
    }
    found
}
