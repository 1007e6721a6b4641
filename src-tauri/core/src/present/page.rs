//! The pages of the window, as its hash routes name them.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::{ReportId, RunId, SubnetId};

/// A page of the window. `Display` gives its route: `subnet/7/10.77.0.9`, `settings/phpipam`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Page {
    /// All subnets.
    Overview,
    /// The steps from nothing to the first scan.
    Setup,
    /// One subnet, perhaps with an address of it.
    Subnet(SubnetId, Option<IpAddr>),
    /// Past runs, or one of them.
    History(Option<RunId>),
    /// The outbox, or one report.
    Reports(Option<ReportId>),
    /// The settings, perhaps at a section.
    Settings(Option<Section>),
    /// What was told.
    Notices,
}

/// A section of the settings, as its route names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "SettingsSection")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Section {
    Phpipam,
    Server,
    Schedule,
    Scanning,
    Cache,
    Notifications,
    Startup,
    Import,
}

/// A text that names no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no page {0:?}")]
pub struct NoSuchPage(String);

impl Section {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Phpipam,
        Self::Server,
        Self::Schedule,
        Self::Scanning,
        Self::Cache,
        Self::Notifications,
        Self::Startup,
        Self::Import,
    ];

    /// Its part of the route.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phpipam => "phpipam",
            Self::Server => "server",
            Self::Schedule => "schedule",
            Self::Scanning => "scanning",
            Self::Cache => "cache",
            Self::Notifications => "notifications",
            Self::Startup => "startup",
            Self::Import => "import",
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overview => f.write_str("overview"),
            Self::Setup => f.write_str("setup"),
            Self::Subnet(id, None) => write!(f, "subnet/{id}"),
            Self::Subnet(id, Some(ip)) => write!(f, "subnet/{id}/{ip}"),
            Self::History(None) => f.write_str("history"),
            Self::History(Some(id)) => write!(f, "history/{id}"),
            Self::Reports(None) => f.write_str("reports"),
            Self::Reports(Some(id)) => write!(f, "reports/{id}"),
            Self::Settings(None) => f.write_str("settings"),
            Self::Settings(Some(section)) => write!(f, "settings/{}", section.name()),
            Self::Notices => f.write_str("notices"),
        }
    }
}

impl FromStr for Page {
    type Err = NoSuchPage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| NoSuchPage(text.chars().take(80).collect()))
    }
}

fn parse(text: &str) -> Option<Page> {
    let parts: Vec<&str> = text.split('/').collect();
    Some(match parts.as_slice() {
        ["overview"] => Page::Overview,
        ["setup"] => Page::Setup,
        ["subnet", id] => Page::Subnet(id.parse().ok()?, None),
        ["subnet", id, ip] => Page::Subnet(id.parse().ok()?, Some(ip.parse().ok()?)),
        ["history"] => Page::History(None),
        ["history", id] => Page::History(Some(id.parse().ok()?)),
        ["reports"] => Page::Reports(None),
        ["reports", id] => Page::Reports(Some(id.parse().ok()?)),
        ["settings"] => Page::Settings(None),
        ["settings", name] => Page::Settings(Some(
            Section::ALL
                .into_iter()
                .find(|section| section.name() == *name)?,
        )),
        ["notices"] => Page::Notices,
        _ => return None,
    })
}

impl From<Page> for String {
    fn from(page: Page) -> Self {
        page.to_string()
    }
}

impl TryFrom<String> for Page {
    type Error = NoSuchPage;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any page.
    pub(in crate::present) fn pages() -> impl Strategy<Value = Page> {
        let ips = prop_oneof![
            any::<u32>().prop_map(|ip| IpAddr::from(ip.to_be_bytes())),
            any::<[u8; 16]>().prop_map(IpAddr::from),
        ];
        prop_oneof![
            Just(Page::Overview),
            Just(Page::Setup),
            Just(Page::Notices),
            (any::<u64>(), proptest::option::of(ips))
                .prop_map(|(id, ip)| Page::Subnet(SubnetId(id), ip)),
            proptest::option::of(any::<u64>()).prop_map(|id| Page::History(id.map(RunId))),
            proptest::option::of(any::<u64>()).prop_map(|id| Page::Reports(id.map(ReportId))),
            proptest::option::of(proptest::sample::select(&Section::ALL[..]))
                .prop_map(Page::Settings),
        ]
    }

    proptest! {
        #[test]
        fn a_page_is_what_its_route_says(page in pages()) {
            prop_assert_eq!(page.to_string().parse::<Page>(), Ok(page.clone()));
            let json = serde_json::to_string(&page).unwrap();
            prop_assert_eq!(serde_json::from_str::<Page>(&json).unwrap(), page);
        }

        #[test]
        fn no_text_is_taken_for_another_page(text in "(subnet|settings|history|reports)?[/a-z0-9.:]{0,20}") {
            if let Ok(page) = text.parse::<Page>() {
                // What is written otherwise (a leading zero, an address in another form) names the same page.
                prop_assert_eq!(page.to_string().parse::<Page>(), Ok(page));
            }
        }
    }

    #[test]
    fn a_section_has_one_name() {
        for section in Section::ALL {
            let told = serde_json::to_value(section).unwrap();
            assert_eq!(told, section.name(), "as the window's types have it");
        }
    }

    #[test]
    fn routes_are_those_of_the_window() {
        for (text, page) in [
            (
                "subnet/7/fd00:20::1",
                Page::Subnet(SubnetId(7), "fd00:20::1".parse().ok()),
            ),
            ("settings/server", Page::Settings(Some(Section::Server))),
            ("history/12", Page::History(Some(RunId(12)))),
        ] {
            assert_eq!(text.parse(), Ok(page), "{text}");
        }
        for text in [
            "",
            "overview/",
            "subnet",
            "subnet/x",
            "settings/nowhere",
            "reports/1/2",
            "Overview",
        ] {
            assert!(text.parse::<Page>().is_err(), "{text:?} names no page");
        }
    }
}
