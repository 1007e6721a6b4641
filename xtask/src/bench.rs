//! `cargo xtask bench`: the benchmarks of the workspace; `cargo xtask bench scan`: scans of simulated networks beside plain
//! nmap's.

use std::path::Path;

use anyhow::bail;

use crate::step::{Look, cargo, metadata, run as run_program, step};

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
