//! The tray of Windows and macOS.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use fieldscan_engine::document::Activity;
use tauri::{
    image::Image,
    menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu},
    tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent},
};
use tokio::sync::oneshot;

use super::icon::{Panel, drawn};
use crate::{
    app::App,
    menu::{Act, Entry, Face},
};

/// The icon in the tray.
pub(super) struct Tray {
    app: App,
    shown: Arc<Shown>,
}

/// What the entries of the menu do that is shown, by their ids.
#[derive(Default)]
struct Shown {
    acts: Mutex<HashMap<String, Act>>,
    menus: AtomicU64,
}

const ID: &str = "fieldscan";

impl Tray {
    pub(super) async fn show(app: &App, face: Face) -> Self {
        let tray = Self {
            app: app.clone(),
            shown: Arc::default(),
        };
        tray.on_main_thread(move |app, shown| build(app, shown, &face))
            .await;
        tray
    }

    pub(super) async fn change(&self, face: Face) {
        self.on_main_thread(move |app, shown| change(app, shown, &face))
            .await;
    }

    /// Menus belong to the main thread.
    async fn on_main_thread(
        &self,
        work: impl FnOnce(&App, &Arc<Shown>) -> tauri::Result<()> + Send + 'static,
    ) {
        let (done, end) = oneshot::channel();
        let (app, shown) = (self.app.clone(), self.shown.clone());
        let asked = self.app.tauri.run_on_main_thread(move || {
            if let Err(error) = work(&app, &shown) {
                tracing::error!(%error, "the tray can't be shown");
            }
            let _ = done.send(());
        });
        if asked.is_ok() {
            let _ = end.await;
        }
    }
}

fn build(app: &App, shown: &Arc<Shown>, face: &Face) -> tauri::Result<()> {
    let (on_menu, on_click, acts) = (app.clone(), app.clone(), shown.clone());
    let builder = TrayIconBuilder::with_id(ID)
        .icon_as_template(cfg!(target_os = "macos"))
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(move |_, event| {
            // A menu that was replaced while it was open does nothing any more.
            let act = acts.acts().get(event.id().as_ref()).cloned();
            if let Some(act) = act {
                on_menu.act(&act);
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
                on_click.act(&Act::Show("overview".to_owned()));
            }
        });
    builder.build(&app.tauri)?;
    change(app, shown, face)
}

fn change(app: &App, shown: &Shown, face: &Face) -> tauri::Result<()> {
    let Some(tray) = app.tauri.tray_by_id(ID) else {
        return Ok(());
    };
    set_icon(&tray, face.activity)?;
    tray.set_tooltip(Some(&face.status))?;
    let number = shown.menus.fetch_add(1, Ordering::Relaxed);
    let mut acts = HashMap::new();
    let menu = Menu::new(&app.tauri)?;
    for item in items(app, &face.menu, &number.to_string(), &mut acts)? {
        menu.append(item.as_ref())?;
    }
    tray.set_menu(Some(menu))?;
    *shown.acts() = acts;
    Ok(())
}

impl Shown {
    fn acts(&self) -> MutexGuard<'_, HashMap<String, Act>> {
        self.acts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set_icon(tray: &TrayIcon, activity: Activity) -> tauri::Result<()> {
    tray.set_icon(picture(activity))?;
    // Setting another picture forgets it.
    tray.set_icon_as_template(cfg!(target_os = "macos"))
}

fn picture(activity: Activity) -> Option<Image<'static>> {
    // macOS draws a template in its own ink, at half the size.
    let size = if cfg!(target_os = "macos") { 44 } else { 32 };
    drawn(activity, panel())
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

/// The items of a menu. What they do is put into `acts` by their ids, which no other menu has.
fn items(
    app: &App,
    menu: &[Entry],
    path: &str,
    acts: &mut HashMap<String, Act>,
) -> tauri::Result<Vec<Box<dyn IsMenuItem<tauri::Wry>>>> {
    let tauri = &app.tauri;
    let mut made: Vec<Box<dyn IsMenuItem<tauri::Wry>>> = Vec::new();
    for (place, entry) in menu.iter().enumerate() {
        let id = format!("{path}/{place}");
        made.push(match entry {
            Entry::Words(words) => Box::new(MenuItem::with_id(
                tauri,
                id,
                label(words),
                false,
                None::<&str>,
            )?),
            Entry::Does(words, act) => {
                acts.insert(id.clone(), act.clone());
                Box::new(MenuItem::with_id(
                    tauri,
                    id,
                    label(words),
                    true,
                    None::<&str>,
                )?)
            }
            Entry::Sub(words, inner) => {
                let sub = Submenu::with_id(tauri, &id, label(words), true)?;
                for item in items(app, inner, &id, acts)? {
                    sub.append(item.as_ref())?;
                }
                Box::new(sub)
            }
            Entry::Line => Box::new(PredefinedMenuItem::separator(tauri)?),
        });
    }
    Ok(made)
}

/// A single ampersand would mark a key.
fn label(words: &str) -> String {
    words.replace('&', "&&")
}
