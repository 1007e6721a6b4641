//! The table of keys: from it follow reading, setting, showing and the documented example.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    LogLevel, OnMetered, Settings,
    mistake::{Expected, Mistake, Position, SECRET_KEYS},
    values::{self, Fault},
    yaml::Node,
};
use crate::{ids::AgentCode, plan::Profile};

/// A key of the settings file.
pub struct Key {
    /// Its name in the file, the reference's where it has one.
    pub name: &'static str,
    /// What it is for, in one line.
    pub help: &'static str,
    /// What it takes, in words that follow "expected".
    pub expected: &'static str,
    /// A value to show where there is no default.
    pub example: &'static str,
    /// Whether its value stays out of messages and logs.
    pub private: bool,
    read: fn(&Node, &mut Draft) -> Result<(), Fault>,
    show: fn(&Settings) -> Option<Shown>,
}

/// A value as people see it, and as it goes into JSON documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it")]
#[ts(rename = "SettingValue")]
pub enum Shown {
    YesNo(bool),
    Number(i64),
    Text(String),
    List(Vec<String>),
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shown::YesNo(value) => value.fmt(f),
            Shown::Number(value) => value.fmt(f),
            Shown::Text(value) => value.fmt(f),
            Shown::List(values) => f.write_str(&values.join(", ")),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.name).finish()
    }
}

/// Settings while they are read.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) settings: Settings,
    /// The port that stands in `http_server`.
    pub(super) server_port: Option<u16>,
    /// Whether `http_port` is given.
    pub(super) port_given: bool,
}

impl Key {
    /// The value that the settings have; `None` when there is none and no default.
    pub fn shown(&self, settings: &Settings) -> Option<Shown> {
        (self.show)(settings)
    }

    /// Takes a value up.
    pub(super) fn read(&self, node: &Node, draft: &mut Draft) -> Result<(), Mistake> {
        (self.read)(node, draft).map_err(|fault| Mistake {
            at: fault.at.or(node.at),
            key: self.name.to_owned(),
            found: match self.private {
                true => node.kind(),
                false => fault.found.unwrap_or_else(|| node.describe()),
            },
            expected: fault.expected.unwrap_or(Expected::Value {
                words: self.expected,
            }),
        })
    }
}

/// The key of that name.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The known name that comes nearest to an unknown one.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase().replace('-', "_");
    KEYS.iter()
        .map(|key| key.name)
        .chain(SECRET_KEYS)
        .map(|known| (strsim::normalized_damerau_levenshtein(&lower, known), known))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// A value at a secret's key, or a name that no key has.
pub(super) fn no_such_key(name: &str, at: Option<Position>) -> Mistake {
    let found = "a key that doesn't exist".to_owned();
    Mistake {
        at,
        key: name.to_owned(),
        found,
        expected: Expected::KnownKey {
            nearest: nearest(name),
        },
    }
}

/// A secret where none may be.
pub(super) fn secret_here(name: &str, at: Option<Position>) -> Mistake {
    Mistake {
        at,
        key: name.to_owned(),
        found: "a value".to_owned(),
        expected: Expected::NoSecret {
            name: name.to_owned(),
        },
    }
}

const PROFILES: [(&str, Profile); 3] = [
    ("gentle", Profile::Gentle),
    ("normal", Profile::Normal),
    ("fast", Profile::Fast),
];

const ON_METERED: [(&str, OnMetered); 2] = [("wait", OnMetered::Wait), ("scan", OnMetered::Scan)];

const LEVELS: [(&str, LogLevel); 4] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
];

fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> Option<Shown> {
    words
        .iter()
        .find(|(_, known)| known == value)
        .map(|(word, _)| Shown::Text((*word).to_owned()))
}

fn text(text: impl Into<String>) -> Option<Shown> {
    Some(Shown::Text(text.into()))
}

/// Reads a value, or takes the default when there is none.
macro_rules! read {
    ($reader:expr, $($field:ident).+) => {
        |node, draft| {
            draft.settings.$($field).+ = match $reader(node)? {
                Some(value) => value,
                None => Settings::default().$($field).+,
            };
            Ok(())
        }
    };
}

/// Every key, in the order of the documented example.
pub static KEYS: [Key; 29] = [
    Key {
        name: "api_url",
        help: "phpIPAM's address, with the path it is installed at and without /api.",
        expected: "an http or https URL without user name, query or fragment",
        example: "https://ipam.example.com",
        private: false,
        read: |node, draft| {
            draft.settings.api_url = values::api_url(node)?;
            Ok(())
        },
        show: |settings| text(values::url_text(settings.api_url.as_ref()?)),
    },
    Key {
        name: "client_name",
        help: "phpIPAM's app id (Administration, API).",
        expected: "a name without white space, slash, ? or #",
        example: "fieldscan",
        private: false,
        read: |node, draft| {
            draft.settings.client_name = values::name(node)?;
            Ok(())
        },
        show: |settings| text(settings.client_name.as_deref()?),
    },
    Key {
        name: "client_user",
        help: "User name, only for apps with the security \"SSL with User token\". Its password is the secret client_password.",
        expected: "a user name on one line",
        example: "scanner",
        private: false,
        read: |node, draft| {
            draft.settings.client_user = values::line(node)?;
            Ok(())
        },
        show: |settings| text(settings.client_user.as_deref()?),
    },
    Key {
        name: "scanagent_code",
        help: "This agent's code in phpIPAM (Administration, Scan agents). Case matters.",
        expected: "the agent's code on one line",
        example: "code-of-this-agent",
        private: true,
        read: |node, draft| {
            draft.settings.scanagent_code = values::line(node)?.map(AgentCode::new);
            Ok(())
        },
        show: |settings| text(settings.scanagent_code.as_ref()?.reveal()),
    },
    Key {
        name: "http_server",
        help: "The scan server: scheme and host.",
        expected: "an http or https URL of a host without path, user name or query",
        example: "",
        private: false,
        read: |node, draft| {
            (draft.settings.http_server, draft.server_port) = match values::server(node)? {
                Some(server) => server,
                None => (Settings::default().http_server, None),
            };
            Ok(())
        },
        show: |settings| text(values::url_text(&settings.http_server)),
    },
    Key {
        name: "http_port",
        help: "The scan server's port.",
        expected: "a port from 1 to 65535",
        example: "",
        private: false,
        read: |node, draft| {
            let port = values::number(node, 1..=65_535)?;
            let port = port.and_then(|port| u16::try_from(port).ok());
            draft.port_given = port.is_some();
            draft.settings.http_port = port.unwrap_or(Settings::default().http_port);
            Ok(())
        },
        show: |settings| Some(Shown::Number(settings.http_port.into())),
    },
    Key {
        name: "ca_file",
        help: "Certificates (PEM) to trust beside the system's, for phpIPAM and the scan server.",
        expected: "the absolute path of a PEM file",
        example: "/etc/ssl/certs/site-ca.pem",
        private: false,
        read: |node, draft| {
            draft.settings.ca_file = values::absolute_path(node)?;
            Ok(())
        },
        show: |settings| text(settings.ca_file.as_ref()?.to_string_lossy()),
    },
    Key {
        name: "schedule",
        help: "When to scan by itself: off, an interval, or a cron expression in this machine's time zone.",
        expected: "off, an interval of at least 1 min (\"30 min\"), or a cron expression of 5 fields (6 with one value for the second first)",
        example: "",
        private: false,
        read: read!(values::schedule, schedule),
        show: |settings| text(values::schedule_text(&settings.schedule)),
    },
    Key {
        name: "schedule_jitter",
        help: "A scheduled run begins up to this much later, so that agents don't all come at once.",
        expected: "a duration with its unit, such as \"1 min\"",
        example: "",
        private: false,
        read: read!(values::duration, schedule_jitter),
        show: |settings| text(values::duration_text(settings.schedule_jitter)),
    },
    Key {
        name: "profile",
        help: "How hard to press: gentle for shared or fragile links, normal, or fast for a link of one's own.",
        expected: "gentle, normal or fast",
        example: "",
        private: false,
        read: read!(|node| values::choice(node, &PROFILES), profile),
        show: |settings| word(&PROFILES, &settings.profile),
    },
    Key {
        name: "allow_public",
        help: "Public networks that may be scanned. Private ones need no leave.",
        expected: "a list of networks such as 203.0.113.0/24",
        example: "[203.0.113.0/24]",
        private: false,
        read: read!(values::networks, guard.public),
        show: |settings| {
            let networks = settings.guard.public.iter();
            Some(Shown::List(networks.map(ToString::to_string).collect()))
        },
    },
    Key {
        name: "allow_large",
        help: "Whether subnets of more than 4096 addresses (up to 65536) may be swept.",
        expected: "true or false",
        example: "",
        private: false,
        read: read!(values::yes_no, guard.large),
        show: |settings| Some(Shown::YesNo(settings.guard.large)),
    },
    Key {
        name: "accept_everything_up",
        help: "Networks that are reported even if nearly all addresses are up, and only by one device's answers.",
        expected: "a list of networks such as 10.20.30.0/24",
        example: "[10.20.30.0/24]",
        private: false,
        read: read!(values::networks, accept_everything_up),
        show: |settings| {
            let networks = settings.accept_everything_up.iter();
            Some(Shown::List(networks.map(ToString::to_string).collect()))
        },
    },
    Key {
        name: "right_place",
        help: "Whether a subnet is left alone at another site than the one where it was found. `fieldscan places` shows the sites.",
        expected: "true or false",
        example: "",
        private: false,
        read: read!(values::yes_no, right_place),
        show: |settings| Some(Shown::YesNo(settings.right_place)),
    },
    Key {
        name: "battery_level",
        help: "On battery, scheduled scans wait below so many percent. 0: never.",
        expected: "a whole number from 0 to 100",
        example: "",
        private: false,
        read: |node, draft| {
            let level = values::number(node, 0..=100)?;
            draft.settings.battery_level = level
                .and_then(|level| u8::try_from(level).ok())
                .unwrap_or(Settings::default().battery_level);
            Ok(())
        },
        show: |settings| Some(Shown::Number(settings.battery_level.into())),
    },
    Key {
        name: "on_metered",
        help: "What scheduled scans do on a metered connection: wait, or scan all the same.",
        expected: "wait or scan",
        example: "",
        private: false,
        read: read!(|node| values::choice(node, &ON_METERED), on_metered),
        show: |settings| word(&ON_METERED, &settings.on_metered),
    },
    Key {
        name: "misses_before_missing",
        help: "Scans in a row that must not see an address before it counts as missing.",
        expected: "a whole number from 1 to 100",
        example: "",
        private: false,
        read: |node, draft| {
            let misses = values::number(node, 1..=100)?;
            draft.settings.misses_before_missing = misses
                .and_then(|misses| u32::try_from(misses).ok())
                .unwrap_or(Settings::default().misses_before_missing);
            Ok(())
        },
        show: |settings| Some(Shown::Number(settings.misses_before_missing.into())),
    },
    Key {
        name: "report_ipv6",
        help: "Whether to report IPv6 hosts. The reference scan server drops a whole report that has one.",
        expected: "true or false",
        example: "",
        private: false,
        read: read!(values::yes_no, report_ipv6),
        show: |settings| Some(Shown::YesNo(settings.report_ipv6)),
    },
    Key {
        name: "ipam_time_zone",
        help: "The time zone in which phpIPAM keeps its times.",
        expected: "an IANA time zone such as UTC or Europe/Vienna",
        example: "",
        private: false,
        read: read!(values::time_zone, ipam_time_zone),
        show: |settings| text(settings.ipam_time_zone.iana_name()?),
    },
    Key {
        name: "epoch_time_offset",
        help: "Seconds that are added to this machine's clock.",
        expected: "a whole number of seconds, up to ten years either way",
        example: "",
        private: false,
        read: read!(values::offset, epoch_time_offset),
        show: |settings| Some(Shown::Number(settings.epoch_time_offset)),
    },
    Key {
        name: "cache_expire_time",
        help: "How long what phpIPAM told is used before it is asked again, in seconds.",
        expected: "a number of seconds, or a duration such as \"30 min\", up to ten years",
        example: "",
        private: false,
        read: read!(values::seconds, cache_expire_time),
        show: |settings| {
            let seconds = settings.cache_expire_time.as_secs();
            Some(Shown::Number(seconds.try_into().unwrap_or(i64::MAX)))
        },
    },
    Key {
        name: "keep_history",
        help: "How long scans are kept.",
        expected: "a duration with its unit, such as \"90 days\", up to ten years",
        example: "",
        private: false,
        read: read!(values::duration, keep_history),
        show: |settings| text(values::duration_text(settings.keep_history)),
    },
    Key {
        name: "log_level",
        help: "How much is logged. Customer addresses only at debug.",
        expected: "error, warn, info or debug",
        example: "",
        private: false,
        read: read!(|node| values::choice(node, &LEVELS), log_level),
        show: |settings| word(&LEVELS, &settings.log_level),
    },
    Key {
        name: "notify_findings",
        help: "Whether to tell what a run newly finds: unknown, missing or mismatched hosts.",
        expected: "true or false",
        example: "",
        private: false,
        read: read!(values::yes_no, notify.findings),
        show: |settings| Some(Shown::YesNo(settings.notify.findings)),
    },
    Key {
        name: "notify_reports",
        help: "Whether to tell of reports that the scan server refuses or that phpIPAM does not show.",
        expected: "true or false",
        example: "",
        private: false,
        read: read!(values::yes_no, notify.reports),
        show: |settings| Some(Shown::YesNo(settings.notify.reports)),
    },
    Key {
        name: "notify_problems",
        help: "Whether to tell of problems that need you.",
        expected: "true or false",
        example: "",
        private: false,
        read: read!(values::yes_no, notify.problems),
        show: |settings| Some(Shown::YesNo(settings.notify.problems)),
    },
    Key {
        name: "notify_delivered",
        help: "Whether to tell when Fieldscan has been offline for 1 hour, and when late reports have arrived.",
        expected: "true or false",
        example: "",
        private: false,
        read: read!(values::yes_no, notify.delivered),
        show: |settings| Some(Shown::YesNo(settings.notify.delivered)),
    },
    Key {
        name: "update_url",
        help: "Where a signed notice of the newest version is; Fieldscan looks once a day, and only tells. Nothing: it never looks.",
        expected: "an https URL without user name or fragment",
        example: "https://downloads.example.com/fieldscan/newest.json",
        private: false,
        read: |node, draft| {
            draft.settings.update_url = values::update_url(node)?;
            Ok(())
        },
        show: |settings| text(settings.update_url.as_ref()?.as_str()),
    },
    Key {
        name: "update_key",
        help: "The public key (minisign) of whoever signs that notice.",
        expected: "the base64 line of a minisign public key",
        example: "RWQ...",
        private: false,
        read: |node, draft| {
            draft.settings.update_key = values::line(node)?;
            Ok(())
        },
        show: |settings| text(settings.update_key.as_deref()?),
    },
];
