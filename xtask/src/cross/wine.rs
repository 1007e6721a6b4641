//! The Windows programs, built with mingw and run under wine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{
    System,
    compiler::{Compiler, write_program},
};
use crate::{
    packages::{MINGW, WINE},
    step::{Look, cargo, run as run_program, shown, step, which},
};

/// Wine before 9 lacks the one function of Windows that Rust's library takes random numbers from.
const SHIM: &str = include_str!("bcryptprimitives.c");

/// The shim comes first. Neither .NET nor a browser is needed, and nobody is there to be asked for them.
const OVERRIDES: &str = "bcryptprimitives=n,b;mscoree,mshtml=";

/// Packages whose unit tests are run, and of which targets.
const TESTS: [(&str, &[&str]); 4] = [
    ("fieldscan-core", &["--lib"]),
    ("fieldscan-nmap", &["--lib"]),
    ("fieldscan-engine", &["--lib", "--test", "store"]),
    ("fieldscan", &["--bins"]),
];

/// Builds, tests, and tries the programs.
pub(super) fn run(look: &Look, compiler: &Compiler, folder: &Path) -> anyhow::Result<bool> {
    let wine = Wine::of(folder)?;
    if !step(look, "wine", || wine.set_up())? {
        return Ok(false);
    }
    let built = step(look, "build for windows", || {
        run_program(compiler.cargo("build", System::Windows, folder)?.args([
            "--locked",
            "--package",
            "fieldscan",
        ]))
    })?;
    let mut well = built;
    for (package, targets) in TESTS {
        well &= step(look, &format!("unit tests of {package} under wine"), || {
            let mut command = compiler.cargo("test", System::Windows, folder)?;
            command.args(["--locked", "--no-fail-fast", "--package", package]);
            command.args(targets);
            wine.runs(&mut command);
            run_program(&mut command)
        })?;
    }
    if built {
        well &= step(look, "doctor under wine", || wine.doctor())?;
        well &= step(look, "a simulated site, under wine", || wine.site())?;
    }
    Ok(well)
}

/// A wine with a home of its own.
#[derive(Debug)]
struct Wine {
    program: PathBuf,
    /// Its drive C and its registry.
    home: PathBuf,
    /// The programs for Windows.
    programs: PathBuf,
}

impl Wine {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        let program = ["wine64", "wine"]
            .into_iter()
            .find_map(which)
            .or_else(|| Some(PathBuf::from(WINE[0].sign())).filter(|path| path.is_file()))
            .context("wine is missing")?;
        Ok(Self {
            program,
            home: folder.join("wine"),
            programs: folder.join(System::Windows.target()).join("debug"),
        })
    }

    /// Makes the home, with what this wine lacks.
    fn set_up(&self) -> anyhow::Result<()> {
        run_program(self.command().args(["wineboot", "--init"]))?;
        let source = self.home.join("bcryptprimitives.c");
        fs::write(&source, SHIM)?;
        let library = self
            .home
            .join("drive_c/windows/system32/bcryptprimitives.dll");
        run_program(
            Command::new(MINGW[0].sign())
                .args(["-shared", "-O2", "-o"])
                .args([&library, &source])
                .arg("-ladvapi32"),
        )
    }

    /// Wine, ready for a program.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        self.environment(&mut command);
        command
    }

    /// Has cargo run what it builds with wine.
    fn runs(&self, command: &mut Command) {
        self.environment(command);
        command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", &self.program);
    }

    fn environment(&self, command: &mut Command) {
        command
            .env("WINEPREFIX", &self.home)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", OVERRIDES);
    }

    /// Runs the Windows program on the simulated site, from this system's tests.
    fn site(&self) -> anyhow::Result<()> {
        let script = self.home.join("fieldscan");
        // What starts it empties the environment.
        let text = format!(
            "#!/bin/sh\nexport WINEPREFIX='{}' WINEDEBUG=-all WINEDLLOVERRIDES='{OVERRIDES}'\nexec '{}' '{}' \"$@\"\n",
            self.home.display(),
            self.program.display(),
            self.programs.join("fieldscan.exe").display(),
        );
        write_program(&script, &text)?;
        run_program(
            cargo(&["test", "--locked", "--package", "fieldscan-tests"])
                .args(["--test", "wine", "--", "--ignored"])
                .env("FIELDSCAN_BIN", &script),
        )
    }

    /// Runs `fieldscan doctor` where nothing is set up: what it says of this "Windows" is known.
    fn doctor(&self) -> anyhow::Result<()> {
        let place = self.home.join("drive_c/fieldscan");
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        let mut command = self.command();
        command
            .arg(self.programs.join("fieldscan.exe"))
            .args(["--json", "--data-dir", r"C:\fieldscan\data"])
            .args(["--config", r"C:\fieldscan\settings.yaml", "doctor"])
            .stdin(Stdio::null());
        let output = command.output().context("can't start wine")?;
        let document: Value = serde_json::from_slice(&output.stdout).with_context(|| {
            format!(
                "{} gives no document: {}",
                shown(&command),
                String::from_utf8_lossy(&output.stderr)
            )
        })?;
        judge(&document)?;
        ensure!(
            output.status.code() == Some(2),
            "without settings doctor ends with 2, not with {}",
            output.status
        );
        Ok(())
    }
}

/// Holds what the doctor found against what is known of a wine without anything in it.
fn judge(document: &Value) -> anyhow::Result<()> {
    for (step, outcome, code) in [
        ("settings", "failed", Some("not-set-up")),
        ("nmap", "failed", Some("nmap-missing")),
    ] {
        let found = document["steps"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|found| found["id"] == step)
            .with_context(|| format!("the doctor does not try `{step}`"))?;
        ensure!(
            found["outcome"] == outcome && found["problem"]["code"].as_str() == code,
            "`{step}` should be {outcome} ({code:?}): {found}"
        );
    }
    Ok(())
}
