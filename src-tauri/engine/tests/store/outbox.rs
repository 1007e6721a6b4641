//! The outbox keeps every report in every state, and gives up bodies only when nothing can be done with them any more.

use fieldscan_core::{
    delivery::State,
    ids::{ReportId, ScanId, SubnetId},
    run::Body,
};
use fieldscan_engine::store::{ReportFilter, StoreError};
use proptest::prelude::*;

use crate::make::*;

fn still_open(state: &State) -> bool {
    !matches!(state, State::Confirmed { .. } | State::Superseded { .. })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_report_comes_back_in_every_state(
        first in any_report(1, 1, 4),
        second in any_report(2, 1, 4),
        state in any_state(),
        words in any_text(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut scan = finished(1, 4, Vec::new());
        scan.reports = vec![(first.clone(), Body(words.clone())), (second.clone(), Body(String::new()))];
        let changed = later(&second, 3, state);
        {
            let mut store = open(dir.path());
            store.commit(&key(), &scan).unwrap();
            prop_assert_eq!(&store.reader().report(ReportId(2)).unwrap().unwrap().0, &second);
            store.save_report(&changed).unwrap();
        }
        let store = open(dir.path());
        let (kept, body) = store.reader().report(ReportId(1)).unwrap().unwrap();
        prop_assert_eq!(&kept, &first);
        prop_assert_eq!(body, Some(Body(words)));
        let expected: Vec<_> = [&first, &changed].into_iter().filter(|report| still_open(&report.state)).cloned().collect();
        // A newer one that has arrived is needed as long as an older one of its subnet may still go out.
        let restored: Vec<_> = [&first, &changed].into_iter()
            .filter(|report| still_open(&report.state) || (report.id == changed.id && still_open(&first.state))).cloned().collect();
        prop_assert_eq!(&store.reader().restore(&key()).unwrap().reports, &restored);
        let listed = store.reader().reports(&key(), &ReportFilter { open: true, ..Default::default() }).unwrap();
        prop_assert_eq!(listed.into_iter().rev().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn reports_are_listed_newest_first_by_subnet_scan_and_number() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for id in 1..=6 {
        store
            .commit(&key(), &finished(id, 4 + id % 2, vec![host(ip(1))]))
            .unwrap();
    }
    let ids = |filter: ReportFilter| -> Vec<u64> {
        store
            .reader()
            .reports(&key(), &filter)
            .unwrap()
            .iter()
            .map(|report| report.id.0)
            .collect()
    };
    assert_eq!(ids(ReportFilter::default()), [6, 5, 4, 3, 2, 1]);
    assert_eq!(
        ids(ReportFilter {
            subnet: Some(SubnetId(5)),
            ..Default::default()
        }),
        [5, 3, 1]
    );
    assert_eq!(
        ids(ReportFilter {
            scan: Some(ScanId(2)),
            ..Default::default()
        }),
        [2]
    );
    assert_eq!(
        ids(ReportFilter {
            limit: Some(2),
            open: true,
            ..Default::default()
        }),
        [6, 5]
    );
}

#[test]
fn bodies_stay_until_a_later_scan_is_confirmed() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let scans: Vec<_> = (1..=9)
        .map(|id| finished(id, 4, vec![host(ip(1))]))
        .collect();
    for scan in &scans {
        store.commit(&key(), scan).unwrap();
    }
    store
        .commit(&key(), &finished(10, 5, vec![host(ip(1))]))
        .unwrap();
    for (scan, state) in scans.iter().zip(states()) {
        store
            .save_report(&later(&scan.reports[0].0, 20, state))
            .unwrap();
    }
    let has = |store: &fieldscan_engine::store::Store, id| {
        store.reader().report_body(ReportId(id)).unwrap().is_some()
    };
    store
        .save_report(&later(
            &scans[8].reports[0].0,
            20,
            State::Confirmed { at: at(20) },
        ))
        .unwrap();
    for (id, state) in (1..).zip(states()) {
        assert_eq!(
            has(&store, id),
            still_open(&state),
            "{state:?}: what may still be sent needs its body"
        );
    }
    assert!(has(&store, 9), "the last confirmed one can be looked at");
    assert!(has(&store, 10), "another subnet's");
    let late = later(&scans[0].reports[0].0, 21, State::Confirmed { at: at(21) });
    store.save_report(&late).unwrap();
    assert!(
        has(&store, 9),
        "an older one confirmed late takes nothing from a newer one"
    );
    assert_eq!(
        store.reader().report(ReportId(4)).unwrap().unwrap().1,
        None,
        "the report itself stays"
    );
}

#[test]
fn a_report_that_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let result = store.save_report(&report(1, 1, 4, Vec::new()));
    assert!(
        matches!(result, Err(StoreError::NoSuchReport(ReportId(1)))),
        "a state must not be lost in silence: {result:?}"
    );
    assert!(store.reader().report(ReportId(1)).unwrap().is_none());
    assert!(store.reader().report_body(ReportId(1)).unwrap().is_none());
}
