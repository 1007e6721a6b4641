//! A screen that nobody sees, with a window manager.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::SOON;
use crate::site::wait_until;

/// An X server that draws into memory. It ends when this is dropped.
#[derive(Debug)]
pub struct Screen {
    server: Child,
    window_manager: Option<Child>,
    display: String,
}

impl Screen {
    /// Points in a row.
    pub const WIDTH: usize = 1280;
    /// Rows.
    pub const HEIGHT: usize = 900;

    /// Starts one of 1280 × 900 points.
    ///
    /// # Errors
    /// Xvfb is missing or doesn't get ready.
    pub fn start() -> Result<Self> {
        // It finds a free number by itself, and says it when it is ready.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0"])
            .arg(format!("{}x{}x24", Self::WIDTH, Self::HEIGHT))
            .args(["-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb")?;
        let mut number = String::new();
        let read = match server.stdout.take() {
            Some(output) => BufReader::new(output).read_line(&mut number),
            None => Ok(0),
        };
        let screen = Self {
            server,
            window_manager: None,
            display: format!(":{}", number.trim()),
        };
        if read? == 0 {
            bail!("Xvfb ended before it had a screen");
        }
        Ok(screen)
    }

    /// Starts the window manager: it gives the focus to the window in front, and windows are closed through it.
    ///
    /// # Errors
    /// openbox is missing or doesn't get ready.
    pub(super) fn manage_windows(
        &mut self,
        env: &[(&'static str, OsString)],
        folder: &Path,
    ) -> Result<()> {
        let ready = folder.join("windows-are-managed");
        let mut command = Command::new("openbox");
        command
            .args(["--sm-disable", "--startup"])
            .arg(format!("touch {}", ready.display()))
            .env_clear()
            .envs(env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.window_manager = Some(command.spawn().context("openbox")?);
        ensure!(
            wait_until(SOON, || ready.exists()),
            "openbox was not ready within {SOON:?}"
        );
        Ok(())
    }

    /// What a process needs in its environment to draw here.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("DISPLAY", self.display.clone().into()),
            ("GDK_BACKEND", "x11".into()),
            ("NO_AT_BRIDGE", "1".into()),
        ]
    }

    /// Writes what is on the screen into a PNG file.
    ///
    /// # Errors
    /// ImageMagick is missing, or can't write there.
    pub fn photograph(&self, file: &Path) -> Result<()> {
        let output = Command::new("import")
            .args(["-display", &self.display, "-window", "root"])
            .arg(file)
            .stdin(Stdio::null())
            .output()
            .context("import (of ImageMagick)")?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "import: {words}");
        Ok(())
    }

    /// The screen's points, row by row from the upper left, each as red, green and blue.
    ///
    /// # Errors
    /// ImageMagick is missing.
    pub fn points(&self) -> Result<Vec<[u8; 3]>> {
        let output = Command::new("import")
            .args(["-display", &self.display, "-window", "root", "-depth", "8"])
            .arg("rgb:-")
            .stdin(Stdio::null())
            .output()
            .context("import (of ImageMagick)")?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "import: {words}");
        let (points, rest) = output.stdout.as_chunks::<3>();
        ensure!(
            rest.is_empty() && points.len() == Self::WIDTH * Self::HEIGHT,
            "{} bytes are no screen",
            output.stdout.len()
        );
        Ok(points.to_vec())
    }

    /// What xdotool says to these arguments.
    ///
    /// # Errors
    /// It is missing, or can't do it.
    pub fn xdotool(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.display)
            .stdin(Stdio::null())
            .output()
            .context("xdotool")?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "xdotool {arguments:?}: {words}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Mostly they still run; if not, there is nothing to end.
        for process in self.window_manager.iter_mut().chain([&mut self.server]) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
