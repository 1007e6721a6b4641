//! Words for what holds scheduled runs back.

use crate::place::{Battery, Held};

use super::number;

/// Why a scheduled run doesn't begin, without a full stop: `Waiting for power: battery at 14 %`, `Not at Depot`.
pub fn held(why: &Held) -> String {
    match why {
        Held::Network => "Waiting for the network".to_owned(),
        Held::Battery { percent } => {
            format!("Waiting for power: battery at {percent} %")
        }
        Held::Metered => "Waiting: the connection is metered".to_owned(),
        Held::Elsewhere { sites } => format!("Not at {}", one_of(sites)),
    }
}

/// The battery in words: `14 %, discharging`.
pub fn battery(battery: Battery) -> String {
    let Battery {
        percent,
        discharging,
    } = battery;
    match discharging {
        true => format!("{percent} %, discharging"),
        false => format!("{percent} %, on mains"),
    }
}

fn one_of(names: &[String]) -> String {
    match names {
        [] => "the site of any subnet".to_owned(),
        [only] => only.clone(),
        [first, last] => format!("{first} or {last}"),
        [first, second, rest @ ..] => {
            format!("{first}, {second} or {} more", number(rest.len() as u64))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_named_with_its_fact() {
        let sites = |names: &[&str]| Held::Elsewhere {
            sites: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        for (why, words) in [
            (
                Held::Battery { percent: 14 },
                "Waiting for power: battery at 14 %",
            ),
            (Held::Metered, "Waiting: the connection is metered"),
            (Held::Network, "Waiting for the network"),
            (sites(&["Depot"]), "Not at Depot"),
            (sites(&["Depot", "Harbour"]), "Not at Depot or Harbour"),
            (
                sites(&["Depot", "Harbour", "Mill", "Quarry"]),
                "Not at Depot, Harbour or 2 more",
            ),
        ] {
            assert_eq!(held(&why), words);
        }
    }
}
