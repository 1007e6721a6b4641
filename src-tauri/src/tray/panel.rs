//! Whether the panel is light or dark, as far as a Linux desktop tells.

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

/// What a desktop says of its looks.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Looks {
    /// `XDG_CURRENT_DESKTOP`.
    desktop: String,
    /// 1 for dark, 2 for light, anything else for no preference.
    scheme: Option<u32>,
    /// The name of the theme.
    theme: Option<String>,
}

impl Looks {
    fn panel(&self) -> Panel {
        let theme_is_dark = self
            .theme
            .as_ref()
            .map(|theme| theme.to_lowercase().contains("dark"));
        // GNOME's bar is dark with light windows, too.
        let always_dark = self
            .desktop
            .split(':')
            .any(|name| matches!(name, "GNOME" | "Unity" | "Pantheon"));
        match (always_dark, self.scheme, theme_is_dark) {
            (true, _, _) | (false, Some(1), _) => Panel::Dark,
            (false, Some(2), _) => Panel::Light,
            (false, _, Some(true)) => Panel::Dark,
            (false, _, Some(false) | None) => Panel::Light,
        }
    }
}

/// Calls `tell` with the panel's looks, now and after each change, for as long as there is a portal.
pub(super) async fn watch(mut tell: impl AsyncFnMut(Panel)) {
    let mut looks = Looks {
        desktop: std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default(),
        ..Looks::default()
    };
    tell(looks.panel()).await;
    if let Err(error) = follow(&mut looks, &mut tell).await {
        tracing::debug!(%error, "the desktop doesn't tell its looks");
    }
}

async fn follow(looks: &mut Looks, tell: &mut impl AsyncFnMut(Panel)) -> zbus::Result<()> {
    use futures_util::StreamExt as _;
    let bus = Connection::session().await?;
    let settings = SettingsProxy::new(&bus).await?;
    let mut changes = settings.receive_setting_changed().await?;
    // Either may be missing.
    looks.scheme = settings
        .read(APPEARANCE, SCHEME)
        .await
        .ok()
        .and_then(|value| number(&value));
    looks.theme = settings
        .read(INTERFACE, THEME)
        .await
        .ok()
        .and_then(|value| text(&value));
    tell(looks.panel()).await;
    while let Some(change) = changes.next().await {
        let change = change.args()?;
        match (*change.namespace(), *change.key()) {
            (APPEARANCE, SCHEME) => looks.scheme = number(change.value()),
            (INTERFACE, THEME) => looks.theme = text(change.value()),
            _ => continue,
        }
        tell(looks.panel()).await;
    }
    Ok(())
}

fn number(value: &Value<'_>) -> Option<u32> {
    match value {
        Value::Value(inner) => number(inner),
        Value::U32(number) => Some(*number),
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
        for (desktop, scheme, theme, panel) in [
            ("XFCE", Some(1), Some("Greybird"), Panel::Dark),
            ("XFCE", Some(2), Some("Greybird-dark"), Panel::Light),
            ("XFCE", Some(0), Some("Greybird-dark"), Panel::Dark),
            ("XFCE", None, Some("Adwaita"), Panel::Light),
            ("KDE", Some(2), None, Panel::Light),
            ("ubuntu:GNOME", Some(2), Some("Yaru"), Panel::Dark),
            ("", None, None, Panel::Light),
        ] {
            let looks = Looks {
                desktop: desktop.to_owned(),
                scheme,
                theme: theme.map(ToOwned::to_owned),
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
