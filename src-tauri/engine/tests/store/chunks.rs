//! Finished chunks of scans that have not ended.

use fieldscan_core::{
    host::Host,
    ids::SubnetId,
    plan::{self, Guard, Mode, Target, Unfinished},
};
use fieldscan_engine::store::Store;
use jiff::Timestamp;

use crate::make::*;

fn target(id: u64, cidr: &str) -> Target {
    plan::target(&subnet(id, cidr), Mode::Sweep, &[], &Guard::default()).unwrap()
}

fn save(store: &mut Store, target: &Target, at: Timestamp, index: usize, hosts: &[Host]) {
    store
        .save_chunk(&key(), target, at, true, index, hosts)
        .unwrap();
}

fn left(store: &Store, subnet: u64) -> Option<Unfinished> {
    store.reader().unfinished(&key(), SubnetId(subnet)).unwrap()
}

#[test]
fn finished_chunks_come_back_as_they_were_saved() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (target, hosts) = (target(4, "10.0.0.0/20"), [host(ip(1)), host(ip(2))]);
    assert_eq!(left(&store, 4), None, "nothing was ever begun");
    save(&mut store, &target, at(1), 0, &hosts);
    save(&mut store, &target, at(1), 2, &[]);
    drop(store);
    let store = open(dir.path());
    let expected = Unfinished {
        target,
        started_at: at(1),
        privileged: true,
        chunks: [(0, hosts.to_vec()), (2, Vec::new())].into(),
    };
    assert_eq!(
        left(&store, 4),
        Some(expected),
        "a chunk with nobody is done too"
    );
    let mut other = key();
    other.app = "another".into();
    assert_eq!(
        store.reader().unfinished(&other, SubnetId(4)).unwrap(),
        None,
        "another phpIPAM's subnet 4 is another one"
    );
}

#[test]
fn another_scan_of_the_subnet_replaces_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let first = target(4, "10.0.0.0/20");
    let places = |store: &Store| -> Vec<usize> {
        left(store, 4).map_or_else(Vec::new, |left| left.chunks.into_keys().collect())
    };
    save(&mut store, &first, at(1), 0, &[host(ip(1))]);
    save(&mut store, &first, at(2), 1, &[]);
    assert_eq!(places(&store), [1], "of another start");
    save(&mut store, &target(4, "10.0.0.0/21"), at(2), 0, &[]);
    assert_eq!(places(&store), [0], "of another target");
    let smaller = target(4, "10.0.0.0/21");
    store
        .save_chunk(&key(), &smaller, at(2), false, 1, &[])
        .unwrap();
    assert_eq!(places(&store), [1], "of an nmap with other rights");
}

#[test]
fn the_end_of_the_scan_forgets_them_and_only_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for id in [4, 5, 6] {
        save(
            &mut store,
            &target(id, "10.0.0.0/20"),
            at(1),
            0,
            &[host(ip(1))],
        );
    }
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
    store.forget_chunks(&key(), SubnetId(6)).unwrap();
    let stays = [4, 5, 6].map(|id| left(&store, id).is_some());
    assert_eq!(stays, [false, true, false]);
}

#[test]
fn a_commit_that_fails_leaves_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.commit(&key(), &finished(2, 4, Vec::new())).unwrap();
    save(&mut store, &target(4, "10.0.0.0/20"), at(3), 0, &[]);
    store
        .commit(&key(), &finished(1, 4, Vec::new()))
        .unwrap_err();
    assert!(left(&store, 4).is_some(), "all or nothing");
}

#[test]
fn old_ones_go_with_the_history() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    save(&mut store, &target(4, "10.0.0.0/20"), at(1), 0, &[]);
    store.prune(at(1)).unwrap();
    assert!(left(&store, 4).is_some(), "not older than that");
    store.prune(at(2)).unwrap();
    assert_eq!(left(&store, 4), None);
}
