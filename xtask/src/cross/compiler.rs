//! A compiler that can build its own standard library, for systems whose library nobody has installed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::System;
use crate::step::{as_from_a_shell, cargo_program, metadata, read, which};

/// What of the standard library is built: all that a test needs.
const LIBRARY: &str = "-Zbuild-std=std,panic_unwind,test";

/// Takes the place of a C compiler where C is not to be had: type-checking Rust needs no more than a file that is there.
const NO_C: &str = r#"#!/bin/sh
# Writes an empty object, whatever is to be compiled. Asked of its kind, by the preprocessor, it is a clang.
while [ $# -gt 0 ]; do
    case $1 in
    -o) : > "$2" ;;
    -E) echo '#pragma message "clang"' ;;
    '-?') exit 1 ;;
    esac
    shift
done
"#;

/// A compiler with the sources of its library and its lints.
#[derive(Debug)]
pub(super) struct Compiler {
    rustc: PathBuf,
    clippy: PathBuf,
}

impl Compiler {
    /// The one that is in use, if it has the sources (`rustup component add rust-src`), or Debian's.
    pub(super) fn find() -> Result<Self, String> {
        let wanted = wanted().map_err(|error| format!("{error:#}"))?;
        let mut why = "no Rust compiler has the sources of its library".to_owned();
        for rustc in which("rustc").into_iter().chain(["/usr/bin/rustc".into()]) {
            let Ok(root) = read(Command::new(&rustc).args(["--print", "sysroot"])) else {
                continue;
            };
            let root = Path::new(root.trim());
            if !root
                .join("lib/rustlib/src/rust/library/std/Cargo.toml")
                .is_file()
            {
                continue;
            }
            let found = Self {
                rustc: root.join("bin/rustc"),
                clippy: root.join("bin/cargo-clippy"),
            };
            let version = read(Command::new(&found.rustc).arg("--version"))
                .map_err(|error| format!("{error:#}"))?;
            if minor(&version) < Some(wanted) {
                why = format!("{} is too old: 1.{wanted} is needed", version.trim());
            } else if !found.clippy.is_file() {
                why = format!("{} has no clippy", root.display());
            } else {
                return Ok(found);
            }
        }
        Err(why)
    }

    /// `cargo clippy` for another system.
    pub(super) fn clippy(&self, system: System, folder: &Path) -> anyhow::Result<Command> {
        let mut command = as_from_a_shell(&self.clippy);
        command.arg("clippy");
        self.aim(&mut command, system, folder)?;
        Ok(command)
    }

    /// Another command of cargo, for another system.
    pub(super) fn cargo(
        &self,
        name: &str,
        system: System,
        folder: &Path,
    ) -> anyhow::Result<Command> {
        let mut command = as_from_a_shell(cargo_program());
        command.arg(name);
        self.aim(&mut command, system, folder)?;
        Ok(command)
    }

    fn aim(&self, command: &mut Command, system: System, folder: &Path) -> anyhow::Result<()> {
        command
            .args([LIBRARY, "--target", system.target(), "--target-dir"])
            .arg(folder)
            .env("CARGO", cargo_program())
            .env("RUSTC", &self.rustc)
            // Lets a stable compiler build its own library; nothing else here asks for what is unstable.
            .env("RUSTC_BOOTSTRAP", "1")
            // `cargo run` puts the libraries of the other compiler here.
            .env_remove("LD_LIBRARY_PATH");
        match system {
            // The system's own names are found: x86_64-w64-mingw32-gcc.
            System::Windows => {}
            System::MacOs => {
                let stand_in = write_stand_in(folder)?;
                command
                    .env("CC_aarch64_apple_darwin", &stand_in)
                    .env("CXX_aarch64_apple_darwin", &stand_in)
                    // Nobody is asked where Apple's files are.
                    .env("SDKROOT", "/");
            }
        }
        Ok(())
    }
}

fn write_stand_in(folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join("no-c");
    std::fs::create_dir_all(folder)?;
    write_program(&path, NO_C)?;
    Ok(path)
}

/// Writes a script that can be run.
pub(super) fn write_program(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("can't write {}", path.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// The second number of the Rust version that the workspace asks for.
fn wanted() -> anyhow::Result<u32> {
    let metadata = metadata()?;
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|package| minor(package["rust_version"].as_str()?))
        .max()
        .context("no package says which Rust it needs")
}

/// The second number of the first version in a text.
fn minor(text: &str) -> Option<u32> {
    text.split_whitespace()
        .find_map(|word| word.strip_prefix("1."))
        .and_then(|rest| rest.split(['.', '-']).next())
        .and_then(|number| number.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_is_judged_by_its_version() {
        assert_eq!(
            minor("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"),
            Some(96)
        );
        assert_eq!(minor("1.95"), Some(95), "as a manifest writes it");
        assert_eq!(minor("rustc 1.97.0-nightly"), Some(97));
        assert!(minor("") < Some(1), "what says nothing is never enough");
    }

    #[cfg(unix)]
    #[test]
    fn the_stand_in_for_a_c_compiler_writes_what_is_asked_for() {
        let folder = std::env::temp_dir().join(format!("fieldscan-no-c-{}", std::process::id()));
        let stand_in = write_stand_in(&folder).unwrap();
        let object = folder.join("a b.o");
        let ended = Command::new(stand_in)
            .args(["-O2", "-c", "x.c", "-o"])
            .arg(&object)
            .status()
            .unwrap();
        assert!(ended.success(), "cargo stops at a failed compiler");
        assert!(object.is_file(), "the archive is made of it");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
