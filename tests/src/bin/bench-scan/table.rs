//! The figures as a table, and what of them is not as it must be.

use std::{fmt::Write as _, time::Duration};

use fieldscan_core::plan::{self, Profile};

use crate::{measure::Measured, rows::Row};

/// Packets beside plain nmap's, at the most.
const PACKETS: f64 = 1.5;
/// The engine's own share of a scan's time, at the most.
const OWN: f64 = 0.02;
/// Four subnets beside one, at the most, with [`Profile::Fast`]. With [`Profile::Normal`] its packets a second bind: four
/// subnets need four times the packets, and no probe of a silent address may be left out.
const FOUR: f64 = 1.3;

/// All lines.
#[derive(Default)]
pub(crate) struct Table {
    lines: Vec<Line>,
}

struct Line {
    name: &'static str,
    says: &'static str,
    profile: Profile,
    at_least: f64,
    at_most: Option<Duration>,
    plain: Option<Sum>,
    ours: Sum,
    live: usize,
}

/// Several scans of the same row.
#[derive(Clone, Copy)]
struct Sum {
    scans: usize,
    took: Duration,
    found: usize,
    packets: u64,
    peak: u64,
    own: f64,
}

impl Sum {
    fn of(all: &[Measured]) -> Option<Self> {
        let mut times: Vec<_> = all.iter().map(|one| one.took).collect();
        times.sort_unstable();
        let total: Duration = times.iter().sum();
        let cpu: Duration = all.iter().map(|one| one.cpu).sum();
        Some(Self {
            scans: all.len(),
            took: *times.get(times.len() / 2)?,
            found: all.iter().map(|one| one.found).sum(),
            packets: all.iter().map(|one| one.packets).sum(),
            peak: all.iter().map(|one| one.peak).max()?,
            own: cpu.as_secs_f64() / total.as_secs_f64(),
        })
    }

    fn packets_each(&self) -> f64 {
        self.packets as f64 / self.scans as f64
    }
}

impl Line {
    fn faster(&self) -> Option<f64> {
        let plain = self.plain?;
        Some(plain.took.as_secs_f64() / self.ours.took.as_secs_f64())
    }

    fn more_packets(&self) -> Option<f64> {
        Some(self.ours.packets_each() / self.plain?.packets_each())
    }
}

impl Table {
    /// Adds a row's scans with one profile.
    pub(crate) fn add(
        &mut self,
        row: &Row,
        profile: Profile,
        at_least: f64,
        plain: &[Measured],
        ours: Vec<Measured>,
    ) {
        let Some(sum) = Sum::of(&ours) else { return };
        self.lines.push(Line {
            name: row.name,
            says: row.says,
            profile,
            at_least,
            at_most: row.at_most.filter(|_| profile == Profile::Fast),
            plain: Sum::of(plain),
            ours: sum,
            live: row.live_hosts().len() + row.own_addresses(),
        });
    }

    fn line(&self, name: &str, profile: Profile) -> Option<&Line> {
        let is_it = |line: &&Line| line.name == name && line.profile == profile;
        self.lines.iter().find(is_it)
    }

    /// Four subnets at once beside one.
    fn four_beside_one(&self, profile: Profile) -> Option<f64> {
        let four = self.line("four-24", profile)?;
        let one = self.line("one-24", profile)?;
        Some(four.ours.took.as_secs_f64() / one.ours.took.as_secs_f64())
    }

    /// The table in Markdown. Times are medians, hosts are summed over the seeds.
    pub(crate) fn markdown(&self, seeds: u64) -> String {
        let mut text = String::from(
            "| network | profile | plain nmap | Fieldscan | times faster | found: nmap | found: Fieldscan | packets beside nmap's | packets in the busiest second | own processor time |\n\
             |---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
        let times = |factor: Option<f64>| factor.map_or("–".to_owned(), |f| format!("{f:.1}"));
        for line in &self.lines {
            let Line { ours, plain, .. } = line;
            let found = |sum: &Sum| format!("{} of {}", sum.found, sum.scans * line.live);
            let _ = writeln!(
                text,
                "| {} | {:?} | {} | {} | {} | {} | {} | {} | {} of {} | {:.1} % |",
                line.says,
                line.profile,
                plain.map_or("–".to_owned(), |plain| seconds(plain.took)),
                seconds(ours.took),
                times(line.faster()),
                plain.as_ref().map_or("–".to_owned(), found),
                found(ours),
                line.more_packets()
                    .map_or("–".to_owned(), |factor| format!("{factor:.2}")),
                ours.peak,
                plan::limit(line.profile),
                ours.own * 100.0,
            );
        }
        let _ = write!(
            text,
            "\n{seeds} seeds; times are medians, hosts are summed."
        );
        for profile in [Profile::Fast, Profile::Normal] {
            if let Some(factor) = self.four_beside_one(profile) {
                let _ = write!(
                    text,
                    " Four /24 at once take {factor:.2} times one ({profile:?})."
                );
            }
        }
        text.push('\n');
        text
    }

    /// What must be otherwise.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for line in &self.lines {
            let mut fault = |words: String| {
                faults.push(format!("{} {:?}: {words}", line.name, line.profile));
            };
            let Line { ours, plain, .. } = line;
            if let Some(factor) = line.faster().filter(|factor| *factor < line.at_least) {
                fault(format!(
                    "{factor:.1} times faster, not {:.1}",
                    line.at_least
                ));
            }
            if let Some(longest) = line.at_most.filter(|longest| ours.took > *longest) {
                fault(format!("{:?}, more than {longest:?}", ours.took));
            }
            // Plain nmap may have been measured for fewer seeds.
            if let Some(plain) = plain
                && ours.found * plain.scans < plain.found * ours.scans
            {
                fault(format!("{} hosts, nmap found {}", ours.found, plain.found));
            }
            if let Some(factor) = line.more_packets().filter(|factor| *factor > PACKETS) {
                fault(format!("{factor:.2} times nmap's packets"));
            }
            let limit = plan::limit(line.profile);
            if ours.peak > u64::from(limit) {
                fault(format!("{} packets in a second of {limit}", ours.peak));
            }
            if ours.own > OWN {
                fault(format!("{:.1} % own processor time", ours.own * 100.0));
            }
        }
        if let Some(factor) = self
            .four_beside_one(Profile::Fast)
            .filter(|factor| *factor > FOUR)
        {
            faults.push(format!("four-24: {factor:.2} times one"));
        }
        faults
    }
}
