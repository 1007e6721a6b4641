//! `scan`: one run from beginning to end, its reports on their way, and what came of it.

mod outcome;

use std::time::Duration;

use fieldscan_core::{
    agent::{Command, Scope},
    ids::RunId,
    plan::Profile,
    run::Run,
};
use ipnetwork::IpNetwork;

use self::outcome::Finished;
use super::{addresses::canonical, reports};
use crate::{
    args::{ProfileName, Scan},
    deliver,
    failure::{Exit, Failure},
    output::Output,
    place::Place,
    progress::Scanning,
    session::{self, Session, Signals},
};

pub(super) fn run(place: &Place, out: &Output, args: &Scan) -> Result<Exit, Failure> {
    session::block_on(scan(place, out, args))
}

async fn scan(place: &Place, out: &Output, args: &Scan) -> Result<Exit, Failure> {
    let mut settings = place.settings()?;
    if let Some(profile) = args.profile {
        settings.profile = match profile {
            ProfileName::Gentle => Profile::Gentle,
            ProfileName::Normal => Profile::Normal,
            ProfileName::Fast => Profile::Fast,
        };
    }
    let session = Session::start(place, settings, false, args.no_upload).await?;
    let networks: Vec<IpNetwork> = args.networks.iter().copied().map(canonical).collect();
    let scope = match networks.is_empty() {
        true => Scope::All,
        false => Scope::Networks(networks),
    };
    let command = Command::Scan {
        scope,
        refresh: args.refresh,
    };
    let (run, stopped) = follow(&session, command).await?;
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

/// Gives the command and follows the run to its end. The first Ctrl-C stops it, the second ends the process.
async fn follow(session: &Session, command: Command) -> Result<(Run, bool), Failure> {
    let mut signals = Signals::listen()?;
    let mut snapshots = session.handle.snapshots();
    let before: Option<RunId> = snapshots.borrow().last_run.as_ref().map(|run| run.id);
    session.handle.send(command);
    let mut progress = Scanning::new();
    let mut stopped = false;
    loop {
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() {
                return Err(Failure::new(
                    Exit::Fault,
                    "ended",
                    "The agent ended before the scan did. This is a fault in Fieldscan; its log says more.",
                ));
            },
            () = signals.stop() => {
                if stopped {
                    session::end_hard();
                }
                stopped = true;
                session.handle.send(Command::Stop);
            }
        }
        let snapshot = snapshots.borrow_and_update().clone();
        progress.show(&snapshot);
        if let (None, Some(run)) = (&snapshot.run, &snapshot.last_run)
            && Some(run.id) > before
        {
            progress.end(run);
            return Ok((run.clone(), stopped));
        }
    }
}
