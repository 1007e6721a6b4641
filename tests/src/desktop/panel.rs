//! A real panel, to see the icon where people see it: xfce4-panel with nothing but its tray.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use super::{Desk, SOON};
use crate::site::wait_until;

/// A panel along the upper edge of a desk's screen. It ends when this is dropped.
#[derive(Debug)]
pub struct Panel {
    daemons: Vec<Child>,
}

/// Why none can be had on this machine; `None` when its programs are there.
#[must_use]
pub fn missing() -> Option<String> {
    super::session::missing_of(&["xfce4-panel", "xfconf-query"]).or_else(|| {
        xfconfd()
            .is_none()
            .then(|| "xfconfd is not installed".to_owned())
    })
}

fn xfconfd() -> Option<std::path::PathBuf> {
    let machines = fs::read_dir("/usr/lib").ok()?;
    let mut all =
        machines.filter_map(|machine| Some(machine.ok()?.path().join("xfce4/xfconf/xfconfd")));
    all.find(|path| path.is_file())
}

const PANEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="true"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"#;

impl Panel {
    /// Starts it on a desk, which must not show tray icons by itself.
    ///
    /// # Errors
    /// A program is missing, or no tray comes.
    pub fn start(desk: &Desk) -> Result<Self> {
        ensure!(desk.tray.is_none(), "this desk has a tray already");
        let settings = desk
            .session
            .home()
            .join(".config/xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&settings)?;
        fs::write(settings.join("xfce4-panel.xml"), PANEL)?;
        let mut panel = Self {
            daemons: Vec::new(),
        };
        let xfconfd = xfconfd().context("xfconfd is not installed")?;
        panel.run(desk, Command::new(xfconfd))?;
        wait_for_name(desk, "org.xfce.Xfconf")?;
        let mut command = Command::new("xfce4-panel");
        command.arg("--disable-wm-check");
        panel.run(desk, command)?;
        wait_for_name(desk, "org.kde.StatusNotifierWatcher")?;
        Ok(panel)
    }

    fn run(&mut self, desk: &Desk, mut command: Command) -> Result<()> {
        command
            .env_clear()
            .envs(desk.env())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        self.daemons.push(child);
        Ok(())
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn wait_for_name(desk: &Desk, name: &str) -> Result<()> {
    let there = wait_until(SOON, || desk.session.has_owner(name).unwrap_or(false));
    ensure!(there, "nobody is {name} on the bus within {SOON:?}");
    Ok(())
}
