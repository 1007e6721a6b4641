//! The steps with phpIPAM, from the connection to the assigned subnets.

use fieldscan_core::{ids::AgentCode, plan, problem::Problem, settings::Settings};
use secrecy::SecretString;

use super::{Found, Outcome, Progress, StepId, now, secrets::Secrets, skip};
use crate::{
    http::{ClockReading, Limits},
    phpipam::{self, Auth, Connection},
};

/// Asks phpIPAM, step by step.
pub(super) async fn ask(
    settings: Option<&Settings>,
    secrets: &Secrets,
    clocks: &mut Vec<ClockReading>,
    tell: &mut impl FnMut(Progress),
) {
    let rest = [
        StepId::Reachable,
        StepId::Tls,
        StepId::Token,
        StepId::AgentCode,
        StepId::Subnets,
    ];
    let connection = settings.and_then(|settings| {
        Some(Connection {
            api_url: settings.api_url.clone()?,
            app: settings.client_name.clone()?,
            // Not sent: how far one comes is tried without a token.
            auth: Auth::Code(SecretString::from("none")),
            ca_file: settings.ca_file.clone(),
            now: now(settings),
            limits: Limits::IPAM,
        })
    });
    let (Some(settings), Some(connection)) = (settings, connection) else {
        return skip(tell, &rest, StepId::Settings);
    };

    tell(Progress::Begun(StepId::Reachable));
    let https = connection.api_url.scheme() == "https";
    let answers = Found::Answers {
        url: connection.api_url.as_str().trim_end_matches('/').to_owned(),
        port: connection.api_url.port_or_known_default(),
    };
    let client = match phpipam::Client::new(connection.clone()) {
        Ok(client) => client,
        Err(problem) => {
            tell(Progress::Ended(StepId::Reachable, Outcome::Failed(problem)));
            return skip(tell, &rest[1..], StepId::Reachable);
        }
    };
    let probe = client.probe().await;
    clocks.extend(*client.clock().borrow());
    let reached = match probe.reachable {
        Ok(()) => Outcome::Ok(answers),
        Err(problem) => Outcome::Failed(problem),
    };
    let failed = matches!(reached, Outcome::Failed(_));
    tell(Progress::Ended(StepId::Reachable, reached));
    if failed {
        return skip(tell, &rest[1..], StepId::Reachable);
    }
    tell(Progress::Begun(StepId::Tls));
    let tls = match probe.tls {
        Some(Ok(())) => Outcome::Ok(Found::Trusted),
        Some(Err(problem)) => Outcome::Failed(problem),
        None if https => Outcome::NotTried(StepId::Reachable),
        None => Outcome::Ok(Found::NotNeeded),
    };
    let failed = matches!(tls, Outcome::Failed(_) | Outcome::NotTried(_));
    tell(Progress::Ended(StepId::Tls, tls));
    if failed {
        return skip(tell, &rest[2..], StepId::Tls);
    }

    tell(Progress::Begun(StepId::Token));
    let token = match &secrets.token {
        Ok(Some((token, _))) => token.clone(),
        Ok(None) | Err(_) => {
            // What answers is told even without a token.
            let outcome = match probe.api {
                Some(Err(problem)) => Outcome::Failed(problem),
                Some(Ok(())) | None => Outcome::NotTried(StepId::Keychain),
            };
            tell(Progress::Ended(StepId::Token, outcome));
            return skip(tell, &rest[3..], StepId::Token);
        }
    };
    let auth = match &settings.client_user {
        Some(name) => Auth::User {
            name: name.clone(),
            password: token,
        },
        None => Auth::Code(token),
    };
    let checked = async {
        probe.api.unwrap_or(Ok(()))?;
        let client = phpipam::Client::new(Connection { auth, ..connection })?;
        client.check_token().await?;
        Ok(client)
    };
    let client = match checked.await {
        Ok(client) => client,
        Err(problem) => {
            tell(Progress::Ended(StepId::Token, Outcome::Failed(problem)));
            return skip(tell, &rest[3..], StepId::Token);
        }
    };
    tell(Progress::Ended(StepId::Token, Outcome::Ok(Found::Accepted)));
    match &settings.scanagent_code {
        Some(code) => ask_for_subnets(&client, code, settings, tell).await,
        None => skip(tell, &rest[3..], StepId::Settings),
    }
    clocks.extend(*client.clock().borrow());
}

async fn ask_for_subnets(
    client: &phpipam::Client,
    code: &AgentCode,
    settings: &Settings,
    tell: &mut impl FnMut(Progress),
) {
    tell(Progress::Begun(StepId::AgentCode));
    match client.agent(code).await {
        Ok((id, name)) => tell(Progress::Ended(
            StepId::AgentCode,
            Outcome::Ok(Found::Agent { id, name }),
        )),
        Err(problem) => {
            tell(Progress::Ended(StepId::AgentCode, Outcome::Failed(problem)));
            return skip(tell, &[StepId::Subnets], StepId::AgentCode);
        }
    }
    tell(Progress::Begun(StepId::Subnets));
    let outcome = match client.assignment(code, now(settings).read()).await {
        Ok(assignment) if assignment.subnets.is_empty() => {
            Outcome::Warning(Problem::NothingAssigned)
        }
        Ok(assignment) => {
            let survey = plan::survey(&assignment.subnets, &settings.guard);
            let scanned = survey.iter().filter(|(_, plan)| plan.is_ok()).count() as u64;
            Outcome::Ok(Found::Subnets {
                assigned: assignment.subnets.len() as u64,
                scanned,
            })
        }
        Err(problem) => Outcome::Failed(problem),
    };
    tell(Progress::Ended(StepId::Subnets, outcome));
}
