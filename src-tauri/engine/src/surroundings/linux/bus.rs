//! NetworkManager, UPower and logind on the system bus. Asks only what runs already, and starts nothing.

use std::{collections::HashMap, time::Duration};

use fieldscan_core::place::Battery;
use futures_util::{StreamExt, stream::SelectAll};
use zbus::{
    Connection, MatchRule, MessageStream, connection, fdo,
    message::Type,
    names::{BusName, InterfaceName},
    proxy::CacheProperties,
    zvariant::OwnedValue,
};

use crate::surroundings::Change;

/// A service that takes longer says nothing.
const ANSWERS_WITHIN: Duration = Duration::from_millis(800);

const NETWORK_MANAGER: Object = Object {
    name: "org.freedesktop.NetworkManager",
    path: "/org/freedesktop/NetworkManager",
    interface: "org.freedesktop.NetworkManager",
};
const UPOWER: Object = Object {
    name: "org.freedesktop.UPower",
    path: "/org/freedesktop/UPower",
    interface: "org.freedesktop.UPower",
};
/// All batteries as one.
const DISPLAY_DEVICE: Object = Object {
    name: "org.freedesktop.UPower",
    path: "/org/freedesktop/UPower/devices/DisplayDevice",
    interface: "org.freedesktop.UPower.Device",
};
const LOGIN: &str = "org.freedesktop.login1.Manager";
const SLEEP: &str = "PrepareForSleep";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// An object of which properties are read.
struct Object {
    name: &'static str,
    path: &'static str,
    interface: &'static str,
}

type Properties = HashMap<String, OwnedValue>;

/// The system bus, with word of changes.
#[derive(Debug)]
pub(super) struct Bus {
    connection: Connection,
    signals: SelectAll<MessageStream>,
}

/// What the services say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) online: Option<bool>,
    pub(super) metered: Option<bool>,
    pub(super) battery: Option<Battery>,
}

impl Bus {
    /// Connects, if there is a system bus.
    pub(super) async fn connect() -> Option<Self> {
        let connected = tokio::time::timeout(ANSWERS_WITHIN, Self::try_connect()).await;
        match connected {
            Ok(Ok(bus)) => Some(bus),
            Ok(Err(error)) => {
                tracing::debug!(%error, "there is no system bus");
                None
            }
            Err(_) => {
                tracing::debug!("the system bus doesn't answer");
                None
            }
        }
    }

    async fn try_connect() -> zbus::Result<Self> {
        let connection = connection::Builder::system()?
            .method_timeout(ANSWERS_WITHIN)
            .build()
            .await?;
        let mut signals = SelectAll::new();
        for rule in rules()? {
            signals.push(MessageStream::for_match_rule(rule, &connection, None).await?);
        }
        Ok(Self {
            connection,
            signals,
        })
    }

    /// Waits until a service says something else, or comes or goes; `None` once the bus is gone.
    pub(super) async fn changed(&mut self) -> Option<Change> {
        loop {
            let message = self.signals.next().await?.ok()?;
            let header = message.header();
            let member = header.member().map(|member| member.as_str());
            if member != Some(SLEEP) {
                return Some(Change::Something);
            }
            // It is told before (true) and after.
            if message.body().deserialize::<bool>() == Ok(false) {
                return Some(Change::Woke);
            }
        }
    }

    /// What they say now.
    pub(super) async fn ask(&self) -> Said {
        let network = self.properties(&NETWORK_MANAGER).await;
        let power = self.properties(&UPOWER).await;
        let battery = match &power {
            Some(_) => self.properties(&DISPLAY_DEVICE).await,
            None => None,
        };
        Said {
            online: network.as_ref().and_then(online),
            metered: network.as_ref().and_then(metered),
            battery: battery.and_then(|device| battery_of(&power.unwrap_or_default(), &device)),
        }
    }

    /// An object's properties; `None` if its service doesn't run or doesn't answer.
    async fn properties(&self, object: &Object) -> Option<Properties> {
        let read = async {
            let bus = fdo::DBusProxy::new(&self.connection).await?;
            let name = BusName::try_from(object.name)?;
            if !bus.name_has_owner(name.clone()).await? {
                return Ok(None);
            }
            let proxy = fdo::PropertiesProxy::builder(&self.connection)
                .destination(name)?
                .path(object.path)?
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            let interface = InterfaceName::try_from(object.interface)?;
            Ok(Some(proxy.get_all(interface).await?))
        };
        let read: zbus::Result<_> = read.await;
        read.inspect_err(|error| tracing::debug!(%error, "{} doesn't answer", object.name))
            .ok()
            .flatten()
    }
}

fn rules() -> zbus::Result<Vec<MatchRule<'static>>> {
    let signal = || MatchRule::builder().msg_type(Type::Signal);
    let mut rules = vec![signal().interface(LOGIN)?.member(SLEEP)?.build()];
    for object in [&NETWORK_MANAGER, &UPOWER, &DISPLAY_DEVICE] {
        rules.push(
            signal()
                .path(object.path)?
                .interface(PROPERTIES)?
                .member("PropertiesChanged")?
                .build(),
        );
    }
    for object in [&NETWORK_MANAGER, &UPOWER] {
        rules.push(
            signal()
                .interface("org.freedesktop.DBus")?
                .member("NameOwnerChanged")?
                .add_arg(object.name)?
                .build(),
        );
    }
    Ok(rules)
}

fn number(properties: &Properties, name: &str) -> Option<u32> {
    u32::try_from(properties.get(name)?).ok()
}

fn is(properties: &Properties, name: &str) -> Option<bool> {
    bool::try_from(properties.get(name)?).ok()
}

/// `NMState`: asleep, disconnected, disconnecting and connecting are no network; local, site and global are one.
fn online(manager: &Properties) -> Option<bool> {
    match number(manager, "State")? {
        10..=40 => Some(false),
        50..=70 => Some(true),
        _ => None,
    }
}

/// `NMMetered`: 1 yes, 2 no, 3 yes by guess, 4 no by guess.
fn metered(manager: &Properties) -> Option<bool> {
    match number(manager, "Metered")? {
        1 | 3 => Some(true),
        2 | 4 => Some(false),
        _ => None,
    }
}

/// The device's `State` for discharging.
const DISCHARGING: u32 = 2;

fn battery_of(power: &Properties, device: &Properties) -> Option<Battery> {
    if !is(device, "IsPresent")? {
        return None;
    }
    let percent = f64::try_from(device.get("Percentage")?).ok()?;
    let discharging = is(power, "OnBattery")
        .or_else(|| Some(number(device, "State")? == DISCHARGING))
        .unwrap_or_default();
    Some(Battery {
        // A cast takes what is out of range to the nearest end, and nonsense to 0.
        percent: percent.clamp(0.0, 100.0).round() as u8,
        discharging,
    })
}

#[cfg(test)]
mod tests {
    use zbus::zvariant::Value;

    use super::*;

    fn properties<const N: usize>(all: [(&str, Value<'static>); N]) -> Properties {
        let owned = |value: Value<'static>| OwnedValue::try_from(value).unwrap();
        all.into_iter()
            .map(|(name, value)| (name.to_owned(), owned(value)))
            .collect()
    }

    #[test]
    fn network_manager_is_understood() {
        for (state, metered_says, expected) in [
            (70u32, 4u32, (Some(true), Some(false))),
            (50, 3, (Some(true), Some(true))),
            (40, 1, (Some(false), Some(true))),
            (10, 2, (Some(false), Some(false))),
            (0, 0, (None, None)),
        ] {
            let manager = properties([("State", state.into()), ("Metered", metered_says.into())]);
            let said = (online(&manager), metered(&manager));
            assert_eq!(said, expected, "state {state}, metered {metered_says}");
        }
        let other = properties([("State", Value::from("connected"))]);
        assert_eq!(online(&other), None, "another type says nothing");
    }

    #[test]
    fn upower_is_understood() {
        let device = |present: bool, percent: f64| {
            properties([
                ("IsPresent", present.into()),
                ("Percentage", percent.into()),
            ])
        };
        let on_battery = properties([("OnBattery", true.into())]);
        assert_eq!(
            battery_of(&on_battery, &device(true, 14.4)),
            Some(Battery {
                percent: 14,
                discharging: true
            })
        );
        assert_eq!(
            battery_of(&on_battery, &device(false, 0.0)),
            None,
            "a desktop has a display device too, which is not present"
        );
        for odd in [f64::NAN, -3.0, 1e9] {
            let percent = battery_of(&on_battery, &device(true, odd)).map(|it| it.percent);
            assert!(percent.is_some_and(|percent| percent <= 100), "{odd}");
        }
    }
}
