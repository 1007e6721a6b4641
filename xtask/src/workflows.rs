//! Tests of `.github/workflows`: nobody runs them before they are needed.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::COMMANDS;

fn workflows() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let value = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name, value)
        })
        .collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

/// The steps of all jobs, each with its place.
fn steps() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (file, workflow) in workflows() {
        for (job, content) in workflow["jobs"].as_object().unwrap() {
            for (index, step) in content["steps"].as_array().unwrap().iter().enumerate() {
                all.push((format!("{file}: {job}: step {}", index + 1), step.clone()));
            }
        }
    }
    all
}

/// The words after `cargo xtask` in a step's commands.
fn commands(run: &str) -> impl Iterator<Item = Vec<&str>> {
    run.lines()
        .filter_map(|line| line.trim().strip_prefix("cargo xtask "))
        .map(|rest| rest.split_whitespace().collect())
}

#[test]
fn every_workflow_says_when_it_runs_and_what_it_may_do() {
    let all = workflows();
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ci.yml", "packages.yml", "wine.yml"]);
    for (file, workflow) in &all {
        assert!(workflow["on"].is_object(), "{file} never runs");
        assert_eq!(
            workflow["permissions"]["contents"], "read",
            "{file}: a job that needs more says so itself"
        );
    }
    let wine = &all[2].1;
    assert!(wine["on"]["schedule"][0]["cron"].is_string(), "{wine}");
    let packages = &all[1].1;
    assert_eq!(packages["on"]["push"]["tags"][0], "v*", "{packages}");
}

#[test]
fn every_job_can_be_started_and_ended() {
    for (file, workflow) in workflows() {
        let jobs = workflow["jobs"].as_object().unwrap();
        let names: BTreeSet<&str> = jobs.keys().map(String::as_str).collect();
        for (job, content) in jobs {
            assert!(content["runs-on"].is_string(), "{file}: {job} runs nowhere");
            let needs = content["needs"].as_array().into_iter().flatten();
            for needed in needs.filter_map(Value::as_str) {
                assert!(
                    names.contains(needed),
                    "{file}: {job} waits for `{needed}`, which nobody is"
                );
            }
        }
    }
}

#[test]
fn every_step_does_one_thing_that_is_there() {
    let steps = steps();
    assert!(steps.len() > 10, "the workflows were not read: {steps:?}");
    for (place, step) in steps {
        match (step["uses"].as_str(), step["run"].as_str()) {
            (Some(action), None) => {
                let version = action.split_once('@').map(|(_, version)| version);
                assert!(
                    version.is_some_and(|version| version.starts_with('v')),
                    "{place}: `{action}` changes whenever its authors like"
                );
            }
            (None, Some(run)) => {
                for words in commands(run) {
                    assert!(
                        COMMANDS.iter().any(|(name, ..)| *name == words[0]),
                        "{place}: there is no `cargo xtask {}`",
                        words[0]
                    );
                }
            }
            _ => panic!("{place}: it is either an action or commands: {step}"),
        }
        assert!(
            !step.to_string().contains("secrets."),
            "{place}: a fork has no secrets, and none is needed"
        );
    }
}

#[test]
fn the_gate_the_packages_and_wine_are_run() {
    let runs: String = steps()
        .iter()
        .filter_map(|(_, step)| step["run"].as_str())
        .map(|run| format!("{run}\n"))
        .collect();
    for command in [
        ".ci/run",
        "cargo xtask package",
        "cargo xtask cross wine",
        "cargo test --workspace",
        "src-tauri/tauri.bundle.conf.json",
    ] {
        assert!(runs.contains(command), "nothing runs `{command}`");
    }
}

#[test]
fn the_configuration_of_bundles_names_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri");
    let text = fs::read_to_string(root.join("tauri.bundle.conf.json")).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    let licence = config["bundle"]["licenseFile"].as_str().unwrap();
    assert!(root.join(licence).is_file(), "{licence}");
    let program = config["bundle"]["externalBin"][0].as_str().unwrap();
    let made = steps().iter().any(|(_, step)| {
        let run = step["run"].as_str().unwrap_or_default();
        run.contains(&format!("src-tauri/{program}-$host"))
    });
    assert!(made, "no step makes {program}");
}
