//! The Windows programs, built with mingw and run under wine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::{
    System,
    compiler::{Compiler, write_program},
};
use crate::{
    packages::{MINGW, WINE},
    step::{Look, cargo, read, run as run_program, shown, step, which},
};

/// Wine before 9 lacks the one function of Windows that Rust's library takes random numbers from.
const SHIM: &str = include_str!("bcryptprimitives.c");

/// The shim comes first. Neither .NET nor a browser is needed, and nobody is there to be asked for them.
const OVERRIDES: &str = "bcryptprimitives=n,b;mscoree,mshtml=";

/// As much as the agent needs to start, and no address where somebody answers.
const SETTINGS: &str = "\
api_url: https://127.0.0.1:9
client_name: fieldscan
scanagent_code: code-of-this-agent
";

/// All of the product, for `cargo build` and `cargo test` alike: each package on its own would have what it depends on built
/// anew, with other features, and so would programs without tests.
const PRODUCT: [&str; 9] = [
    "--locked",
    "--package=fieldscan-core",
    "--package=fieldscan-nmap",
    "--package=fieldscan-engine",
    "--package=fieldscan",
    "--package=fieldscan-tray",
    "--lib",
    "--bins",
    "--test=store",
];

/// Tests of what wine 8 lacks: chains of certificates that end at a root of one's own, as a `ca_file` has one. A later wine is
/// given the benefit of the doubt.
const OF_OWN_ROOTS: [&str; 9] = [
    "http::tests::a_ca_file_holds_as_many_certificates_as_it_likes",
    "http::tests::a_certificate_for_another_host_is_told_with_both_names",
    "http::tests::a_private_ca_from_the_ca_file_is_trusted",
    "http::tests::a_self_signed_ca_as_server_is_refused_with_the_remedy",
    "http::tests::an_expired_certificate_is_told_with_its_day",
    "http::tests::an_unknown_issuer_is_told_in_words",
    "http::tests::another_ca_of_the_same_name_is_told",
    "http::tests::plain_http_on_a_tls_port_is_told",
    "phpipam::tests::asking::the_steps_are_told_apart",
];

/// Builds, tests, and tries the programs.
pub(super) fn run(look: &Look, compiler: &Compiler, folder: &Path) -> anyhow::Result<bool> {
    let wine = Wine::of(folder)?;
    if !step(look, "wine", || wine.set_up())? {
        return Ok(false);
    }
    let built = step(look, "build for windows", || {
        run_program(
            compiler
                .cargo("build", System::Windows, folder)?
                .args(PRODUCT),
        )
    })?;
    let own_roots = wine.takes_own_roots()?;
    let skipped = |name: &str| {
        let why = "wine before 9 is known to take no root certificate but the system's";
        println!("{} {name}: {why}", look.caution("SKIPPED"));
    };
    let mut well = step(look, "unit tests under wine", || {
        let mut command = compiler.cargo("test", System::Windows, folder)?;
        command.args(PRODUCT).args(["--no-fail-fast", "--"]);
        if !own_roots {
            for test in OF_OWN_ROOTS {
                skipped(test);
                command.args(["--skip", test]);
            }
        }
        wine.runs(&mut command);
        run_program(&mut command)
    })?;
    well &= built;
    if built {
        well &= step(look, "doctor under wine", || wine.doctor())?;
        if own_roots {
            well &= step(look, "a simulated site, under wine", || wine.site())?;
        } else {
            skipped("a simulated site, under wine");
        }
        well &= step(look, "the tray application under wine", || wine.tray())?;
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
        fs::create_dir_all(&self.home)?;
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

    /// Whether its version is 9 or later.
    fn takes_own_roots(&self) -> anyhow::Result<bool> {
        let version = read(self.command().arg("--version"))?;
        let major: u32 = version
            .trim()
            .strip_prefix("wine-")
            .and_then(|rest| rest.split(['.', '-', ' ']).next())
            .and_then(|number| number.parse().ok())
            .with_context(|| format!("wine calls itself {}", version.trim()))?;
        Ok(major >= 9)
    }

    /// Has cargo run what it builds with wine. Libraries that come with the programs are found.
    fn runs(&self, command: &mut Command) {
        self.environment(command);
        let folder = self.programs.display().to_string().replace('/', "\\");
        command.env("WINEPATH", format!("Z:{folder}"));
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

    /// Starts the tray application on a screen that nobody sees, silently, until it says that its icon is shown.
    fn tray(&self) -> anyhow::Result<()> {
        // What is left of the steps before has a desktop without a screen; there may be nothing left.
        let _ = self.end();
        let place = self.home.join("drive_c/tray");
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        // Nobody answers there; without settings a window would be opened, for which this Windows has no browser.
        fs::write(place.join("settings.yaml"), SETTINGS)?;
        let mut command = Command::new(which("xvfb-run").context("xvfb-run is missing (xvfb)")?);
        self.environment(&mut command);
        command
            .args(["-a", "-s", "-screen 0 1024x768x24"])
            .arg(&self.program)
            .arg(self.programs.join("fieldscan-tray.exe"))
            .args(["--autostart", "--data-dir", r"C:\tray\data"])
            .args(["--config", r"C:\tray\settings.yaml"])
            .stdin(Stdio::null());
        let mut child = command.spawn().context("can't start xvfb-run")?;
        let log = place.join("data/logs/fieldscan.log");
        let seen = wait_for(&mut child, &log, "tray ready");
        // Ends what runs in this home, and nothing else.
        let ended = self.end();
        child.wait()?;
        seen.and(ended)
    }

    /// Ends all programs of this home.
    fn end(&self) -> anyhow::Result<()> {
        let beside = self.program.with_file_name("wineserver");
        let server = which("wineserver").unwrap_or(beside);
        let mut command = Command::new(server);
        self.environment(&mut command);
        run_program(command.arg("--kill"))
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

/// Waits until a file has these words. Fails when the program ends before, or after two minutes.
fn wait_for(child: &mut Child, log: &Path, words: &str) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        if text.contains(words) {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status} before `{words}`; its log: {text}");
        }
        ensure!(
            Instant::now() < end,
            "no `{words}` within two minutes; its log: {text}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Holds what the doctor found against what is known of a wine without anything in it.
fn judge(document: &Value) -> anyhow::Result<()> {
    for (step, outcome, code) in [
        ("settings", "failed", Some("setting-missing")),
        // The Credential Manager answers, and has none.
        ("keychain", "failed", Some("secret-missing")),
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
