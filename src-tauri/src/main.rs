//! Fieldscan on the desktop: lives in the tray, scans, tells, and never gets in the way.
//!
//! A thin shell. Every decision is made in `fieldscan-core` and carried out by `fieldscan-engine`; here is only what a
//! desktop needs: tray, window, notifications, and the commands by which the window asks.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod agent;
mod app;
mod args;
mod autostart;
#[cfg(test)]
mod bindings;
mod browse;
mod commands;
mod notify;
mod tray;
mod update;
mod window;

use std::{process::ExitCode, time::Instant};

use clap::Parser;

fn main() -> ExitCode {
    let started = Instant::now();
    let args = args::Args::parse();
    app::run(&args, started)
}
