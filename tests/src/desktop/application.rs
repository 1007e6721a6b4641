//! The tray application on a [`Desk`].

use std::{
    ffi::OsString,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::OnceLock,
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::{Browser, Desk, SOON, TrayItem};
use crate::{
    phpipam::Model,
    site::{Site, Watch, built},
};

/// Names the program; otherwise it is built beside the running test.
const PROGRAM: &str = "FIELDSCAN_TRAY_BIN";

/// The tray application to test: the one that `FIELDSCAN_TRAY_BIN` names, or the one of the present sources.
///
/// # Errors
/// When it can't be built.
pub fn built_tray() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT
        .get_or_init(|| built("fieldscan-tray", PROGRAM).map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

/// The application while it runs. Dropping it kills it.
#[derive(Debug)]
pub struct Application {
    program: Watch,
    /// Where WebKit listens for one who drives the window.
    window_port: u16,
    env: Vec<(&'static str, OsString)>,
}

impl Application {
    /// Starts it with a site's settings and data. Secrets are in the desk's keychain, or nowhere.
    ///
    /// # Errors
    /// When it can't be built or started.
    pub fn start(desk: &Desk, site: &Site, arguments: &[&str]) -> Result<Self> {
        let (command, window) = command(desk, &site.settings_file(), &site.data_folder())?;
        Self::run(command, window, arguments)
    }

    /// Starts it with a site's settings and data, and its secrets in the environment.
    ///
    /// # Errors
    /// When it can't be built or started.
    pub fn start_with_secrets(desk: &Desk, site: &Site, arguments: &[&str]) -> Result<Self> {
        let (mut command, window) = command(desk, &site.settings_file(), &site.data_folder())?;
        command
            .env("FIELDSCAN_CLIENT_TOKEN", Model::EXAMPLE_TOKEN)
            .env("FIELDSCAN_AUTH_TOKEN", Site::AUTH_TOKEN);
        Self::run(command, window, arguments)
    }

    /// The same without anything by which its window could be driven: for measuring it as people have it.
    ///
    /// # Errors
    /// When it can't be built or started.
    pub fn start_undriven(desk: &Desk, site: &Site, arguments: &[&str]) -> Result<Self> {
        let (mut command, window) = command(desk, &site.settings_file(), &site.data_folder())?;
        command
            .env_remove("WEBKIT_INSPECTOR_SERVER")
            .env_remove("TAURI_WEBVIEW_AUTOMATION")
            .env("FIELDSCAN_CLIENT_TOKEN", Model::EXAMPLE_TOKEN)
            .env("FIELDSCAN_AUTH_TOKEN", Site::AUTH_TOKEN);
        Self::run(command, window, arguments)
    }

    /// Starts it on the desktop of whoever started this process, with its window open and its secrets in the environment.
    ///
    /// # Errors
    /// When it can't be built or started.
    pub fn on_this_desktop(site: &Site) -> Result<Self> {
        let mut command = Command::new(built_tray()?);
        command
            .env("FIELDSCAN_CLIENT_TOKEN", Model::EXAMPLE_TOKEN)
            .env("FIELDSCAN_AUTH_TOKEN", Site::AUTH_TOKEN)
            .arg("--config")
            .arg(site.settings_file())
            .arg("--data-dir")
            .arg(site.data_folder());
        Self::run(command, (0, Vec::new()), &[])
    }

    fn run(
        mut command: Command,
        (window_port, env): WindowAccess,
        arguments: &[&str],
    ) -> Result<Self> {
        command.args(arguments);
        Ok(Self {
            program: Watch::start(command)?,
            window_port,
            env,
        })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// Its icon in the tray.
    ///
    /// # Errors
    /// When none comes within [`SOON`].
    pub fn tray(&mut self, desk: &Desk) -> Result<TrayItem> {
        let tray = desk
            .tray
            .as_ref()
            .context("this desk shows no tray icons")?;
        let found = tray.item_of(self.id(), SOON);
        found.with_context(|| format!("it said {:#?}", self.program.lines()))
    }

    /// Drives its window, which must be open or about to be.
    ///
    /// # Errors
    /// When there is none within [`SOON`].
    pub fn window(&mut self) -> Result<Browser> {
        let browser = Browser::of(self.window_port, &self.env);
        browser.with_context(|| format!("it said {:#?}", self.program.lines()))
    }

    /// Waits until it logs a line that satisfies `wanted`, from its start on.
    ///
    /// # Errors
    /// When it doesn't within [`SOON`], or ends before.
    pub fn wait_for_line(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Duration> {
        self.program.wait_for_line(SOON, wanted)
    }

    /// Everything that it logged so far.
    pub fn words(&mut self) -> String {
        let lines = self.program.lines().iter();
        lines.map(|(_, line)| format!("{line}\n")).collect()
    }

    /// All its processes: itself, and those of its window and its scans.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let mut all = vec![self.id()];
        all.extend(below(self.id()));
        all
    }

    /// The web processes of its window; none while no window is open.
    #[must_use]
    pub fn web_processes(&self) -> Vec<u32> {
        below(self.id())
            .into_iter()
            .filter(|process| name_of(*process).is_some_and(|name| name.starts_with("WebKit")))
            .collect()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When it doesn't within [`SOON`].
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.program.wait(SOON)
    }

    /// How it ended, if it does within `bound`.
    ///
    /// # Errors
    /// The system's.
    pub fn ended_within(&mut self, bound: Duration) -> Result<Option<ExitStatus>> {
        self.program.ended_within(bound)
    }

    /// Asks it to end, as the end of the person's session does, and waits.
    ///
    /// # Errors
    /// When it doesn't within [`SOON`].
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.program.stop(SOON)
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// The system's.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.program.kill()
    }
}

/// What is needed to drive a window: WebKit's port, and the environment of the driver.
type WindowAccess = (u16, Vec<(&'static str, OsString)>);

/// The application on a desk, and how its window can be driven.
fn command(desk: &Desk, settings: &Path, data: &Path) -> Result<(Command, WindowAccess)> {
    // Free a moment ago; in a network of the test's own nobody else takes it.
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let mut command = Command::new(built_tray()?);
    command
        .env_clear()
        .envs(desk.env())
        .env("WEBKIT_INSPECTOR_SERVER", format!("127.0.0.1:{port}"))
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .current_dir(desk.session.home())
        .arg("--config")
        .arg(settings)
        .arg("--data-dir")
        .arg(data);
    Ok((command, (port, desk.env())))
}

/// The processes below one, itself left out.
fn below(process: u32) -> Vec<u32> {
    let children = |process: u32| -> Vec<u32> {
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else {
            return Vec::new();
        };
        tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok())
            .flat_map(|line| {
                line.split_whitespace()
                    .filter_map(|id| id.parse().ok())
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let mut all = children(process);
    let mut next = 0;
    while let Some(process) = all.get(next).copied() {
        all.extend(children(process));
        next += 1;
    }
    all
}

/// A process's name as the system has it: its first 15 characters.
fn name_of(process: u32) -> Option<String> {
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}
