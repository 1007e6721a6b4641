//! What must hold beside plain nmap's figures: the price of dead name servers, a scan without raw sockets, and what the real
//! `fieldscan` itself costs.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fieldscan_core::plan::{Dns, Profile};
use fieldscan_engine::{names, nmap::Nmap};
use fieldscan_tests::{
    network::{Behaviour, Host, Layout, NameServer, NameServerMode, Network, Quality},
    phpipam::{Model, subnet},
    site::{Plan, Site},
};
use tokio::runtime::Runtime;

use crate::measure::{Found, scan, target};

/// Seconds that dead name servers may add to a subnet's scan.
const DEAD_SERVERS: f64 = 5.0;
/// What the agent itself may use of a scan's time, and of memory in MiB.
const OWN: (f64, f64) = (0.02, 60.0);

/// Milliseconds of a tick in which Linux tells processor times.
const TICK: u64 = 10;

/// One of them, for `--only`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    DeadServers,
    Connecting,
    Agent,
}

/// All, in the table's order.
pub(crate) const OTHERS: [Other; 3] = [Other::DeadServers, Other::Connecting, Other::Agent];

impl Other {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DeadServers => "dead-names",
            Self::Connecting => "connect-24",
            Self::Agent => "agent-16",
        }
    }

    /// Whether it takes minutes.
    pub(crate) fn is_long(self) -> bool {
        match self {
            Self::DeadServers | Self::Connecting => false,
            Self::Agent => true,
        }
    }
}

/// What came of it.
pub(crate) struct Told {
    what: String,
    figure: String,
    must: String,
    holds: bool,
}

impl Told {
    pub(crate) fn fault(&self) -> Option<String> {
        (!self.holds).then(|| format!("{}: {}, not {}", self.what, self.figure, self.must))
    }
}

/// A table of them in Markdown.
pub(crate) fn markdown(told: &[Told]) -> String {
    if told.is_empty() {
        return String::new();
    }
    let mut text = "\n| | | must be |\n|---|---:|---:|\n".to_owned();
    for Told {
        what, figure, must, ..
    } in told
    {
        let _ = writeln!(text, "| {what} | {figure} | {must} |");
    }
    text
}

pub(crate) fn measure(other: Other, seeds: u64, runtime: &Runtime) -> Result<Told> {
    match other {
        Other::DeadServers => dead_servers(seeds, runtime),
        Other::Connecting => connecting(seeds, runtime),
        Other::Agent => agent(),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How long the names of a /24's 250 hosts take from two servers that never answer.
fn dead_servers(seeds: u64, runtime: &Runtime) -> Result<Told> {
    let mut times = Vec::new();
    for seed in 1..=seeds {
        let dead = NameServer::new().mode(NameServerMode::Dead);
        let servers: [IpAddr; 2] = [[10, 76, 0, 2].into(), [10, 76, 0, 3].into()];
        let layout = servers.iter().fold(
            Layout::new().seed(seed).on_link("10.76.0.1/24".parse()?),
            |layout, ip| layout.name_server(*ip, dead.clone()),
        );
        let _network = Network::start(&layout)?;
        let hosts = (4..254).map(|last| [10, 76, 0, last].into());
        let began = Instant::now();
        let found = runtime.block_on(names::look_up(&Dns::Servers(servers.into()), hosts));
        ensure!(found.is_empty(), "a dead server has answered");
        times.push(began.elapsed());
    }
    let took = median(times).as_secs_f64();
    Ok(Told {
        what: "two dead name servers add to a /24's scan".to_owned(),
        figure: format!("{took:.2} s"),
        must: format!("under {DEAD_SERVERS:.0} s"),
        holds: took < DEAD_SERVERS,
    })
}

/// Without raw sockets, hosts of all kinds on the link, loss 3 %: all are found, with their MACs.
fn connecting(seeds: u64, runtime: &Runtime) -> Result<Told> {
    let behaviours = [
        Behaviour::Normal,
        Behaviour::RstOnly,
        Behaviour::NoPing,
        Behaviour::ArpOnly,
    ];
    let hosts = || {
        (3..255u32)
            .step_by(3)
            .map(|n| Ipv4Addr::from(0x0a4c_0000 + n))
    };
    let (mut times, mut with_mac) = (Vec::new(), 0);
    for seed in 1..=seeds {
        let layout = Layout::new()
            .seed(seed)
            .on_link("10.76.0.1/24".parse()?)
            .quality(Quality {
                latency: Duration::from_millis(30),
                jitter: Duration::ZERO,
                loss: 0.03,
            })
            .hosts(
                hosts()
                    .zip(behaviours.iter().cycle())
                    .map(|(ip, how)| Host::new(ip).behaves(*how)),
            );
        let _network = Network::start(&layout)?;
        let nmap = runtime
            .block_on(Nmap::find(None))
            .map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
        let nmap = Nmap {
            privileged: false,
            ..nmap
        };
        let targets = vec![target("10.76.0.0/24".parse()?, 1)?];
        let Found { hosts, took } = runtime.block_on(scan(&nmap, targets, Profile::Normal))?;
        times.push(took);
        with_mac += hosts.iter().filter(|host| host.mac.is_some()).count();
    }
    let of = hosts().count() * usize::try_from(seeds)?;
    Ok(Told {
        what: "without raw sockets: on-link /24, a third live (TCP or ARP only), loss 3 %"
            .to_owned(),
        figure: format!(
            "{with_mac} of {of} with MAC, {:.2} s",
            median(times).as_secs_f64()
        ),
        must: "all".to_owned(),
        holds: with_mac == of,
    })
}

/// The real `fieldscan scan` of a /16 with 20,000 hosts up: its own processor time and memory, nmap not included.
fn agent() -> Result<Told> {
    let mut model = Model::with_agent();
    model.add_subnet(subnet("10.80.0.0/16").agent(1).discover());
    let layout = Layout::new()
        .on_link("10.77.0.1/24".parse()?)
        .gateway([10, 77, 0, 2])
        .routed("10.80.0.0/16".parse()?)
        .hosts((0..20_000u32).map(|n| Host::new(Ipv4Addr::from(0x0a50_0003 + n * 3))));
    let site = Site::start(Plan {
        model,
        layout: Some(layout),
        settings: vec![("allow_large", "true".to_owned())],
        expected: Default::default(),
    })?;
    let mut command = site.fieldscan()?;
    command
        .args(["scan", "--no-upload", "--profile", "fast"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().context("fieldscan can't be started")?;
    let (mut cpu, mut peak) = (Duration::ZERO, 0.0f64);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // The last look before its end counts; it comes a moment before at the most.
        if let Some((used, held)) = cost_of(child.id()) {
            (cpu, peak) = (used, held);
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let took = began.elapsed();
    ensure!(status.success(), "the scan failed: {status}");
    let share = cpu.as_secs_f64() / took.as_secs_f64();
    Ok(Told {
        what: format!(
            "`fieldscan scan` of a routed /16 with 20,000 hosts up in {:.0} s: its own processor time and memory",
            took.as_secs_f64()
        ),
        figure: format!("{:.1} %, {peak:.0} MiB", share * 100.0),
        must: format!("under {:.0} %, {:.0} MiB", OWN.0 * 100.0, OWN.1),
        holds: share < OWN.0 && peak < OWN.1,
    })
}

/// The processor time of a process without its children, and the most memory that it held, in MiB.
fn cost_of(pid: u32) -> Option<(Duration, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name may have spaces in it; user and system time are the 14th and 15th field, threads that ended included.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|text| text.parse().unwrap_or(0u64))
        .sum();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some((Duration::from_millis(ticks * TICK), kib / 1024.0))
}
