//! The application's window, driven as a person would: by what stands on it. Speaks WebDriver with WebKit's own driver.

use std::{
    ffi::OsString,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};

use super::SOON;
use crate::site::wait_until;

/// Brings an element into view and waits, in a bounded number of frames, until it stands at the same place for some of them.
const STANDS: &str = "const [element, done] = arguments; \
    element.scrollIntoView({ block: 'center' }); \
    let [before, same, frames] = ['', 0, 0]; \
    const look = () => { \
        const now = JSON.stringify(element.getBoundingClientRect()); \
        same = now === before ? same + 1 : 0; \
        before = now; \
        frames += 1; \
        if (same >= 5 || frames > 200) done(same >= 5); \
        else requestAnimationFrame(look); \
    }; \
    look();";

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How many times Tab is pressed before a page counts as one where the keyboard does not lead on.
const STOPS: u32 = 120;

/// A key on the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are called what is on them")]
pub enum Key {
    Char(char),
    Tab,
    Enter,
    Escape,
    Control,
    End,
    Left,
    Right,
}

impl Key {
    /// The key as WebDriver has it.
    const fn code(self) -> char {
        match self {
            Self::Char(char) => char,
            Self::Tab => '\u{e004}',
            Self::Enter => '\u{e007}',
            Self::Control => '\u{e009}',
            Self::Escape => '\u{e00c}',
            Self::End => '\u{e010}',
            Self::Left => '\u{e012}',
            Self::Right => '\u{e014}',
        }
    }
}

/// A driver of one window. It lets go when it is dropped; the window stays.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    base: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Browser {
    /// Drives the windows of the application whose WebKit listens at this port of loopback, with a driver that lives in the
    /// application's environment; waits until there is one.
    ///
    /// # Errors
    /// When WebKitWebDriver is missing, or there is no window within [`SOON`].
    pub(super) fn of(port: u16, env: &[(&'static str, OsString)]) -> Result<Self> {
        let until = Instant::now() + SOON;
        wait_for_listener(port, until)?;
        // A client is made with TLS or not at all, though this one speaks plain HTTP. Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let own = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={own}"))
            .arg(format!("--target=127.0.0.1:{port}"))
            .env_clear()
            .envs(env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("WebKitWebDriver")?;
        let mut browser = Self {
            driver,
            base: format!("http://127.0.0.1:{own}"),
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(SOON)
                .build()?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
        };
        wait_for_listener(own, until)?;
        let mut last = None;
        let left = || until.saturating_duration_since(Instant::now());
        let begun = wait_until(left(), || taken(browser.begin(), &mut last));
        ensure!(begun, "no session with the window: {last:?}");
        // The session may be there before the window is.
        let found = wait_until(left(), || taken(browser.take_window(), &mut last));
        ensure!(found, "no window to drive: {last:?}");
        Ok(browser)
    }

    fn begin(&mut self) -> Result<()> {
        let begun = self.post("/session", &json!({"capabilities": {"alwaysMatch": {}}}))?;
        let id = begun["sessionId"].as_str().context("no session")?;
        self.base = format!("{}/session/{id}", self.base);
        Ok(())
    }

    fn take_window(&self) -> Result<()> {
        let windows = self.get("/window/handles")?;
        let first = windows.get(0).context("the session has no window")?;
        self.post("/window", &json!({"handle": first}))?;
        Ok(())
    }

    /// The words on the page, as they are shown.
    ///
    /// # Errors
    /// The window is gone.
    pub fn text(&self) -> Result<String> {
        let text = self.run("return document.body.innerText", &[])?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// The page, as in `overview` or `reports/3`.
    ///
    /// # Errors
    /// The window is gone.
    pub fn page(&self) -> Result<String> {
        let hash = self.run("return location.hash", &[])?;
        Ok(hash
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("#/")
            .to_owned())
    }

    /// Waits until these words stand on the page.
    ///
    /// # Errors
    /// When they don't within [`SOON`]; says what stands there.
    pub fn wait_for_text(&self, words: &str) -> Result<()> {
        self.wait_for(words, |text| text.contains(words))?;
        Ok(())
    }

    /// Waits until what stands on the page is as wanted.
    ///
    /// # Errors
    /// When it isn't within [`SOON`]; says what stands there.
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Result<String> {
        let mut text = String::new();
        let came = wait_until(SOON, || {
            text = self.text().unwrap_or_else(|error| format!("{error:#}"));
            wanted(&text)
        });
        ensure!(
            came,
            "{what}: not on the page within {SOON:?}, where stands:\n{text}"
        );
        Ok(text)
    }

    /// Clicks a button, a link or a switch by the words on it, or by its label; waits until it is there and can be clicked.
    ///
    /// # Errors
    /// When it isn't within [`SOON`]; says what stands there.
    pub fn click(&self, words: &str) -> Result<()> {
        self.click_at(&control(words))
    }

    /// The same in a part of the page that has this label.
    ///
    /// # Errors
    /// When it isn't within [`SOON`]; says what stands there.
    pub fn click_in(&self, part: &str, words: &str) -> Result<()> {
        let part = quoted(part);
        self.click_at(&format!("//*[@aria-label={part}]{}", control(words)))
    }

    fn click_at(&self, place: &str) -> Result<()> {
        self.with_element(place, &|element| {
            // What got the focus a moment ago may scroll into view yet, and the click would meet what lies there then.
            let script = json!({"script": STANDS, "args": [{ELEMENT: element}]});
            let stands = self.post("/execute/async", &script)?;
            ensure!(stands == json!(true), "it does not come to rest");
            self.post(&format!("/element/{element}/click"), &json!({}))?;
            Ok(())
        })
    }

    /// Types into the field of this label, or of this name, after what it has.
    ///
    /// # Errors
    /// When there is none within [`SOON`]; says what stands there.
    pub fn fill(&self, field: &str, text: &str) -> Result<()> {
        let quoted = quoted(field);
        let place = format!(
            "//*[self::input or self::textarea][@name={quoted} or @aria-label={quoted} or \
             @id=//label[starts-with(normalize-space(.), {quoted})]/@for]"
        );
        self.with_element(&place, &|element| {
            self.post(
                &format!("/element/{element}/value"),
                &json!({"text": text.replace('\n', &Key::Enter.code().to_string())}),
            )?;
            Ok(())
        })
    }

    /// Presses keys together, as in Ctrl and F, and lets go of them again.
    ///
    /// # Errors
    /// The window is gone.
    pub fn press(&self, keys: &[Key]) -> Result<()> {
        let stroke = |kind: &str, key: &Key| json!({"type": kind, "value": key.code().to_string()});
        let down = keys.iter().map(|key| stroke("keyDown", key));
        let up = keys.iter().rev().map(|key| stroke("keyUp", key));
        let strokes: Vec<Value> = down.chain(up).collect();
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": strokes});
        self.post("/actions", &json!({"actions": [keyboard]}))?;
        Ok(())
    }

    /// Types what is written, key by key, to whatever has the focus.
    ///
    /// # Errors
    /// The window is gone.
    pub fn type_text(&self, text: &str) -> Result<()> {
        text.chars()
            .try_for_each(|char| self.press(&[Key::Char(char)]))
    }

    /// What has the focus, by its label or the words on it.
    ///
    /// # Errors
    /// The window is gone.
    pub fn focused(&self) -> Result<String> {
        let script = "const focused = document.activeElement; \
                      return (focused?.getAttribute('aria-label') ?? focused?.labels?.[0]?.textContent ?? focused?.textContent ?? '').trim();";
        let focused = self.run(script, &[])?;
        Ok(focused.as_str().unwrap_or_default().to_owned())
    }

    /// Presses Tab until what has this label, or these words, has the focus.
    ///
    /// # Errors
    /// When the keyboard does not lead there; says where it led.
    pub fn tab_to(&self, name: &str) -> Result<()> {
        let mut passed = Vec::new();
        for _ in 0..STOPS {
            self.press(&[Key::Tab])?;
            let focused = self.focused()?;
            if focused == name {
                return Ok(());
            }
            passed.push(focused.chars().take(40).collect::<String>());
        }
        bail!("the keyboard does not lead to {name:?}, but to {passed:?}");
    }

    /// Asks the agent, as the page does. `Err` in the result is its refusal.
    ///
    /// # Errors
    /// The window is gone.
    pub fn invoke(&self, command: &str, arguments: &Value) -> Result<Result<Value, Value>> {
        let script = "const [command, args, done] = arguments; \
                      window.__TAURI_INTERNALS__.invoke(command, args).then((ok) => done({ ok: ok ?? null }), (error) => done({ error }));";
        let body = json!({"script": script, "args": [command, arguments]});
        let mut answer = self.post("/execute/async", &body)?;
        match answer.get_mut("error") {
            Some(error) => Ok(Err(error.take())),
            None => Ok(Ok(answer["ok"].take())),
        }
    }

    /// Runs a script in the page; gives what it returns.
    ///
    /// # Errors
    /// The window is gone, or the script fails.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.post(
            "/execute/sync",
            &json!({"script": script, "args": arguments}),
        )
    }

    /// What the window shows, as a PNG.
    ///
    /// # Errors
    /// The window is gone.
    pub fn photograph(&self) -> Result<Vec<u8>> {
        // What was changed a moment ago is on the picture only after it was drawn.
        let drawn = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(null)));";
        self.post("/execute/async", &json!({"script": drawn, "args": []}))?;
        let picture = self.get("/screenshot")?;
        let picture = picture.as_str().context("no picture")?;
        Ok(base64::engine::general_purpose::STANDARD.decode(picture)?)
    }

    fn with_element(&self, place: &str, act: &dyn Fn(&str) -> Result<()>) -> Result<()> {
        let mut last = None;
        // The page may be drawn anew between finding and acting.
        let done = wait_until(SOON, || {
            let found = self.post("/element", &json!({"using": "xpath", "value": place}));
            let acted =
                found.and_then(|found| act(found[ELEMENT].as_str().context("no element")?));
            match acted {
                Ok(()) => true,
                Err(error) => {
                    last = Some(error);
                    false
                }
            }
        });
        if !done {
            let text = self.text().unwrap_or_default();
            bail!("{place}: not within {SOON:?} ({last:?}); the page says:\n{text}");
        }
        Ok(())
    }

    fn get(&self, path: &str) -> Result<Value> {
        self.send(self.http.get(format!("{}{path}", self.base)))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.http.post(format!("{}{path}", self.base)).json(body))
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let mut answer: Value = self
            .runtime
            .block_on(async { request.send().await?.json().await })?;
        let value = answer["value"].take();
        if let Some(error) = value.get("error").and_then(Value::as_str)
            && value.get("stacktrace").is_some()
        {
            bail!("{error}: {}", value["message"]);
        }
        Ok(value)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The window may be gone, and the session with it.
        let _ = self.send(self.http.delete(&self.base).timeout(Duration::from_secs(5)));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Whether it was done; if not, the reason is kept.
fn taken(done: Result<()>, last: &mut Option<anyhow::Error>) -> bool {
    match done {
        Ok(()) => true,
        Err(error) => {
            *last = Some(error);
            false
        }
    }
}

fn wait_for_listener(port: u16, until: Instant) -> Result<()> {
    let left = until.saturating_duration_since(Instant::now());
    let there = wait_until(left, || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    ensure!(there, "nobody listens at port {port} within {SOON:?}");
    Ok(())
}

/// The place of what can be clicked by these words, or this label.
fn control(words: &str) -> String {
    let words = quoted(words);
    format!(
        "//*[self::button or self::a or self::label or @role='button' or @role='menuitem' or @role='switch']\
         [normalize-space(.)={words} or @aria-label={words} or @title={words}][not(@disabled)]"
    )
}

/// A string as XPath has it; no words of ours have both kinds of quotes.
fn quoted(words: &str) -> String {
    match words.contains('"') {
        true => format!("'{words}'"),
        false => format!("\"{words}\""),
    }
}
