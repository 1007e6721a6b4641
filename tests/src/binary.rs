//! The real `fieldscan`, for tests that run it as people do.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The path of `fieldscan`, of the same build profile as the calling test. `FIELDSCAN_BINARY` names another one.
///
/// It is built first, so that no test runs yesterday's program; that takes a moment where nothing has changed.
///
/// # Panics
/// If it can't be built: there is nothing to test then.
#[must_use]
pub fn binary() -> PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY
        .get_or_init(|| match std::env::var_os("FIELDSCAN_BINARY") {
            Some(path) => path.into(),
            None => build(),
        })
        .clone()
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    // target/<profile>/deps/<test>
    let folder = test
        .ancestors()
        .find(|path| path.file_name().is_some_and(|name| name == "deps"))
        .and_then(Path::parent)
        .expect("a test lies in the folder deps of its profile");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--quiet", "--package", "fieldscan"]);
    let profile = folder.file_name().unwrap_or_default();
    if profile != "debug" {
        command.arg("--profile").arg(profile);
    }
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    let built = command.status().expect("cargo can be started");
    assert!(built.success(), "fieldscan could not be built");
    folder.join(format!("fieldscan{}", std::env::consts::EXE_SUFFIX))
}
