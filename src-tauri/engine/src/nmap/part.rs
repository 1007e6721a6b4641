//! One nmap on a part of a target: what it found, or why there is no result. What only some of the part's addresses gave
//! is never a result.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use fieldscan_core::{
    agent::ScanFailure,
    host::Host,
    ids::SubnetId,
    nmap_xml::{Event, Finished, Reader, Summary, XmlError},
    plan::{Chunk, Place, Target, Timing},
    problem::Problem,
};
use tokio_util::sync::CancellationToken;

use super::{
    Nmap,
    args::canonical,
    helper,
    process::{self, Ended, words},
    route,
    trace::Trace,
};

/// Why a part has no result.
#[derive(Debug)]
pub(super) enum Failure {
    Stopped,
    NoRoute,
    /// nmap could not open the raw sockets that it was told it may.
    NoRawSockets(String),
    Failed(String),
    Hung,
}

impl Failure {
    /// As the agent is told it.
    pub(super) fn of(self, subnet: SubnetId) -> ScanFailure {
        match self {
            Failure::Stopped => ScanFailure::Stopped,
            Failure::NoRoute => ScanFailure::Failed(Problem::NoRoute { subnet }),
            Failure::Hung => ScanFailure::Failed(Problem::NmapHung { subnet }),
            Failure::Failed(detail) | Failure::NoRawSockets(detail) => {
                ScanFailure::Failed(Problem::NmapFailed { subnet, detail })
            }
        }
    }
}

impl Nmap {
    /// Runs one nmap. `on_progress` is told how many addresses are done and how many hosts were found.
    pub(super) async fn scan_part(
        &self,
        target: &Target,
        chunk: &Chunk,
        timing: &Timing,
        privileged: bool,
        cancel: &CancellationToken,
        mut on_progress: impl FnMut(u32, u32),
    ) -> Result<Vec<Host>, Failure> {
        let scope = Scope::of(target, chunk)?;
        let way = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Failure::Stopped),
            way = route::exists(chunk) => way,
        };
        if !way {
            return Err(Failure::NoRoute);
        }
        // nmap has no other way to tell that two devices answer for one address.
        let trace = cfg!(unix) && privileged && route::place(chunk) == Place::Link;
        let (program, args) = self.command(chunk, timing, privileged, trace);
        let quiet = self.limits.quiet;
        let mut answers = Trace::default();
        let mut reader = Reader::new();
        let mut found: BTreeMap<IpAddr, Host> = BTreeMap::new();
        let mut done = 0;
        let ended = process::run(program, &args, self.limits, quiet, cancel, |bytes| {
            let events = reader.feed(bytes).map_err(|error| error.to_string())?;
            let mut news = false;
            for event in events {
                match event {
                    Event::Up(host) => {
                        if scope.contains(host.ip) {
                            // nmap goes through a part in the order of addresses, a group at a time, and says nothing of
                            // how far it is where that takes less than a second.
                            done = done.max(chunk.addresses_up_to(host.ip));
                            merge(&mut found, host);
                            news = true;
                        } else {
                            tracing::warn!(subnet = %target.subnet, "nmap told of a host outside its target");
                        }
                    }
                    Event::Progress { task, percent } if task.ends_with("Ping Scan") => {
                        let share = f64::from(percent) / 100.0 * f64::from(chunk.addresses);
                        // Both are in the range of the chunk's addresses.
                        done = done.max(share as u32);
                        news = true;
                    }
                    Event::Started { .. }
                    | Event::Progress { .. }
                    | Event::Down(_)
                    | Event::Skipped { .. }
                    | Event::Finished(_) => {}
                }
            }
            if news {
                on_progress(done, count(found.len()));
            }
            Ok(())
        }, |bytes, words| match trace {
            true => answers.take(bytes, words),
            false => process::keep_all(bytes, words),
        })
        .await
        .map_err(|error| Failure::Failed(format!("nmap can't be started: {error}")))?;
        match ended {
            Ended::Stopped => Err(Failure::Stopped),
            Ended::Hung => Err(Failure::Hung),
            Ended::Refused { why, words } => Err(Failure::Failed(said(&why, &words))),
            Ended::Exited { status, words } => {
                let summary = reader.finish();
                judge(
                    status.success(),
                    &status.to_string(),
                    summary,
                    &words,
                    scope.size,
                )?;
                // What was cut off meanwhile answers nothing.
                match route::exists(chunk).await {
                    true => {
                        answers.tell(found.values_mut());
                        Ok(found.into_values().collect())
                    }
                    false => Err(Failure::NoRoute),
                }
            }
        }
    }
}

/// Whether nmap really scanned all that it was to scan.
fn judge(
    success: bool,
    status: &str,
    summary: Result<Summary, XmlError>,
    words: &str,
    expected: u64,
) -> Result<(), Failure> {
    let fail = |why: &str| Err(Failure::Failed(said(why, words)));
    if lacks_raw_sockets(words) {
        return Err(Failure::NoRawSockets(said("no raw sockets", words)));
    }
    if tells_no_route(words) {
        return Err(Failure::NoRoute);
    }
    if tells_full_table(words) {
        return fail("the system's table of neighbours was full");
    }
    if !success {
        return fail(status);
    }
    let summary = match summary {
        Ok(summary) => summary,
        Err(error) => return fail(&error.to_string()),
    };
    let finished = match &summary.finished {
        Some(finished) if summary.is_complete() => finished,
        _ => return fail("the output is not complete"),
    };
    let Finished {
        success,
        error,
        total,
        ..
    } = finished;
    if !success {
        return fail(error.as_deref().unwrap_or("nmap ended with an error"));
    }
    if u64::from(*total) != expected {
        return match summary.skipped > 0 {
            true => Err(Failure::NoRoute),
            false => fail(&format!("{total} of {expected} addresses were scanned")),
        };
    }
    Ok(())
}

/// The addresses that a chunk may give.
pub(super) struct Scope<'a> {
    chunk: &'a Chunk,
    excluded: BTreeSet<IpAddr>,
    /// How many they are.
    size: u64,
}

impl<'a> Scope<'a> {
    pub(super) fn of(target: &Target, chunk: &'a Chunk) -> Result<Self, Failure> {
        let within = |network: &ipnetwork::IpNetwork| {
            target.network.prefix() <= network.prefix() && target.network.contains(network.ip())
        };
        if chunk.networks.is_empty() || !chunk.networks.iter().all(within) {
            return Err(Failure::Failed(
                "a part of the target lies outside its subnet".to_owned(),
            ));
        }
        let inside = |ip: &IpAddr| chunk.networks.iter().any(|network| network.contains(*ip));
        let excluded: BTreeSet<_> = chunk.exclude.iter().copied().filter(inside).collect();
        let all: u128 = chunk
            .networks
            .iter()
            .map(|network| match canonical(*network) {
                ipnetwork::IpNetwork::V4(network) => u128::from(network.size()),
                ipnetwork::IpNetwork::V6(network) => network.size(),
            })
            .fold(0, u128::saturating_add);
        let size = u64::try_from(all).unwrap_or(u64::MAX) - excluded.len() as u64;
        Ok(Self {
            chunk,
            excluded,
            size,
        })
    }

    pub(super) fn contains(&self, ip: IpAddr) -> bool {
        !self.excluded.contains(&ip)
            && self
                .chunk
                .networks
                .iter()
                .any(|network| network.contains(ip))
    }
}

/// Takes a host up; of one that is told twice, the first telling counts, and the second fills its gaps.
fn merge(found: &mut BTreeMap<IpAddr, Host>, host: Host) {
    match found.get_mut(&host.ip) {
        None => {
            found.insert(host.ip, host);
        }
        Some(first) => {
            if first.mac.is_none() {
                first.mac = host.mac;
                first.vendor = host.vendor;
            }
            first.ptr = first.ptr.take().or(host.ptr);
            first.rtt = first.rtt.or(host.rtt);
        }
    }
}

fn lacks_raw_sockets(words: &str) -> bool {
    [
        "open a raw socket",
        "requires root privileges",
        "Failed to open device",
        "failed to open device",
        "dnet: Failed",
        // Whatever it refuses, the scan goes on without it.
        helper::REFUSES,
    ]
    .iter()
    .any(|pattern| words.contains(pattern))
}

/// nmap's words for connections that it could not try: the system's table of neighbours was full. It counts such hosts as
/// down.
fn tells_full_table(words: &str) -> bool {
    words.contains("Strange") && words.contains("No buffer space available")
}

/// nmap's and the system's words for packets that never left. nmap goes on after them and counts the hosts as down.
fn tells_no_route(words: &str) -> bool {
    words.lines().any(|line| {
        let sending =
            line.contains("sendto") || line.contains("send_ip_packet") || line.contains("Strange");
        let failed = [
            "Network is unreachable",
            "Network is down",
            "No such device",
            "Cannot assign requested address",
        ];
        line.contains("failed to determine route")
            || line.contains("Can't route")
            || sending && failed.iter().any(|pattern| line.contains(pattern))
    })
}

fn said(why: &str, last_words: &str) -> String {
    match words(last_words) {
        last_words if last_words.is_empty() => words(why),
        last_words => format!("{}; nmap's words: {last_words}", words(why)),
    }
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
