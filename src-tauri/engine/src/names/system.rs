//! The operating system's own ways to names: its configuration, and its resolver where that can't be read.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use futures_util::{StreamExt as _, stream};
use hickory_resolver::{config::NameServerConfig, net::NetError, system_conf::read_system_conf};
use tokio::time::{Instant, timeout_at};

/// The system's name servers, in its order.
pub(super) fn name_servers() -> Result<Vec<NameServerConfig>, NetError> {
    let (config, _) = read_system_conf()?;
    Ok(config.name_servers().to_vec())
}

/// Asks the system's resolver, which can't be told how long it may take: after `longest` nobody is waited for.
pub(super) async fn look_up(
    ips: Vec<IpAddr>,
    at_once: usize,
    longest: Duration,
) -> BTreeMap<IpAddr, String> {
    let question = async |ip: IpAddr| {
        let asked = tokio::task::spawn_blocking(move || dns_lookup::lookup_addr(&ip)).await;
        let name = asked.ok().and_then(Result::ok);
        // Without a name it writes the address.
        let name = name.filter(|name| name.parse::<IpAddr>().is_err());
        (ip, name)
    };
    let mut answers = stream::iter(ips)
        .map(question)
        .buffer_unordered(at_once)
        .boxed();
    let end = Instant::now() + longest;
    let mut names = BTreeMap::new();
    while let Ok(Some((ip, name))) = timeout_at(end, answers.next()).await {
        names.extend(name.map(|name| (ip, name)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_systems_resolver_is_bounded_and_never_names_by_number() {
        let ips = vec![[127, 0, 0, 1].into(), [192, 0, 2, 7].into()];
        let names = look_up(ips, 4, Duration::from_secs(2)).await;
        for (ip, name) in names {
            assert!(name.parse::<IpAddr>().is_err(), "{ip} is called {name}");
        }
    }
}
