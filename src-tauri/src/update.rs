//! Looks for newer versions where the settings say, and only tells. What installs them is the system's package manager, or
//! the person.

use std::{
    fs,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fieldscan_core::{present::Page, settings::Settings};
use fieldscan_engine::update::{Notice, look};
use jiff::Timestamp;

use crate::{app::App, commands::machine::UpdateDocument, notify::Told};

/// Not at once: at log-in there is enough to do.
const FIRST: Duration = Duration::from_secs(60);

/// Whether it is time again is asked this often, since a machine that sleeps stops no wall clock.
const ASK: Duration = Duration::from_secs(600);

const EVERY: Duration = Duration::from_secs(24 * 3600);

/// What is known of newer versions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Updates(Arc<Mutex<UpdateDocument>>);

impl Updates {
    /// What was last learned; `None` where nobody looks.
    pub(crate) fn known(&self, settings: &Settings) -> Option<UpdateDocument> {
        settings.update_url.as_ref()?;
        Some(self.lock().clone())
    }

    fn lock(&self) -> MutexGuard<'_, UpdateDocument> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.lock().looked_at.is_none_or(|at| {
            // A clock that was set back makes it due, too.
            Duration::try_from(now.duration_since(at)).map_or(true, |age| age >= EVERY)
        })
    }
}

/// Looks once a day.
pub(crate) async fn keep(app: App) {
    tokio::time::sleep(FIRST).await;
    loop {
        let settings = app.agent.settings();
        if settings.update_url.is_some() && app.updates.is_due(app.agent.now()) {
            check(&app, &settings).await;
        }
        tokio::time::sleep(ASK).await;
    }
}

async fn check(app: &App, settings: &Settings) {
    let found = look(settings, env!("CARGO_PKG_VERSION")).await;
    let mut known = UpdateDocument {
        looked_at: Some(app.agent.now()),
        ..UpdateDocument::default()
    };
    match found {
        Ok(None) => {}
        Ok(Some(notice)) => {
            tell(app, &notice);
            known.newer = Some(notice.version);
            known.notes = notice.notes;
            known.page = notice.page.map(|page| page.to_string());
        }
        Err(error) => {
            tracing::warn!("newer versions: {error}");
            known.failed = Some(error.to_string());
        }
    }
    *app.updates.lock() = known;
}

/// Tells of each version once.
fn tell(app: &App, notice: &Notice) {
    let file = app.agent.place().data_dir.join("update.told");
    let told = fs::read_to_string(&file).unwrap_or_default();
    if told == notice.version || fs::write(&file, &notice.version).is_err() {
        return;
    }
    app.notifier.tell(
        app,
        Told {
            title: format!("Fieldscan {} is there", notice.version),
            text: match &notice.notes {
                Some(notes) => notes.clone(),
                None => "Install it the way you installed this one.".to_owned(),
            },
            page: Page::Settings(None),
        },
    );
}
