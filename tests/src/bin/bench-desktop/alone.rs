//! The application by itself: how long a person waits for it, and what it holds and does meanwhile.

use std::{
    fs,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use fieldscan_tests::{
    desktop::{Application, Desk, SOON, TrayItem},
    site::{Site, wait_until},
};

use super::{Asked, Figure, figure, median};

const STARTS: usize = 5;
const MEGA: f64 = 1_000_000.0;

/// Measures all of it.
pub(super) fn measure(
    desk: &Desk,
    site: &Site,
    asked: &Asked,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    figures.push(tray_ready(desk, site)?);
    figures.push(first_paint(desk, site)?);
    memory_and_work(desk, site, asked, figures)
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
