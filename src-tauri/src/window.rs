//! The one window: made when it is wanted and destroyed when it is closed, so that nothing of it stays in memory.

#[cfg(target_os = "linux")]
mod left_over;

use std::{fs, path::PathBuf};

use fieldscan_core::present::Page;
use fieldscan_engine::place::Place;
use serde::{Deserialize, Serialize};
use tauri::{
    AppHandle, Emitter, LogicalPosition, LogicalSize, Manager, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent, webview::NewWindowResponse,
};

use crate::app::App;

/// The window's name, as the capability has it.
pub(crate) const LABEL: &str = "main";

const SMALLEST: (f64, f64) = (720.0, 560.0);
const FIRST: (f64, f64) = (1200.0, 780.0);

/// Shows the window, on a page where one is named. May be called from any thread.
pub(crate) fn show(app: &App, page: Option<&Page>) {
    let page = page.cloned();
    let tauri = app.tauri.clone();
    // Windows are made on the main thread, whoever asks.
    let asked = app.tauri.run_on_main_thread(move || {
        let shown = match tauri.get_webview_window(LABEL) {
            Some(window) => come_forward(&window, page.as_ref()),
            None => make(&tauri, page.as_ref()),
        };
        if let Err(error) = shown {
            tracing::error!(%error, "the window can't be shown");
        }
    });
    if let Err(error) = asked {
        tracing::error!(%error, "the window can't be shown");
    }
}

/// Whether a person has the window in front.
pub(crate) fn is_in_front(tauri: &AppHandle) -> bool {
    tauri
        .get_webview_window(LABEL)
        .is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// Remembers the window's place when it is about to go, and clears up after it.
pub(crate) fn happened(tauri: &AppHandle, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { .. } => {
            if let Some(window) = tauri.get_webview_window(LABEL) {
                tauri.state::<Memory>().keep(&window);
            }
        }
        #[cfg(target_os = "linux")]
        WindowEvent::Destroyed => left_over::end_soon(tauri),
        _ => {}
    }
}

fn come_forward(window: &WebviewWindow, page: Option<&Page>) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()?;
    match page {
        Some(page) => window.emit("show-page", page),
        None => Ok(()),
    }
}

fn make(tauri: &AppHandle, page: Option<&Page>) -> tauri::Result<()> {
    let start = format!("index.html#/{}", page.unwrap_or(&Page::Overview));
    let mut builder = WebviewWindowBuilder::new(tauri, LABEL, WebviewUrl::App(start.into()))
        .title("Fieldscan")
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .inner_size(FIRST.0, FIRST.1)
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .disable_drag_drop_handler();
    let remembered = tauri.state::<Memory>().read();
    if let Some(frame) = &remembered {
        builder = builder.inner_size(frame.width, frame.height);
        builder = match is_on_a_screen(tauri, frame) {
            true => builder.position(frame.x, frame.y),
            false => builder.center(),
        };
        builder = builder.maximized(frame.maximized);
    }
    let window = builder.build()?;
    window.set_focus()
}

/// Whether a page belongs to the application. Links that lead elsewhere go nowhere.
fn is_ours(url: &tauri::Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // Where the system's web view has no schemes of one's own.
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// Screens come and go: a window must not be put where none is.
fn is_on_a_screen(tauri: &AppHandle, frame: &Frame) -> bool {
    let Ok(screens) = tauri.available_monitors() else {
        return false;
    };
    screens.iter().any(|screen| {
        let scale = screen.scale_factor();
        let at: LogicalPosition<f64> = screen.position().to_logical(scale);
        let size: LogicalSize<f64> = screen.size().to_logical(scale);
        frame.touches((at.x, at.y), (size.width, size.height))
    })
}

/// Where the window was, in logical pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Frame {
    version: u32,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    maximized: bool,
}

impl Frame {
    const VERSION: u32 = 1;

    /// Whether enough of its upper edge is on a screen to be dragged.
    fn touches(&self, at: (f64, f64), size: (f64, f64)) -> bool {
        const ENOUGH: f64 = 80.0;
        let across = (self.x + self.width).min(at.0 + size.0) - self.x.max(at.0);
        across >= ENOUGH && self.y >= at.1 - 1.0 && self.y <= at.1 + size.1 - ENOUGH
    }

    /// Whether a window may have that size.
    fn is_sane(&self) -> bool {
        let all = [self.x, self.y, self.width, self.height];
        self.version == Self::VERSION
            && all.iter().all(|n| n.is_finite() && n.abs() < 32_768.0)
            && self.width >= 100.0
            && self.height >= 100.0
    }
}

/// Remembers the window's place between starts.
#[derive(Debug)]
pub(crate) struct Memory {
    file: PathBuf,
}

impl Memory {
    pub(crate) fn of(place: &Place) -> Self {
        Self {
            file: place.data_dir.join("window.json"),
        }
    }

    /// What was remembered, if it can be used: it is of no more worth than that.
    fn read(&self) -> Option<Frame> {
        let text = fs::read(&self.file).ok()?;
        let frame: Frame = serde_json::from_slice(&text).ok()?;
        frame.is_sane().then_some(frame)
    }

    fn keep(&self, window: &WebviewWindow) {
        let Some(frame) = self.frame(window) else {
            return;
        };
        let written = serde_json::to_vec(&frame)
            .map_err(std::io::Error::other)
            .and_then(|text| fs::write(&self.file, text));
        if let Err(error) = written {
            tracing::debug!(%error, "the window's place is not remembered");
        }
    }

    fn frame(&self, window: &WebviewWindow) -> Option<Frame> {
        let maximized = window.is_maximized().ok()?;
        if maximized && let Some(before) = self.read() {
            // The size to come back to is the one before.
            return Some(Frame {
                maximized,
                ..before
            });
        }
        let scale = window.scale_factor().ok()?;
        let at: LogicalPosition<f64> = window.outer_position().ok()?.to_logical(scale);
        let size: LogicalSize<f64> = window.inner_size().ok()?.to_logical(scale);
        Some(Frame {
            version: Frame::VERSION,
            x: at.x,
            y: at.y,
            width: size.width,
            height: size.height,
            maximized,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(x: f64, y: f64) -> Frame {
        Frame {
            version: Frame::VERSION,
            x,
            y,
            width: 1200.0,
            height: 780.0,
            maximized: false,
        }
    }

    #[test]
    fn only_own_pages_are_shown() {
        for (url, ours) in [
            ("tauri://localhost/index.html#/overview", true),
            ("tauri://elsewhere/index.html", false),
            ("https://ipam.example.com/", false),
            ("http://localhost/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("javascript:alert(1)", false),
            ("about:blank", false),
        ] {
            if !cfg!(windows) {
                assert_eq!(is_ours(&url.parse().unwrap()), ours, "{url}");
            }
        }
    }

    #[test]
    fn a_window_is_put_back_only_where_it_can_be_reached() {
        let screen = ((0.0, 0.0), (1920.0, 1080.0));
        for (x, y, reached) in [
            (100.0, 50.0, true),
            (-1000.0, 50.0, true),
            (-1190.0, 50.0, false),
            (1900.0, 50.0, false),
            (100.0, -400.0, false),
            (100.0, 1070.0, false),
            (3000.0, 0.0, false),
        ] {
            let is = frame(x, y).touches(screen.0, screen.1);
            assert_eq!(is, reached, "at {x}, {y}");
        }
    }

    #[test]
    fn what_is_no_frame_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory {
            file: folder.path().join("window.json"),
        };
        assert_eq!(memory.read(), None, "nothing was remembered yet");
        let good = frame(10.0, 20.0);
        for (text, read) in [
            (serde_json::to_string(&good).unwrap(), Some(good.clone())),
            ("{".to_owned(), None),
            (
                serde_json::to_string(&Frame {
                    width: 1.0,
                    ..good.clone()
                })
                .unwrap(),
                None,
            ),
            (
                serde_json::to_string(&Frame {
                    version: 2,
                    ..good.clone()
                })
                .unwrap(),
                None,
            ),
        ] {
            fs::write(&memory.file, &text).unwrap();
            assert_eq!(memory.read(), read, "{text}");
        }
    }
}
