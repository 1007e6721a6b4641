//! How a test says that it can't be done here.
//!
//! The test runner knows no "skipped" that is decided while a test runs, and hides what a passing test prints. So a skip
//! is printed and, where `FIELDSCAN_SKIPS` names a file, noted there too: `cargo xtask test` sets it and counts.

use std::{io::Write, panic::Location, path::Path};

/// Says that the calling test is skipped, and why. The test must return right after.
///
/// The name is that of the test, by the thread in which the runner runs it; on another thread it is the caller's place.
#[track_caller]
pub fn skip(reason: &str) {
    let place = Location::caller();
    let name = match std::thread::current().name() {
        Some(name) if name != "main" && !name.starts_with("tokio") => name.to_owned(),
        _ => format!("{}:{}", place.file(), place.line()),
    };
    skip_named(&name, reason);
}

/// [`skip`] for a test whose name is known, from whatever thread.
pub fn skip_named(test: &str, reason: &str) {
    let line = format!("SKIPPED {test}: {reason}\n");
    // A macro's output would be captured and forgotten: the test passes.
    let _ = std::io::stderr().write_all(line.as_bytes());
    let Some(path) = std::env::var_os("FIELDSCAN_SKIPS") else {
        return;
    };
    if let Err(error) = note(path.as_ref(), &line) {
        panic!("a skip that nobody hears of would pass for a success: {error}");
    }
}

/// Adds a line. One write of a short line to a file opened for appending: lines of several test programs don't mix.
fn note(path: &Path, line: &str) -> std::io::Result<()> {
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?
        .write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_several_tests_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("skips");
        note(&path, "SKIPPED a: b\n").unwrap();
        note(&path, "SKIPPED c: d\n").unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "SKIPPED a: b\nSKIPPED c: d\n",
            "a later skip must not hide an earlier one"
        );
    }
}
