//! All of a desktop, with nobody in front of it.

use std::{ffi::OsString, time::Duration};

use anyhow::{Result, bail};

use super::{Keyring, Notifications, Screen, Session, TrayHost};
use crate::site::wait_until;

/// Longer than anything takes that a desktop does, on a busy machine.
pub const SOON: Duration = Duration::from_secs(120);

/// How often a key is pressed that should close a window.
const PRESSES: u32 = 8;

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
    super::session::missing().or_else(|| {
        super::session::missing_of(&["Xvfb", "openbox", "WebKitWebDriver", "import", "xdotool"])
    })
}

impl Desk {
    /// Starts one with a tray.
    ///
    /// # Errors
    /// A program is missing, or doesn't get ready.
    pub fn start(keyring: Keyring) -> Result<Self> {
        let mut desk = Self::without_tray(keyring)?;
        desk.tray = Some(TrayHost::start(desk.session.address())?);
        Ok(desk)
    }

    /// Starts one that shows no tray icons, as GNOME.
    ///
    /// # Errors
    /// A program is missing, or doesn't get ready.
    pub fn without_tray(keyring: Keyring) -> Result<Self> {
        let session = Session::start(keyring)?;
        let mut desk = Self {
            tray: None,
            notifications: Notifications::start(session.address())?,
            screen: Screen::start()?,
            session,
        };
        let (env, home) = (desk.env(), desk.session.home());
        desk.screen.manage_windows(&env, &home)?;
        Ok(desk)
    }

    /// How many windows of this title are on the screen.
    ///
    /// # Errors
    /// xdotool is missing.
    pub fn windows(&self, title: &str) -> Result<usize> {
        // It fails where it finds none.
        let found =
            self.screen
                .xdotool(&["search", "--onlyvisible", "--name", &format!("^{title}$")]);
        Ok(found.map_or(0, |ids| ids.lines().count()))
    }

    /// Closes the window of this title as a person does, and waits until it is gone.
    ///
    /// # Errors
    /// When there is none, or it doesn't go within [`SOON`].
    pub fn close_window(&self, title: &str) -> Result<()> {
        let name = format!("^{title}$");
        let find = ["search", "--sync", "--onlyvisible", "--name", &name];
        let gone = || self.windows(title).is_ok_and(|windows| windows == 0);
        // A key that comes while the focus is still on its way goes nowhere: a person presses it again.
        for _ in 0..PRESSES {
            self.screen
                .xdotool(&[&find[..], &["windowactivate", "--sync"]].concat())?;
            // By itself: in one line with a window, the key would go past the window manager.
            self.screen.xdotool(&["key", "alt+F4"])?;
            if wait_until(SOON / PRESSES, gone) {
                return Ok(());
            }
        }
        bail!("the window {title} was not gone within {SOON:?}")
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
