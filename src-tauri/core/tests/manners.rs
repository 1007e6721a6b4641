//! Laptop manners: what sleep, networks, sites, batteries and metered connections make of the schedule, one decision at a time.

mod plain;

use std::{collections::BTreeMap, time::Duration};

use fieldscan_core::{
    agent::{Agent, Command, Effect, Input, Lasting, Loaded, Options, Restored, ScanEnded, Scope},
    compare::Memory,
    delivery::Answer,
    host::{Host, SeenBy},
    ids::{AgentCode, AgentId, ScanId, SubnetId},
    ipam::{AddressBook, Assignment, Subnet},
    place::{Battery, Binding, Held, Link, PlaceChange, Surroundings},
    plan::LeftOut,
    present,
    problem::Problem,
    run::{Outcome, Run, Trigger},
    schedule::Schedule,
    settings::{OnMetered, Settings},
    snapshot::{PlanView, Snapshot},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Two sites: the gateway's last byte, and the description of the subnet that each is.
const DEPOT: u8 = 1;
const HARBOUR: u8 = 2;

fn subnet(id: u8, description: &str) -> Subnet {
    Subnet {
        description: description.into(),
        ..plain::subnet(id.into(), &format!("10.0.{id}.0/28"))
    }
}

fn assignment(subnets: Vec<Subnet>, fetched_at: Timestamp) -> Assignment {
    Assignment {
        agent: AgentId(1),
        agent_name: "site".into(),
        subnets,
        fetched_at,
    }
}

/// At a site, with power and network.
fn at(site: u8) -> Surroundings {
    Surroundings {
        online: Some(true),
        networks: vec![Link {
            interface: "eth0".into(),
            prefixes: vec![format!("10.0.{site}.7/28").parse().expect("a network")],
            gateway: format!("10.0.{site}.14").parse().ok(),
            gateway_mac: format!("00:16:3e:00:00:{site:02}").parse().ok(),
        }],
        metered: Some(false),
        battery: Some(Battery {
            percent: 90,
            discharging: false,
        }),
    }
}

fn battery(percent: u8, discharging: bool) -> Surroundings {
    Surroundings {
        battery: Some(Battery {
            percent,
            discharging,
        }),
        ..at(DEPOT)
    }
}

fn metered(metered: bool) -> Surroundings {
    Surroundings {
        metered: Some(metered),
        ..at(DEPOT)
    }
}

fn offline() -> Surroundings {
    Surroundings {
        online: Some(false),
        ..Surroundings::default()
    }
}

/// An agent that is carried around.
struct Laptop {
    agent: Agent,
    now: Timestamp,
    effects: Vec<Effect>,
    places: BTreeMap<SubnetId, Binding>,
    lasting: Lasting,
    /// Scheduled runs that began.
    runs: u32,
    running: bool,
}

impl Laptop {
    /// With an hourly schedule, whose last run began just now.
    fn new(subnets: Vec<Subnet>) -> Self {
        let now: Timestamp = "2026-03-11T12:00:00Z".parse().expect("a timestamp");
        let restored = Restored {
            assignment: Some(assignment(subnets, now)),
            lasting: Lasting {
                anchor: Some(now),
                anchor_finished: true,
                ..Lasting::default()
            },
            ..Restored::default()
        };
        Self::starts(restored, now)
    }

    fn starts(restored: Restored, now: Timestamp) -> Self {
        let settings = Settings {
            scanagent_code: Some(AgentCode::new("CodeA11-abcdefghijklmnopqrstuvwx")),
            schedule: Schedule::Every(Duration::from_secs(3600)),
            schedule_jitter: Duration::ZERO,
            cache_expire_time: Duration::from_secs(365 * 86_400),
            ..Settings::default()
        };
        let options = Options {
            scheduled: true,
            hold_uploads: false,
            zone: TimeZone::UTC,
            seed: 1,
        };
        Self {
            places: restored.places.clone(),
            lasting: restored.lasting.clone(),
            agent: Agent::new(settings, options, restored),
            now,
            effects: Vec::new(),
            runs: 0,
            running: false,
        }
    }

    /// At the depot, with both subnets bound to where they are.
    fn of_two_sites() -> Self {
        let mut laptop = Self::new(vec![subnet(1, "Depot"), subnet(2, "Harbour")]);
        for site in [DEPOT, HARBOUR] {
            laptop.give(Input::Surroundings(Box::new(at(site))));
            laptop.scan(Scope::Subnets(vec![SubnetId(site.into())]));
            laptop.goes_through(site);
        }
        laptop.is(at(DEPOT));
        assert_eq!(laptop.places.len(), 2, "{:?}", laptop.places);
        laptop
    }

    /// Another process takes up what this one left.
    fn starts_again(self) -> Self {
        let snapshot = self.snapshot();
        let subnets = snapshot.subnets.iter();
        let subnets = subnets.map(|view| subnet(view.id.0 as u8, &view.description));
        let restored = Restored {
            assignment: Some(assignment(subnets.collect(), self.now)),
            places: self.places,
            lasting: self.lasting,
            ..Restored::default()
        };
        Self::starts(restored, self.now)
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.agent.handle(input, self.now);
        for effect in &effects {
            match effect {
                Effect::SavePlaces(places) => {
                    for (id, binding) in places {
                        match binding {
                            Some(binding) => self.places.insert(*id, binding.clone()),
                            None => self.places.remove(id),
                        };
                    }
                }
                Effect::SaveLasting(lasting) => self.lasting = (**lasting).clone(),
                _ => {}
            }
        }
        let run = self.snapshot().run;
        if let Some(run) = &run
            && !self.running
            && run.trigger != Trigger::Person
        {
            self.runs += 1;
        }
        self.running = run.is_some();
        self.effects.extend(effects.clone());
        effects
    }

    fn is(&mut self, surroundings: Surroundings) -> Vec<Effect> {
        self.give(Input::Surroundings(Box::new(surroundings)))
    }

    fn command(&mut self, command: Command) -> Vec<Effect> {
        self.give(Input::Command(command))
    }

    fn scan(&mut self, scope: Scope) -> Vec<Effect> {
        let refresh = false;
        self.command(Command::Scan { scope, refresh })
    }

    /// Lets time go by, and the timer ring at its end.
    fn wait(&mut self, seconds: i64) -> Vec<Effect> {
        self.now += SignedDuration::from_secs(seconds);
        self.give(Input::Tick)
    }

    fn addresses(&mut self, id: u8) -> Vec<Effect> {
        let book = AddressBook {
            addresses: Vec::new(),
            fetched_at: self.now,
        };
        self.give(Input::Addresses(Box::new(Loaded {
            subnet: SubnetId(id.into()),
            book: Some(book),
            asked: true,
            problem: None,
            memory: Memory::default(),
        })))
    }

    /// The subnet's scan begins.
    fn begins(&mut self, id: u8) -> ScanId {
        let effects = self.addresses(id);
        let scan = effects.iter().find_map(|effect| match effect {
            Effect::Scan { scan, .. } => Some(*scan),
            _ => None,
        });
        scan.unwrap_or_else(|| panic!("subnet {id} must be scanned: {effects:?}"))
    }

    fn ends(&mut self, scan: ScanId, hosts: Vec<Host>) -> Vec<Effect> {
        self.give(Input::ScanEnded(Box::new(ScanEnded {
            scan,
            started_at: self.now,
            rights: fieldscan_core::run::Rights::Raw,
            result: Ok(hosts),
        })))
    }

    /// Takes a subnet through its scan, in which one host answers.
    fn goes_through(&mut self, id: u8) {
        let scan = self.begins(id);
        self.ends(scan, vec![host(id)]);
        self.commits(id);
    }

    fn commits(&mut self, id: u8) {
        let effects = self.addresses(id);
        let finished = effects.into_iter().find_map(|effect| match effect {
            Effect::Commit(finished) => Some(finished),
            _ => None,
        });
        self.give(Input::Committed {
            scan: finished.expect("a finished scan is committed").scan.id,
            result: Ok(()),
        });
    }

    fn snapshot(&self) -> Snapshot {
        self.agent.snapshot(self.now)
    }

    fn held(&self) -> Option<String> {
        self.snapshot().held.as_ref().map(present::held)
    }

    fn last_run(&self) -> Run {
        self.snapshot().last_run.expect("a run has ended")
    }

    fn outcome(&self, id: u8) -> Outcome {
        let parts = self.last_run().subnets.into_iter();
        let mut parts = parts.filter(|part| part.subnet == SubnetId(id.into()));
        parts.next().expect("it was part of the run").outcome
    }

    /// The subnets that the run which goes on has to do with.
    fn in_work(&self) -> Vec<u64> {
        let run = self.snapshot().run.expect("a run goes on");
        run.subnets.iter().map(|part| part.subnet.0).collect()
    }

    fn site_of(&self, id: u8) -> Option<(&str, bool)> {
        let binding = self.places.get(&SubnetId(id.into()))?;
        Some((&binding.site.name, binding.chosen))
    }

    fn uploads(&self) -> usize {
        let upload = |effect: &&Effect| matches!(effect, Effect::Upload { .. });
        self.effects.iter().filter(upload).count()
    }
}

fn host(id: u8) -> Host {
    Host {
        ip: [10, 0, id, 3].into(),
        mac: None,
        also: Vec::new(),
        vendor: None,
        ptr: None,
        rtt: None,
        seen_by: SeenBy::ArpResponse,
    }
}

fn elsewhere(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::LeftOut {
            why: LeftOut::Elsewhere { site },
        } => Some(site),
        _ => None,
    }
}

// --- power, metered, network ---

#[test]
fn a_low_battery_holds_the_due_run_and_mains_bring_it_once() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    laptop.is(battery(14, true));
    assert_eq!(laptop.held(), None, "nothing is due, so nothing waits");
    laptop.wait(HOUR);
    assert_eq!(laptop.runs, 0, "a due run must wait for power");
    assert_eq!(
        laptop.held().as_deref(),
        Some("Waiting for power: battery at 14 %")
    );
    assert_eq!(
        laptop.snapshot().next_run,
        None,
        "when it will begin can't be known"
    );
    // Three more are missed.
    laptop.wait(3 * HOUR);
    laptop.is(battery(9, true));
    assert_eq!(laptop.runs, 0, "still no power");
    laptop.is(battery(10, false));
    assert_eq!(laptop.runs, 1, "the run is made at once on mains");
    assert_eq!(laptop.held(), None, "nothing waits any more");
    laptop.goes_through(1);
    for surroundings in [battery(10, true), battery(11, false)] {
        laptop.is(surroundings);
        laptop.wait(MINUTE);
    }
    assert_eq!(laptop.runs, 1, "four missed runs are caught up by one");
    assert_eq!(laptop.last_run().trigger, Trigger::CatchUp);
}

#[test]
fn a_metered_connection_holds_the_due_run_unless_the_settings_say_otherwise() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    laptop.is(metered(true));
    laptop.wait(HOUR);
    assert_eq!(laptop.runs, 0);
    assert_eq!(
        laptop.held().as_deref(),
        Some("Waiting: the connection is metered")
    );
    let settings = Settings {
        on_metered: OnMetered::Scan,
        ..laptop.agent.settings().clone()
    };
    laptop.command(Command::Settings(Box::new(settings)));
    assert_eq!(laptop.runs, 1, "the person allows it");
}

#[test]
fn scan_now_waits_for_nothing() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    for surroundings in [battery(3, true), metered(true), offline()] {
        laptop.is(surroundings.clone());
        laptop.scan(Scope::All);
        laptop.goes_through(1);
        assert_eq!(
            laptop.last_run().trigger,
            Trigger::Person,
            "{surroundings:?}"
        );
        assert!(matches!(laptop.outcome(1), Outcome::Scanned { .. }));
    }
}

#[test]
fn what_is_held_does_not_keep_the_timer_ringing() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    laptop.is(battery(14, true));
    laptop.wait(HOUR);
    for _ in 0..3 {
        let effects = laptop.wait(1);
        assert_eq!(effects, [], "only what ends the hold wakes the agent");
    }
}

// --- sleep ---

#[test]
fn after_sleep_one_run_is_made_once_the_network_is_there() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    laptop.is(at(DEPOT));
    laptop.now += SignedDuration::from_secs(9 * HOUR);
    // The timer may ring before anybody says that the machine slept: the system still said "online" when it fell asleep.
    laptop.give(Input::Woke);
    laptop.give(Input::Tick);
    assert_eq!(laptop.runs, 0, "the network is not yet there");
    assert_eq!(laptop.held().as_deref(), Some("Waiting for the network"));
    laptop.is(offline());
    laptop.wait(5 * MINUTE);
    assert_eq!(laptop.runs, 0, "there is none yet");
    laptop.is(at(DEPOT));
    assert_eq!(laptop.runs, 1, "now there is");
    laptop.goes_through(1);
    laptop.wait(MINUTE);
    assert_eq!(laptop.runs, 1, "nine missed runs are one");
}

#[test]
fn where_nobody_tells_of_networks_a_catch_up_run_waits_only_a_moment() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    laptop.now += SignedDuration::from_secs(9 * HOUR);
    let effects = laptop.give(Input::Woke);
    assert_eq!(laptop.runs, 0);
    let wake_at = effects.iter().rev().find_map(|effect| match effect {
        Effect::WakeAt(at) => Some(*at),
        _ => None,
    });
    let wait = wake_at.expect("it looks again by itself") - laptop.now;
    assert!(wait.total(jiff::Unit::Second).unwrap_or(f64::MAX) <= 30.0);
    laptop.now = wake_at.unwrap_or(laptop.now);
    laptop.give(Input::Tick);
    assert_eq!(laptop.runs, 1, "as on a server");
}

// --- the right place ---

#[test]
fn a_good_scan_binds_a_subnet_to_its_site() {
    let mut laptop = Laptop::of_two_sites();
    assert_eq!(laptop.site_of(1), Some(("Depot", false)));
    assert_eq!(laptop.site_of(2), Some(("Harbour", false)));
    let snapshot = laptop.snapshot();
    let here = snapshot.surroundings.here.expect("the place is known");
    assert_eq!(here.name.as_deref(), Some("Depot"));
    let plan = &snapshot.subnets[1].plan;
    assert!(
        matches!(plan, PlanView::LeftOut(LeftOut::Elsewhere { site }) if site == "Harbour"),
        "the status says so before any run: {plan:?}"
    );
    laptop.wait(HOUR);
    laptop.goes_through(1);
    assert!(matches!(laptop.outcome(1), Outcome::Scanned { .. }));
    assert_eq!(elsewhere(&laptop.outcome(2)), Some("Harbour"));
}

#[test]
fn a_scan_in_which_nobody_answers_binds_nothing() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    laptop.is(at(HARBOUR));
    laptop.scan(Scope::All);
    let scan = laptop.begins(1);
    let own = Host {
        seen_by: SeenBy::LocalhostResponse,
        ..host(1)
    };
    laptop.ends(scan, vec![own]);
    laptop.commits(1);
    assert_eq!(
        laptop.site_of(1),
        None,
        "this machine itself proves nothing"
    );
}

#[test]
fn a_made_up_gateway_is_never_learned_and_may_be_chosen() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    let mut bridge = at(DEPOT);
    bridge.networks[0].gateway_mac = "02:42:ac:11:00:01".parse().ok();
    laptop.is(bridge);
    laptop.scan(Scope::All);
    laptop.goes_through(1);
    assert_eq!(
        laptop.site_of(1),
        None,
        "a container's bridge is another one tomorrow"
    );
    laptop.command(Command::Place {
        subnet: SubnetId(1),
        change: PlaceChange::Here,
    });
    assert_eq!(laptop.site_of(1), Some(("Depot", true)));
}

#[test]
fn nothing_is_bound_or_held_back_where_the_place_is_not_known() {
    let mut laptop = Laptop::of_two_sites();
    laptop.is(Surroundings::default());
    laptop.wait(HOUR);
    assert_eq!(laptop.in_work(), [1, 2], "on a server nobody says anything");
}

#[test]
fn at_a_third_place_no_run_begins_until_a_site_is_reached() {
    let mut laptop = Laptop::of_two_sites();
    laptop.is(at(9));
    assert_eq!(laptop.held().as_deref(), Some("Not at Depot or Harbour"));
    laptop.wait(5 * HOUR);
    assert_eq!(laptop.runs, 0, "there is nothing to scan here");
    laptop.is(at(HARBOUR));
    assert_eq!(laptop.runs, 1, "the run that was due is made at once");
    laptop.goes_through(2);
    assert_eq!(elsewhere(&laptop.outcome(1)), Some("Depot"));
    // What that run left out is caught up where it can be scanned, once.
    laptop.is(at(DEPOT));
    assert_eq!(laptop.runs, 2);
    assert_eq!(laptop.in_work(), [1], "the harbour was scanned");
    laptop.goes_through(1);
    for site in [HARBOUR, DEPOT, HARBOUR, DEPOT] {
        laptop.wait(MINUTE);
        laptop.is(at(site));
    }
    assert_eq!(laptop.runs, 2, "going to and fro brings no more runs");
}

#[test]
fn what_was_left_out_is_caught_up_after_a_restart_too() {
    let mut laptop = Laptop::of_two_sites();
    laptop.wait(HOUR);
    laptop.goes_through(1);
    let mut laptop = laptop.starts_again();
    laptop.is(at(HARBOUR));
    assert_eq!(laptop.runs, 1, "started at the harbour");
    assert_eq!(laptop.in_work(), [2]);
}

#[test]
fn all_elsewhere_new_subnets_are_still_found() {
    let mut laptop = Laptop::of_two_sites();
    let settings = Settings {
        cache_expire_time: Duration::from_secs(1800),
        ..laptop.agent.settings().clone()
    };
    laptop.command(Command::Settings(Box::new(settings)));
    laptop.is(at(9));
    let effects = laptop.wait(2 * HOUR);
    assert!(
        effects.contains(&Effect::FetchAssignment),
        "a subnet of this place may have been assigned meanwhile: {effects:?}"
    );
    let failed = Problem::IpamUnreachable {
        detail: "no route".into(),
    };
    laptop.give(Input::Assignment(Err(failed)));
    let effects = laptop.wait(MINUTE);
    assert!(
        !effects.contains(&Effect::FetchAssignment),
        "it is not asked again and again: {effects:?}"
    );
    laptop.wait(HOUR);
    let subnets = vec![subnet(1, "Depot"), subnet(2, "Harbour"), subnet(9, "Mill")];
    let told = assignment(subnets, laptop.now);
    laptop.give(Input::Assignment(Ok(told)));
    assert_eq!(laptop.runs, 1, "there is something to scan here now");
    laptop.goes_through(9);
    assert_eq!(laptop.site_of(9), Some(("Mill", false)));
}

#[test]
fn scan_now_for_all_leaves_out_what_is_elsewhere_and_by_name_it_is_scanned() {
    let mut laptop = Laptop::of_two_sites();
    laptop.is(at(9));
    laptop.scan(Scope::All);
    for (id, site) in [(1, "Depot"), (2, "Harbour")] {
        assert_eq!(elsewhere(&laptop.outcome(id)), Some(site));
    }
    let why = LeftOut::Elsewhere {
        site: "Depot".into(),
    };
    assert!(present::left_out(&why).contains("not at Depot"));
    laptop.scan(Scope::Networks(vec![
        "10.0.1.0/28".parse().expect("a network"),
    ]));
    laptop.goes_through(1);
    assert!(matches!(laptop.outcome(1), Outcome::Scanned { .. }));
    let site = &laptop.places[&SubnetId(1)].site;
    assert_eq!(
        site.spot.prefix.to_string(),
        "10.0.9.0/28",
        "who asks for it here and gets answers says that it can be scanned here"
    );
}

#[test]
fn a_chosen_site_is_changed_by_a_person_only() {
    let mut laptop = Laptop::of_two_sites();
    let place = |change| Command::Place {
        subnet: SubnetId(1),
        change,
    };
    laptop.command(place(PlaceChange::Here));
    laptop.is(at(9));
    laptop.scan(Scope::Subnets(vec![SubnetId(1)]));
    laptop.goes_through(1);
    assert_eq!(
        laptop.site_of(1),
        Some(("Depot", true)),
        "no scan changes it"
    );
    laptop.command(place(PlaceChange::Name("  Old depot ".into())));
    assert_eq!(laptop.site_of(1), Some(("Old depot", true)));
    laptop.command(place(PlaceChange::Name(" ".into())));
    assert_eq!(
        laptop.site_of(1),
        Some(("Old depot", true)),
        "no name is no name"
    );
    laptop.command(place(PlaceChange::Forget));
    assert_eq!(laptop.site_of(1), None);
    assert!(
        laptop.snapshot().places.len() == 1 && laptop.places.len() == 1,
        "kept nowhere any more"
    );
}

#[test]
fn a_name_is_that_of_the_whole_site() {
    let mut laptop = Laptop::new(vec![
        subnet(1, "Depot – office"),
        subnet(2, "Depot – plant"),
    ]);
    laptop.is(at(DEPOT));
    laptop.scan(Scope::All);
    laptop.goes_through(1);
    laptop.goes_through(2);
    assert_eq!(
        laptop.site_of(2),
        Some(("Depot – office", false)),
        "one site, one name"
    );
    laptop.command(Command::Place {
        subnet: SubnetId(2),
        change: PlaceChange::Name("Depot".into()),
    });
    assert_eq!(laptop.site_of(1), Some(("Depot", false)));
}

#[test]
fn a_scan_that_is_carried_elsewhere_is_stopped_and_made_again_at_home() {
    let mut laptop = Laptop::of_two_sites();
    laptop.wait(HOUR);
    let scan = laptop.begins(1);
    laptop.is(offline());
    assert!(
        !laptop.effects.contains(&Effect::StopScan(scan)),
        "a network that is gone for a moment is no other place"
    );
    let effects = laptop.is(at(9));
    assert!(effects.contains(&Effect::StopScan(scan)), "{effects:?}");
    // It was faster: what it says is a mixture all the same.
    let effects = laptop.ends(scan, vec![host(1)]);
    let committed = |effect: &Effect| matches!(effect, Effect::Commit(_));
    assert!(!effects.iter().any(committed), "{effects:?}");
    assert_eq!(elsewhere(&laptop.outcome(1)), Some("Depot"));
    laptop.is(at(DEPOT));
    assert_eq!(laptop.in_work(), [1], "it is made again where it belongs");
}

#[test]
fn a_subnet_that_waits_in_a_run_is_not_scanned_at_the_next_place() {
    let mut laptop = Laptop::of_two_sites();
    laptop.wait(HOUR);
    laptop.is(at(HARBOUR));
    let effects = laptop.addresses(1);
    let scans = |effect: &Effect| matches!(effect, Effect::Scan { .. });
    assert!(!effects.iter().any(scans), "{effects:?}");
    assert_eq!(
        elsewhere(&laptop.last_run().subnets[1].outcome),
        Some("Depot")
    );
}

#[test]
fn right_place_can_be_switched_off() {
    let mut laptop = Laptop::of_two_sites();
    let settings = Settings {
        right_place: false,
        ..laptop.agent.settings().clone()
    };
    laptop.command(Command::Settings(Box::new(settings)));
    laptop.is(at(9));
    laptop.wait(HOUR);
    assert_eq!(laptop.in_work(), [1, 2]);
    assert_eq!(laptop.held(), None);
}

#[test]
fn bindings_that_could_not_be_saved_are_saved_later() {
    let mut laptop = Laptop::of_two_sites();
    let saved = laptop.effects.iter().find_map(|effect| match effect {
        Effect::SavePlaces(places) => Some(places.clone()),
        _ => None,
    });
    laptop.give(Input::NotSaved {
        effect: Box::new(Effect::SavePlaces(saved.clone().expect("it was saved"))),
        problem: Problem::DiskFull,
    });
    let effects = laptop.wait(2 * MINUTE);
    let again = effects.iter().find_map(|effect| match effect {
        Effect::SavePlaces(places) => Some(places.clone()),
        _ => None,
    });
    assert_eq!(again, saved, "nothing of it is lost: {effects:?}");
}

// --- uploads ---

/// A laptop with a report that could not be sent: the server can't be reached, or says that it is busy.
fn with_waiting_report(problem: Problem) -> Laptop {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    laptop.is(at(DEPOT));
    laptop.scan(Scope::All);
    laptop.goes_through(1);
    assert_eq!(laptop.uploads(), 1);
    fails(&mut laptop, problem);
    laptop
}

/// The upload that goes on ends like this.
fn fails(laptop: &mut Laptop, problem: Problem) {
    let upload = laptop.effects.iter().rev().find_map(|effect| match effect {
        Effect::Upload { report, .. } => Some(*report),
        _ => None,
    });
    laptop.give(Input::Uploaded {
        report: upload.expect("something is sent"),
        answer: Answer::NotNow {
            problem,
            retry_after: None,
        },
    });
}

fn unreachable() -> Problem {
    Problem::ServerUnreachable {
        detail: "no route".into(),
    }
}

#[test]
fn on_another_network_what_waits_is_sent_at_once() {
    let mut laptop = with_waiting_report(unreachable());
    laptop.wait(5);
    assert_eq!(laptop.uploads(), 1, "it backs off");
    laptop.is(at(9));
    assert_eq!(laptop.uploads(), 2, "another network, another chance");
}

#[test]
fn nothing_is_sent_without_a_network() {
    let mut laptop = with_waiting_report(unreachable());
    laptop.is(offline());
    laptop.wait(3 * HOUR);
    assert_eq!(laptop.uploads(), 1, "there is nobody to send it to");
    laptop.is(at(DEPOT));
    assert_eq!(laptop.uploads(), 2, "the network is back");
}

#[test]
fn a_network_that_comes_and_goes_does_not_hammer_the_server() {
    let mut laptop = with_waiting_report(unreachable());
    for second in 0..600 {
        laptop.now += SignedDuration::from_secs(1);
        laptop.is(at(if second % 2 == 0 { 9 } else { DEPOT }));
        laptop.give(Input::Tick);
        if laptop.snapshot().delivery.sending {
            fails(&mut laptop, unreachable());
        }
    }
    let tries = laptop.uploads() - 1;
    assert!(
        (9..=12).contains(&tries),
        "{tries} tries in ten minutes, where one a minute is the most"
    );
}

#[test]
fn a_server_that_asks_for_patience_gets_it_on_any_network() {
    let mut laptop = with_waiting_report(Problem::ServerFailing {
        status: 503,
        words: String::new(),
    });
    laptop.is(at(9));
    assert_eq!(
        laptop.uploads(),
        1,
        "it answered: the network is not what is wrong"
    );
}

#[test]
fn the_hold_survives_in_a_view_as_facts() {
    let mut laptop = Laptop::new(vec![subnet(1, "Depot")]);
    laptop.is(battery(14, true));
    laptop.wait(HOUR);
    let document = serde_json::to_value(laptop.snapshot()).expect("JSON");
    assert_eq!(
        document["held"],
        serde_json::json!({ "reason": "battery", "percent": 14 })
    );
    assert_eq!(document["surroundings"]["battery"]["discharging"], true);
    assert!(matches!(laptop.snapshot().held, Some(Held::Battery { .. })));
}
