//! PTR names of hosts that are up, once a sweep is over. The sweep itself asks no name server.
//!
//! A name is handed on as the DNS gave it: **hostile until the report's filter has seen it**. What a name server costs is
//! bounded: one that keeps silent is soon asked no more, and when all keep silent, nobody is waited for.

mod breaker;
mod system;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fieldscan_core::plan::Dns;
use futures_util::{StreamExt as _, stream};
use hickory_resolver::{
    TokioResolver,
    config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
};
use tokio::time::{Instant, sleep_until, timeout};

use self::breaker::{Breaker, Verdict};

/// Questions that are open at a time.
const AT_ONCE: usize = 32;
/// How long one server's answer to one question is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long all servers together may keep silent before the rest is given up.
const SILENCE: Duration = Duration::from_millis(3_500);
/// How long all of it may take, however slowly answers come.
const ALL: Duration = Duration::from_secs(60);

/// The names of these addresses, as far as there are any and as they can be had in time. Of several, the first.
pub async fn look_up(dns: &Dns, ips: impl IntoIterator<Item = IpAddr>) -> BTreeMap<IpAddr, String> {
    let ips: Vec<IpAddr> = ips.into_iter().collect();
    if ips.is_empty() {
        return BTreeMap::new();
    }
    let servers = match dns {
        Dns::Off => return BTreeMap::new(),
        Dns::Servers(servers) if !servers.is_empty() => {
            let config = |ip: &IpAddr| NameServerConfig::udp_and_tcp(*ip);
            servers_of(servers.iter().map(config), ResolveHosts::Never)
        }
        Dns::System | Dns::Servers(_) => match system::name_servers() {
            Ok(configs) => servers_of(configs, ResolveHosts::Always),
            Err(error) => {
                tracing::warn!(%error, "the system's name servers are not told; its resolver is asked");
                return system::look_up(ips, AT_ONCE, SILENCE).await;
            }
        },
    };
    let asked = ips.len();
    let names = ask_all(&servers, ips).await;
    tracing::debug!(asked, named = names.len(), "names were looked up");
    names
}

/// A name server of a subnet's.
struct Server {
    ip: IpAddr,
    resolver: TokioResolver,
}

fn servers_of(
    configs: impl IntoIterator<Item = NameServerConfig>,
    hosts_file: ResolveHosts,
) -> Vec<Server> {
    let server = |config: NameServerConfig| {
        let ip = config.ip;
        let config = ResolverConfig::from_name_servers(vec![config]);
        let provider = TokioRuntimeProvider::default();
        let mut options = ResolverOpts::default();
        options.timeout = PATIENCE;
        // Whether and whom to ask again is decided here.
        options.attempts = 0;
        options.num_concurrent_reqs = 1;
        options.cache_size = 0;
        // As plain as the system's resolver asks: old servers refuse anything else.
        options.edns0 = false;
        options.use_hosts_file = hosts_file;
        let resolver = TokioResolver::builder_with_config(config, provider)
            .with_options(options)
            .build();
        let failed = |error: &NetError| tracing::warn!(%error, "a name server can't be asked");
        Some(Server {
            ip,
            resolver: resolver.inspect_err(failed).ok()?,
        })
    };
    configs.into_iter().filter_map(server).collect()
}

/// What one server said to one question.
enum Said {
    /// A name, or that there is none.
    Answer(Option<String>),
    /// That it can't or won't answer.
    Refusal,
    Nothing,
}

async fn ask_all(servers: &[Server], ips: Vec<IpAddr>) -> BTreeMap<IpAddr, String> {
    let breaker = Mutex::new(Breaker::new(servers.len()));
    let lock =
        || -> MutexGuard<'_, Breaker> { breaker.lock().unwrap_or_else(PoisonError::into_inner) };
    let began = Instant::now();
    let heard = Mutex::new(began);
    let last_heard = || *heard.lock().unwrap_or_else(PoisonError::into_inner);
    let question = |ip: IpAddr| {
        let (lock, heard) = (&lock, &heard);
        async move {
            let mut asked = vec![0u8; servers.len()];
            loop {
                let next = lock().next(&asked);
                let server = next.and_then(|at| Some((at, servers.get(at)?)));
                let Some((at, server)) = server else {
                    return (ip, None);
                };
                asked[at] += 1;
                let said = server.ask(ip).await;
                if !matches!(said, Said::Nothing) {
                    *heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                }
                let verdict = match &said {
                    Said::Answer(_) | Said::Refusal => Verdict::Alive,
                    Said::Nothing => Verdict::Silent,
                };
                if lock().judge(at, verdict) {
                    tracing::warn!("a name server keeps silent and is asked no more in this scan");
                    tracing::debug!(server = %server.ip, "the silent name server");
                }
                match said {
                    Said::Answer(name) => return (ip, name),
                    // Another one may know.
                    Said::Refusal => asked[at] = u8::MAX,
                    Said::Nothing => {}
                }
            }
        }
    };
    let mut answers = stream::iter(ips).map(question).buffer_unordered(AT_ONCE);
    let mut names = BTreeMap::new();
    loop {
        let end = (last_heard() + SILENCE).min(began + ALL);
        tokio::select! {
            biased;
            answer = answers.next() => match answer {
                Some((ip, Some(name))) => drop(names.insert(ip, name)),
                Some((_, None)) => {}
                None => break,
            },
            () = sleep_until(end) => {
                // Somebody may have answered while this slept.
                if Instant::now() >= (last_heard() + SILENCE).min(began + ALL) {
                    tracing::warn!("looking up names took too long; the rest stay without");
                    break;
                }
            }
        }
    }
    names
}

impl Server {
    async fn ask(&self, ip: IpAddr) -> Said {
        let asked = self.resolver.lookup(Name::from(ip), RecordType::PTR);
        // TCP may come after UDP.
        match timeout(PATIENCE * 2, asked).await {
            Ok(Ok(found)) => {
                let mut names = found
                    .answers()
                    .iter()
                    .filter_map(|record| match &record.data {
                        RData::PTR(name) => text(name),
                        _ => None,
                    });
                Said::Answer(names.next())
            }
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(_)))) => Said::Answer(None),
            Ok(Err(NetError::Dns(_) | NetError::Proto(_))) => Said::Refusal,
            Ok(Err(_)) | Err(_) => Said::Nothing,
        }
    }
}

/// A name as it stands in the DNS, without the last dot: its labels may be of any bytes. A dot within a label is marked, so
/// that no part of a label is taken for one.
fn text(name: &Name) -> Option<String> {
    let labels = name.iter().map(|label| {
        String::from_utf8_lossy(label)
            .replace('\\', "\\\\")
            .replace('.', "\\.")
    });
    let text = labels.collect::<Vec<_>>().join(".");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_bytes_are_kept_and_labels_stay_labels() {
        let name = |labels: &[&[u8]]| Name::from_labels(labels.iter().copied()).unwrap();
        for (labels, expected) in [
            (
                &[&b"gw"[..], b"example", b"net"][..],
                Some("gw.example.net"),
            ),
            (&[b"O'Brien {{ 7*7 }}"], Some("O'Brien {{ 7*7 }}")),
            (&[b"gw.evil", b"net"], Some("gw\\.evil.net")),
            (&[b"a\\", b"net"], Some("a\\\\.net")),
            (&[b"\xff\x00", b"net"], Some("\u{fffd}\0.net")),
            (&[], None),
        ] {
            assert_eq!(text(&name(labels)).as_deref(), expected, "{labels:?}");
        }
    }

    #[tokio::test]
    async fn off_and_nobody_ask_nothing() {
        let server: IpAddr = [127, 0, 0, 1].into();
        assert!(look_up(&Dns::Off, [server]).await.is_empty());
        assert!(look_up(&Dns::Servers(vec![server]), []).await.is_empty());
    }
}
