//! At which sites subnets can be scanned.

use std::collections::BTreeMap;

use fieldscan_core::{
    ids::SubnetId,
    place::{Binding, Site, Spot},
};
use fieldscan_engine::store::CacheKey;

use crate::make::*;

fn binding(last: u8, name: &str, chosen: bool) -> Binding {
    Binding {
        site: Site {
            spot: Spot {
                gateway_mac: mac(last),
                prefix: format!("10.77.{last}.0/24").parse().unwrap(),
            },
            name: name.to_owned(),
        },
        chosen,
        since: at(i64::from(last)),
    }
}

#[test]
fn bindings_are_kept_changed_and_forgotten_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let depot = binding(1, "Depot – “office”", false);
    let harbour = binding(2, "Harbour", true);
    let ids = [SubnetId(4), SubnetId(u64::MAX)];
    {
        let mut store = open(dir.path());
        assert!(
            store.reader().places(&key()).unwrap().is_empty(),
            "a new file"
        );
        let both = [Some(depot.clone()), Some(harbour.clone())];
        store
            .save_places(&key(), &ids.into_iter().zip(both).collect())
            .unwrap();
    }
    let mut store = open(dir.path());
    let kept: BTreeMap<_, _> = ids.into_iter().zip([depot, harbour.clone()]).collect();
    assert_eq!(store.reader().places(&key()).unwrap(), kept);
    assert_eq!(
        store.reader().restore(&key()).unwrap().places,
        kept,
        "the agent begins with them"
    );

    let moved = binding(3, "Mill", false);
    let changes = BTreeMap::from([(ids[0], Some(moved.clone()))]);
    store.save_places(&key(), &changes).unwrap();
    let changed = BTreeMap::from([(ids[0], moved.clone()), (ids[1], harbour)]);
    assert_eq!(
        store.reader().places(&key()).unwrap(),
        changed,
        "the other one stays"
    );
    let changes = BTreeMap::from([(ids[1], None), (SubnetId(99), None)]);
    store.save_places(&key(), &changes).unwrap();
    let left = BTreeMap::from([(ids[0], moved)]);
    assert_eq!(store.reader().places(&key()).unwrap(), left);
}

#[test]
fn bindings_of_another_phpipam_are_not_seen() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let places = BTreeMap::from([(SubnetId(4), Some(binding(1, "Depot", false)))]);
    store.save_places(&key(), &places).unwrap();
    let other = CacheKey {
        api_url: "https://other.example/".to_owned(),
        ..key()
    };
    assert!(
        store.reader().places(&other).unwrap().is_empty(),
        "its subnet 4 is another one"
    );
}
