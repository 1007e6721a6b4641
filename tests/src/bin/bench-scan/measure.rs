//! One scan of a row's network, timed and counted.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use fieldscan_core::{
    host::Host,
    nmap_xml::{Event, Reader},
    plan::{self, Guard, Mode, Profile, Target},
};
use fieldscan_engine::nmap::{Nmap, Scheduler, Work};
use fieldscan_tests::{ipam, network::Network};
use ipnetwork::Ipv4Network;
use tokio_util::sync::CancellationToken;

use crate::rows::Row;

/// What one scan took and gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) took: Duration,
    pub(crate) found: usize,
    pub(crate) packets: u64,
    /// Packets in the busiest second.
    pub(crate) peak: u64,
    /// How long the engine itself used a processor, nmap not included.
    pub(crate) cpu: Duration,
}

/// A scan by `nmap -sn -n`, target after target.
pub(crate) fn plain(row: &Row, seed: u64) -> Result<Measured> {
    let network = Network::start(&row.layout(seed))?;
    let mut found = 0;
    let began = Instant::now();
    for target in &row.targets {
        let output = Command::new("nmap")
            .args(["-sn", "-n", "-oX", "-", &target.to_string()])
            .stdin(Stdio::null())
            .output()
            .context("nmap can't be started")?;
        ensure!(output.status.success(), "nmap failed: {}", output.status);
        let mut reader = Reader::new();
        let events = reader.feed(&output.stdout)?;
        ensure!(reader.finish()?.is_complete(), "nmap's output is cut off");
        found += events
            .iter()
            .filter(|event| matches!(event, Event::Up(_)))
            .count();
    }
    finish(&network, began.elapsed(), found, Duration::ZERO)
}

/// A scan by the engine, all targets at once.
pub(crate) async fn engine(row: &Row, profile: Profile, seed: u64) -> Result<Measured> {
    let network = Network::start(&row.layout(seed))?;
    let nmap = Nmap::find(None)
        .await
        .map_err(|problem| anyhow!("nmap: {problem:?}"))?;
    ensure!(nmap.privileged, "nmap has no raw sockets here");
    let targets = row
        .targets
        .iter()
        .zip(1..)
        .map(|(network, id)| target(*network, id))
        .collect::<Result<Vec<_>>>()?;
    let used = cpu()?;
    let found = scan(&nmap, targets, profile).await?;
    let cpu = cpu()?.saturating_sub(used);
    finish(&network, found.took, found.hosts.len(), cpu)
}

/// Hosts, and how long it took to find them.
pub(crate) struct Found {
    pub(crate) hosts: Vec<Host>,
    pub(crate) took: Duration,
}

/// Scans all targets at once.
pub(crate) async fn scan(nmap: &Nmap, targets: Vec<Target>, profile: Profile) -> Result<Found> {
    let (scheduler, cancel) = (Scheduler::new(), CancellationToken::new());
    let began = Instant::now();
    let mut scans = tokio::task::JoinSet::new();
    for target in targets {
        let (scheduler, nmap, cancel) = (scheduler.clone(), nmap.clone(), cancel.clone());
        scans.spawn(async move {
            let work = Work::all(&target, profile);
            scheduler.scan(&nmap, work, &cancel, |_| {}).await
        });
    }
    let mut hosts = Vec::new();
    while let Some(scanned) = scans.join_next().await {
        let result = scanned?.result;
        hosts.extend(result.map_err(|failure| anyhow!("the scan failed: {failure:?}"))?);
    }
    let took = began.elapsed();
    Ok(Found { hosts, took })
}

fn finish(network: &Network, took: Duration, found: usize, cpu: Duration) -> Result<Measured> {
    let counters = network.counters();
    ensure!(
        counters.overruns == 0,
        "the simulated network was too slow: {} packets were lost that should not",
        counters.overruns
    );
    Ok(Measured {
        took,
        found,
        packets: counters.packets(),
        peak: counters.peak_per_second,
        cpu,
    })
}

/// As the agent makes it of a subnet that is swept.
pub(crate) fn target(network: Ipv4Network, id: u64) -> Result<Target> {
    let subnet = ipam::subnet(id, &network.to_string());
    let guard = Guard {
        large: true,
        ..Guard::default()
    };
    plan::target(&subnet, Mode::Sweep, &[], &guard)
        .map_err(|left_out| anyhow!("{network} would not be scanned: {left_out:?}"))
}

/// How long this process's threads have used a processor, without children and without the simulated network's thread.
fn cpu() -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let thread = thread?.path();
        // A thread may have ended since it was listed.
        let (Ok(name), Ok(times)) = (
            std::fs::read_to_string(thread.join("comm")),
            std::fs::read_to_string(thread.join("schedstat")),
        ) else {
            continue;
        };
        if name.trim() != "network" {
            let used = times.split_whitespace().next().unwrap_or_default();
            nanoseconds += used.parse::<u64>().context("/proc/self/task/*/schedstat")?;
        }
    }
    Ok(Duration::from_nanos(nanoseconds))
}
