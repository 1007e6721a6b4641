//! The tray of Windows and macOS.

use fieldscan_core::present::{self, Choice, Icon, Page};
use tauri::{
    image::Image,
    menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu},
    tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent},
};
use tokio::sync::oneshot;

use super::{
    Face,
    icon::{Panel, drawn},
};
use crate::app::App;

/// The icon in the tray.
pub(super) struct Tray {
    app: App,
}

const ID: &str = "fieldscan";

impl Tray {
    pub(super) async fn show(app: &App, face: Face) -> Self {
        let tray = Self { app: app.clone() };
        tray.on_main_thread(move |app| build(app, &face)).await;
        tray
    }

    pub(super) async fn change(&self, face: Face) {
        self.on_main_thread(move |app| change(app, &face)).await;
    }

    /// Menus belong to the main thread.
    async fn on_main_thread(&self, work: impl FnOnce(&App) -> tauri::Result<()> + Send + 'static) {
        let (done, end) = oneshot::channel();
        let app = self.app.clone();
        let asked = self.app.tauri.run_on_main_thread(move || {
            if let Err(error) = work(&app) {
                tracing::error!(%error, "the tray can't be shown");
            }
            let _ = done.send(());
        });
        if asked.is_ok() {
            let _ = end.await;
        }
    }
}

fn build(app: &App, face: &Face) -> tauri::Result<()> {
    let (on_menu, on_click) = (app.clone(), app.clone());
    let builder = TrayIconBuilder::with_id(ID)
        .icon_as_template(cfg!(target_os = "macos"))
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(move |_, event| {
            if let Ok(choice) = event.id().as_ref().parse() {
                on_menu.choose(choice);
            }
        })
        .on_tray_icon_event(move |_, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
                && !cfg!(target_os = "macos")
            {
                on_click.choose(Choice::Open(Page::Overview));
            }
        });
    builder.build(&app.tauri)?;
    change(app, face)
}

fn change(app: &App, face: &Face) -> tauri::Result<()> {
    let Some(tray) = app.tauri.tray_by_id(ID) else {
        return Ok(());
    };
    set_icon(&tray, face.icon)?;
    tray.set_tooltip(Some(&face.tooltip))?;
    let menu = Menu::new(&app.tauri)?;
    for item in items(app, &face.menu.items)? {
        menu.append(item.as_ref())?;
    }
    tray.set_menu(Some(menu))
}

fn set_icon(tray: &TrayIcon, icon: Icon) -> tauri::Result<()> {
    tray.set_icon(picture(icon))?;
    // Setting another picture forgets it.
    tray.set_icon_as_template(cfg!(target_os = "macos"))
}

fn picture(icon: Icon) -> Option<Image<'static>> {
    // macOS draws a template in its own ink, at half the size.
    let size = if cfg!(target_os = "macos") { 44 } else { 32 };
    drawn(icon, panel())
        .into_iter()
        .find(|drawing| drawing.width() == size)
}

/// Windows tells the taskbar's looks in the registry; macOS needs none.
fn panel() -> Panel {
    #[cfg(windows)]
    {
        const KEY: &str = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize";
        let light = windows_registry::CURRENT_USER
            .open(KEY)
            .and_then(|key| key.get_u32("SystemUsesLightTheme"));
        match light {
            Ok(0) | Err(_) => Panel::Dark,
            Ok(_) => Panel::Light,
        }
    }
    #[cfg(not(windows))]
    Panel::Light
}

/// The items of a menu. The id of one that can be chosen is its choice's.
fn items(app: &App, menu: &[present::Item]) -> tauri::Result<Vec<Box<dyn IsMenuItem<tauri::Wry>>>> {
    let tauri = &app.tauri;
    let mut made: Vec<Box<dyn IsMenuItem<tauri::Wry>>> = Vec::new();
    for item in menu {
        made.push(match item {
            present::Item::Line(words) => {
                Box::new(MenuItem::new(tauri, label(words), false, None::<&str>)?)
            }
            present::Item::Action {
                choice,
                label: words,
                enabled,
            } => {
                let id = choice.to_string();
                Box::new(MenuItem::with_id(
                    tauri,
                    id,
                    label(words),
                    *enabled,
                    None::<&str>,
                )?)
            }
            present::Item::Submenu {
                label: words,
                items: inner,
            } => {
                let sub = Submenu::new(tauri, label(words), true)?;
                for item in items(app, inner)? {
                    sub.append(item.as_ref())?;
                }
                Box::new(sub)
            }
            present::Item::Separator => Box::new(PredefinedMenuItem::separator(tauri)?),
        });
    }
    Ok(made)
}

/// A single ampersand would mark a key.
fn label(words: &str) -> String {
    words.replace('&', "&&")
}
