//! What people, servers, networks and machines do to the agent.

use fieldscan_core::{
    agent::{Command, Scope},
    ids::SubnetId,
    place::{Battery, Link},
    schedule::Schedule,
    snapshot::Pause,
};
use proptest::{collection::vec, prelude::*, strategy::Union};

use crate::{
    site::{ApiMode, HOSTS, Nmap, SCANNED, ServerMode, host_ip},
    world::{DAY, HOUR, MINUTE, SECOND, World, text},
};

#[derive(Debug, Clone)]
pub(crate) enum Action {
    ScanAll {
        refresh: bool,
    },
    ScanSome {
        subnet: u64,
    },
    Stop,
    Refresh,
    PauseFor(u64),
    PauseForGood,
    Resume,
    Retry,
    /// A person puts things right in the settings: the token too.
    Settings {
        minutes: u64,
    },
    Api(ApiMode),
    Server(ServerMode),
    ServerForgetsToken,
    ServerRestarts,
    Crash,
    CrashAfter(u32),
    Shutdown {
        then_hold: bool,
    },
    Sleep(u64),
    /// To a site, or to where nobody can tell.
    Goes(Option<u8>),
    Online(Option<bool>),
    /// How full, and whether it is discharging.
    Power(Option<(u8, bool)>),
    Metered(Option<bool>),
    ClockJumps(i64),
    DiskFull(bool),
    HostToggles {
        subnet: u64,
        host: u8,
    },
    AllHostsGone {
        subnet: u64,
    },
    Trouble {
        subnet: u64,
        trouble: Option<Nmap>,
    },
    RowIsMadeAnew {
        subnet: u64,
        host: u8,
    },
    RowIsAhead {
        subnet: u64,
        host: u8,
    },
    RowIsSeenByOthers {
        subnet: u64,
        host: u8,
    },
    SubnetGoes {
        subnet: u64,
        gone: bool,
    },
}

/// Actions, each with how long before it nothing else is done.
pub(crate) fn actions() -> impl Strategy<Value = Vec<(u64, Action)>> {
    vec((wait(), action()), 1..40)
}

fn wait() -> impl Strategy<Value = u64> {
    prop_oneof![
        20 => 0..SECOND,
        40 => 0..MINUTE,
        30 => 0..20 * MINUTE,
        9 => 0..3 * HOUR,
        1 => 0..3 * DAY,
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let subnet = || prop::sample::select(&SCANNED[..]);
    let host = || 1..=HOSTS;
    let place = move || (subnet(), host());
    let jump = prop_oneof![
        -20 * MINUTE as i64..20 * MINUTE as i64,
        -3 * DAY as i64..3 * DAY as i64,
        -5 * 365 * DAY as i64..5 * 365 * DAY as i64,
    ];
    let api = prop_oneof![
        2 => Just(ApiMode::Works), 2 => Just(ApiMode::Down),
        1 => Just(ApiMode::Failing), 1 => Just(ApiMode::Slow),
    ];
    let server = prop_oneof![
        3 => Just(ServerMode::Works),
        2 => Just(ServerMode::Down),
        1 => prop::sample::select(&[500, 503][..]).prop_map(ServerMode::Failing),
        1 => prop::sample::select(&[0, 1, 30, 7200][..]).prop_map(ServerMode::Busy),
        1 => Just(ServerMode::TooLarge),
        1 => Just(ServerMode::DropsAnswers),
        1 => Just(ServerMode::Swallows),
    ];
    let trouble = prop_oneof![
        2 => Just(None), 1 => Just(Some(Nmap::NoRoute)),
        1 => Just(Some(Nmap::Fails)), 1 => Just(Some(Nmap::Hangs)),
    ];
    Union::new_weighted(vec![
        (
            6,
            any::<bool>()
                .prop_map(|refresh| Action::ScanAll { refresh })
                .boxed(),
        ),
        (
            4,
            subnet()
                .prop_map(|subnet| Action::ScanSome { subnet })
                .boxed(),
        ),
        (3, Just(Action::Stop).boxed()),
        (2, Just(Action::Refresh).boxed()),
        (1, (0..3 * DAY).prop_map(Action::PauseFor).boxed()),
        (1, Just(Action::PauseForGood).boxed()),
        (2, Just(Action::Resume).boxed()),
        (3, Just(Action::Retry).boxed()),
        (
            2,
            prop::sample::select(&[10, 60, 360][..])
                .prop_map(|minutes| Action::Settings { minutes })
                .boxed(),
        ),
        (4, api.prop_map(Action::Api).boxed()),
        (6, server.prop_map(Action::Server).boxed()),
        (2, Just(Action::ServerForgetsToken).boxed()),
        (2, Just(Action::ServerRestarts).boxed()),
        (2, Just(Action::Crash).boxed()),
        (4, (0..30u32).prop_map(Action::CrashAfter).boxed()),
        (
            2,
            any::<bool>()
                .prop_map(|then_hold| Action::Shutdown { then_hold })
                .boxed(),
        ),
        (2, (0..3 * DAY).prop_map(Action::Sleep).boxed()),
        (
            6,
            prop::option::weighted(0.8, 1..=3u8)
                .prop_map(Action::Goes)
                .boxed(),
        ),
        (
            4,
            prop::sample::select(&[None, Some(false), Some(true), Some(true)][..])
                .prop_map(Action::Online)
                .boxed(),
        ),
        (
            2,
            prop::option::weighted(0.9, (prop::sample::select(&[5, 80][..]), any::<bool>()))
                .prop_map(Action::Power)
                .boxed(),
        ),
        (
            2,
            prop::sample::select(&[None, Some(false), Some(true)][..])
                .prop_map(Action::Metered)
                .boxed(),
        ),
        (3, jump.prop_map(Action::ClockJumps).boxed()),
        (3, any::<bool>().prop_map(Action::DiskFull).boxed()),
        (
            6,
            place()
                .prop_map(|(subnet, host)| Action::HostToggles { subnet, host })
                .boxed(),
        ),
        (
            2,
            subnet()
                .prop_map(|subnet| Action::AllHostsGone { subnet })
                .boxed(),
        ),
        (
            2,
            (subnet(), trouble)
                .prop_map(|(subnet, trouble)| Action::Trouble { subnet, trouble })
                .boxed(),
        ),
        (
            2,
            place()
                .prop_map(|(subnet, host)| Action::RowIsMadeAnew { subnet, host })
                .boxed(),
        ),
        (
            1,
            place()
                .prop_map(|(subnet, host)| Action::RowIsAhead { subnet, host })
                .boxed(),
        ),
        (
            1,
            place()
                .prop_map(|(subnet, host)| Action::RowIsSeenByOthers { subnet, host })
                .boxed(),
        ),
        (
            2,
            (subnet(), any::<bool>())
                .prop_map(|(subnet, gone)| Action::SubnetGoes { subnet, gone })
                .boxed(),
        ),
    ])
}

/// The way out of a site.
fn link(site: u8) -> Link {
    Link {
        interface: "eth0".into(),
        prefixes: vec![format!("10.1.{site}.5/24").parse().expect("a network")],
        gateway: format!("10.1.{site}.1").parse().ok(),
        gateway_mac: format!("00:16:3e:00:00:{site:02}").parse().ok(),
    }
}

impl Action {
    pub(crate) fn happens(&self, world: &mut World) {
        match *self {
            Action::ScanAll { refresh } => world.command(Command::Scan {
                scope: Scope::All,
                refresh,
            }),
            Action::ScanSome { subnet } => {
                let network = format!("10.0.{subnet}.0/28").parse().expect("a network");
                let elsewhere = "10.99.0.0/24".parse().expect("a network");
                world.command(Command::Scan {
                    scope: Scope::Networks(vec![network, elsewhere]),
                    refresh: false,
                });
            }
            Action::Stop => world.command(Command::Stop),
            Action::Refresh => world.command(Command::Refresh),
            Action::PauseFor(wait) => {
                let until = world.now() + std::time::Duration::from_millis(wait);
                world.command(Command::Pause(Pause::Until(until)));
            }
            Action::PauseForGood => world.command(Command::Pause(Pause::UntilResumed)),
            Action::Resume => world.command(Command::Resume),
            Action::Retry => world.command(Command::Retry(None)),
            Action::Settings { minutes } => {
                world.server.refuses_token = false;
                world.settings.schedule =
                    Schedule::Every(std::time::Duration::from_secs(minutes * 60));
                let settings = Box::new(world.settings.clone());
                world.command(Command::Settings(settings));
            }
            Action::Api(mode) => world.ipam.mode = mode,
            Action::Server(mode) => world.server.mode = mode,
            Action::ServerForgetsToken => world.server.refuses_token = true,
            Action::ServerRestarts => world.restart_server(),
            Action::Crash => world.crash(),
            Action::CrashAfter(effects) => world.dies_after = Some(effects),
            Action::Shutdown { then_hold } => {
                world.hold_uploads = then_hold;
                world.command(Command::Shutdown);
            }
            Action::Sleep(wait) => world.sleep(wait),
            Action::Goes(site) => {
                // What was left out may then be caught up.
                world.watch.disturbed(world.time);
                world.surround(|surroundings| {
                    surroundings.networks = site.map(link).into_iter().collect();
                });
            }
            Action::Online(online) => world.surround(|surroundings| surroundings.online = online),
            Action::Power(battery) => world.surround(|surroundings| {
                surroundings.battery = battery.map(|(percent, discharging)| Battery {
                    percent,
                    discharging,
                });
            }),
            Action::Metered(metered) => {
                world.surround(|surroundings| surroundings.metered = metered);
            }
            Action::ClockJumps(by) => world.jump(by),
            Action::DiskFull(full) => world.database.full = full,
            Action::HostToggles { subnet, host } => {
                let ip = host_ip(subnet, host);
                if !world.network.up.remove(&ip) {
                    world.network.up.insert(ip);
                }
            }
            Action::AllHostsGone { subnet } => {
                for host in 1..=HOSTS {
                    world.network.up.remove(&host_ip(subnet, host));
                }
            }
            Action::Trouble { subnet, trouble } => {
                world.network.trouble.remove(&SubnetId(subnet));
                if let Some(trouble) = trouble {
                    world.network.trouble.insert(SubnetId(subnet), trouble);
                }
            }
            Action::RowIsMadeAnew { subnet, host } => {
                let row = world.ipam.row(false);
                if let Some(rows) = world.ipam.subnets.get_mut(&SubnetId(subnet)) {
                    rows.rows.insert(host_ip(subnet, host), row);
                }
            }
            Action::RowIsAhead { subnet, host } => {
                self.others_see(world, subnet, host, 10 * 365 * DAY);
            }
            Action::RowIsSeenByOthers { subnet, host } => self.others_see(world, subnet, host, 0),
            Action::SubnetGoes { subnet, gone } => {
                if let Some(rows) = world.ipam.subnets.get_mut(&SubnetId(subnet)) {
                    rows.deleted = gone;
                }
            }
        }
    }

    /// Somebody else writes a row's `lastSeen`.
    fn others_see(&self, world: &mut World, subnet: u64, host: u8, ahead: u64) {
        let seen = text(world.true_now() + std::time::Duration::from_millis(ahead));
        let (subnet, ip) = (SubnetId(subnet), host_ip(subnet, host));
        if let Some(row) = world
            .ipam
            .subnets
            .get_mut(&subnet)
            .and_then(|rows| rows.rows.get_mut(&ip))
        {
            row.last_seen = Some(seen);
            world.watch.foreign.insert((subnet, ip), world.time);
        }
    }
}
