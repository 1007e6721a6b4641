//! An agent is reached from outside: what is asked is done, what is seen is the same, and either side may end.

use std::os::unix::fs::PermissionsExt;

use fieldscan_core::{
    agent::{Command, Scope},
    ids::RunId,
    problem::Problem,
    schedule::Schedule,
    settings::Settings,
    snapshot::Pause,
};
use fieldscan_engine::{
    door::{AskError, ConnectError, Refusal, Remote, whose},
    run,
    store::{OpenError, holder},
};

use crate::house::*;

async fn connect(house: &House) -> Remote {
    let found = run::connect(house.data()).await;
    found.unwrap().expect("an agent has the folder")
}

#[tokio::test]
async fn a_remote_handle_works_like_an_own_one() {
    let house = House::start(Desk::new(false));
    let remote = connect(&house).await;
    assert_eq!(remote.peer().pid, std::process::id());
    assert_eq!(remote.peer().whose, whose(&settings()), "the same settings");

    remote.handle().send(Command::Pause(Pause::UntilResumed));
    for handle in [remote.handle(), &house.handle] {
        seen(handle, |snapshot| {
            snapshot.paused == Some(Pause::UntilResumed)
        })
        .await;
    }
    remote.handle().ask(Command::Resume).await.unwrap();
    for (who, handle) in [("outside", remote.handle()), ("inside", &house.handle)] {
        assert_eq!(
            handle.snapshots().borrow().paused,
            None,
            "once it is answered, the snapshot {who} shows it"
        );
    }

    let scan = Command::Scan {
        scope: Scope::All,
        refresh: false,
    };
    let run = remote.handle().ask(scan).await.unwrap();
    assert_eq!(run, Some(RunId(1)), "the first run of this folder");
    let snapshot = seen(remote.handle(), |snapshot| snapshot.last_run.is_some()).await;
    let ended = snapshot.last_run.unwrap();
    assert_eq!(Some(ended.id), run);
    assert!(
        matches!(ended.problem, Some(Problem::SettingMissing { .. })),
        "without settings that is as far as it gets: {ended:?}"
    );
    assert_eq!(
        *remote.handle().snapshots().borrow(),
        *house.handle.snapshots().borrow(),
        "both see the same"
    );

    remote.handle().shutdown().await;
    let gone = remote.handle().ask(Command::Refresh).await;
    assert_eq!(gone, Err(AskError::Gone), "the connection is ended");
    house.handle.ask(Command::Resume).await.unwrap();
    let again = connect(&house).await;
    again.handle().ask(Command::Resume).await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_agent_is_seen_outside_and_leaves_no_door() {
    let house = House::start(Desk::new(false));
    let (remote, socket) = (connect(&house).await, house.address());
    let mut snapshots = remote.handle().snapshots();
    snapshots.mark_unchanged();
    house.handle.shutdown().await;
    let ended = tokio::time::timeout(SOON, async { while snapshots.changed().await.is_ok() {} });
    ended.await.expect("who looks on must hear that it is over");
    let gone = remote.handle().ask(Command::Refresh).await;
    assert_eq!(gone, Err(AskError::Gone));
    assert!(!socket.exists(), "the socket is taken away");
    let found = run::connect(house.data()).await.unwrap();
    assert!(found.is_none(), "nobody has the folder");
}

#[tokio::test]
async fn a_process_that_ends_after_one_run_takes_no_requests() {
    let folder = tempfile::tempdir().unwrap();
    let found = run::connect(folder.path()).await.unwrap();
    assert!(found.is_none(), "an empty folder is nobody's");
    let handle = start(folder.path(), None).unwrap();
    let found = run::connect(folder.path()).await;
    let Err(ConnectError::Closed { by }) = found else {
        panic!("it has no door: {found:?}");
    };
    assert_eq!(by.pid, std::process::id(), "a person must find the process");
    handle.shutdown().await;
}

#[tokio::test]
async fn windows_are_shown_by_who_has_them() {
    let desk = Desk::new(true);
    let house = House::start(desk.clone());
    let remote = connect(&house).await;
    remote.show(None).await.unwrap();
    remote.show(Some("reports/12")).await.unwrap();
    let shown = desk.shown.lock().unwrap().clone();
    assert_eq!(shown, [None, Some("reports/12".to_owned())]);

    let house = House::start(Desk::new(false));
    let refused = connect(&house).await.show(None).await;
    assert_eq!(refused, Err(AskError::Refused(Refusal::NoWindow)));
}

#[tokio::test]
async fn settings_are_read_again_by_the_process_itself() {
    let desk = Desk::new(false);
    let house = House::start(desk.clone());
    let remote = connect(&house).await;
    let other = Settings {
        client_name: Some("other".to_owned()),
        schedule: Schedule::Every(std::time::Duration::from_secs(3600)),
        ..Settings::default()
    };
    *desk.settings.lock().unwrap() = Ok(other.clone());
    // What a remote handle is given doesn't go through the door: it only asks for a reload.
    let ignored = Box::new(settings());
    remote
        .handle()
        .ask(Command::Settings(ignored))
        .await
        .unwrap();
    let greeted = connect(&house).await;
    assert_eq!(
        greeted.peer().whose,
        whose(&other),
        "new settings, other data"
    );
    assert_ne!(whose(&other), whose(&settings()));

    let wrong = "line 3: no such key".to_owned();
    *desk.settings.lock().unwrap() = Err(wrong.clone());
    let refused = remote.reload().await;
    assert_eq!(
        refused,
        Err(AskError::Refused(Refusal::SettingsUnusable {
            detail: wrong
        })),
        "the person must hear why"
    );
    assert_eq!(connect(&house).await.peer().whose, whose(&other));
}

#[tokio::test]
async fn only_the_run_that_was_meant_is_stopped() {
    let house = House::start(Desk::new(false));
    let remote = connect(&house).await;
    let refused = remote.stop(RunId(1)).await;
    assert_eq!(refused, Err(AskError::Refused(Refusal::RunOver)));
}

#[tokio::test]
async fn what_a_dead_process_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let handle = start(folder.path(), Some(Desk::new(false))).unwrap();
    let socket = address(folder.path());
    handle.shutdown().await;
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(
        socket.exists(),
        "nobody listens there, and it is in the way"
    );
    let mut making = socket.clone();
    making.set_extension("new");
    drop(std::os::unix::net::UnixListener::bind(&making).unwrap());

    let _handle = start(folder.path(), Some(Desk::new(false))).unwrap();
    assert_eq!(address(folder.path()), socket);
    let remote = run::connect(folder.path()).await.unwrap().unwrap();
    remote.handle().ask(Command::Resume).await.unwrap();
    let mode = socket.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for its owner alone");
    assert!(!making.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_start_at_once_one_has_the_folder_and_the_others_reach_it() {
    const ALL: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let starting = (0..ALL).map(|_| {
        let data = data.clone();
        tokio::spawn(async move {
            let begun = tokio::task::spawn_blocking({
                let (data, runtime) = (data.clone(), tokio::runtime::Handle::current());
                move || {
                    let _inside = runtime.enter();
                    start(&data, Some(Desk::new(false)))
                }
            });
            match begun.await.unwrap() {
                Ok(handle) => (true, handle, None),
                Err(OpenError::Held { .. }) => {
                    let remote = run::connect(&data).await.unwrap().expect("it is held");
                    (false, remote.handle().clone(), Some(remote))
                }
                Err(other) => panic!("{other}"),
            }
        })
    });
    let mut all = Vec::new();
    for one in starting.collect::<Vec<_>>() {
        all.push(one.await.unwrap());
    }
    let own = all.iter().filter(|(own, ..)| *own).count();
    assert_eq!(own, 1, "exactly one has the lock");
    all[0]
        .1
        .ask(Command::Pause(Pause::UntilResumed))
        .await
        .unwrap();
    for (_, handle, _) in &all {
        seen(handle, |snapshot| snapshot.paused.is_some()).await;
    }
    assert!(holder(&data).unwrap().is_some());
}

#[tokio::test]
async fn a_folder_with_a_long_name_has_a_door_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("n".repeat(120));
    let handle = start(&data, Some(Desk::new(false))).unwrap();
    let socket = address(&data);
    assert!(!socket.starts_with(&data), "no socket may have such a path");
    let mode = socket.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let remote = run::connect(&data).await.unwrap().unwrap();
    remote.handle().ask(Command::Resume).await.unwrap();
    handle.shutdown().await;
    assert!(!socket.exists());
}
