//! What the tray application takes of a computer: time to its icon and to its window, memory of all its processes, and
//! work while nothing is to be done.
//!
//! `bench-desktop [--idle MINUTES] [--windows TIMES]`; `FIELDSCAN_TRAY_BIN` names the program. Ends with 0 only if every
//! figure is within its limit.
#![expect(
    clippy::print_stdout,
    reason = "what is measured is for a person to read"
)]

#[cfg(target_os = "linux")]
use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod measured {
    use std::{
        fs,
        time::{Duration, Instant, SystemTime},
    };

    use anyhow::{Context as _, Result, bail, ensure};
    use fieldscan_tests::{
        desktop::{Application, Desk, Keyring, SOON, TrayItem, missing_desk},
        site::{Plan, Site, wait_until},
    };

    const STARTS: usize = 5;
    const MEGA: f64 = 1_000_000.0;

    /// What is asked for on the command line.
    pub(crate) struct Asked {
        pub(crate) idle: Duration,
        pub(crate) windows: usize,
    }

    impl Asked {
        pub(crate) fn of_the_command_line() -> Result<Self> {
            let mut asked = Self {
                idle: Duration::from_secs(600),
                windows: 50,
            };
            let mut arguments = std::env::args().skip(1);
            while let Some(name) = arguments.next() {
                let value: u64 = arguments
                    .next()
                    .with_context(|| format!("{name} needs a number"))?
                    .parse()?;
                match name.as_str() {
                    "--idle" => asked.idle = Duration::from_secs(value * 60),
                    "--windows" => asked.windows = value.try_into()?,
                    _ => bail!("usage: bench-desktop [--idle MINUTES] [--windows TIMES]"),
                }
            }
            Ok(asked)
        }
    }

    /// A figure with its limit, if it has one.
    struct Figure {
        what: String,
        value: f64,
        unit: &'static str,
        limit: Option<f64>,
    }

    /// Measures and prints everything. Whether all is within its limits.
    pub(crate) fn all(asked: &Asked) -> Result<bool> {
        if let Some(reason) = missing_desk() {
            bail!("{reason}");
        }
        let desk = Desk::start(Keyring::None)?;
        let site = Site::start(Plan::loopback())?;
        let mut figures = vec![tray_ready(&desk, &site)?, first_paint(&desk, &site)?];
        memory_and_work(&desk, &site, asked, &mut figures)?;
        let mut well = true;
        println!("{:<52} {:>12} {:>12}", "", "measured", "at most");
        for figure in figures {
            let limit = figure
                .limit
                .map_or_else(String::new, |limit| format!("{limit:.1} {}", figure.unit));
            let over = figure.limit.is_some_and(|limit| figure.value > limit);
            well &= !over;
            let mark = if over { "  too much" } else { "" };
            println!(
                "{:<52} {:>12} {limit:>12}{mark}",
                figure.what,
                format!("{:.1} {}", figure.value, figure.unit)
            );
        }
        Ok(well)
    }

    fn tray_ready(desk: &Desk, site: &Site) -> Result<Figure> {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let mut application = Application::start_undriven(desk, site, &["--autostart"])?;
            times.push(
                application
                    .wait_for_line(|line| line.contains("tray ready"))?
                    .as_secs_f64()
                    * 1e3,
            );
            application.stop()?;
        }
        Ok(figure(
            "start to tray ready, median",
            median(times)?,
            "ms",
            Some(500.0),
        ))
    }

    fn first_paint(desk: &Desk, site: &Site) -> Result<Figure> {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let mut application = Application::start_with_secrets(desk, site, &["--autostart"])?;
            let tray = application.tray(desk)?;
            let asked = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)?
                .as_secs_f64()
                * 1e3;
            tray.activate()?;
            let window = application.window()?;
            window.wait_for_text("Scan now")?;
            let script = "const [paint] = performance.getEntriesByType('paint'); \
                          return paint ? performance.timeOrigin + paint.startTime : null";
            let mut painted = None;
            let is = wait_until(SOON, || {
                painted = window.run(script, &[]).ok().and_then(|at| at.as_f64());
                painted.is_some()
            });
            ensure!(is, "the window doesn't say when it was painted");
            times.extend(painted.map(|at| at - asked));
            drop(window);
            application.stop()?;
        }
        Ok(figure(
            "left click to the window's first paint, median",
            median(times)?,
            "ms",
            Some(1_500.0),
        ))
    }

    fn memory_and_work(
        desk: &Desk,
        site: &Site,
        asked: &Asked,
        figures: &mut Vec<Figure>,
    ) -> Result<()> {
        let mut application = Application::start_undriven(desk, site, &["--autostart"])?;
        let tray = application.tray(desk)?;
        let (pss, dirty) = settled(&application)?;
        figures.push(figure(
            "memory (PSS), no window ever",
            pss,
            "MB",
            Some(100.0),
        ));
        figures.push(figure(
            "of that private and written",
            dirty,
            "MB",
            Some(30.0),
        ));

        println!("{} idle minutes …", asked.idle.as_secs() / 60);
        let before = work(&application)?;
        std::thread::sleep(asked.idle);
        let worked = work(&application)? - before;
        let minutes = asked.idle.as_secs_f64() / 60.0;
        let what = format!("work in {minutes:.0} idle minutes");
        figures.push(figure(&what, worked, "s", Some(minutes / 10.0)));

        open(desk, &tray)?;
        let (pss, dirty) = settled(&application)?;
        figures.push(figure("memory (PSS), window open", pss, "MB", None));
        figures.push(figure("of that private and written", dirty, "MB", None));
        close(desk, &application)?;
        let (once, _) = settled(&application)?;
        figures.push(figure(
            "memory (PSS), window closed",
            once,
            "MB",
            Some(140.0),
        ));

        println!("{} windows …", asked.windows);
        for _ in 1..asked.windows {
            open(desk, &tray)?;
            close(desk, &application)?;
        }
        let (often, _) = settled(&application)?;
        let what = format!("memory (PSS), after {} windows", asked.windows);
        figures.push(figure(&what, often, "MB", Some(once * 1.1)));
        application.stop()?;
        Ok(())
    }

    fn open(desk: &Desk, tray: &TrayItem) -> Result<()> {
        tray.activate()?;
        let came = wait_until(SOON, || {
            desk.windows("Fieldscan").is_ok_and(|windows| windows == 1)
        });
        ensure!(came, "no window within {SOON:?}");
        Ok(())
    }

    fn close(desk: &Desk, application: &Application) -> Result<()> {
        desk.close_window("Fieldscan")?;
        let gone = wait_until(SOON, || application.web_processes().is_empty());
        ensure!(gone, "web processes are left");
        Ok(())
    }

    /// PSS and private written memory of all processes in MB, once they hardly change any more.
    fn settled(application: &Application) -> Result<(f64, f64)> {
        let until = Instant::now() + SOON;
        let mut before = memory(application)?;
        loop {
            std::thread::sleep(Duration::from_secs(3));
            let now = memory(application)?;
            if (now.0 - before.0).abs() < before.0 / 100.0 || Instant::now() > until {
                return Ok(now);
            }
            before = now;
        }
    }

    fn memory(application: &Application) -> Result<(f64, f64)> {
        let (mut pss, mut dirty) = (0.0, 0.0);
        for process in application.processes() {
            // It may have ended meanwhile.
            let Ok(text) = fs::read_to_string(format!("/proc/{process}/smaps_rollup")) else {
                continue;
            };
            let kilo = |name: &str| -> f64 {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.and_then(|line| line.split_whitespace().next()?.parse().ok())
                    .unwrap_or(0.0)
            };
            pss += kilo("Pss:") * 1_024.0 / MEGA;
            dirty += kilo("Private_Dirty:") * 1_024.0 / MEGA;
        }
        ensure!(pss > 0.0, "the application has no memory");
        Ok((pss, dirty))
    }

    /// Seconds of computing of all processes together, those that ended included.
    fn work(application: &Application) -> Result<f64> {
        let mut ticks = 0.0;
        for process in application.processes() {
            let Ok(text) = fs::read_to_string(format!("/proc/{process}/stat")) else {
                continue;
            };
            let (_, rest) = text.rsplit_once(") ").context("/proc/PID/stat")?;
            // utime, stime, cutime and cstime; the state is the first that is left.
            ticks += rest
                .split_whitespace()
                .skip(11)
                .take(4)
                .filter_map(|field| field.parse::<f64>().ok())
                .sum::<f64>();
        }
        // The kernel tells them in hundredths of a second, whatever it counts in.
        Ok(ticks / 100.0)
    }

    fn median(mut all: Vec<f64>) -> Result<f64> {
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2)
            .copied()
            .context("nothing was measured")
    }

    fn figure(what: &str, value: f64, unit: &'static str, limit: Option<f64>) -> Figure {
        Figure {
            what: what.to_owned(),
            value,
            unit,
            limit,
        }
    }
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let measured = measured::Asked::of_the_command_line().and_then(|asked| measured::all(&asked));
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench-desktop: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("bench-desktop: only on Linux");
}
