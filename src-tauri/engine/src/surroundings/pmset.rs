//! What macOS's `pmset -g batt` prints.

use fieldscan_core::place::Battery;

/// What `pmset -g batt` says of the battery inside; `None` where there is none.
pub(super) fn read(words: &str) -> Option<Battery> {
    let battery = words
        .lines()
        .find(|line| line.trim_start().starts_with("-InternalBattery"))?;
    let percent = battery.split_whitespace().find_map(|word| {
        let number = word.trim_end_matches(';').strip_suffix('%')?;
        number.parse::<u8>().ok().filter(|percent| *percent <= 100)
    })?;
    Some(Battery {
        percent,
        discharging: words.contains("'Battery Power'"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pmset_tells_of_the_battery() {
        let battery = |percent, discharging| Battery {
            percent,
            discharging,
        };
        for (words, found) in [
            (
                "Now drawing from 'Battery Power'\n -InternalBattery-0 (id=4653155)\t68%; discharging; 4:11 remaining present: true\n",
                Some(battery(68, true)),
            ),
            (
                "Now drawing from 'AC Power'\n -InternalBattery-0 (id=4653155)\t100%; charged; 0:00 remaining present: true\n",
                Some(battery(100, false)),
            ),
            ("Now drawing from 'AC Power'\n", None),
            (
                "Now drawing from 'Battery Power'\n -InternalBattery-0\tcomplete nonsense\n",
                None,
            ),
        ] {
            assert_eq!(read(words), found, "{words}");
        }
    }
}
