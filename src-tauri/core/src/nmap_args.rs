//! What one nmap is asked to do, and its three spellings: nmap's own options, the words that are handed to the program
//! `fieldscan-nmap`, and those words read back. Judges nothing but spelling and ranges: the guard is [`crate::plan::judge`].
//!
//! The words have one order and one form. Whatever is spelled in another way, be it with the same meaning, is refused:
//!
//! ```text
//! scan parent=PID profile=gentle|normal|fast rate=N [patience=MS longest=MS retries=N]
//!      trace=off|on [exclude=ADDRESS,…] NETWORK…
//! ```

use std::{
    collections::BTreeSet, ffi::OsString, net::IpAddr, ops::RangeInclusive, str::FromStr,
    time::Duration,
};

use ipnetwork::IpNetwork;

use crate::plan::{self, LARGEST, Profile};

/// Milliseconds that an answer may be waited for. Below the first, nmap's own shortest wait contradicts.
pub const WAIT_MS: RangeInclusive<u32> = 100..=60_000;
/// How often a probe may be repeated.
pub const RETRIES: RangeInclusive<u32> = 0..=10;
/// Process ids, as far as Linux gives them.
pub const PARENTS: RangeInclusive<u32> = 1..=1 << 22;

/// One nmap's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is scanned: all of one family, canonical, at least one.
    pub networks: Vec<IpNetwork>,
    /// What must not be touched. Addresses of the other family are left out as it is spelled.
    pub exclude: Vec<IpAddr>,
    /// Whether nmap tells of every packet on standard error, as it would on a terminal. Only where there is a `/dev/stderr`.
    pub trace: bool,
    /// What bounds the pace.
    pub profile: Profile,
    /// How fast.
    pub pace: Pace,
}

/// How fast one nmap goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Packets a second at the most: from 1 to [`plan::limit`].
    pub rate: u32,
    /// The rest of the timing; nmap's own where there is none.
    pub steady: Option<Steady>,
}

/// A timing that doesn't leave the pace to nmap: the rate is kept as long as there is something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    /// How long the first answers are waited for; within [`WAIT_MS`], in whole milliseconds.
    pub patience: Duration,
    /// How long any answer is waited for; within [`WAIT_MS`], and no shorter than `patience`.
    pub longest_wait: Duration,
    /// How often a probe is repeated at the most; within [`RETRIES`].
    pub retries: u8,
}

/// What was read from words: who asks, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The process that must be this one's parent.
    pub parent: u32,
    /// The work.
    pub request: Request,
}

/// Why words are no request. Says which word, by its number, and never repeats it: it may be anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misspelled {
    /// A word is missing at the end.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A word is not what must stand there, or not in its one form.
    #[error("word {number} is no {expected} in its one form")]
    Word {
        /// Its number, from 1.
        number: usize,
        /// What must stand there.
        expected: &'static str,
    },
    /// A number lies outside its range, or a list is too long.
    #[error("word {number}: {expected} is out of its range")]
    Range {
        /// Its number, from 1.
        number: usize,
        /// What it is.
        expected: &'static str,
    },
    /// IPv4 and IPv6 in one.
    #[error("word {number} is of another address family than the first network")]
    Mixed {
        /// The first word of the other family.
        number: usize,
    },
}

impl Request {
    /// nmap's argument vector, without the program's name.
    ///
    /// The probes are those that nmap sends by default, and no names are looked up. `--noninteractive` is not among the options, because with it nmap
    /// keeps silent about its progress; in a process group of its own and without standard input it doesn't touch a
    /// terminal.
    pub fn for_nmap(&self, privileged: bool) -> Vec<OsString> {
        let mut args: Vec<String> = ["-sn", "-n", "-oX", "-", "--stats-every", "1s"]
            .map(str::to_owned)
            .into();
        args.push(match privileged {
            true => "--privileged".to_owned(),
            false => "--unprivileged".to_owned(),
        });
        if self.is_ipv6() {
            args.push("-6".to_owned());
        }
        if self.trace {
            args.extend(["--packet-trace", "-oN", "/dev/stderr"].map(str::to_owned));
        }
        args.extend(["--max-rate".to_owned(), self.pace.rate.to_string()]);
        if let Some(steady) = &self.pace.steady {
            let ms = |duration: Duration| format!("{}ms", duration.as_millis());
            // With both rates the same, nmap keeps it evenly; with `--max-rate` alone it makes up for every pause in a
            // burst.
            args.extend([
                "--min-rate".to_owned(),
                self.pace.rate.to_string(),
                "--initial-rtt-timeout".to_owned(),
                ms(steady.patience),
                "--max-rtt-timeout".to_owned(),
                ms(steady.longest_wait),
                "--max-retries".to_owned(),
                steady.retries.to_string(),
            ]);
        }
        let excluded = self.excluded();
        if !excluded.is_empty() {
            args.extend(["--exclude".to_owned(), list(&excluded)]);
        }
        args.extend(self.targets());
        args.into_iter().map(OsString::from).collect()
    }

    /// The words for `fieldscan-nmap`, without the program's name; `parent` is the process that starts it.
    pub fn for_helper(&self, parent: u32) -> Vec<OsString> {
        let mut words = vec![
            "scan".to_owned(),
            format!("parent={parent}"),
            format!("profile={}", name(self.profile)),
            format!("rate={}", self.pace.rate),
        ];
        if let Some(steady) = &self.pace.steady {
            words.extend([
                format!("patience={}", steady.patience.as_millis()),
                format!("longest={}", steady.longest_wait.as_millis()),
                format!("retries={}", steady.retries),
            ]);
        }
        words.push(match self.trace {
            true => "trace=on".to_owned(),
            false => "trace=off".to_owned(),
        });
        let excluded = self.excluded();
        if !excluded.is_empty() {
            words.push(format!("exclude={}", list(&excluded)));
        }
        words.extend(self.targets());
        words.into_iter().map(OsString::from).collect()
    }

    fn is_ipv6(&self) -> bool {
        self.networks.first().is_some_and(IpNetwork::is_ipv6)
    }

    fn excluded(&self) -> BTreeSet<IpAddr> {
        let family = self.is_ipv6();
        let excluded = self.exclude.iter().copied();
        excluded.filter(|ip| ip.is_ipv6() == family).collect()
    }

    fn targets(&self) -> impl Iterator<Item = String> {
        self.networks
            .iter()
            .map(|network| canonical(*network).to_string())
    }
}

/// The network without host bits.
pub fn canonical(network: IpNetwork) -> IpNetwork {
    IpNetwork::new(network.network(), network.prefix()).unwrap_or(network)
}

/// Reads what [`Request::for_helper`] writes, and nothing else.
pub fn read(words: &[OsString]) -> Result<Asked, Misspelled> {
    let mut words = Words { words, at: 0 };
    words.next("“scan”", |word| (word == "scan").then_some(()))?;
    let parent = words.number("parent=", PARENTS)?;
    let profile = words.next("profile=", |word| {
        profiles().find(|profile| word.strip_prefix("profile=") == Some(name(*profile)))
    })?;
    let rate = words.number("rate=", 1..=plan::limit(profile))?;
    let steady = if words.begins("patience=") {
        let patience = words.number("patience=", WAIT_MS)?;
        Some(Steady {
            patience: Duration::from_millis(patience.into()),
            longest_wait: Duration::from_millis(
                words.number("longest=", patience..=*WAIT_MS.end())?.into(),
            ),
            // The range ends far below.
            retries: u8::try_from(words.number("retries=", RETRIES)?).unwrap_or(u8::MAX),
        })
    } else {
        None
    };
    let trace = words.next("trace=", |word| match word {
        "trace=off" => Some(false),
        "trace=on" => Some(true),
        _ => None,
    })?;
    let mut exclude = Vec::new();
    let exclude_at = words.at;
    if words.begins("exclude=") {
        exclude = words.addresses("exclude=", LARGEST as usize)?;
        if !exclude.is_sorted_by(|a, b| a < b) {
            return Err(words.wrong(exclude_at, "exclude= in address order"));
        }
    }
    let first = words.at;
    let mut networks: Vec<IpNetwork> = Vec::new();
    loop {
        let at = words.at;
        if networks.len() == LARGEST as usize {
            return Err(Misspelled::Range {
                number: at + 1,
                expected: "number of networks",
            });
        }
        let network = words.next("network", |word| {
            plan::network_of(word).filter(|network| network.to_string() == word)
        })?;
        if let Some(head) = networks.first()
            && head.is_ipv6() != network.is_ipv6()
        {
            return Err(Misspelled::Mixed { number: at + 1 });
        }
        networks.push(network);
        if words.at == words.words.len() {
            break;
        }
    }
    let family = networks.first().is_some_and(IpNetwork::is_ipv6);
    if exclude.iter().any(|ip| ip.is_ipv6() != family) {
        return Err(Misspelled::Mixed { number: first });
    }
    Ok(Asked {
        parent,
        request: Request {
            networks,
            exclude,
            trace,
            profile,
            pace: Pace { rate, steady },
        },
    })
}

struct Words<'a> {
    words: &'a [OsString],
    at: usize,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).and_then(|word| word.to_str())
    }

    fn begins(&self, key: &str) -> bool {
        self.peek().is_some_and(|word| word.starts_with(key))
    }

    fn skip<T>(&mut self, value: T) -> T {
        self.at += 1;
        value
    }

    fn wrong(&self, at: usize, expected: &'static str) -> Misspelled {
        match self.words.len() > at {
            true => Misspelled::Word {
                number: at + 1,
                expected,
            },
            false => Misspelled::Missing(expected),
        }
    }

    fn next<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, Misspelled> {
        let value = self
            .peek()
            .and_then(read)
            .ok_or_else(|| self.wrong(self.at, expected))?;
        Ok(self.skip(value))
    }

    fn number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Result<u32, Misspelled> {
        let number: u32 = self.next(key, |word| exactly(word.strip_prefix(key)?))?;
        match range.contains(&number) {
            true => Ok(number),
            false => Err(Misspelled::Range {
                number: self.at,
                expected: key,
            }),
        }
    }

    fn addresses(&mut self, key: &'static str, most: usize) -> Result<Vec<IpAddr>, Misspelled> {
        let addresses: Vec<IpAddr> = self.next(key, |word| {
            // One more than may be, so that a long list is told from a wrong one.
            let addresses = word.strip_prefix(key)?.split(',').take(most + 1);
            addresses.map(exactly).collect()
        })?;
        match addresses.len() <= most {
            true => Ok(addresses),
            false => Err(Misspelled::Range {
                number: self.at,
                expected: key,
            }),
        }
    }
}

/// A value whose text is the one that it would be written as: no plus sign, no leading zeros, no other way to write IPv6.
fn exactly<T: FromStr + ToString>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

fn profiles() -> impl Iterator<Item = Profile> {
    [Profile::Gentle, Profile::Normal, Profile::Fast].into_iter()
}

fn name(profile: Profile) -> &'static str {
    match profile {
        Profile::Gentle => "gentle",
        Profile::Normal => "normal",
        Profile::Fast => "fast",
    }
}

fn list<'a>(addresses: impl IntoIterator<Item = &'a IpAddr>) -> String {
    addresses
        .into_iter()
        .map(IpAddr::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests;
