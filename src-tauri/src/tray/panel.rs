//! Whether the panel is light or dark, as far as a Linux desktop tells.

use std::pin::pin;

use futures_util::{Stream, StreamExt as _, stream};
use zbus::{
    Connection, proxy,
    zvariant::{OwnedValue, Value},
};

use super::icon::Panel;

const APPEARANCE: &str = "org.freedesktop.appearance";
const SCHEME: &str = "color-scheme";
const INTERFACE: &str = "org.gnome.desktop.interface";
const THEME: &str = "gtk-theme";

/// The desktop portal's settings: the one place that all desktops answer at.
#[proxy(
    interface = "org.freedesktop.portal.Settings",
    default_service = "org.freedesktop.portal.Desktop",
    default_path = "/org/freedesktop/portal/desktop",
    gen_blocking = false
)]
trait Settings {
    /// Reads one value; it is wrapped in one or two variants, by the portal's version.
    fn read(&self, namespace: &str, key: &str) -> zbus::Result<OwnedValue>;

    /// A value changed.
    #[zbus(signal)]
    fn setting_changed(&self, namespace: &str, key: &str, value: Value<'_>) -> zbus::Result<()>;
}

/// Where Xfce keeps settings. Its panel has a switch of its own, which no portal tells of.
const PANEL: &str = "xfce4-panel";
const DARK_MODE: &str = "/panels/dark-mode";

/// Xfce's settings.
#[proxy(
    interface = "org.xfce.Xfconf",
    default_service = "org.xfce.Xfconf",
    default_path = "/org/xfce/Xfconf",
    gen_blocking = false
)]
trait Xfconf {
    /// Reads one value; what was never set is an error.
    fn get_property(&self, channel: &str, property: &str) -> zbus::Result<OwnedValue>;

    /// A value changed.
    #[zbus(signal)]
    fn property_changed(&self, channel: &str, property: &str, value: Value<'_>)
    -> zbus::Result<()>;
}

/// What a desktop says of its looks.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Looks {
    /// `XDG_CURRENT_DESKTOP`.
    desktop: String,
    /// 1 for dark, 2 for light, anything else for no preference.
    scheme: Option<u32>,
    /// The name of the theme.
    theme: Option<String>,
    /// Xfce's switch for its panel.
    xfce_dark: Option<bool>,
}

impl Looks {
    fn is(&self, desktops: &[&str]) -> bool {
        self.desktop.split(':').any(|name| desktops.contains(&name))
    }

    fn panel(&self) -> Panel {
        if self.xfce_dark == Some(true) {
            return Panel::Dark;
        }
        let theme_is_dark = self
            .theme
            .as_ref()
            .map(|theme| theme.to_lowercase().contains("dark"));
        // GNOME's bar is dark with light windows, too.
        let always_dark = self.is(&["GNOME", "Unity", "Pantheon"]);
        match (always_dark, self.scheme, theme_is_dark) {
            (true, _, _) | (false, Some(1), _) => Panel::Dark,
            (false, Some(2), _) => Panel::Light,
            (false, _, Some(true)) => Panel::Dark,
            (false, _, Some(false) | None) => Panel::Light,
        }
    }
}

/// Calls `tell` with the panel's looks, now and after each change, for as long as somebody tells them.
pub(super) async fn watch(tell: impl AsyncFnMut(Panel)) {
    let looks = Looks {
        desktop: std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default(),
        ..Looks::default()
    };
    if let Err(error) = follow(looks, tell).await {
        tracing::debug!(%error, "the desktop doesn't tell its looks");
    }
}

/// One thing that was told.
enum Told {
    Scheme(Option<u32>),
    Theme(Option<String>),
    XfceDark(Option<bool>),
}

impl Looks {
    fn take(&mut self, told: Told) {
        match told {
            Told::Scheme(scheme) => self.scheme = scheme,
            Told::Theme(theme) => self.theme = theme,
            Told::XfceDark(dark) => self.xfce_dark = dark,
        }
    }
}

async fn follow(mut looks: Looks, mut tell: impl AsyncFnMut(Panel)) -> zbus::Result<()> {
    tell(looks.panel()).await;
    let bus = Connection::session().await?;
    let settings = SettingsProxy::new(&bus).await?;
    let changes = changes_of_settings(&settings).await?;
    // Either may be missing.
    let scheme = settings.read(APPEARANCE, SCHEME).await;
    looks.scheme = scheme.ok().and_then(|value| number(&value));
    let theme = settings.read(INTERFACE, THEME).await;
    looks.theme = theme.ok().and_then(|value| text(&value));
    let xfconf = XfconfProxy::new(&bus).await?;
    let switches = switches_of_xfce(&xfconf).await?;
    // Not asked elsewhere: that would start its service.
    if looks.is(&["XFCE"]) {
        let dark = xfconf.get_property(PANEL, DARK_MODE).await;
        looks.xfce_dark = dark.ok().and_then(|value| switch(&value));
    }
    tell(looks.panel()).await;
    let mut told = pin!(stream::select(changes, switches));
    while let Some(told) = told.next().await {
        looks.take(told);
        tell(looks.panel()).await;
    }
    Ok(())
}

async fn changes_of_settings(
    settings: &SettingsProxy<'_>,
) -> zbus::Result<impl Stream<Item = Told> + use<>> {
    let changes = settings.receive_setting_changed().await?;
    Ok(changes.filter_map(async |change| {
        let change = change.args().ok()?;
        match (*change.namespace(), *change.key()) {
            (APPEARANCE, SCHEME) => Some(Told::Scheme(number(change.value()))),
            (INTERFACE, THEME) => Some(Told::Theme(text(change.value()))),
            _ => None,
        }
    }))
}

async fn switches_of_xfce(
    xfconf: &XfconfProxy<'_>,
) -> zbus::Result<impl Stream<Item = Told> + use<>> {
    let changes = xfconf.receive_property_changed().await?;
    Ok(changes.filter_map(async |change| {
        let change = change.args().ok()?;
        let is_it = (*change.channel(), *change.property()) == (PANEL, DARK_MODE);
        is_it.then(|| Told::XfceDark(switch(change.value())))
    }))
}

fn number(value: &Value<'_>) -> Option<u32> {
    match value {
        Value::Value(inner) => number(inner),
        Value::U32(number) => Some(*number),
        _ => None,
    }
}

fn switch(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Value(inner) => switch(inner),
        Value::Bool(on) => Some(*on),
        _ => None,
    }
}

fn text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Value(inner) => text(inner),
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ink_follows_what_the_desktop_says() {
        for (desktop, scheme, theme, xfce_dark, panel) in [
            ("XFCE", Some(1), Some("Greybird"), None, Panel::Dark),
            ("XFCE", Some(2), Some("Greybird-dark"), None, Panel::Light),
            ("XFCE", Some(0), Some("Greybird-dark"), None, Panel::Dark),
            ("XFCE", None, Some("Adwaita"), None, Panel::Light),
            ("XFCE", Some(2), Some("Adwaita"), Some(true), Panel::Dark),
            ("XFCE", Some(1), None, Some(false), Panel::Dark),
            ("KDE", Some(2), None, None, Panel::Light),
            ("ubuntu:GNOME", Some(2), Some("Yaru"), None, Panel::Dark),
            ("", None, None, None, Panel::Light),
        ] {
            let looks = Looks {
                desktop: desktop.to_owned(),
                scheme,
                theme: theme.map(ToOwned::to_owned),
                xfce_dark,
            };
            assert_eq!(looks.panel(), panel, "{looks:?}");
        }
    }

    #[test]
    fn values_are_found_in_their_wrappings() {
        let once = Value::from(1_u32);
        let twice = Value::Value(Box::new(Value::Value(Box::new(once.clone()))));
        assert_eq!(number(&once), Some(1));
        assert_eq!(number(&twice), Some(1), "older portals wrap twice");
        assert_eq!(number(&Value::from("dark")), None, "no number");
        assert_eq!(text(&Value::from("Adwaita")).as_deref(), Some("Adwaita"));
    }
}
