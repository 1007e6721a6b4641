//! A screen that nobody sees.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

/// An X server that draws into memory. It ends when this is dropped.
#[derive(Debug)]
pub struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    /// Starts one of 1280 × 900 points.
    ///
    /// # Errors
    /// Xvfb is missing or doesn't get ready.
    pub fn start() -> Result<Self> {
        // It finds a free number by itself, and says it when it is ready.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x900x24"])
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
            display: format!(":{}", number.trim()),
        };
        if read? == 0 {
            bail!("Xvfb ended before it had a screen");
        }
        Ok(screen)
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
        // Mostly it still runs; if not, there is nothing to end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
