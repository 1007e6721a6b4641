//! The tray for every state that matters: icon, tooltip, menu and what quitting leaves behind, from the snapshot alone.
//!
//! `INSTA_UPDATE=always cargo test -p fieldscan-core --test tray` writes the expected texts anew.

mod states;

use fieldscan_core::{
    agent::{Command, Scope},
    ids::SubnetId,
    present::{self, Choice, Icon, Item, Page, Request},
    snapshot::{Pause, Snapshot},
};
use jiff::{Timestamp, tz::TimeZone};

fn now() -> Timestamp {
    "2026-03-13T14:12:00Z".parse().expect("a timestamp")
}

/// Everything that the tray shows, as text.
fn shown(snapshot: &Snapshot) -> String {
    let (now, zone) = (now(), TimeZone::UTC);
    let mut text = format!("icon: {}\n", present::icon(snapshot).name());
    for line in present::tooltip(snapshot, now, &zone).lines() {
        text += &format!("tooltip: {line}\n");
    }
    if let Some(left) = present::quit(snapshot) {
        text += &format!("quitting: {left}\n");
    }
    text += "\n";
    list(&present::menu(snapshot, now, &zone).items, "", &mut text);
    text
}

fn list(items: &[Item], indent: &str, text: &mut String) {
    for item in items {
        match item {
            Item::Line(line) => *text += &format!("{indent}  {line}\n"),
            Item::Action {
                choice,
                label,
                enabled,
            } => {
                let mark = if *enabled { '*' } else { '-' };
                *text += &format!("{indent}{mark} {label}   [{choice}]\n");
            }
            Item::Submenu { label, items } => {
                *text += &format!("{indent}> {label}\n");
                list(items, &format!("{indent}    "), text);
            }
            Item::Separator => *text += &format!("{indent}  ---\n"),
        }
    }
}

#[test]
fn the_tray_says_what_goes_on() {
    let all = states::all();
    assert!(all.len() >= 20, "{} states", all.len());
    for (name, snapshot) in &all {
        insta::assert_snapshot!(*name, shown(snapshot));
    }
    for icon in Icon::ALL {
        assert!(
            all.iter().any(|(_, state)| present::icon(state) == icon),
            "no state shows the icon {}",
            icon.name()
        );
    }
}

#[test]
fn every_label_fits_and_every_choice_can_be_named() {
    fn check(name: &str, items: &[Item]) {
        assert!(items.len() <= 40, "{name}: {} items", items.len());
        for item in items {
            let label = match item {
                Item::Line(label) | Item::Action { label, .. } | Item::Submenu { label, .. } => {
                    label.as_str()
                }
                Item::Separator => continue,
            };
            let length = label.chars().count();
            assert!((1..=100).contains(&length), "{name}: {length}: {label:?}");
            assert_eq!(label.trim(), label, "{name}: {label:?}");
            for c in label.chars() {
                let unseen = c.is_control()
                    || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
                assert!(!unseen, "{name}: {c:?} in {label:?}");
            }
            match item {
                Item::Action { choice, .. } => {
                    assert_eq!(choice.to_string().parse().as_ref(), Ok(choice), "{name}");
                }
                Item::Submenu { items, .. } => {
                    assert!(!items.is_empty(), "{name}: {label:?} opens nothing");
                    check(name, items);
                }
                Item::Line(_) | Item::Separator => {}
            }
        }
    }
    for (name, snapshot) in states::all() {
        let menu = present::menu(&snapshot, now(), &TimeZone::UTC);
        check(name, &menu.items);
        let tooltip = present::tooltip(&snapshot, now(), &TimeZone::UTC);
        assert!(
            (1..=2).contains(&tooltip.lines().count()) && tooltip.chars().count() <= 200,
            "{name}: {tooltip:?}"
        );
    }
}

#[test]
fn a_choice_becomes_what_it_says() {
    let request = |id: &str, snapshot: &Snapshot| {
        let choice: Choice = id.parse().expect("a choice");
        choice.request(snapshot, now(), &TimeZone::UTC)
    };
    let idle = Snapshot::default();
    let all = |scope: &Scope| *scope == Scope::All;
    assert!(
        matches!(request("scan", &idle), Request::Command(Command::Scan { scope, refresh: false }) if all(&scope))
    );
    assert!(
        matches!(request("scan-subnet/7", &idle), Request::Command(Command::Scan { scope, .. }) if scope == Scope::Subnets(vec![SubnetId(7)]))
    );
    assert!(matches!(
        request("stop", &idle),
        Request::Command(Command::Stop)
    ));
    assert!(matches!(
        request("retry", &idle),
        Request::Command(Command::Retry(None))
    ));
    assert!(matches!(
        request("resume", &idle),
        Request::Command(Command::Resume)
    ));
    assert!(matches!(request("quit", &idle), Request::Quit));
    assert!(matches!(
        request("open/reports/12", &idle),
        Request::Open(Page::Reports(Some(_)))
    ));
    let paused = Snapshot {
        paused: Some(Pause::Until(now() + jiff::SignedDuration::from_hours(1))),
        ..idle
    };
    let Request::Command(Command::Pause(Pause::Until(until))) = request("pause/1h", &paused) else {
        panic!("it pauses");
    };
    assert_eq!(
        until,
        now() + jiff::SignedDuration::from_hours(2),
        "one hour more than it is paused already"
    );
}

#[test]
fn a_subnet_that_is_not_scanned_can_not_be_chosen() {
    for (name, snapshot) in states::all() {
        let menu = present::menu(&snapshot, now(), &TimeZone::UTC);
        let scanned: Vec<SubnetId> = menu
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Submenu { items, .. } => Some(items),
                Item::Line(_) | Item::Action { .. } | Item::Separator => None,
            })
            .flatten()
            .filter_map(|item| match item {
                Item::Action {
                    choice: Choice::ScanSubnet(id),
                    ..
                } => Some(*id),
                _ => None,
            })
            .collect();
        for id in &scanned {
            let subnet = snapshot.subnets.iter().find(|subnet| subnet.id == *id);
            let plan = subnet.map(|subnet| &subnet.plan);
            assert!(
                matches!(plan, Some(fieldscan_core::snapshot::PlanView::Scanned(_))),
                "{name}: {id} is {plan:?}"
            );
        }
        assert!(
            snapshot.run.is_none() || scanned.is_empty(),
            "{name}: a run goes on"
        );
    }
}
