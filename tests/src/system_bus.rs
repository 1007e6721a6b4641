//! A system bus of its own, with NetworkManager, UPower and logind as far as a laptop's application asks them. They say
//! what a test has them say: the real ones can't be made to lose their network or their power.

use std::{ffi::OsString, time::Duration};

use anyhow::Result;
use zbus::{block_on, connection::Builder, interface, names::BusName, object_server::InterfaceRef};

use crate::desktop::{Bus, missing_of};

const NETWORK_MANAGER: &str = "org.freedesktop.NetworkManager";
const UPOWER: &str = "org.freedesktop.UPower";
const LOGIN: &str = "org.freedesktop.login1";

/// How long the daemon may take to answer.
const READY: Duration = Duration::from_secs(20);

/// NetworkManager's `State` with the network that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// The machine is about to sleep, or not yet awake.
    Asleep = 10,
    /// None.
    Disconnected = 20,
    /// On its way.
    Connecting = 40,
    /// All of it.
    Connected = 70,
}

/// A system bus with its services; all end when it is dropped.
pub struct SystemBus {
    // Closed before the daemon ends.
    connection: zbus::Connection,
    daemon: Bus,
    _folder: tempfile::TempDir,
}

struct NetworkManager {
    state: u32,
    metered: u32,
}

#[interface(name = "org.freedesktop.NetworkManager")]
impl NetworkManager {
    #[zbus(property)]
    fn state(&self) -> u32 {
        self.state
    }

    #[zbus(property)]
    fn metered(&self) -> u32 {
        self.metered
    }
}

struct Power {
    on_battery: bool,
}

#[interface(name = "org.freedesktop.UPower")]
impl Power {
    #[zbus(property)]
    fn on_battery(&self) -> bool {
        self.on_battery
    }
}

struct DisplayDevice {
    percentage: f64,
}

#[interface(name = "org.freedesktop.UPower.Device")]
impl DisplayDevice {
    #[zbus(property)]
    fn is_present(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn percentage(&self) -> f64 {
        self.percentage
    }
}

/// Why none can be had on this machine; `None` when its program is there.
#[must_use]
pub fn missing() -> Option<String> {
    missing_of(&["dbus-daemon"])
}

impl SystemBus {
    /// Starts a bus with all three services: a laptop on mains and on an unmetered network.
    ///
    /// # Errors
    /// The daemon is missing or doesn't start.
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("system_bus_socket");
        let daemon = Bus::start(folder.path(), &socket, Vec::new())?;
        Ok(Self {
            connection: block_on(serve(&daemon.address))?,
            daemon,
            _folder: folder,
        })
    }

    /// What a process needs in its environment to take this bus for the system's.
    #[must_use]
    pub fn env(&self) -> (&'static str, OsString) {
        (
            "DBUS_SYSTEM_BUS_ADDRESS",
            self.daemon.address.clone().into(),
        )
    }

    /// NetworkManager tells of the network, and whether it is metered.
    ///
    /// # Errors
    /// The bus is gone.
    pub fn network(&self, network: Network, metered: bool) -> Result<()> {
        let object: InterfaceRef<NetworkManager> =
            self.object("/org/freedesktop/NetworkManager")?;
        block_on(async {
            let mut manager = object.get_mut().await;
            manager.state = network as u32;
            manager.metered = if metered { 1 } else { 2 };
            manager.state_changed(object.signal_emitter()).await?;
            manager.metered_changed(object.signal_emitter()).await?;
            Ok(())
        })
    }

    /// UPower tells of the battery.
    ///
    /// # Errors
    /// The bus is gone.
    pub fn battery(&self, percent: u8, discharging: bool) -> Result<()> {
        let power: InterfaceRef<Power> = self.object("/org/freedesktop/UPower")?;
        let device: InterfaceRef<DisplayDevice> =
            self.object("/org/freedesktop/UPower/devices/DisplayDevice")?;
        block_on(async {
            let mut battery = device.get_mut().await;
            battery.percentage = percent.into();
            battery.percentage_changed(device.signal_emitter()).await?;
            let mut source = power.get_mut().await;
            source.on_battery = discharging;
            source.on_battery_changed(power.signal_emitter()).await?;
            Ok(())
        })
    }

    /// logind tells that the machine is about to sleep, and NetworkManager lets go of the network.
    ///
    /// # Errors
    /// The bus is gone.
    pub fn sleeps(&self) -> Result<()> {
        self.prepare_for_sleep(true)?;
        self.network(Network::Asleep, false)
    }

    /// logind tells that it woke up. The network comes later.
    ///
    /// # Errors
    /// The bus is gone.
    pub fn wakes(&self) -> Result<()> {
        self.prepare_for_sleep(false)
    }

    fn prepare_for_sleep(&self, start: bool) -> Result<()> {
        Ok(block_on(self.connection.emit_signal(
            None::<BusName<'_>>,
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "PrepareForSleep",
            &start,
        ))?)
    }

    fn object<I: zbus::object_server::Interface>(&self, path: &str) -> Result<InterfaceRef<I>> {
        Ok(block_on(self.connection.object_server().interface(path))?)
    }
}

async fn serve(address: &str) -> zbus::Result<zbus::Connection> {
    Builder::address(address)?
        .method_timeout(READY)
        .serve_at(
            "/org/freedesktop/NetworkManager",
            NetworkManager {
                state: Network::Connected as u32,
                metered: 2,
            },
        )?
        .serve_at("/org/freedesktop/UPower", Power { on_battery: false })?
        .serve_at(
            "/org/freedesktop/UPower/devices/DisplayDevice",
            DisplayDevice { percentage: 90.0 },
        )?
        .name(NETWORK_MANAGER)?
        .name(UPOWER)?
        .name(LOGIN)?
        .build()
        .await
}
