//! A desktop of its own, without anybody in front of it: a session bus with a real Secret Service, and on Linux a screen, a
//! tray, a notification service and a driver for the window.
//!
//! Everything runs beside the desktop of whoever starts the tests, and nothing of that one is touched.

mod bus;
mod session;

#[cfg(target_os = "linux")]
mod application;
#[cfg(target_os = "linux")]
mod browser;
#[cfg(target_os = "linux")]
mod desk;
#[cfg(target_os = "linux")]
mod notifications;
#[cfg(target_os = "linux")]
mod pace;
#[cfg(target_os = "linux")]
mod panel;
#[cfg(target_os = "linux")]
mod screen;
#[cfg(target_os = "linux")]
mod tray_host;

#[cfg(target_os = "linux")]
pub(crate) use bus::Bus;
#[cfg(target_os = "linux")]
pub(crate) use session::missing_of;
pub use session::{Keyring, Session, missing};

#[cfg(target_os = "linux")]
pub use self::{
    application::{Application, built_tray},
    browser::{Browser, Key},
    desk::{Desk, SOON, missing as missing_desk},
    notifications::{Notification, Notifications},
    pace::Pace,
    panel::{Panel, missing as missing_panel},
    screen::Screen,
    tray_host::{Entry, TrayHost, TrayItem},
};
