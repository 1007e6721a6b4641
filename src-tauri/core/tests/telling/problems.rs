//! Problems that need the person, and reports that did not get through.

use fieldscan_core::{
    agent::{Command, Input},
    notice::Category,
    problem::Problem,
};

use crate::bench::{Bench, HOUR, MINUTE, titles};

#[test]
fn a_problem_is_told_once_while_it_stands() {
    let mut bench = Bench::new();
    for _ in 0..72 {
        bench.give(Input::Failed(Problem::NmapMissing));
        bench.wait(HOUR);
        bench.restart();
    }
    assert_eq!(
        titles(&bench.notices, Category::Problems),
        ["nmap is not installed"],
        "it stood for three days, and no day made it another one"
    );
    assert_eq!(
        bench.notices[0].page.to_string(),
        "settings/scanning",
        "where it is mended"
    );
}

#[test]
fn a_problem_that_comes_back_is_told_again_but_not_on_the_same_day() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        bench.give(Input::Failed(Problem::NmapMissing));
        bench.wait(MINUTE);
        bench.scan();
        assert_eq!(
            bench.agent.snapshot(bench.now).problems,
            [],
            "a scan that works shows that it is over"
        );
        bench.wait(12 * HOUR);
    }
    assert_eq!(
        titles(&bench.notices, Category::Problems).len(),
        2,
        "four times in two days"
    );
}

#[test]
fn what_a_server_will_mend_itself_is_not_told_at_once() {
    let mut bench = Bench::new();
    bench.ipam_works = false;
    bench.server_works = false;
    bench.scan();
    assert_eq!(bench.notices, [], "it is tried again by itself");
}

#[test]
fn subnets_that_fail_are_told_together() {
    let mut bench = Bench::new();
    bench.nmap_fails = true;
    let told = bench.scan();
    assert_eq!(
        titles(&told, Category::Problems),
        ["2 subnets could not be scanned"]
    );
    assert!(
        told[0].text.starts_with("nmap could not scan "),
        "{}",
        told[0].text
    );
}

#[test]
fn refused_reports_are_told_together() {
    let mut bench = Bench::new();
    bench.up = [(1, 1), (2, 1)].into();
    bench.refuses = Some(413);
    let told = bench.scan();
    assert_eq!(titles(&told, Category::Reports), ["2 reports rejected"]);
    assert_eq!(
        told[0].text,
        "Depot – office, Warehouse. They are kept. Open Fieldscan to see what to do."
    );
    bench.wait(HOUR);
    bench.command(Command::Retry(None));
    bench.wait(HOUR);
    assert_eq!(bench.notices.len(), 1, "refused again, and told already");
}

#[test]
fn a_refused_report_is_told_with_the_servers_words() {
    let mut bench = Bench::new();
    bench.scan();
    bench.wait(12 * MINUTE);
    bench.refuses = Some(400);
    bench.command(Command::Scan {
        scope: fieldscan_core::agent::Scope::Subnets(vec![fieldscan_core::ids::SubnetId(2)]),
        refresh: false,
    });
    let notice = bench.notices.last().expect("it is told");
    assert_eq!(notice.title, "Report rejected");
    assert!(
        notice.text.starts_with("Warehouse, 12:12: The scan server refused report 3 (HTTP status 400). The server said: “The subnet is no longer assigned to this agent”."),
        "{}",
        notice.text
    );
    assert!(
        matches!(
            &notice.facts,
            Some(fieldscan_core::notice::Facts::Report {
                problem: fieldscan_core::problem::Problem::ReportRejected { status: 400, .. },
                place: Some(place),
                created_at: Some(_),
            }) if place == "Warehouse"
        ),
        "{:?}",
        notice.facts
    );
    assert_eq!(notice.page.to_string(), "reports/3");
}

#[test]
fn what_was_never_set_up_is_no_surprise() {
    use fieldscan_core::{
        agent::{Agent, Effect, Options, Restored},
        settings::Settings,
    };
    let options = Options {
        scheduled: true,
        hold_uploads: false,
        zone: jiff::tz::TimeZone::UTC,
        seed: 1,
    };
    let now = Bench::new().now;
    let mut agent = Agent::new(Settings::default(), options, Restored::default());
    let mut effects = agent.handle(Input::Tick, now);
    let problem = Problem::SettingMissing {
        key: "api_url".into(),
    };
    effects.extend(agent.handle(Input::Assignment(Err(problem)), now));
    assert!(
        effects
            .iter()
            .all(|effect| !matches!(effect, Effect::Notify(_))),
        "the set-up asks for it"
    );
    effects = agent.handle(Input::Failed(Problem::NmapMissing), now);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Notify(_))),
        "anything else is told"
    );
}
