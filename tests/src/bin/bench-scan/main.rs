//! How fast the engine scans, and what it finds, beside plain `nmap -sn -n`: the same simulated network, the real nmap, one
//! run. `cargo xtask bench scan` builds and starts it. A whole run keeps its table in `docs/performance.md`.
//!
//! It must be started in a namespace of its own, and does that itself. The engine's scheduler is measured, not the agent
//! around it. The engine knows no addresses beforehand here, so that nothing is asked a second time.
#![expect(
    clippy::print_stdout,
    reason = "a program for a person: what it prints is what it is for"
)]

mod measure;
mod others;
mod rows;
mod table;

use anyhow::{Context as _, Result, bail, ensure};
use fieldscan_tests::network::{available, command_in_namespace, inside, loopback_up};

use crate::{
    measure::{Measured, engine, plain},
    others::{OTHERS, Other},
    rows::{Row, rows},
    table::Table,
};

/// What is asked for.
#[derive(Debug)]
struct Wanted {
    seeds: u64,
    only: Option<String>,
    quick: bool,
}

impl Wanted {
    fn read(args: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut wanted = Self {
            seeds: 5,
            only: None,
            quick: false,
        };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--seeds" => wanted.seeds = value()?.parse().context("--seeds takes a number")?,
                "--only" => wanted.only = Some(value()?),
                "--quick" => wanted.quick = true,
                other => bail!(
                    "`{other}` is not understood; there are --seeds N, --only NAME and --quick"
                ),
            }
        }
        ensure!(wanted.seeds > 0, "at least one seed is needed");
        if let Some(only) = &wanted.only {
            let mut names: Vec<_> = rows().iter().map(|row| row.name).collect();
            names.extend(OTHERS.map(Other::name));
            ensure!(
                names.contains(&only.as_str()),
                "there is no row `{only}`; there are {}",
                names.join(", ")
            );
        }
        Ok(wanted)
    }

    fn wants(&self, name: &str, long: bool) -> bool {
        match &self.only {
            Some(only) => only == name,
            None => !(self.quick && long),
        }
    }
}

fn main() -> Result<()> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let wanted = Wanted::read(args.iter().cloned())?;
    if !inside() {
        if let Err(reason) = available() {
            bail!("{reason}");
        }
        let program = std::env::current_exe()?;
        let status = command_in_namespace(program).args(&args).status()?;
        ensure!(status.success(), "the benchmark failed: {status}");
        return Ok(());
    }
    loopback_up()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut table = Table::default();
    for row in rows().iter().filter(|row| wanted.wants(row.name, row.long)) {
        measure(row, &wanted, &runtime, &mut table)?;
    }
    let mut told = Vec::new();
    for other in OTHERS {
        if wanted.wants(other.name(), other.is_long()) {
            told.push(others::measure(other, wanted.seeds, &runtime)?);
        }
    }
    let text = table.markdown(wanted.seeds) + &others::markdown(&told);
    println!("{text}");
    if wanted.only.is_none() && !wanted.quick {
        keep(&text)?;
    }
    let mut faults = table.faults();
    faults.extend(told.iter().filter_map(others::Told::fault));
    for fault in &faults {
        eprintln!("not as it must be: {fault}");
    }
    ensure!(
        faults.is_empty(),
        "{} figures are not as they must be",
        faults.len()
    );
    Ok(())
}

/// Puts the table where the last one was.
fn keep(table: &str) -> Result<()> {
    const BEGIN: &str = "<!-- scans: written by `cargo xtask bench scan` -->\n";
    const END: &str = "<!-- end of scans -->";

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
    let text = std::fs::read_to_string(path).context(path)?;
    let marked = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
    });
    let text = marked.with_context(|| format!("{path} has no place for the table"))?;
    std::fs::write(path, text).context(path)
}

fn measure(
    row: &Row,
    wanted: &Wanted,
    runtime: &tokio::runtime::Runtime,
    table: &mut Table,
) -> Result<()> {
    let say = |who: &str, seed: u64, measured: &Measured| {
        eprintln!(
            "{:<10} {who:<12} seed {seed}: {:6.2} s, {} of {} found, {} packets, {} in a second",
            row.name,
            measured.took.as_secs_f64(),
            measured.found,
            row.live_hosts().len() + row.own_addresses(),
            measured.packets,
            measured.peak,
        );
    };
    let plain_seeds = if row.long { 1 } else { wanted.seeds };
    let mut plainly = Vec::new();
    let mut ours = vec![Vec::new(); row.profiles.len()];
    // Side by side: what else the machine does meanwhile slows both.
    for seed in 1..=wanted.seeds {
        if seed <= plain_seeds && row.plain {
            let measured = plain(row, seed)?;
            say("plain nmap", seed, &measured);
            plainly.push(measured);
        }
        for (of, (profile, _)) in ours.iter_mut().zip(row.profiles) {
            let measured = runtime.block_on(engine(row, *profile, seed))?;
            say(&format!("{profile:?}"), seed, &measured);
            of.push(measured);
        }
    }
    for (measured, (profile, at_least)) in ours.into_iter().zip(row.profiles) {
        table.add(row, *profile, *at_least, &plainly, measured);
    }
    Ok(())
}
