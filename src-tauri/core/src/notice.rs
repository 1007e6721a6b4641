//! What is told to the person without being asked for, and what is not told again.
//!
//! Decides what; the words are in [`crate::present`]. What was told, and when, is known from the notices that are kept.

pub mod facts;
mod news;
mod outage;
mod told;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ids::NoticeId, present::Page};

pub use facts::Facts;
pub use news::{Found, News};
pub use outage::Outage;
pub(crate) use told::to_the_millisecond;
pub use told::{Thing, Told};

/// Something that the person is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// When it was told.
    pub at: Timestamp,
    /// What kind of thing it is.
    pub category: Category,
    /// What happened, in a few words. Plain text: no markup, nothing that can't be seen.
    pub title: String,
    /// The rest, in one to three sentences. Plain text as well.
    pub text: String,
    /// What title and text say, as facts; none in a notice from before they were kept.
    #[serde(default)]
    pub facts: Option<Facts>,
    /// The page that shows what it speaks of.
    pub page: Page,
    /// What it tells of: none of it is told again within a day.
    pub things: Vec<Thing>,
}

/// What kind of thing a notice tells: each can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// What a run newly found.
    Findings,
    /// Reports that were refused, or that phpIPAM does not show.
    Reports,
    /// Problems that need the person.
    Problems,
    /// Offline for long, and reports that arrived after all.
    Delivered,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Findings,
        Self::Reports,
        Self::Problems,
        Self::Delivered,
    ];

    /// Its name, as documents and the log have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Reports => "reports",
            Self::Problems => "problems",
            Self::Delivered => "delivered",
        }
    }
}

/// Which categories are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the categories")]
pub struct Switches {
    pub findings: bool,
    pub reports: bool,
    pub problems: bool,
    pub delivered: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            findings: true,
            reports: true,
            problems: true,
            delivered: true,
        }
    }
}

impl Switches {
    /// Whether a category is told.
    pub fn on(self, category: Category) -> bool {
        match category {
            Category::Findings => self.findings,
            Category::Reports => self.reports,
            Category::Problems => self.problems,
            Category::Delivered => self.delivered,
        }
    }
}
