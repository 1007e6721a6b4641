//! Newtypes for every identifier, so that a subnet's id can't be taken for a report's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "number")]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// phpIPAM's id of a subnet.
    SubnetId
);
id!(
    /// phpIPAM's id of an address row.
    AddressId
);
id!(
    /// phpIPAM's id of a scan agent.
    AgentId
);
id!(
    /// One run over one or more subnets. Rises with time.
    RunId
);
id!(
    /// One scan of one subnet. Rises with time.
    ScanId
);
id!(
    /// One report in the outbox. Rises with time: within a subnet a lower id is an older report.
    ReportId
);
id!(
    /// One notice to the person. Rises with time.
    NoticeId
);

/// The code by which phpIPAM knows this scan agent (setting `scanagent_code`).
///
/// The scan server takes whoever knows it for this agent, so `Debug` and logs don't show it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentCode(String);

impl AgentCode {
    /// Takes the code as phpIPAM shows it. Case matters.
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The code itself, for requests and reports only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AgentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentCode(…)")
    }
}
