//! Argument lists as an attacker would make them, from a seed; and what may come out of any.

use std::{collections::HashMap, ffi::OsString, os::unix::ffi::OsStringExt};

/// Numbers that look random and are the same in each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn up_to(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % end
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.up_to(chances) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.up_to(from.len())]
    }

    fn number(&mut self) -> String {
        let end = [2, 300, 70_000, 1 << 30][self.up_to(4)];
        self.up_to(end).to_string()
    }

    fn address(&mut self) -> String {
        let part = |dice: &mut Self| dice.up_to(256);
        match self.up_to(8) {
            0 => format!(
                "{}.{}.{}.{}",
                part(self),
                part(self),
                part(self),
                part(self)
            ),
            1 => format!("fd00::{:x}", self.up_to(65_536)),
            2 => format!("2001:db8::{:x}", self.up_to(65_536)),
            3 => format!("192.168.{}.{}", part(self), part(self)),
            _ => format!("10.{}.{}.{}", part(self), part(self), part(self)),
        }
    }

    fn network(&mut self) -> String {
        match self.up_to(6) {
            0 => format!("{}/{}", self.address(), self.up_to(34)),
            1 => format!("{}/32", self.address()),
            2 => format!("10.{}.{}.0/24", self.up_to(256), self.up_to(256)),
            3 => format!("10.{}.0.0/16", self.up_to(256)),
            4 => self.pick(NETWORKS).to_owned(),
            _ => format!("192.168.{}.0/{}", self.up_to(256), self.up_to(33)),
        }
    }

    /// A word that has its place, or nearly.
    fn word(&mut self) -> String {
        match self.up_to(9) {
            0 => "scan".to_owned(),
            1 => format!("parent={}", self.number()),
            2 => format!(
                "profile={}",
                self.pick(&["gentle", "normal", "fast", "insane"])
            ),
            3 => format!("rate={}", self.number()),
            4 => format!(
                "{}={}",
                self.pick(&["patience", "longest", "retries"]),
                self.number()
            ),
            5 => format!(
                "{}={}",
                self.pick(&["trace", "dns"]),
                self.pick(&[
                    "off",
                    "on",
                    "10.9.9.1",
                    "/etc/passwd",
                    "resolver.example.com"
                ])
            ),
            6 => format!("exclude={},{}", self.address(), self.address()),
            _ => self.network(),
        }
    }

    /// A list that the program takes, unless one of its networks is refused.
    fn good(&mut self, parent: u32) -> Vec<String> {
        let profile = self.up_to(3);
        let mut words = vec![
            "scan".to_owned(),
            format!("parent={parent}"),
            format!("profile={}", ["gentle", "normal", "fast"][profile]),
            format!("rate={}", 1 + self.up_to([100, 2_000, 10_000][profile])),
        ];
        if self.one_in(2) {
            words.extend(["patience=500", "longest=4000", "retries=2"].map(str::to_owned));
        }
        words.push(self.pick(&["trace=off", "trace=on"]).to_owned());
        if self.one_in(3) {
            words.push("exclude=10.0.0.5,10.0.0.7".to_owned());
        }
        let networks = 1 + self.up_to(4);
        words.extend((0..networks).map(|_| match self.one_in(4) {
            true => self.network(),
            false => format!("10.{}.{}.0/24", self.up_to(256), self.up_to(256)),
        }));
        words
    }

    /// A list: made at random, or a good one that was changed a little or not at all.
    pub(crate) fn list(&mut self, parent: u32) -> Vec<OsString> {
        let mut words: Vec<Vec<u8>> = if self.one_in(4) {
            let length = self.up_to(9);
            (0..length).map(|_| self.any_word()).collect()
        } else {
            let good = self.good(parent).into_iter();
            good.map(String::into_bytes).collect()
        };
        for _ in 0..[0, 0, 1, 1, 2, 5][self.up_to(6)] {
            self.change(&mut words);
        }
        words.into_iter().map(OsString::from_vec).collect()
    }

    fn any_word(&mut self) -> Vec<u8> {
        match self.up_to(3) {
            0 => self.pick(HOSTILE).as_bytes().to_vec(),
            1 => (0..self.up_to(40))
                .map(|_| u8::try_from(self.up_to(256)).unwrap())
                .collect(),
            _ => self.word().into_bytes(),
        }
    }

    fn change(&mut self, words: &mut Vec<Vec<u8>>) {
        let at = self.up_to(words.len() + 1);
        let word = self.any_word();
        match self.up_to(7) {
            0 | 1 => words.insert(at, word),
            2 if at < words.len() => drop(words.remove(at)),
            3 if at < words.len() => words[at] = word,
            4 if at < words.len() => {
                // Glued on, as by somebody who hopes for a shell or for splitting at spaces.
                let glue = self.pick(&[" ", ",", "", "\t", "\n", "\0", ";", "-", "=", "/"]);
                words[at].extend(glue.bytes().chain(word));
            }
            5 if at < words.len() && !words[at].is_empty() => {
                let place = self.up_to(words[at].len());
                words[at][place] = u8::try_from(self.up_to(256)).unwrap();
            }
            _ if at < words.len() => {
                let other = self.up_to(words.len());
                words.swap(at, other);
            }
            _ => words.push(word),
        }
    }
}

const NETWORKS: &[&str] = &[
    "0.0.0.0/0",
    "8.8.8.0/24",
    "1.1.1.1/32",
    "10.0.0.0/8",
    "10.0.0.0/15",
    "172.16.0.0/12",
    "172.32.0.0/24",
    "224.0.0.0/24",
    "255.255.255.255/32",
    "fd00::/64",
    "fd00::/112",
    "::/0",
    "::ffff:8.8.8.8/128",
    "2001:db8::/120",
    "ff02::1/128",
    "fe80::1/128",
    "10.0.0.1/24",
    "127.0.0.0/24",
];

const HOSTILE: &[&str] = &[
    "-iL",
    "-iL/etc/shadow",
    "/etc/shadow",
    "--script",
    "--script=default",
    "--script=/tmp/x.nse",
    "-oN",
    "/etc/passwd",
    "-oN/etc/passwd",
    "-oA",
    "-oX",
    "--datadir=/tmp",
    "--datadir",
    "/tmp",
    "--privileged",
    "--resume",
    "-sS",
    "-A",
    "-O",
    "--interactive",
    "--",
    "-",
    "--send-eth",
    "-S",
    "--spoof-mac=0",
    "-D8.8.8.8",
    "-e",
    "eth0",
    "--proxies",
    "-iR",
    "0",
    "host.example.com",
    "localhost",
    "10.0.0.0-255",
    "10.0.0.*",
    "10.0.0.1,2",
    "10.0.0.0/24 -oN /etc/passwd",
    "10.0.0.0/24\n8.8.8.8",
    "10.0.0.0/24\0-iL",
    "$(id)",
    "`id`",
    ";id",
    "|id",
    "&",
    "10.0.0.0/24;id",
    "NMAPDIR=/tmp",
    "LD_PRELOAD=/tmp/x.so",
    "PATH=/tmp",
    "exclude=-iL",
    "trace=-iL",
    "trace=on -iL",
    "trace=/etc/passwd",
    "rate=1 --script",
    "parent=1 -A",
    "１０.0.0.0/24",
    "10.0.0.0/２４",
    "10․0․0․0/24",
    "\u{202e}10.0.0.0/24",
    "",
    " ",
    "check",
    "scan",
    "--help",
    "--version",
    "version",
    "fe80::1%eth0/128",
    "010.0.0.0/24",
    "0x0a.0.0.0/24",
    "167772160/24",
    "10.0.0.0/+24",
    "10.0.0.0/255.255.255.0",
    "10.0/16",
];

/// nmap's arguments as they must be: each option once, from a fixed set, with a value of its kind; then canonical private
/// networks of at most 65,536 addresses in all. Written apart from the program, so that a fault there is no fault here.
pub(crate) fn harmless(args: &[String]) -> Result<(), String> {
    let mut seen = HashMap::new();
    let mut args = args.iter().map(String::as_str).peekable();
    while let Some(option) = args.next_if(|arg| arg.starts_with('-')) {
        let number = |text: &str| text.parse::<u32>().is_ok_and(|n| n.to_string() == text);
        let ms = |text: &str| text.strip_suffix("ms").is_some_and(number);
        let addresses = |text: &str| {
            text.split(',').all(|ip| {
                ip.parse::<std::net::IpAddr>()
                    .is_ok_and(|a| a.to_string() == ip)
            })
        };
        let mut value = |good: &dyn Fn(&str) -> bool| args.next().is_some_and(good);
        let good = match option {
            "-sn" | "--privileged" | "-6" | "-n" | "--packet-trace" => true,
            "-oX" => value(&|text| text == "-"),
            "-oN" => value(&|text| text == "/dev/stderr"),
            "--stats-every" => value(&|text| text == "1s"),
            "--datadir" => {
                value(&|text| ["/usr/share/nmap", "/usr/local/share/nmap"].contains(&text))
            }
            "--max-rate" | "--min-rate" => {
                value(&|text| number(text) && (1..=10_000).contains(&text.parse::<u32>().unwrap()))
            }
            "--max-retries" => value(&|text| number(text) && text.parse::<u32>().unwrap() <= 10),
            "--initial-rtt-timeout" | "--max-rtt-timeout" => value(&ms),
            "--exclude" => value(&addresses),
            _ => false,
        };
        if !good || seen.insert(option, ()).is_some() {
            return Err(format!("{option:?} must not be there, or not like this"));
        }
    }
    if !["-sn", "-n", "-oX", "--privileged", "--max-rate"]
        .iter()
        .all(|option| seen.contains_key(option))
    {
        return Err("an option is missing".to_owned());
    }
    let mut all: u128 = 0;
    for target in args {
        all +=
            private(target).ok_or_else(|| format!("{target:?} is no canonical private network"))?;
    }
    match all {
        1..=65_536 => Ok(()),
        _ => Err(format!("{all} addresses")),
    }
}

/// How many addresses a private network in canonical form has.
fn private(text: &str) -> Option<u128> {
    let (ip, prefix) = text.split_once('/')?;
    let bits: u32 = prefix.parse().ok()?;
    if bits.to_string() != prefix {
        return None;
    }
    match ip.parse::<std::net::IpAddr>().ok()? {
        std::net::IpAddr::V4(v4) => {
            let size = 1u64.checked_shl(32u32.checked_sub(bits)?)?;
            let first = u64::from(v4.to_bits());
            let inside = [
                (0x0a00_0000, 24),
                (0xac10_0000, 20),
                (0xc0a8_0000, 16),
                (0x6440_0000, 22),
                (0xa9fe_0000, 16),
                (0x7f00_0000, 24),
            ]
            .iter()
            .any(|&(start, wide): &(u64, u32)| {
                start <= first && first + size <= start + (1 << wide)
            });
            (v4.to_string() == ip && first % size == 0 && inside).then_some(size.into())
        }
        std::net::IpAddr::V6(v6) => {
            let size = 1u128.checked_shl(128u32.checked_sub(bits)?)?;
            let first = v6.to_bits();
            let inside =
                first >> 121 == 0xfc >> 1 || first >> 118 == 0xfe80 >> 6 || first == 1 && size == 1;
            (v6.to_string() == ip && first % size == 0 && inside).then_some(size)
        }
    }
}
