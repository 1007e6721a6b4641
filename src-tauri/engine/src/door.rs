//! The door: how other processes of the same person reach the agent that runs on a data folder.
//!
//! Only the process that holds the folder's lock can have one, and only one that stays has it: the desktop application and
//! `fieldscan watch`, not a command that ends after one scan.
//!
//! - To open one: put a [`Door`] into [`run::Setup::door`](crate::run::Setup). [`crate::run::start`] opens it with the
//!   agent, and it closes with it. The [`Keeper`] does what visitors ask for and the agent can't do: show a window, and
//!   read the settings again.
//! - To go through: [`crate::run::connect`]. Its [`Remote`] has a [`Handle`](crate::run::Handle) with the same `send`,
//!   `ask` and `snapshots` as that of an agent of one's own, and beside it [`Remote::show`] and [`Remote::reload`].
//!
//! A second start of an application is thus: [`crate::run::start`] says [`Held`](crate::store::OpenError::Held);
//! [`crate::run::connect`] waits until the first one lets others in; [`Remote::show`]; end.
//!
//! The door is a socket in the data folder (a named pipe on Windows) that only its owner can use. What is said are lines of
//! JSON, each of bounded length, beginning with who speaks and which version of all this it knows. No setting and no secret
//! goes through. Whoever is slow, silent or talks nonsense is left standing: visitors are few, each is served by a task of
//! its own, one request after the other, and nothing here ever waits for one longer than some seconds.

use std::{fmt, io, path::Path, sync::Arc};

use fieldscan_core::settings::Settings;

use crate::store::CacheKey;

mod protocol;
mod remote;
mod visits;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub use self::{
    protocol::{Hello, Refusal},
    remote::{AskError, ConnectError, Remote},
};
pub(crate) use self::{
    remote::{Line, connect},
    visits::{House, Opened},
};

/// Does for visitors what the agent can't. The calls may block for a moment.
pub trait Keeper: Send + Sync + 'static {
    /// Reads the settings again; the agent takes them, and asks for the secrets anew.
    ///
    /// # Errors
    /// What is wrong with them, in words. The old ones stay in force.
    fn settings(&self) -> Result<Settings, String>;

    /// Brings this process's window to the front, at a page if one is named (as `core::present::Page` is written; it comes
    /// from outside). `false` if this process has no windows.
    fn show(&self, page: Option<&str>) -> bool;
}

/// A door to be opened, with who keeps it.
#[derive(Clone)]
pub struct Door(Arc<dyn Keeper>);

impl Door {
    /// A door with this keeper.
    pub fn new(keeper: impl Keeper) -> Self {
        Self(Arc::new(keeper))
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Door")
    }
}

/// Where a process that takes the lock of `data_dir` opens its door. Other processes read it in the note beside the lock.
pub(crate) fn address(data_dir: &Path) -> io::Result<String> {
    system::address(&std::path::absolute(data_dir)?)
}

/// Tells apart whose data an agent works on (see [`CacheKey`]) without naming it. Two processes with the same settings say
/// the same.
pub fn whose(settings: &Settings) -> u64 {
    let key = CacheKey::of(settings);
    let parts = [&key.api_url, &key.app, key.agent_code.reveal()];
    // FNV-1a: the standard library's hashes may differ between builds, and nothing here has to withstand an attack.
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
