//! `scan`: one run from beginning to end, its reports on their way, and what came of it.
//!
//! Where an agent runs on the same data already, it does the work, and this command shows it.

mod outcome;

use std::time::Duration;

use fieldscan_core::{
    agent::{Command, Scope},
    ids::RunId,
    plan::Profile,
    run::Run,
    snapshot::Snapshot,
};
use fieldscan_engine::door::{AskError, Refusal, Remote};
use ipnetwork::IpNetwork;

use self::outcome::Finished;
use super::{addresses::canonical, reports};
use crate::{
    args::{ProfileName, Scan},
    deliver,
    failure::{Exit, Failure},
    output::{Output, note},
    place::Place,
    progress::Scanning,
    session::{self, Session, Signals},
};

pub(super) fn run(place: &Place, out: &Output, args: &Scan) -> Result<Exit, Failure> {
    session::block_on(scan(place, out, args))
}

async fn scan(place: &Place, out: &Output, args: &Scan) -> Result<Exit, Failure> {
    let mut settings = place.settings()?;
    let usual = settings.profile;
    if let Some(profile) = args.profile {
        settings.profile = match profile {
            ProfileName::Gentle => Profile::Gentle,
            ProfileName::Normal => Profile::Normal,
            ProfileName::Fast => Profile::Fast,
        };
    }
    let other_profile = settings.profile != usual;
    let may_ask = |remote: &Remote| promised(place, args, other_profile, remote);
    let session = Session::reach(place, settings, args.no_upload, may_ask).await?;
    let networks: Vec<IpNetwork> = args.networks.iter().copied().map(canonical).collect();
    let scope = match networks.is_empty() {
        true => Scope::All,
        false => Scope::Networks(networks),
    };
    let command = Command::Scan {
        scope,
        refresh: args.refresh,
    };
    let (run, stopped) = follow(place, &session, command).await?;
    // The run's record is in the database once everything of it is.
    let records = place.records()?;
    let mut ended = match stopped {
        true => deliver::Ended::Stopped,
        false => deliver::Ended::Settled,
    };
    if !stopped && !args.no_upload {
        let ids: Vec<_> = reports::of_run(&records, &run)?
            .iter()
            .map(|report| report.id)
            .collect();
        let wait = deliver::Wait {
            reports: &ids,
            until_confirmed: args.wait_confirmed.map(Duration::from_secs),
        };
        ended = deliver::wait(&session, &records, wait).await?;
    }
    let snapshot = session.handle.snapshots().borrow().clone();
    session.end().await;
    let finished = Finished::read(place, run, snapshot, args, ended)?;
    finished.show(out)?;
    finished.exit()
}

/// What only an agent of this command's own can promise is refused before anything is done.
fn promised(
    place: &Place,
    args: &Scan,
    other_profile: bool,
    remote: &Remote,
) -> Result<(), Failure> {
    let pid = remote.peer().pid;
    let refused = |what: &str, remedy: &str| {
        let what = format!("The running Fieldscan (process {pid}) {what}.");
        Err(Failure::new(Exit::Usage, "not-promised", what).remedy(remedy))
    };
    if args.no_upload {
        return refused(
            "sends its reports, so `--no-upload` can't be kept",
            "Scan without `--no-upload`, or end it first.",
        );
    }
    if other_profile {
        return refused(
            "scans as its settings say, so `--profile` can't be kept",
            "Change the setting (`fieldscan config set profile gentle`), or end it first.",
        );
    }
    if place.nmap.is_some() {
        return refused(
            "has its own nmap, so `--nmap` can't be kept",
            "Scan without `--nmap`, or end it first and start it with `--nmap`.",
        );
    }
    Ok(())
}

/// Gives the command and follows the run to its end. The first Ctrl-C stops it, the second ends the process.
async fn follow(
    place: &Place,
    session: &Session,
    command: Command,
) -> Result<(Run, bool), Failure> {
    let mut signals = Signals::listen()?;
    let mut snapshots = session.handle.snapshots();
    let before = snapshots.borrow().run.as_ref().map(|run| run.id);
    let wanted = session.handle.ask(command).await?;
    let wanted = wanted.ok_or(AskError::Refused(Refusal::Ending))?;
    let began_it = before != Some(wanted);
    match before {
        Some(run) if !began_it => note(&format!(
            "A scan is running already (run {run}); what was asked for is part of it."
        )),
        Some(run) => note(&format!(
            "Run {run} is being stopped; this scan comes after it."
        )),
        None => {}
    }
    let mut progress = Scanning::new();
    let mut stopped = false;
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        progress.show(&snapshot);
        if let Some(run) = ended(place, &snapshot, wanted)? {
            progress.end(&run);
            return Ok((run, stopped));
        }
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() {
                return Err(session.lost());
            },
            () = signals.stop() => {
                let at_work = snapshot.run.is_some_and(|run| run.id == wanted);
                match &session.remote {
                    None if stopped => session::end_hard(),
                    None => session.handle.send(Command::Stop),
                    Some(_) if stopped => return Err(left("is still being stopped")),
                    Some(_) if !began_it || !at_work => return Err(left("goes on")),
                    Some(remote) => match remote.stop(wanted).await {
                        // That it is over by now is seen at once.
                        Ok(()) | Err(AskError::Refused(Refusal::RunOver)) => {}
                        Err(error) => return Err(error.into()),
                    },
                }
                stopped = true;
            }
        }
    }
}

/// The wanted run, once it has ended.
fn ended(place: &Place, snapshot: &Snapshot, wanted: RunId) -> Result<Option<Run>, Failure> {
    let last = snapshot.last_run.as_ref();
    match last.map(|run| run.id) {
        Some(last_id) if last_id == wanted => Ok(last.cloned()),
        // Another one ended before this one's end was seen.
        Some(last_id) if last_id > wanted => {
            let run = place.records()?.reader.run(wanted)?;
            let run = run.filter(|run| run.finished_at.is_some());
            run.map(Some).ok_or_else(|| {
                let what =
                    format!("Run {wanted} has ended, and its record is not in the database.");
                Failure::new(Exit::Problems, "no-record", what)
                    .remedy("`fieldscan status` says what is wrong with the database.")
            })
        }
        Some(_) | None if snapshot.run.is_none() => Err(Failure::new(
            Exit::Stopped,
            "stopped",
            "The scan was stopped before it began.",
        )),
        Some(_) | None => Ok(None),
    }
}

/// This command ends before the scan of another process does.
fn left(scan: &str) -> Failure {
    let what = format!("This command was ended; the scan {scan} in the running Fieldscan.");
    Failure::new(Exit::Stopped, "left", what)
        .remedy("`fieldscan status` shows it, and `fieldscan stop` stops it.")
}
