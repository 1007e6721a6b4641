//! What doesn't belong into the repository, and files that grow too long.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::bail;

use crate::{
    layering::code_lines,
    step::{Look, read},
};

/// Lines of code, without tests, above which a Rust file should be split by meaning.
const LONG: usize = 400;

/// Fails with every line that doesn't belong; tells long files.
pub(crate) fn check(look: &Look) -> anyhow::Result<()> {
    let mut findings = Vec::new();
    for file in tracked()? {
        // A deleted file is still listed until the deletion is committed; pictures and the like are no text.
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            if let Some(why) = misplaced(line) {
                findings.push(format!("{}:{}: {why}", file.display(), index + 1));
            }
        }
        let is_test = file
            .iter()
            .any(|part| part == "tests" || part == "tests.rs");
        if !is_test && file.extension().is_some_and(|extension| extension == "rs") {
            let lines = code_lines(&text).count();
            if lines > LONG {
                println!(
                    "{}",
                    look.caution(&format!(
                        "  {} has {lines} lines without comments and tests: split it by meaning",
                        file.display()
                    ))
                );
            }
        }
    }
    if !findings.is_empty() {
        bail!("\n    {}", findings.join("\n    "));
    }
    Ok(())
}

/// The files of the repository; in an unpacked archive without git, those of its known folders.
fn tracked() -> anyhow::Result<Vec<PathBuf>> {
    if Path::new(".git").exists()
        && let Ok(list) = read(Command::new("git").args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))
    {
        return Ok(list
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
            .collect());
    }
    let mut files = Vec::new();
    for folder in ["src-tauri", "tests", "xtask"] {
        files.extend(crate::layering::rust_files(Path::new(folder))?);
    }
    Ok(files)
}

/// Why a line doesn't belong, if it doesn't.
fn misplaced(line: &str) -> Option<String> {
    for (folder, named) in [
        (concat!("/ro", "ot/"), false),
        (concat!("/ho", "me/"), true),
        (concat!("/Us", "ers/"), true),
    ] {
        for (at, _) in line.match_indices(folder) {
            let after = line[at + folder.len()..].chars().next();
            let before = line[..at].chars().next_back();
            let is_root_of_path =
                before.is_none_or(|c| !(c.is_alphanumeric() || "._-~*".contains(c)));
            if is_root_of_path && (!named || after.is_some_and(char::is_alphanumeric)) {
                return Some(format!("a path of one machine ({folder}…)"));
            }
        }
    }
    for mark in [
        concat!("<<<<", "<<< "),
        concat!(">>>>", ">>> "),
        concat!("FIX", "ME"),
        concat!("DO NOT ", "COMMIT"),
    ] {
        if line.contains(mark) {
            return Some(format!("unfinished (`{mark}`)"));
        }
    }
    let code = line.trim_start();
    if code.starts_with("#[ignore]") {
        return Some("a skipped test without a reason: `#[ignore = \"…\"]`".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_machine_are_found_and_patterns_are_not() {
        let home = concat!("/ho", "me/");
        assert!(
            misplaced(&format!("open(\"{home}alice/x\")")).is_some(),
            "a person's folder"
        );
        assert!(
            misplaced(concat!("cd /ro", "ot/x")).is_some(),
            "root's folder"
        );
        assert!(
            misplaced(&format!("starts_with(\"{home}\")")).is_none(),
            "a mere prefix names nobody"
        );
        assert!(
            misplaced(&format!("format!(\"{home}{{user}}\")")).is_none(),
            "a placeholder names nobody"
        );
        assert!(
            misplaced("https://example.com/users/1").is_none(),
            "an address on the web"
        );
    }

    #[test]
    fn a_skipped_test_needs_a_reason() {
        assert!(
            misplaced(concat!("    #[ig", "nore]")).is_some(),
            "nobody could know why"
        );
        assert!(
            misplaced("    #[ignore = \"needs a GPU\"]").is_none(),
            "it says why"
        );
    }
}
