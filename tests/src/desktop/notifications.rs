//! A notification service that shows nothing and remembers everything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use zbus::{
    blocking::{Connection, connection::Builder},
    interface,
    object_server::SignalEmitter,
    zvariant::OwnedValue,
};

use crate::site::wait_until;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// What a person would have been shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its number, by which it is clicked.
    pub id: u32,
    /// Who shows it.
    pub application: String,
    /// The first line.
    pub title: String,
    /// The text, which is markup.
    pub text: String,
    /// Actions, as their name and what stands on their button.
    pub actions: Vec<(String, String)>,
}

type Shown = Arc<Mutex<Vec<Notification>>>;

/// The desktop's notification service. It is gone when it is dropped.
#[derive(Debug)]
pub struct Notifications {
    bus: Connection,
    shown: Shown,
}

struct Service {
    shown: Shown,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "the specification has so many")]
    fn notify(
        &self,
        app_name: String,
        replaces_id: u32,
        _app_icon: &str,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let id = match replaces_id {
            0 => u32::try_from(shown.len() + 1).unwrap_or(u32::MAX),
            id => id,
        };
        shown.push(Notification {
            id,
            application: app_name,
            title: summary,
            text: body,
            actions: actions
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[name, words]| (name.clone(), words.clone()))
                .collect(),
        });
        id
    }

    fn close_notification(&self, _id: u32) {}

    fn get_capabilities(&self) -> Vec<&'static str> {
        vec!["actions", "body", "body-markup"]
    }

    fn get_server_information(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        ("fieldscan-tests", "fieldscan", "1", "1.2")
    }

    #[zbus(signal)]
    async fn action_invoked(signals: &SignalEmitter<'_>, id: u32, action: &str)
    -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(
        signals: &SignalEmitter<'_>,
        id: u32,
        reason: u32,
    ) -> zbus::Result<()>;
}

impl Notifications {
    /// Takes the service's name on a bus that has none.
    ///
    /// # Errors
    /// The bus can't be reached, or another one has the name.
    pub fn start(address: &str) -> Result<Self> {
        let shown = Shown::default();
        let service = Service {
            shown: shown.clone(),
        };
        let bus = Builder::address(address)?
            .serve_at(PATH, service)?
            .name(NAME)?
            .build()
            .context("the notifications' name on the bus")?;
        Ok(Self { bus, shown })
    }

    /// Everything that was shown so far.
    #[must_use]
    pub fn shown(&self) -> Vec<Notification> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }

    /// Waits for a notification.
    ///
    /// # Errors
    /// When none like it comes within `bound`.
    pub fn wait_for(
        &self,
        what: &str,
        bound: Duration,
        wanted: impl Fn(&Notification) -> bool,
    ) -> Result<Notification> {
        let mut found = None;
        let came = wait_until(bound, || {
            found = self.shown().into_iter().find(&wanted);
            found.is_some()
        });
        match found.filter(|_| came) {
            Some(notification) => Ok(notification),
            None => bail!(
                "{what}: not shown within {bound:?}, but {:#?}",
                self.shown()
            ),
        }
    }

    /// Clicks a notification; it is gone then.
    ///
    /// # Errors
    /// The bus can't be reached.
    pub fn click(&self, id: u32) -> Result<()> {
        let service = self.bus.object_server().interface::<_, Service>(PATH)?;
        let signals = service.signal_emitter();
        zbus::block_on(async {
            Service::action_invoked(signals, id, "default").await?;
            Service::notification_closed(signals, id, 2).await
        })?;
        Ok(())
    }
}
