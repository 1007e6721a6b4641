//! How fast a page is, as it notes itself: how long something takes to be drawn, and how long nothing else had its turn.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Browser, SOON};
use crate::site::wait_until;

/// Asks for a turn every few milliseconds, and notes when it waited longest.
const TURNS: &str = "\
    if (!window.pace) { \
        window.pace = {}; let last = performance.now(); \
        setInterval(() => { const now = performance.now(); pace.longest = Math.max(pace.longest, now - last); last = now; }, 4); \
    } \
    pace.longest = 0;";

/// Scrolls a part of the page from its top to its end, and notes the longest time between two frames.
const SCROLLED: &str = "\
    const [part, time] = arguments; const box = document.querySelector(part); const began = performance.now(); \
    window.pace.gap = 0; window.pace.scrolled = false; let last = began; \
    const step = () => { \
        const now = performance.now(); pace.gap = Math.max(pace.gap, now - last); last = now; \
        const share = Math.min(1, (now - began) / time); box.scrollTop = share * box.scrollHeight; \
        if (share < 1) requestAnimationFrame(step); else pace.scrolled = true; \
    }; requestAnimationFrame(step);";

/// Watches a page until it is loaded anew.
#[derive(Debug)]
pub struct Pace<'a> {
    window: &'a Browser,
}

impl<'a> Pace<'a> {
    /// Watches from now on.
    ///
    /// # Errors
    /// The window is gone.
    pub fn of(window: &'a Browser) -> Result<Self> {
        window.run(TURNS, &[])?;
        Ok(Self { window })
    }

    /// The longest time in which nothing but one task had its turn, since this was asked last.
    ///
    /// # Errors
    /// The window is gone.
    pub fn longest(&self) -> Result<Duration> {
        let longest = self.number("pace.longest")?;
        self.window.run(TURNS, &[])?;
        longest.context("the page notes nothing")
    }

    /// How long it takes from a script to the frame in which a condition holds.
    ///
    /// # Errors
    /// The window is gone, or it doesn't hold within [`SOON`].
    pub fn drawn(&self, does: &str, holds: &str) -> Result<Duration> {
        // Put together here: the page itself forbids to make code of a text.
        let script = format!(
            "window.pace.drawn = null; const began = performance.now(); {does}; \
             const look = () => ({holds}) ? (window.pace.drawn = performance.now() - began) : requestAnimationFrame(look); \
             requestAnimationFrame(look);"
        );
        self.window.run(&script, &[])?;
        let mut drawn = None;
        let is = wait_until(SOON, || {
            drawn = self.number("pace.drawn").ok().flatten();
            drawn.is_some()
        });
        ensure!(is, "not drawn within {SOON:?}: {holds}");
        drawn.context("the page notes nothing")
    }

    /// The longest time between two frames while a part of the page is scrolled through.
    ///
    /// # Errors
    /// The window is gone, or there is no such part.
    pub fn scrolled(&self, part: &str, time: Duration) -> Result<Duration> {
        let time = time.as_millis() as u64;
        self.window.run(SCROLLED, &[json!(part), json!(time)])?;
        let ended = wait_until(SOON, || {
            let ended = self.window.run("return pace.scrolled", &[]);
            ended.is_ok_and(|ended| ended == Value::Bool(true))
        });
        ensure!(ended, "{part} was not scrolled through within {SOON:?}");
        self.number("pace.gap")?.context("the page notes nothing")
    }

    /// What the page has noted, in milliseconds there.
    fn number(&self, of: &str) -> Result<Option<Duration>> {
        let noted = self.window.run(&format!("return {of}"), &[])?;
        Ok(noted.as_f64().map(|ms| Duration::from_secs_f64(ms / 1e3)))
    }
}
