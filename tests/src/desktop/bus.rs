//! A D-Bus daemon of a test's own, on which nothing starts by itself.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};

/// A bus; its daemon ends when it is dropped.
pub(crate) struct Bus {
    /// Where it listens, as the daemon says it.
    pub(crate) address: String,
    daemon: Child,
}

impl Bus {
    /// Starts a daemon that listens at `socket` and keeps its configuration in `folder`. `env` comes on top of what this
    /// process has.
    ///
    /// # Errors
    /// The program is missing, or ends at once.
    pub(crate) fn start(
        folder: &Path,
        socket: &Path,
        env: Vec<(&'static str, OsString)>,
    ) -> anyhow::Result<Self> {
        // Without folders of services: nothing starts by itself.
        let config = folder.join("bus.conf");
        fs::write(
            &config,
            format!(
                r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
                socket.display()
            ),
        )?;
        let mut daemon = Command::new("dbus-daemon")
            .arg("--config-file")
            .arg(&config)
            .args(["--nofork", "--nopidfile", "--print-address"])
            .envs(env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("dbus-daemon")?;
        let output = daemon.stdout.take();
        let mut bus = Self {
            address: String::new(),
            daemon,
        };
        let mut said = String::new();
        let read = output.map_or(Ok(0), |output| BufReader::new(output).read_line(&mut said))?;
        if read == 0 {
            bail!("dbus-daemon ended before it printed its address");
        }
        bus.address = said.trim().to_owned();
        Ok(bus)
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().ok();
        self.daemon.wait().ok();
    }
}
