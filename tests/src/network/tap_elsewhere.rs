//! The place of the TAP device on systems that have none of the kind: a
//! network that can't be started.

use std::{convert::Infallible, sync::MutexGuard};

use anyhow::{Result, bail};

use super::{Counters, Layout, Site};

/// A simulated network, which runs on Linux only.
#[derive(Debug)]
pub struct Network {
    never: Infallible,
}

impl Network {
    /// # Errors
    /// Always.
    pub fn start(_layout: &Layout) -> Result<Self> {
        bail!("a simulated network runs on Linux only")
    }

    /// The name of the scanner's interface.
    pub fn interface(&self) -> &str {
        match self.never {}
    }

    /// The hosts and name servers.
    pub fn site(&self) -> MutexGuard<'_, Site> {
        match self.never {}
    }

    /// Takes the interface down.
    ///
    /// # Errors
    /// None.
    pub fn cut(&self) -> Result<()> {
        match self.never {}
    }

    /// Undoes [`Self::cut`].
    ///
    /// # Errors
    /// None.
    pub fn restore(&self) -> Result<()> {
        match self.never {}
    }

    /// What the scanner has sent.
    pub fn counters(&self) -> Counters {
        match self.never {}
    }

    /// Begins the counts anew.
    pub fn reset_counters(&self) {
        match self.never {}
    }
}
