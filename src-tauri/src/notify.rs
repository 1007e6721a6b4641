//! Notifications of the desktop. What is worth one is decided elsewhere; here it is shown, and a click opens its page.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use fieldscan_core::present::Page;
use notify_rust::Notification;
use tokio::sync::broadcast::error::RecvError;

use crate::{app::App, window};

/// As many notifications wait for a click at the same time; each needs a thread. Further ones are only read.
const WAITING: usize = 8;

/// Something to tell, and the page that it speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) page: Page,
}

/// Shows notifications.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notifier {
    waiting: Arc<AtomicUsize>,
}

impl Notifier {
    /// Shows one, unless the person has the window in front and sees it there. Doesn't block.
    pub(crate) fn tell(&self, app: &App, told: Told) {
        if window::is_in_front(&app.tauri) {
            return;
        }
        let place = Place::take(&self.waiting);
        let app = app.clone();
        // Showing asks the desktop, which may take its time.
        let shown = std::thread::Builder::new()
            .name("notification".to_owned())
            .spawn(move || show(&app, &told, place));
        if let Err(error) = shown {
            tracing::warn!(%error, "no thread for a notification");
        }
    }
}

/// Shows the agent's notices as they come.
pub(crate) async fn keep(app: App) {
    let mut notices = app.agent.notices();
    loop {
        match notices.recv().await {
            Ok(notice) => app.notifier.tell(
                &app,
                Told {
                    title: notice.title,
                    text: notice.text,
                    page: notice.page,
                },
            ),
            // The window has those that were missed.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// One of the places in which a notification may wait for a click.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Option<Self> {
        let taken = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < WAITING).then_some(waiting + 1)
        });
        taken.is_ok().then(|| Self(waiting.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn show(app: &App, told: &Told, place: Option<Place>) {
    let mut notification = Notification::new();
    notification
        .appname("Fieldscan")
        .summary(&told.title)
        .body(&body(&told.text));
    #[cfg(target_os = "linux")]
    {
        notification
            .icon("io.github.fieldscan")
            .hint(notify_rust::Hint::DesktopEntry(
                "io.github.fieldscan".to_owned(),
            ));
        if place.is_some() {
            notification.action("default", "Open");
        }
    }
    match notification.show() {
        Ok(shown) => wait(app, told, shown, place),
        Err(error) => tracing::warn!(%error, "a notification can't be shown"),
    }
}

/// Waits for a click, or for the notification to go.
#[cfg(target_os = "linux")]
fn wait(app: &App, told: &Told, shown: notify_rust::NotificationHandle, place: Option<Place>) {
    if place.is_some() {
        shown.wait_for_action(|action| {
            if action == "default" {
                app.choose(fieldscan_core::present::Choice::Open(told.page.clone()));
            }
        });
    }
}

/// These systems bring the application itself to the front.
#[cfg(not(target_os = "linux"))]
fn wait(_app: &App, _told: &Told, _shown: notify_rust::NotificationHandle, _place: Option<Place>) {}

/// On Linux a text is markup.
fn body(text: &str) -> String {
    match cfg!(target_os = "linux") {
        true => text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut places: Vec<_> = (0..WAITING).filter_map(|_| Place::take(&waiting)).collect();
        assert_eq!(places.len(), WAITING);
        assert!(
            Place::take(&waiting).is_none(),
            "no thread beyond these waits"
        );
        places.pop();
        assert!(Place::take(&waiting).is_some(), "one was clicked away");
    }
}
