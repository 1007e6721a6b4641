//! Puts the parts together: agent, tray, window; and ends them in order.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use fieldscan_core::{
    present::{Choice, Page, Request},
    settings::LogLevel,
};
use fieldscan_engine::{
    logging::{self, Console, Logs, Redactor},
    place::Place,
    run, settings_file, store,
};
use jiff::tz::TimeZone;
use tauri::{AppHandle, RunEvent};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    agent::Agent,
    args::Args,
    commands,
    notify::{self, Notifier},
    tray,
    update::{self, Updates},
    window,
};

/// The agent may take this long to stop its scans and to write what it has. Then the process ends all the same.
const END_WITHIN: Duration = Duration::from_secs(20);

/// The application from anywhere in it.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) agent: Agent,
    pub(crate) tauri: AppHandle,
    pub(crate) notifier: Notifier,
    pub(crate) updates: Updates,
    /// The arguments with which the system starts this again.
    pub(crate) again: Arc<Vec<String>>,
    quitting: Arc<AtomicBool>,
}

impl App {
    /// Does what a person chose in the tray or by a click on a notification. Never blocks.
    pub(crate) fn choose(&self, choice: Choice) {
        let now = self.agent.now();
        match choice.request(&self.agent.snapshot(), now, &TimeZone::system()) {
            Request::Command(command) => self.agent.send(command),
            Request::Open(page) => window::show(self, Some(&page)),
            Request::Quit => self.quit(),
        }
    }

    /// Ends the agent, then the application.
    pub(crate) fn quit(&self) {
        if self.quitting.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::info!("stopping");
        let app = self.clone();
        tauri::async_runtime::spawn(async move {
            end(&app.agent).await;
            app.tauri.exit(0);
        });
    }
}

/// Runs the application until somebody ends it.
pub(crate) fn run(args: &Args, started: Instant) -> ExitCode {
    let place = match Place::of(
        args.config.as_deref(),
        args.data_dir.as_deref(),
        args.nmap.as_deref(),
    ) {
        Ok(place) => place,
        Err(error) => return failed(&error.to_string()),
    };
    if !has_display() {
        return failed(
            "there is no display here. `fieldscan watch` is the same agent without a desktop",
        );
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.to_string()),
    };
    tauri::async_runtime::set(runtime.handle().clone());
    let _inside = runtime.enter();

    if runtime.block_on(is_shown_elsewhere(&place, args.page.as_ref())) {
        return ExitCode::SUCCESS;
    }
    let redactor = Redactor::default();
    let logs = start_logs(&place, args.verbose, &redactor);
    std::panic::set_hook(Box::new(told));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting");
    let (agent, pages) = Agent::start(place, redactor, logs);

    let builder = tauri::Builder::default()
        .invoke_handler(commands::all())
        .setup({
            let agent = agent.clone();
            let (page, silent) = (args.page.clone(), args.autostart);
            let again = Arc::new(args.again());
            move |tauri| {
                let app = App {
                    agent,
                    tauri: tauri.handle().clone(),
                    notifier: Notifier::default(),
                    updates: Updates::default(),
                    again,
                    quitting: Arc::default(),
                };
                begin(tauri, app, pages, page, silent, started);
                Ok(())
            }
        });
    let app = match builder.build(tauri::generate_context!()) {
        Ok(app) => app,
        Err(error) => return failed(&error.to_string()),
    };
    let code = app.run_return(handle);
    // Whoever ended the event loop, the agent is ended in order.
    runtime.block_on(end(&agent));
    tracing::info!("stopped");
    agent.flush_logs();
    runtime.shutdown_background();
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn begin(
    tauri: &mut tauri::App,
    app: App,
    mut pages: UnboundedReceiver<Option<Page>>,
    page: Option<Page>,
    silent: bool,
    started: Instant,
) {
    use tauri::Manager as _;
    #[cfg(target_os = "macos")]
    tauri.set_activation_policy(tauri::ActivationPolicy::Accessory);
    tauri.manage(app.clone());
    tauri.manage(window::Memory::of(app.agent.place()));
    let nothing_set = !app.agent.place().settings_file.exists();
    match page {
        Some(page) => window::show(&app, Some(&page)),
        None if nothing_set => window::show(&app, Some(&Page::Setup)),
        // Somebody started it by hand, and expects to see something.
        None if !silent => window::show(&app, None),
        None => {}
    }
    tauri::async_runtime::spawn(commands::events::tell(app.clone()));
    tauri::async_runtime::spawn(tray::keep(app.clone(), move || {
        let ms = started.elapsed().as_millis() as u64;
        tracing::info!(ms, "tray ready");
    }));
    tauri::async_runtime::spawn(notify::keep(app.clone()));
    tauri::async_runtime::spawn(update::keep(app.clone()));
    tauri::async_runtime::spawn({
        let app = app.clone();
        async move {
            while let Some(page) = pages.recv().await {
                window::show(&app, page.as_ref());
            }
        }
    });
    tauri::async_runtime::spawn(async move {
        asked_to_stop().await;
        app.quit();
    });
}

/// Whether another process has this data, and has shown its window.
async fn is_shown_elsewhere(place: &Place, page: Option<&Page>) -> bool {
    match store::holder(&place.data_dir) {
        Ok(Some(_)) => {}
        // What is wrong with the folder is told by the agent.
        Ok(None) | Err(_) => return false,
    }
    let Ok(Some(first)) = run::connect(&place.data_dir).await else {
        return false;
    };
    let page = page.map(ToString::to_string);
    // One without windows, or one that just ends: this one is needed.
    first.show(page.as_deref()).await.is_ok()
}

fn handle(tauri: &AppHandle, event: RunEvent) {
    match event {
        // The last window was closed. The agent goes on.
        RunEvent::ExitRequested {
            code: None, api, ..
        } => api.prevent_exit(),
        RunEvent::WindowEvent { event, .. } => window::happened(tauri, &event),
        _ => {}
    }
}

/// Ends the agent, within bounds.
async fn end(agent: &Agent) {
    if tokio::time::timeout(END_WITHIN, agent.end()).await.is_err() {
        tracing::error!("the agent did not end in time");
        fieldscan_engine::nmap::kill_all();
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("fieldscan")
        .enable_all()
        .build()
}

/// Starts the logs. Not being able to log keeps nobody from working.
fn start_logs(place: &Place, verbose: bool, redactor: &Redactor) -> Option<Logs> {
    let settings = settings_file::read(&place.settings_file).ok().flatten();
    let (settings, _) = settings.unwrap_or_default();
    let console = match verbose {
        true => LogLevel::Debug,
        false => LogLevel::Info,
    };
    logging::start(logging::Options {
        folder: place.logs(),
        level: settings.log_level,
        limits: logging::Limits::default(),
        console: Some(Console::new(console)),
        redactor: redactor.clone(),
    })
    .ok()
}

/// Waits until the person's session, or a terminal, wants this process to end.
#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = || {
        std::io::Result::Ok((
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ))
    };
    match listen() {
        Ok((mut terminate, mut interrupt, mut hang_up)) => tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "signals can't be heard");
            std::future::pending().await
        }
    }
}

/// Waits until a terminal wants this process to end. The end of the session ends the event loop.
#[cfg(not(unix))]
async fn asked_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// A panic in a few words. Its message could hold anything, so only its place is told.
fn told(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map(|place| format!("{}:{}", place.file(), place.line()));
    tracing::error!(place, "a fault of Fieldscan's own");
}

fn failed(why: &str) -> ExitCode {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "fieldscan-tray: {why}.");
    ExitCode::from(2)
}
