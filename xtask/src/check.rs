//! `cargo xtask check`: everything that can be said of the code without running it.

use std::process::Stdio;

use crate::{
    icons, layering,
    step::{Look, cargo, run as run_program, step},
    tidy, ui, unused,
};

/// Carries out all checks, the failed ones too, and names those that failed.
pub(crate) fn run(look: &Look, _args: &[String]) -> anyhow::Result<bool> {
    let failed = failures(look)?;
    if !failed.is_empty() {
        println!("{} {}", look.bad("check failed:"), failed.join(", "));
    }
    Ok(failed.is_empty())
}

/// Carries out all checks and returns the names of those that failed.
pub(crate) fn failures(look: &Look) -> anyhow::Result<Vec<String>> {
    let mut failed = Vec::new();
    let mut check = |name: &str, work: &dyn Fn() -> anyhow::Result<()>| -> anyhow::Result<()> {
        if !step(look, name, work)? {
            failed.push(name.to_owned());
        }
        Ok(())
    };

    check("formatting", &|| {
        run_program(&mut cargo(&["fmt", "--all", "--check"]))
    })?;
    check("tidiness", &|| tidy::check(look))?;
    check("unused dependencies", &unused::check)?;
    check("layering", &layering::check)?;
    check("icons", &icons::check)?;
    check("lints", &|| {
        run_program(&mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    check("documentation", &|| {
        run_program(
            cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })?;
    if has_cargo_deny() {
        check("licences and sources", &|| {
            run_program(&mut cargo(&[
                "deny", "check", "bans", "licenses", "sources",
            ]))
        })?;
        // The advisories are fetched from the network and change without us: told, but no reason to fail.
        step(look, "advisories (told only)", || {
            run_program(&mut cargo(&["deny", "check", "advisories"]))
        })?;
    } else {
        println!(
            "{}",
            look.caution(
                "  licences and sources: left out, cargo-deny is not installed (cargo install cargo-deny)"
            )
        );
    }
    if ui::is_there() {
        check("user interface", &ui::check)?;
    }
    Ok(failed)
}

fn has_cargo_deny() -> bool {
    cargo(&["deny", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
