//! Visitors who talk nonsense, too much, too slowly or not at all: none of them keeps the agent from its work.

use std::time::Duration;

use fieldscan_core::{agent::Command, snapshot::Pause};
use fieldscan_engine::run;
use serde_json::Value;
use tokio::time::timeout;

use crate::house::*;

/// That the agent works on, for its own process and for others.
async fn still_works(house: &House) {
    let own = timeout(SOON, house.handle.ask(Command::Resume)).await;
    own.expect("nobody outside may hold it up").unwrap();
    let remote = run::connect(house.data()).await.unwrap().unwrap();
    remote.handle().ask(Command::Resume).await.unwrap();
}

#[tokio::test]
async fn what_is_not_understood_is_refused_and_told_why() {
    let house = House::start(Desk::new(false));
    let mut visitor = Visitor::enter(&house).await;
    for (request, code, says) in [
        (
            r#"{"id":5,"ask":{"what":"dance"}}"#,
            "not-understood",
            "dance",
        ),
        (
            r#"{"id":6,"ask":{"what":"scan"}}"#,
            "not-understood",
            "scope",
        ),
        (
            r#"{"id":7,"ask":{"what":"stop","all":true}}"#,
            "not-understood",
            "all",
        ),
        (
            r#"{"id":8,"ask":{"what":"settings","api_url":"https://x"}}"#,
            "not-understood",
            "settings",
        ),
        (r#"{"id":9,"ask":{"what":"stop","run":77}}"#, "run-over", ""),
        (r#"{"id":10,"ask":{"what":"show"}}"#, "no-window", ""),
    ] {
        let answer = visitor.ask(request).await;
        let refused = &answer["refused"];
        let id: Value = serde_json::from_str::<Value>(request).unwrap()["id"].clone();
        assert_eq!(refused["id"], id, "which one is refused: {answer}");
        assert_eq!(refused["why"]["code"], code, "{answer}");
        assert!(answer.to_string().contains(says), "{answer} names {says}");
    }
    let answer = visitor.ask(r#"{"id":11,"ask":{"what":"resume"}}"#).await;
    assert_eq!(answer["answer"]["id"], 11, "the visit goes on: {answer}");
    still_works(&house).await;
}

#[tokio::test]
async fn nonsense_ends_the_visit_and_nothing_else() {
    let house = House::start(Desk::new(false));
    for nonsense in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\n",
        b"{}\n",
        b"[[[[[[[[\n",
        b"\xff\xfe\x00\x01\n",
        b"{\"id\":1,\"ask\":{\"what\":\"stop\"}}\n",
    ] {
        let mut early = Visitor::arrive(&house).await;
        early.write(nonsense).await.unwrap();
        early.hear().await.expect("it is greeted");
        let end = early.hear().await.expect("it is told why");
        assert_eq!(
            end["refused"]["why"]["code"], "not-understood",
            "nothing is done for who hasn't said who it is: {end}"
        );
        early.sent_away().await;
    }
    for nonsense in [&b"{\"id\":\n"[..], b"null\n", b"\xc3\x28\n"] {
        let mut late = Visitor::enter(&house).await;
        late.write(nonsense).await.unwrap();
        let end = late.hear().await.expect("it is told why");
        assert_eq!(end["refused"]["why"]["code"], "not-understood", "{end}");
        late.sent_away().await;
    }
    still_works(&house).await;
}

#[tokio::test]
async fn a_line_without_end_is_not_kept() {
    let house = House::start(Desk::new(false));
    let mut visitor = Visitor::enter(&house).await;
    let (block, mut written) = (vec![b'a'; 1 << 16], 0_usize);
    // It is sent away long before this much is taken.
    while written < 64 << 20 && visitor.write(&block).await.is_ok() {
        written += block.len();
    }
    assert!(written < 64 << 20, "{written} bytes were taken");
    still_works(&house).await;
}

#[tokio::test]
async fn another_version_is_told_so() {
    let house = House::start(Desk::new(false));
    let mut visitor = Visitor::arrive(&house).await;
    visitor
        .say(&HELLO.replace("\"protocol\":1", "\"protocol\":2"))
        .await;
    visitor.hear().await.expect("it is greeted");
    let end = visitor.hear().await.expect("it is told why");
    assert_eq!(
        end["refused"]["why"],
        serde_json::json!({ "code": "other-protocol", "ours": 1, "yours": 2 })
    );
    visitor.sent_away().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_listen_is_left_behind() {
    let house = House::start(Desk::new(false));
    let mut deaf = Visitor::enter(&house).await;
    deaf.ask(r#"{"id":1,"ask":{"what":"subscribe"}}"#).await;
    // Each changes the snapshot; nothing of what is told is read.
    let request = b"{\"id\":2,\"ask\":{\"what\":\"refresh\"}}\n".repeat(1_000);
    let mut talking = tokio::spawn(async move {
        let mut written = 0;
        while written < 1_000 && deaf.write(&request).await.is_ok() {
            written += 1;
        }
        written
    });
    let remote = run::connect(house.data()).await.unwrap().unwrap();
    let mut now_and_then = tokio::time::interval(Duration::from_millis(20));
    let mut answered = 0;
    let written = loop {
        tokio::select! {
            written = &mut talking => break written.unwrap(),
            _ = now_and_then.tick() => {
                let pause = Command::Pause(Pause::UntilResumed);
                let answer = timeout(SOON, remote.handle().ask(pause)).await;
                answer.expect("others are served meanwhile").unwrap();
                answered += 1;
            }
        }
    };
    assert!(written < 1_000, "it is sent away in the end");
    assert!(answered > 1, "others were served meanwhile: {answered}");
    still_works(&house).await;
}

#[tokio::test]
async fn a_hundred_who_say_nothing_are_not_let_in() {
    let house = House::start(Desk::new(false));
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(Visitor::arrive(&house).await);
    }
    let (mut greeted, mut refused) = (0, 0);
    for visitor in &mut crowd {
        let line = visitor.hear().await.expect("everybody is told something");
        if line["refused"]["why"]["code"] == "busy" {
            refused += 1;
        } else {
            greeted += 1;
        }
    }
    assert!(
        refused >= 80 && greeted > 0,
        "{greeted} greeted, {refused} refused"
    );
    let own = timeout(SOON, house.handle.ask(Command::Resume)).await;
    own.expect("the agent works on").unwrap();
    // They are still there, and are sent away for their silence: then there is room again.
    still_works(&house).await;
    for visitor in &mut crowd {
        visitor.sent_away().await;
    }
}
