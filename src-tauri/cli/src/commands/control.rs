//! `pause`, `resume` and `stop`: of the running instance; a pause also of one that is yet to start.

use std::time::Duration;

use fieldscan_core::{
    agent::Command,
    ids::RunId,
    present, schedule,
    settings::Settings,
    snapshot::{Pause, Snapshot},
};
use fieldscan_engine::{
    door::{AskError, Refusal, Remote},
    run, settings_file,
    store::{OpenError, Store},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    args,
    failure::{Exit, Failure, held},
    output::{Output, note, plain},
    place::{Place, corrected},
    session,
};

/// A scan ends within 2 s of being stopped; what it has found may still have to be written.
const STOPS_WITHIN: Duration = Duration::from_secs(30);
/// Two processes that start and end at the same time may miss each other; so often that is tried again.
const TRIES: u32 = 5;

#[derive(Serialize)]
struct PauseDocument {
    paused: Option<Pause>,
    /// The process that holds its scans back; null if none is running.
    pid: Option<u32>,
}

#[derive(Serialize)]
struct StopDocument {
    /// The run that was stopped; null if none went on.
    run: Option<RunId>,
}

pub(super) fn pause(place: &Place, out: &Output, args: &args::Pause) -> Result<Exit, Failure> {
    let now = now(place);
    let pause = schedule::pause(&args.until, now, &TimeZone::system()).map_err(|expected| {
        Failure::new(
            Exit::Usage,
            "usage",
            format!("“{}” is no time to pause for.", args.until),
        )
        .remedy(format!("Give {expected}."))
    })?;
    let pid = set(place, Some(pause))?;
    let document = PauseDocument {
        paused: Some(pause),
        pid,
    };
    out.show(&document, |_| {
        let until = match pause {
            Pause::Until(at) => format!("until {}", present::when(at, now, &TimeZone::system())),
            Pause::UntilResumed => "until `fieldscan resume`".to_owned(),
        };
        format!("Scans are paused {until}.\n")
    })?;
    Ok(Exit::Done)
}

pub(super) fn resume(place: &Place, out: &Output) -> Result<Exit, Failure> {
    let pid = set(place, None)?;
    let document = PauseDocument { paused: None, pid };
    out.show(&document, |_| match pid {
        Some(_) => "Scheduled scans are no longer paused.\n".to_owned(),
        None => "Scheduled scans are no longer paused; `fieldscan watch` or the application does them.\n".to_owned(),
    })?;
    Ok(Exit::Done)
}

/// Asks the running instance, or writes it down for the next one. Returns the process that was asked.
fn set(place: &Place, pause: Option<Pause>) -> Result<Option<u32>, Failure> {
    session::block_on(async {
        for _ in 0..TRIES {
            if let Some(remote) = run::connect(&place.data_dir).await? {
                let command = pause.map_or(Command::Resume, Command::Pause);
                remote.handle().ask(command).await?;
                return Ok(Some(remote.peer().pid));
            }
            match write(place, pause) {
                Err(OpenError::Held { .. }) => {}
                written => return Ok(written.map(|()| None)?),
            }
        }
        Err(held(None))
    })
}

fn write(place: &Place, pause: Option<Pause>) -> Result<(), OpenError> {
    let mut opened = Store::open(&place.data_dir, now(place))?;
    for problem in &opened.notes {
        let words = present::words(problem);
        note(&plain(&format!("{} {}", words.what, words.remedy)));
    }
    let mut lasting = opened.store.reader().lasting()?;
    lasting.paused = pause;
    Ok(opened.store.save_lasting(&lasting)?)
}

pub(super) fn stop(place: &Place, out: &Output) -> Result<Exit, Failure> {
    let run = session::block_on(async {
        match run::connect(&place.data_dir).await? {
            Some(remote) => stop_run(&remote).await,
            None => Ok(None),
        }
    })?;
    out.show(&StopDocument { run }, |_| match run {
        Some(run) => format!("The scan is stopped (run {run}).\n"),
        None => "No scan is running.\n".to_owned(),
    })?;
    Ok(Exit::Done)
}

async fn stop_run(remote: &Remote) -> Result<Option<RunId>, Failure> {
    let mut snapshots = remote.handle().snapshots();
    let Some(run) = snapshots.borrow().run.as_ref().map(|run| run.id) else {
        return Ok(None);
    };
    match remote.stop(run).await {
        Ok(()) => {}
        Err(AskError::Refused(Refusal::RunOver)) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let is_over = |snapshot: &Snapshot| snapshot.run.as_ref().is_none_or(|now| now.id != run);
    match timeout(STOPS_WITHIN, snapshots.wait_for(is_over)).await {
        Ok(Ok(_)) => Ok(Some(run)),
        Ok(Err(_)) => Err(AskError::Gone.into()),
        Err(_) => Err(Failure::new(
            Exit::Problems,
            "still-stopping",
            "The scan was told to stop and goes on still.",
        )
        .remedy("`fieldscan status` shows when it has ended.")),
    }
}

/// By the corrected clock, as far as there are settings.
fn now(place: &Place) -> Timestamp {
    let settings = settings_file::read(&place.settings_file).ok().flatten();
    corrected(&settings.map_or_else(Settings::default, |(settings, _)| settings))
}
