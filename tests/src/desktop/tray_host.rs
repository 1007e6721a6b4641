//! The place in a panel where tray icons are shown: finds the application's item, reads it, and clicks in its menu.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use zbus::{
    blocking::{Connection, Proxy, connection::Builder},
    interface,
    message::Header,
    zvariant::{OwnedValue, Value},
};

use crate::site::wait_until;

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

type Items = Arc<Mutex<Vec<String>>>;
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
type Pixmap = (i32, i32, Vec<u8>);

/// Shows tray icons, as a panel does. It is gone when it is dropped.
#[derive(Debug)]
pub struct TrayHost {
    bus: Connection,
    items: Items,
}

struct Watcher {
    items: Items,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, #[zbus(header)] header: Header<'_>, service: &str) {
        // Either a bus name, or only an object path of whoever calls.
        let sender = header.sender().map(ToString::to_string);
        let name = match service.starts_with('/') {
            true => sender.unwrap_or_default(),
            false => service.to_owned(),
        };
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items.push(name);
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items.clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl TrayHost {
    /// Takes the watcher's name on a bus that has none.
    ///
    /// # Errors
    /// The bus can't be reached, or another one has the name.
    pub fn start(address: &str) -> Result<Self> {
        let items = Items::default();
        let watcher = Watcher {
            items: items.clone(),
        };
        let bus = Builder::address(address)?
            .serve_at("/StatusNotifierWatcher", watcher)?
            .name(WATCHER)?
            .build()
            .context("the tray's name on the bus")?;
        Ok(Self { bus, items })
    }

    /// Waits for the item of a process.
    ///
    /// # Errors
    /// When none comes within `bound`.
    pub fn item_of(&self, process: u32, bound: Duration) -> Result<TrayItem> {
        let mut found = None;
        let came = wait_until(bound, || {
            let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
            let names = items.clone();
            drop(items);
            found = names
                .into_iter()
                .rev()
                .find(|name| self.owner(name) == Some(process));
            found.is_some()
        });
        match found {
            Some(name) => TrayItem::new(&self.bus, name),
            None => {
                ensure!(
                    came,
                    "no tray icon of process {process} within {bound:?}: {:?}",
                    self.items
                );
                unreachable!("it came")
            }
        }
    }

    fn owner(&self, name: &str) -> Option<u32> {
        let bus = zbus::blocking::fdo::DBusProxy::new(&self.bus).ok()?;
        let name = name.try_into().ok()?;
        bus.get_connection_unix_process_id(name).ok()
    }
}

/// An icon in the tray.
#[derive(Debug)]
pub struct TrayItem {
    /// Its name on the bus.
    pub name: String,
    item: Proxy<'static>,
    menu: Proxy<'static>,
}

/// An entry of a menu, with those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its words; empty for a separator.
    pub label: String,
    /// Whether it can be clicked.
    pub enabled: bool,
    /// The entries of its submenu.
    pub below: Vec<Entry>,
    id: i32,
}

impl TrayItem {
    fn new(bus: &Connection, name: String) -> Result<Self> {
        use zbus::proxy::CacheProperties;
        let proxy = |path: &'static str, interface: &'static str| {
            // Whatever is asked is asked anew.
            zbus::blocking::proxy::Builder::<Proxy<'_>>::new(bus)
                .destination(name.clone())?
                .path(path)?
                .interface(interface)?
                .cache_properties(CacheProperties::No)
                .build()
        };
        let item = proxy("/StatusNotifierItem", ITEM)?;
        let at: OwnedValue = item.get_property("Menu")?;
        let at = zbus::zvariant::OwnedObjectPath::try_from(at)?;
        ensure!(at.as_str() == "/MenuBar", "the menu is at {at}");
        let menu = proxy("/MenuBar", MENU)?;
        Ok(Self { name, item, menu })
    }

    /// What is said when the pointer rests on it, as it is shown.
    ///
    /// # Errors
    /// The application doesn't answer.
    pub fn tooltip(&self) -> Result<String> {
        let (_, _, title, text): (String, Vec<Pixmap>, String, String) =
            self.item.get_property("ToolTip")?;
        Ok(format!("{title}\n{text}"))
    }

    /// `Active`, `Passive` or `NeedsAttention`.
    ///
    /// # Errors
    /// The application doesn't answer.
    pub fn status(&self) -> Result<String> {
        Ok(self.item.get_property("Status")?)
    }

    /// The icon's largest drawing: its width, and its points as alpha, red, green and blue.
    ///
    /// # Errors
    /// The application doesn't answer, or draws nothing.
    pub fn icon(&self) -> Result<(i32, Vec<u8>)> {
        let all: Vec<Pixmap> = self.item.get_property("IconPixmap")?;
        let largest = all.into_iter().max_by_key(|(width, ..)| *width);
        let (width, height, points) = largest.context("the icon has no drawing")?;
        let expected = usize::try_from(width * height * 4)?;
        ensure!(
            points.len() == expected,
            "{} bytes for {width} × {height}",
            points.len()
        );
        Ok((width, points))
    }

    /// Its menu.
    ///
    /// # Errors
    /// The application doesn't answer.
    pub fn menu(&self) -> Result<Vec<Entry>> {
        let (_, layout): (u32, Layout) = self
            .menu
            .call("GetLayout", &(0, -1, Vec::<String>::new()))?;
        entries(layout.2)
    }

    /// The menu as a person reads it, indented by level, what can't be clicked in brackets.
    ///
    /// # Errors
    /// The application doesn't answer.
    pub fn words(&self) -> Result<String> {
        let mut words = String::new();
        write(&self.menu()?, 0, &mut words);
        Ok(words)
    }

    /// Clicks the entry of these words, given with those above it; waits until it is there and can be clicked.
    ///
    /// # Errors
    /// When it isn't within `bound`.
    pub fn click(&self, path: &[&str], bound: Duration) -> Result<()> {
        let mut clicked = false;
        let mut last = None;
        // The menu may be another one between reading and clicking.
        let done = wait_until(bound, || {
            match self.menu() {
                Ok(menu) => {
                    if let Some(entry) = find(&menu, path).filter(|entry| entry.enabled) {
                        let event = (entry.id, "clicked", Value::from(0_i32), 0_u32);
                        match self.menu.call::<_, _, ()>("Event", &event) {
                            Ok(()) => clicked = true,
                            Err(error) => last = Some(anyhow::Error::new(error)),
                        }
                    }
                }
                Err(error) => last = Some(error),
            }
            clicked
        });
        if !done {
            let words = self.words().unwrap_or_default();
            bail!("{path:?} could not be clicked within {bound:?} ({last:?}); the menu:\n{words}");
        }
        Ok(())
    }

    /// Left click.
    ///
    /// # Errors
    /// The application doesn't answer.
    pub fn activate(&self) -> Result<()> {
        Ok(self.item.call("Activate", &(0, 0))?)
    }

    /// Waits until the menu, as a person reads it, is as wanted.
    ///
    /// # Errors
    /// When it isn't within `bound`.
    pub fn wait_for(
        &self,
        what: &str,
        bound: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let mut words = String::new();
        let came = wait_until(bound, || {
            words = self.words().unwrap_or_else(|error| format!("{error:#}"));
            wanted(&words)
        });
        ensure!(came, "{what}: not within {bound:?}; the menu:\n{words}");
        Ok(words)
    }
}

fn find<'a>(entries: &'a [Entry], path: &[&str]) -> Option<&'a Entry> {
    let (first, rest) = path.split_first()?;
    let entry = entries.iter().find(|entry| entry.label == *first)?;
    match rest {
        [] => Some(entry),
        rest => find(&entry.below, rest),
    }
}

fn write(entries: &[Entry], level: usize, words: &mut String) {
    for entry in entries {
        let label = match (entry.label.as_str(), entry.enabled) {
            ("", _) => "---".to_owned(),
            (label, true) => label.to_owned(),
            (label, false) => format!("[{label}]"),
        };
        *words += &format!("{}{label}\n", "  ".repeat(level));
        write(&entry.below, level + 1, words);
    }
}

fn entries(layouts: Vec<OwnedValue>) -> Result<Vec<Entry>> {
    layouts.into_iter().map(entry).collect()
}

fn entry(layout: OwnedValue) -> Result<Entry> {
    let (id, properties, below) = Layout::try_from(layout).context("an entry of the menu")?;
    let text = |name: &str| match properties.get(name).map(|value| &**value) {
        Some(Value::Str(text)) => text.to_string(),
        _ => String::new(),
    };
    let no = |name: &str| {
        matches!(
            properties.get(name).map(|value| &**value),
            Some(Value::Bool(false))
        )
    };
    Ok(Entry {
        // A single underscore marks a key, and is not shown.
        label: text("label")
            .replace("__", "\0")
            .replace('_', "")
            .replace('\0', "_"),
        enabled: !no("enabled") && text("type") != "separator",
        below: entries(below)?,
        id,
    })
}
