//! All of a desktop, with nobody in front of it.

use std::{ffi::OsString, time::Duration};

use anyhow::Result;

use super::{Keyring, Notifications, Screen, Session, TrayHost};

/// Longer than anything takes that a desktop does, on a busy machine.
pub const SOON: Duration = Duration::from_secs(120);

/// A session with a screen, a tray and notifications. Everything ends when it is dropped.
pub struct Desk {
    /// Shows tray icons; `None` on a desktop without.
    pub tray: Option<TrayHost>,
    /// Records notifications.
    pub notifications: Notifications,
    /// The screen.
    pub screen: Screen,
    /// The bus and the keychain.
    pub session: Session,
}

/// Why no desk can be had on this machine; `None` when its programs are there.
#[must_use]
pub fn missing() -> Option<String> {
    super::session::missing()
        .or_else(|| super::session::missing_of(&["Xvfb", "WebKitWebDriver", "import", "xdotool"]))
}

impl Desk {
    /// Starts one with a tray.
    ///
    /// # Errors
    /// A program is missing, or doesn't get ready.
    pub fn start(keyring: Keyring) -> Result<Self> {
        let mut desk = Self::without_tray(keyring)?;
        desk.tray = Some(TrayHost::start(&desk.session.address)?);
        Ok(desk)
    }

    /// Starts one that shows no tray icons, as GNOME.
    ///
    /// # Errors
    /// A program is missing, or doesn't get ready.
    pub fn without_tray(keyring: Keyring) -> Result<Self> {
        let session = Session::start(keyring)?;
        Ok(Self {
            tray: None,
            notifications: Notifications::start(&session.address)?,
            screen: Screen::start()?,
            session,
        })
    }

    /// The whole environment of a program on this desk.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        let mut env = self.session.env();
        env.extend(self.screen.env());
        env.push(("LANG", "C.UTF-8".into()));
        env.push(("TZ", "UTC".into()));
        env.extend(std::env::var_os("PATH").map(|path| ("PATH", path)));
        env
    }
}
