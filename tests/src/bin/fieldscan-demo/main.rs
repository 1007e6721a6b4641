//! Shows the agent at work: starts a simulated site, runs the real `fieldscan` on it, and checks what came of it.
//!
//! `fieldscan-demo [--keep] [--desktop PICTURES]`; `FIELDSCAN_BIN` names the agent's program. Changes nothing outside its own
//! temporary folder, which is removed at the end unless `--keep` is given. Ends with 0 only if everything was as expected.
//!
//! With `--desktop` it shows the tray application instead, which `FIELDSCAN_TRAY_BIN` names: on the present desktop, or
//! without one on a screen that nobody sees, of which it leaves pictures in that folder.
#![expect(
    clippy::print_stdout,
    reason = "a demonstration is for a person: what it prints is what it is for"
)]

#[cfg(target_os = "linux")]
mod desktop;

use std::{
    io::IsTerminal as _,
    path::Path,
    process::{Command, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use fieldscan_core::{
    delivery::{Report, State},
    present,
};
use fieldscan_tests::{
    network,
    phpipam::Model,
    site::{Plan, Site},
};

/// How long the simulated scan server takes for a host; the reference takes 45 times as long.
const TIME_PER_HOST: Duration = Duration::from_millis(20);
/// Seconds until every report has to be confirmed.
const CONFIRMED_WITHIN: &str = "60";

fn main() -> ExitCode {
    let mut keep = false;
    let mut pictures = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), cfg!(target_os = "linux")) {
            ("--keep", _) => keep = true,
            ("--desktop", true) if pictures.is_none() => pictures = arguments.next(),
            _ => {
                eprintln!("usage: fieldscan-demo [--keep] [--desktop PICTURES]");
                return ExitCode::from(2);
            }
        }
    }
    match enter_and_show(keep, pictures.as_deref().map(Path::new)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fieldscan-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn enter_and_show(keep: bool, pictures: Option<&Path>) -> Result<ExitCode> {
    let reason = match network::available() {
        // In a namespace nobody has the rights to that desktop's bus.
        _ if pictures.is_some() && is_on_a_desktop() => Some("the desktop is not in it".to_owned()),
        Ok(()) if network::inside() => None,
        Ok(()) => return start_again_in_namespace(),
        Err(reason) => Some(reason),
    };
    let stopped = Arc::new(AtomicBool::new(false));
    listen_for_signals(&stopped)?;
    let demo = Demo {
        look: Look::of_this_terminal(),
        began: Instant::now(),
        stopped,
    };
    demo.show(keep, pictures, reason.as_deref())
}

#[cfg(target_os = "linux")]
fn is_on_a_desktop() -> bool {
    desktop::is_there()
}

#[cfg(not(target_os = "linux"))]
fn is_on_a_desktop() -> bool {
    false
}

/// Becomes the same program, in a namespace.
#[cfg(unix)]
fn start_again_in_namespace() -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    let mut command = network::command_in_namespace(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1));
    // Returns only when it could not be done.
    Err(command.exec()).context("can't start again in a namespace")
}

#[cfg(not(unix))]
fn start_again_in_namespace() -> Result<ExitCode> {
    bail!("there are no namespaces here")
}

/// From now on Ctrl-C ends the agent, which gets it too, and lets this program clean up.
fn listen_for_signals(stopped: &Arc<AtomicBool>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let stopped = Arc::clone(stopped);
    let (listening, ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            #[cfg(unix)]
            {
                use tokio::signal::unix::{SignalKind, signal};
                let (Ok(mut interrupt), Ok(mut terminate)) = (
                    signal(SignalKind::interrupt()),
                    signal(SignalKind::terminate()),
                ) else {
                    return;
                };
                // The receiver waits for it.
                let _ = listening.send(());
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    stopped.store(true, Ordering::SeqCst);
                }
            }
            #[cfg(not(unix))]
            {
                let _ = listening.send(());
                while tokio::signal::ctrl_c().await.is_ok() {
                    stopped.store(true, Ordering::SeqCst);
                }
            }
        });
    });
    ready.recv().context("can't listen for Ctrl-C")
}

struct Demo {
    look: Look,
    began: Instant,
    stopped: Arc<AtomicBool>,
}

/// The end by Ctrl-C or SIGTERM.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stopped;

impl Demo {
    fn show(
        &self,
        keep: bool,
        pictures: Option<&Path>,
        no_namespace: Option<&str>,
    ) -> Result<ExitCode> {
        let plan = match no_namespace {
            None => Plan::depot(),
            Some(reason) => {
                self.say(&format!(
                    "A network of its own is not to be had here ({reason}), so the agent scans loopback instead."
                ));
                Plan::loopback()
            }
        };
        // One scan is all that there is to see, so one miss has to do.
        let plan = plan.with("misses_before_missing", "1");
        if no_namespace.is_none() {
            network::loopback_up()?;
        }
        let mut site = Site::start(plan)?;
        site.server.set_time_per_host(TIME_PER_HOST);
        self.introduce(&site);
        let result = match pictures {
            None => self.work(&site),
            Some(pictures) => self.on_a_desktop(&site, pictures),
        };
        if keep {
            let folder = site.keep_folder().display().to_string();
            self.say(&format!("\nSettings, database and logs are in {folder}"));
        }
        match result {
            Err(error) if error.is::<Stopped>() => {
                drop(site);
                self.say("\nStopped; nothing is left behind.");
                Ok(ExitCode::from(130))
            }
            result => result,
        }
    }

    fn introduce(&self, site: &Site) {
        let hosts: usize = site.expected().values().map(|all| all.len()).sum();
        self.heading("A simulated site");
        println!(
            "  phpIPAM      {} (its own certificate authority)",
            site.ipam.url()
        );
        println!("  scan server  {}", site.server.url());
        match site.network() {
            Some(network) => println!(
                "  network      {}: {} subnets with some {hosts} addresses of interest, in a namespace of its own",
                network.interface(),
                site.expected().len(),
            ),
            None => println!("  network      loopback: {} subnets", site.expected().len()),
        }
        println!("  folder       {}", site.folder().display());
        println!(
            "  phpIPAM is wrong about the site in many ways. The agent has to find out in which."
        );
    }

    fn work(&self, site: &Site) -> Result<ExitCode> {
        self.run(site, &["doctor"], true)?;
        let scanned = self.run(site, &["scan", "--wait-confirmed", CONFIRMED_WITHIN], false)?;
        let subnet = site
            .expected()
            .keys()
            .next()
            .context("a plan has subnets")?;
        self.run(site, &["addresses", subnet], true)?;
        self.run(site, &["reports", "--all"], true)?;
        self.journeys(site)?;
        self.check(site, scanned)
    }

    #[cfg(target_os = "linux")]
    fn on_a_desktop(&self, site: &Site, pictures: &Path) -> Result<ExitCode> {
        match desktop::is_there() {
            true => desktop::open(self, site),
            false => desktop::scan(self, site, pictures),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn on_a_desktop(&self, _site: &Site, _pictures: &Path) -> Result<ExitCode> {
        bail!("only on Linux")
    }

    /// Runs the agent on this terminal.
    fn run(&self, site: &Site, arguments: &[&str], must_succeed: bool) -> Result<bool> {
        self.heading(&format!("$ fieldscan {}", arguments.join(" ")));
        self.go_on()?;
        let mut command: Command = site.fieldscan()?;
        let status = command.args(arguments).status();
        let status = status.context("can't start fieldscan")?;
        self.go_on()?;
        ensure!(
            status.success() || !must_succeed,
            "`fieldscan {}` ended with {status}",
            arguments.join(" ")
        );
        Ok(status.success())
    }

    fn go_on(&self) -> Result<()> {
        if self.stopped.load(Ordering::SeqCst) {
            bail!(Stopped);
        }
        Ok(())
    }

    fn journeys(&self, site: &Site) -> Result<()> {
        self.heading("Each report's journey");
        for report in site.reports()? {
            let mut before = report.created_at;
            println!(
                "  {}",
                self.look.strong(&format!(
                    "Report {}: {}, {}",
                    report.id,
                    report.cidr,
                    present::count(report.hosts.len() as u64, "host", "hosts")
                ))
            );
            for step in &report.journey {
                let after = Duration::try_from(step.at.duration_since(before)).unwrap_or_default();
                before = step.at;
                println!(
                    "    {:>8}  {}",
                    format!("+{:.1} s", after.as_secs_f64()),
                    present::event(&step.event)
                );
            }
        }
        Ok(())
    }

    /// Whether the agent said what is so, and phpIPAM has it now.
    fn check(&self, site: &Site, scanned: bool) -> Result<ExitCode> {
        self.heading("Is it right?");
        let reports = site.reports()?;
        let surprises = site.surprises()?;
        let checked: usize = site.expected().values().map(|all| all.len()).sum();
        let mut well = self.verdict(scanned, "the scan ended well", &[]);
        well &= self.verdict(
            surprises.is_empty(),
            &format!("all {checked} addresses were found to be as they are"),
            &surprises,
        );
        let unconfirmed: Vec<String> = reports
            .iter()
            .filter(|report| !matches!(report.state, State::Confirmed { .. }))
            .map(|report| {
                format!(
                    "report {} of {}: {:?}",
                    report.id, report.cidr, report.state
                )
            })
            .collect();
        well &= self.verdict(
            !reports.is_empty() && unconfirmed.is_empty(),
            &format!("all {} reports are Confirmed", reports.len()),
            &unconfirmed,
        );
        let not_there = not_in_phpipam(&site.ipam.model(), &reports);
        let hosts: usize = reports.iter().map(|report| report.hosts.len()).sum();
        well &= self.verdict(
            hosts > 0 && not_there.is_empty(),
            &format!("phpIPAM has the time of each of the {hosts} hosts that were reported"),
            &not_there,
        );
        let executed = site.server.executed();
        well &= self.verdict(
            executed.is_empty(),
            "no host name was executed on the scan server",
            &executed,
        );
        if site.network().is_some() {
            let touched = site.touched_though_excluded();
            well &= self.verdict(
                touched.is_empty(),
                "no packet went to an excluded address",
                &touched,
            );
        }
        let took = self.began.elapsed().as_secs_f64();
        println!("  {}", self.look.faint(&format!("{took:.0} s in all")));
        Ok(if well {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn verdict(&self, good: bool, what: &str, otherwise: &[String]) -> bool {
        if good {
            println!("  {} {what}", self.look.good("✓"));
        } else {
            println!("  {} not so: {what}", self.look.bad("✗"));
            for line in otherwise {
                println!("      {line}");
            }
        }
        good
    }

    fn heading(&self, text: &str) {
        println!("\n{}", self.look.strong(text));
    }

    fn say(&self, text: &str) {
        println!("{text}");
    }
}

/// The hosts that reports tell of and whose time in phpIPAM is another.
fn not_in_phpipam(model: &Model, reports: &[Report]) -> Vec<String> {
    let mut not_there = Vec::new();
    for report in reports {
        for ip in &report.hosts {
            let mut rows = model
                .addresses_of(report.subnet.0.try_into().unwrap_or_default())
                .filter(|row| row.ip == ip.to_string());
            let seen = rows.next().and_then(|row| row.last_seen.as_deref());
            if seen != Some(&report.last_seen) {
                not_there.push(format!(
                    "{ip}: {seen:?}, where {} was reported",
                    report.last_seen
                ));
            }
        }
    }
    not_there
}

/// How output looks: colours only on a terminal, and never with `NO_COLOR`.
#[derive(Clone, Copy)]
struct Look {
    colour: bool,
}

impl Look {
    fn of_this_terminal() -> Look {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Look {
            colour: wanted && !dumb && std::io::stdout().is_terminal(),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}
