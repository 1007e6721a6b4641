//! The notices of all libraries that are linked into the programs: their licences ask for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use anyhow::Context;
use serde_json::Value;

use crate::step::{cargo, read};

/// Words that the names of files with licences and notices begin with.
const NOTICES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

/// What the window's files contain, by the names of the npm registry.
const WINDOW: [&str; 2] = ["svelte", "@tauri-apps/api"];

/// All libraries below the named packages, and each different notice once, with the libraries that it is for.
pub(super) fn of(programs: &[&str]) -> anyhow::Result<String> {
    let text = read(&mut cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform",
        &host()?,
    ]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata can't be read")?;
    let linked = linked(&metadata, programs);

    let mut list =
        String::from("Libraries that Fieldscan's programs contain, with their licences.\n\n");
    let mut notices: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in array(&metadata["packages"]) {
        // Those of the workspace have no source but the workspace.
        if package["source"].is_null() || !linked.contains(text_of(&package["id"])) {
            continue;
        }
        let name = format!(
            "{} {}",
            text_of(&package["name"]),
            text_of(&package["version"])
        );
        let licence = package["license"].as_str().unwrap_or("see below");
        writeln!(list, "{name}: {licence}")?;
        for notice in notices_beside(Path::new(text_of(&package["manifest_path"])))? {
            notices.entry(notice).or_default().push(name.clone());
        }
    }
    for name in WINDOW
        .iter()
        .filter(|_| programs.contains(&"fieldscan-tray"))
    {
        let manifest = Path::new("ui/node_modules").join(name).join("package.json");
        let Ok(text) = fs::read_to_string(&manifest) else {
            continue;
        };
        let package: Value = serde_json::from_str(&text)?;
        let name = format!("{name} {}", text_of(&package["version"]));
        writeln!(list, "{name}: {}", text_of(&package["license"]))?;
        for notice in notices_beside(&manifest)? {
            notices.entry(notice).or_default().push(name.clone());
        }
    }
    writeln!(list, "the Rust standard library: MIT OR Apache-2.0")?;
    for (notice, names) in notices {
        writeln!(list, "\n{}\n{}\n", "-".repeat(72), names.join(", "))?;
        writeln!(list, "{notice}")?;
    }
    Ok(list)
}

/// What cargo calls this kind of machine.
fn host() -> anyhow::Result<String> {
    let told = read(&mut cargo(&["-vV"]))?;
    told.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("cargo doesn't say on what it runs")
}

/// The ids of all that is linked into these packages; what only builds or tests them is not.
fn linked<'a>(metadata: &'a Value, programs: &[&str]) -> BTreeSet<&'a str> {
    let mut open: Vec<&str> = array(&metadata["packages"])
        .filter(|package| {
            package["source"].is_null() && programs.contains(&text_of(&package["name"]))
        })
        .map(|package| text_of(&package["id"]))
        .collect();
    let below: BTreeMap<&str, &Value> = array(&metadata["resolve"]["nodes"])
        .map(|node| (text_of(&node["id"]), &node["deps"]))
        .collect();
    let mut linked = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !linked.insert(id) {
            continue;
        }
        for dependency in below.get(id).into_iter().flat_map(|deps| array(deps)) {
            // A null kind is that of an ordinary dependency.
            if array(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null()) {
                open.push(text_of(&dependency["pkg"]));
            }
        }
    }
    linked
}

/// The texts of all files beside a manifest that hold a licence or a notice.
fn notices_beside(manifest: &Path) -> anyhow::Result<Vec<String>> {
    let folder = manifest.parent().context("a manifest without a folder")?;
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if NOTICES.iter().any(|word| name.starts_with(word)) && entry.path().is_file() {
            let text = fs::read(entry.path())?;
            let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
            texts.push(text.trim_end().to_owned());
        }
    }
    Ok(texts)
}

fn array(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().into_iter().flatten()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_linked_is_listed() {
        let metadata = serde_json::json!({
            "packages": [
                {"id": "us", "name": "us", "source": null},
                {"id": "lib", "name": "lib", "source": "registry"},
                {"id": "test", "name": "test", "source": "registry"},
            ],
            "resolve": {"nodes": [
                {"id": "us", "deps": [
                    {"pkg": "lib", "dep_kinds": [{"kind": null}]},
                    {"pkg": "test", "dep_kinds": [{"kind": "dev"}]},
                ]},
                {"id": "lib", "deps": [{"pkg": "deep", "dep_kinds": [{"kind": "build"}, {"kind": null}]}]},
            ]},
        });
        let linked: Vec<_> = linked(&metadata, &["us"]).into_iter().collect();
        assert_eq!(
            linked,
            ["deep", "lib", "us"],
            "also what lies deeper, and not what only tests use"
        );
    }
}
