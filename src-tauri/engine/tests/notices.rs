//! A notice on its way from the agent to the one who shows it, and into the database before.

use std::{ffi::OsString, path::Path, time::Duration};

use fieldscan_core::{
    agent::{Command, Options, Scope},
    ids::AgentCode,
    notice::{Category, Notice},
    schedule::Schedule,
    settings::Settings,
};
use fieldscan_engine::{
    logging::Redactor,
    run::{self, Handle, Setup},
    store::{CacheKey, Reader},
    vault::Vault,
};
use jiff::tz::TimeZone;

/// Far longer than any of it takes.
const BOUND: Duration = Duration::from_secs(60);

/// To this phpIPAM the token would go unencrypted, so nothing is sent and the person must do something.
fn settings() -> Settings {
    Settings {
        api_url: "http://ipam.example.com/".parse().ok(),
        client_name: Some("fieldscan".into()),
        scanagent_code: Some(AgentCode::new("CodeA11-abcdefghijklmnopqrstuvwx")),
        schedule: Schedule::Off,
        ..Settings::default()
    }
}

fn start(data_dir: &Path) -> Handle {
    let environment = |name: &str| {
        (name == "FIELDSCAN_CLIENT_TOKEN").then(|| OsString::from("token-of-the-test-0123456789"))
    };
    run::start(Setup {
        settings: settings(),
        vault: Vault::with_environment(environment),
        redactor: Redactor::default(),
        data_dir: data_dir.to_owned(),
        nmap: None,
        options: Options {
            scheduled: true,
            hold_uploads: false,
            zone: TimeZone::UTC,
            seed: 1,
        },
        door: None,
    })
    .expect("the agent starts")
}

fn kept(data_dir: &Path) -> Vec<Notice> {
    let reader = Reader::open(data_dir).expect("it can be read");
    let reader = reader.expect("there is a database");
    reader
        .notices(&CacheKey::of(&settings()), 9)
        .expect("it can be read")
}

/// Scans, and waits until that run is over.
async fn scan(handle: &Handle) {
    let mut snapshots = handle.snapshots();
    let last = |snapshot: &fieldscan_core::snapshot::Snapshot| {
        snapshot.last_run.as_ref().map(|run| run.id)
    };
    let before = last(&snapshots.borrow());
    handle.send(Command::Scan {
        scope: Scope::All,
        refresh: true,
    });
    let over = snapshots.wait_for(|snapshot| last(snapshot) > before);
    tokio::time::timeout(BOUND, over)
        .await
        .expect("the run ends")
        .expect("the agent lives");
}

#[tokio::test]
async fn a_notice_is_kept_before_it_is_shown_and_not_told_by_the_next_process() {
    let dir = tempfile::tempdir().expect("a folder");
    let handle = start(dir.path());
    let mut notices = handle.notices();
    scan(&handle).await;
    let notice = tokio::time::timeout(BOUND, notices.recv())
        .await
        .expect("it is told")
        .expect("nothing was missed");
    assert_eq!(notice.category, Category::Problems);
    assert_eq!(notice.page.to_string(), "settings/phpipam");
    assert_eq!(
        kept(dir.path()),
        std::slice::from_ref(&notice),
        "who is shown it finds it in the list"
    );
    handle.shutdown().await;

    let handle = start(dir.path());
    let mut notices = handle.notices();
    let listed = handle.snapshots().borrow().lists.notices;
    scan(&handle).await;
    assert_eq!(
        handle.snapshots().borrow().lists.notices,
        listed,
        "no list changed"
    );
    handle.shutdown().await;
    assert!(notices.try_recv().is_err(), "nothing is told twice");
    assert_eq!(kept(dir.path()), [notice]);
}
