//! Dependencies that a manifest names and no source uses.
//!
//! A dependency that only turns features on stands in `[package.metadata.xtask] not-named = ["…"]`.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, bail};

use crate::{layering::rust_files, step::metadata};

/// Fails with every unused dependency.
pub(crate) fn check() -> anyhow::Result<()> {
    let metadata = metadata()?;
    let mut unused = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package without a manifest")?;
        let folder = Path::new(manifest)
            .parent()
            .context("a manifest without a folder")?;
        let words = words_of(folder)?;
        let excepted: BTreeSet<&str> = package["metadata"]["xtask"]["not-named"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str())
            .collect();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let real = dependency["name"].as_str().unwrap_or_default();
            let known_as = dependency["rename"].as_str().unwrap_or(real);
            if !excepted.contains(known_as) && !words.contains(&known_as.replace('-', "_")) {
                unused.push(format!("{name}: {known_as}"));
            }
        }
    }
    unused.sort();
    unused.dedup();
    if !unused.is_empty() {
        bail!("\n    {}", unused.join("\n    "));
    }
    Ok(())
}

/// Every identifier in a package's sources. Good enough to see that a crate is named nowhere.
fn words_of(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut files = Vec::new();
    for part in ["src", "tests", "benches", "examples"] {
        files.extend(rust_files(&folder.join(part))?);
    }
    let script = folder.join("build.rs");
    if script.is_file() {
        files.push(script);
    }
    // A package at the root of other packages' folders has its own sources in `src` alone.
    let mut words = BTreeSet::new();
    for file in files {
        words.extend(identifiers(&std::fs::read_to_string(&file)?));
    }
    Ok(words)
}

fn identifiers(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_only_a_comment_names_is_not_used() {
        let words: BTreeSet<_> = identifiers("// strsim is nice\nuse serde_json::Value;").collect();
        assert!(words.contains("serde_json"), "it is imported");
        assert!(!words.contains("strsim"), "a comment uses nothing");
    }
}
