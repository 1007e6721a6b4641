//! The tray of Linux desktops: a StatusNotifierItem on the session bus.
//!
//! Spoken directly, and not through GTK's indicator library: that one has no tooltip, no left click, and no way to learn
//! that nobody shows the icon.

use std::time::Duration;

use fieldscan_core::present::{self, Choice, Icon, Page};
use ksni::{
    MenuItem, OfflineReason, Status, ToolTip, TrayMethods,
    menu::{StandardItem, SubMenu},
};
use tokio::sync::watch;

use super::{
    Face,
    icon::{Panel, drawn},
    panel,
};
use crate::{app::App, notify::Told};

/// A panel that comes later than this doesn't come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The icon in the tray.
pub(super) struct Tray {
    // None without a session bus.
    item: Option<ksni::Handle<Item>>,
}

struct Item {
    app: App,
    face: Face,
    panel: Panel,
    /// Whether nobody shows the icon.
    unseen: watch::Sender<bool>,
}

impl Tray {
    pub(super) async fn show(app: &App, face: Face) -> Self {
        let item = Item {
            app: app.clone(),
            face,
            panel: Panel::Dark,
            unseen: watch::channel(false).0,
        };
        tokio::spawn(tell_unseen(app.clone(), item.unseen.subscribe()));
        // The panel may come later than this, at log-in for instance.
        let item = item.assume_sni_available(true).spawn().await;
        let item = item
            .inspect_err(|error| tracing::warn!(%error, "no tray here"))
            .ok();
        if let Some(item) = item.clone() {
            tokio::spawn(panel::watch(async move |panel| {
                item.update(|item| item.panel = panel).await;
            }));
        }
        Self { item }
    }

    pub(super) async fn change(&self, face: Face) {
        if let Some(item) = &self.item {
            item.update(|item| item.face = face).await;
        }
    }
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "fieldscan".to_owned()
    }

    fn title(&self) -> String {
        "Fieldscan".to_owned()
    }

    fn status(&self) -> Status {
        match self.face.icon {
            Icon::Attention => Status::NeedsAttention,
            Icon::Idle | Icon::Scanning | Icon::Waiting | Icon::Paused => Status::Active,
        }
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        drawn(self.face.icon, self.panel)
            .into_iter()
            .map(|drawing| ksni::Icon {
                width: drawing.width() as i32,
                height: drawing.height() as i32,
                data: argb(drawing.rgba()),
            })
            .collect()
    }

    fn attention_icon_pixmap(&self) -> Vec<ksni::Icon> {
        self.icon_pixmap()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: "Fieldscan".to_owned(),
            description: escaped(&self.face.tooltip),
            ..ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.app.choose(Choice::Open(Page::Overview));
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        entries(&self.face.menu.items)
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!(?reason, "nobody shows the tray");
        self.unseen.send_replace(true);
        true
    }

    fn watcher_online(&self) {
        tracing::info!("the tray is shown");
        self.unseen.send_replace(false);
    }
}

/// Tells once for all that there is no tray, so that nobody looks for the icon in vain.
async fn tell_unseen(app: App, mut unseen: watch::Receiver<bool>) {
    loop {
        if unseen.wait_for(|unseen| *unseen).await.is_err() {
            return;
        }
        // At log-in the panel may only come after this.
        let shown = tokio::time::timeout(PATIENCE, unseen.wait_for(|unseen| !unseen));
        if shown.await.is_ok() {
            continue;
        }
        let told = app.agent.place().data_dir.join("no-tray.told");
        if !told.exists() && std::fs::write(&told, "").is_ok() {
            app.notifier.tell(
                &app,
                Told {
                    title: "Fieldscan is at work".to_owned(),
                    text: "This desktop shows no tray icons. To see it, start Fieldscan again; it goes on all the same."
                        .to_owned(),
                    page: Page::Overview,
                },
            );
        }
        return;
    }
}

fn entries(items: &[present::Item]) -> Vec<MenuItem<Item>> {
    items
        .iter()
        .map(|item| match item {
            present::Item::Line(words) => StandardItem {
                label: label(words),
                enabled: false,
                ..StandardItem::default()
            }
            .into(),
            present::Item::Action {
                choice,
                label: words,
                enabled,
            } => {
                let choice = choice.clone();
                StandardItem {
                    label: label(words),
                    enabled: *enabled,
                    activate: Box::new(move |item: &mut Item| item.app.choose(choice.clone())),
                    ..StandardItem::default()
                }
                .into()
            }
            present::Item::Submenu {
                label: words,
                items,
            } => SubMenu {
                label: label(words),
                submenu: entries(items),
                ..SubMenu::default()
            }
            .into(),
            present::Item::Separator => MenuItem::Separator,
        })
        .collect()
}

/// A single underscore would mark a key.
fn label(words: &str) -> String {
    words.replace('_', "__")
}

/// Tooltips are markup.
fn escaped(words: &str) -> String {
    words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// In the order of the specification.
fn argb(rgba: &[u8]) -> Vec<u8> {
    let mut pixels = rgba.to_vec();
    for pixel in pixels.as_chunks_mut::<4>().0 {
        pixel.rotate_right(1);
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_name_is_no_markup() {
        assert_eq!(label("rack_2"), "rack__2", "shown with its underscore");
        assert_eq!(escaped("<b> & co"), "&lt;b&gt; &amp; co");
    }

    #[test]
    fn alpha_comes_first() {
        assert_eq!(argb(&[1, 2, 3, 4]), [4, 1, 2, 3]);
    }
}
