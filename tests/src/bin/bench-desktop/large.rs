//! The window with the largest subnet that is swept: 65,536 addresses, of which a third answer.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use fieldscan_core::run::{Outcome, SubnetRun};
use fieldscan_tests::{
    desktop::{Application, Browser, Desk, Pace, SOON},
    network::{Host, Layout},
    plant,
    site::{Site, wait_until},
};

use super::{Figure, figure, median};

const STARTS: usize = 5;
const OPENED: f64 = 500.0;
const ANSWERED: f64 = 100.0;
const GAP: f64 = 1_000.0;
const TASK: f64 = 200.0;
/// In which a person looks at what came.
const MOMENT: Duration = Duration::from_secs(1);
/// A scan of it takes a minute and a half.
const SCAN: Duration = Duration::from_secs(300);

const SUBNET: &str = "location.hash = '#/subnet/1'";
/// The map and the first rows stand there.
const SHOWN: &str = "document.querySelectorAll('[role=gridcell][data-cell]').length === 256 \
                     && document.querySelectorAll('[data-ip]').length > 5";
const WHOLE: &str =
    "document.querySelector('[aria-label=\"Copy list\"]')?.getAttribute('aria-disabled') === null";

/// Measures all of it.
pub(super) fn measure(desk: &Desk, figures: &mut Vec<Figure>) -> Result<()> {
    let ups = (0u32..65_536).filter(|place| plant::is_up(*place as usize));
    let layout = Layout::new()
        .on_link("10.77.0.1/24".parse()?)
        .gateway([10, 77, 0, 2])
        .routed(plant::NETWORK.parse()?)
        .hosts(ups.map(|place| Host::new(Ipv4Addr::from(0x0a28_0000 + place))));
    let site = Site::start(plant::plan(Some(layout)))?;
    plant::fill(&site)?;
    opened(desk, &site, figures)?;
    in_use(desk, &site, figures)
}

/// Starts it with a window on a page that reads no addresses.
fn start(desk: &Desk, site: &Site) -> Result<(Application, Browser)> {
    let mut application = Application::start_with_secrets(desk, site, &["--autostart"])?;
    application.tray(desk)?.click(&["Settings…"], SOON)?;
    let window = application.window()?;
    window.wait_for_text("App id")?;
    // A window that has just been opened is still being drawn.
    std::thread::sleep(MOMENT);
    Ok((application, window))
}

fn opened(desk: &Desk, site: &Site, figures: &mut Vec<Figure>) -> Result<()> {
    let (mut opened, mut whole, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (mut application, window) = start(desk, site)?;
        let pace = Pace::of(&window)?;
        opened.push(ms(pace.drawn(SUBNET, SHOWN)?));
        let began = Instant::now();
        pace.drawn("", WHOLE)?;
        whole.push(opened.last().copied().unwrap_or_default() + ms(began.elapsed()));
        window.click("Settings")?;
        window.wait_for_text("App id")?;
        again.push(ms(pace.drawn(SUBNET, SHOWN)?));
        drop(window);
        application.stop()?;
    }
    let mut add = |what, times, limit| -> Result<()> {
        figures.push(figure(what, median(times)?, "ms", limit));
        Ok(())
    };
    add("65,536 addresses: map and table open", opened, Some(OPENED))?;
    add("the last of them has arrived", whole, None)?;
    add("opened again", again, Some(OPENED))
}

fn in_use(desk: &Desk, site: &Site, figures: &mut Vec<Figure>) -> Result<()> {
    let (mut application, window) = start(desk, site)?;
    let pace = Pace::of(&window)?;
    pace.drawn(SUBNET, WHOLE)?;
    // What is searched is prepared while nobody waits.
    std::thread::sleep(MOMENT);
    let mut answers = Vec::new();
    for (needle, found) in [
        ("plc-77.", "1 "),
        ("00:1b:54:00:ff", "256 "),
        ("10.40.200.", "256 "),
        ("cisco", "21,845 "),
        ("nobody has this", "0 "),
    ] {
        let types = |text: &str| {
            format!(
                "const field = document.querySelector('[role=searchbox]'); field.value = '{text}'; \
                 field.dispatchEvent(new Event('input', {{ bubbles: true }}))"
            )
        };
        let says = "document.querySelector('section.hosts > [role=status]').textContent";
        answers.push(ms(
            pace.drawn(&types(needle), &format!("{says}.startsWith('{found}')"))?
        ));
        pace.drawn(&types(""), &format!("{says} === ''"))?;
        std::thread::sleep(MOMENT);
    }
    println!("searches: {answers:.0?} ms");
    figures.push(figure(
        "a search of them is answered",
        median(answers)?,
        "ms",
        Some(ANSWERED),
    ));
    let gap = pace.scrolled("[role=grid].box", Duration::from_secs(3))?;
    figures.push(figure(
        "longest time without a frame in scrolling",
        ms(gap),
        "ms",
        Some(GAP),
    ));

    pace.longest()?;
    let began = Instant::now();
    window.click("Scan this subnet")?;
    let words = format!("Scanning {}", plant::NAME);
    let scanning = || window.text().is_ok_and(|text| text.contains(&words));
    ensure!(wait_until(SOON, scanning), "no scan within {SOON:?}");
    let ended = wait_until(SCAN, || {
        std::thread::sleep(MOMENT);
        !scanning()
    });
    ensure!(ended, "the scan is not over within {SCAN:?}");
    println!("scanned in {:.0} s", began.elapsed().as_secs_f64());
    // What it found has arrived, too.
    pace.drawn("", WHOLE)?;
    let run = site.runs()?.into_iter().next().context("no run is kept")?;
    let up = match run.subnets.as_slice() {
        [
            SubnetRun {
                outcome: Outcome::Scanned { counts, .. },
                ..
            },
        ] => counts.up(),
        other => bail!("not scanned: {other:?}"),
    };
    let places = 0..plant::ADDRESSES;
    let live = places.filter(|place| plant::is_up(*place)).count();
    ensure!(up as usize == live, "{up} of {live} hosts were found");
    figures.push(figure(
        "longest time without a turn in a scan of them",
        ms(pace.longest()?),
        "ms",
        Some(TASK),
    ));
    application.stop()?;
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
