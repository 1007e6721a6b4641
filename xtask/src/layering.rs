//! Who may import whom, and that the core does no I/O and reads no clock.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::step::{cargo, read};

/// For each member: packages that must not be anywhere below it, and why.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    (
        "fieldscan-core",
        &[
            "tokio",
            "reqwest",
            "rusqlite",
            "tauri",
            "hyper",
            "keyring",
            "tracing",
            "fieldscan-engine",
            "fieldscan",
            "fieldscan-tray",
            "fieldscan-tests",
        ],
        "the core decides and does nothing",
    ),
    (
        "fieldscan-engine",
        &["tauri", "fieldscan", "fieldscan-tray", "fieldscan-tests"],
        "the engine serves every front end and knows none",
    ),
    (
        "fieldscan-nmap",
        &[
            "tokio",
            "reqwest",
            "rusqlite",
            "tauri",
            "hyper",
            "tracing",
            "fieldscan-engine",
            "fieldscan",
        ],
        "what holds a capability is small and trusts nobody",
    ),
    (
        "fieldscan",
        &["tauri", "gtk", "fieldscan-tray", "fieldscan-tests"],
        "the command line runs on machines without a desktop",
    ),
];

/// Ways to reach the world that the standard library and jiff offer, and that the core must not take.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::process",
    "std::thread",
    "std::env",
    "net::TcpStream",
    "net::TcpListener",
    "net::UdpSocket",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
];

/// Fails with every breach that it finds.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut breaches = Vec::new();
    for (member, forbidden, why) in FORBIDDEN {
        let tree = read(&mut cargo(&[
            "tree",
            "--locked",
            "--package",
            member,
            "--edges",
            "normal,build",
            "--target",
            "all",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ]))?;
        for package in packages(&tree) {
            if package != *member && forbidden.contains(&package) {
                breaches.push(format!("{member} depends on {package}: {why}"));
            }
        }
    }
    for file in rust_files(Path::new("src-tauri/core/src"))? {
        let text = std::fs::read_to_string(&file)?;
        for (line, found) in impure(&text) {
            breaches.push(format!(
                "{}:{line}: `{found}`: the core does no I/O and is given the time",
                file.display()
            ));
        }
    }
    breaches.dedup();
    if !breaches.is_empty() {
        bail!("\n    {}", breaches.join("\n    "));
    }
    Ok(())
}

/// The package names of a `cargo tree --prefix none --format {p}`.
fn packages(tree: &str) -> impl Iterator<Item = &str> {
    tree.lines().filter_map(|line| line.split(' ').next())
}

/// Lines (from 1) of the product's code that reach for the world. Comments and tests don't count.
fn impure(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in code_lines(text) {
        for way in IMPURE {
            let (module, item) = way.rsplit_once("::").unwrap_or(("", way));
            let grouped = module == "std"
                && line.trim_start().starts_with("use std::{")
                && line
                    .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .any(|word| word == item);
            if line.contains(way) || grouped {
                found.push((index, *way));
            }
        }
    }
    found
}

/// The lines of a file that are neither comment nor in its `#[cfg(test)]` module, with their numbers from 1.
pub(crate) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

/// Every Rust source below a folder, in order; none if there is no such folder.
pub(crate) fn rust_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_the_core_is_found_and_a_clock_in_its_tests_is_not() {
        let text = "//! Timestamp::now\nuse std::{fmt, fs};\nlet now = Timestamp::now();\n#[cfg(test)]\nmod tests { fn f() { Instant::now(); } }\n";
        assert_eq!(
            impure(text),
            [(2, "std::fs"), (3, "Timestamp::now")],
            "comments and tests may name what the code may not do"
        );
    }

    #[test]
    fn a_tree_is_read_by_package_name() {
        let tree = "fieldscan-core v0.1.0 (/x/core)\ntokio v1.0.0\ntokio-util v0.7.0 (*)\n";
        assert_eq!(
            packages(tree).collect::<Vec<_>>(),
            ["fieldscan-core", "tokio", "tokio-util"],
            "a prefix of a name is another package"
        );
    }
}
