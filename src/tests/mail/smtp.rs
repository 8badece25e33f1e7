//! One attempt at a server, well or badly mannered: what comes of it, and what the server got.

use std::time::Duration;

use rhombus_provisioning::server::mail::{Destination, Mailer};

use super::mail;
use crate::support::smtp::{Conduct, Security, SmtpServer, Ways};

const TO: &str = "dana@contoso.com";

fn ways(security: Security, login: Option<(&'static str, &'static str, &'static str)>) -> Ways {
    Ways {
        security,
        login,
        ..Ways::default()
    }
}

#[tokio::test]
async fn mail_goes_over_every_kind_of_connection() {
    let plain = Some(("PLAIN", "rhombus", "hunter2-of-mail"));
    let login = Some(("LOGIN", "rhombus", "hunter2-of-mail"));
    for (security, login) in [
        (Security::Plain, None),
        (Security::Plain, plain),
        (Security::Starttls, None),
        (Security::Starttls, plain),
        (Security::Tls, login),
    ] {
        let server = SmtpServer::start(ways(security, login)).await;
        let mailer = Mailer::new(&server.settings());
        let accepted = mailer.send(&mail(TO)).await.unwrap();
        assert_eq!(accepted.answer, "250 2.0.0 Ok: queued as 1");
        let received = server.received().remove(0);
        assert_eq!(received.hello, "provisioning.test");
        assert_eq!(received.is_encrypted, security != Security::Plain);
        assert_eq!(received.user.as_deref(), login.map(|(_, user, _)| user));
        assert_eq!(received.from, "MAIL FROM:<provisioning@provisioning.test>");
        assert_eq!(received.to, format!("RCPT TO:<{TO}>"));
        assert_eq!(
            mailer.destination(),
            Destination::Smtp {
                host: "127.0.0.1".to_owned()
            }
        );
        assert!(!format!("{mailer:?}").contains("hunter2"), "{mailer:?}");
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_cannot_be_trusted() {
    for security in [Security::Starttls, Security::Tls] {
        let server = SmtpServer::start(ways(security, Some(("PLAIN", "me", "pw")))).await;
        let mailer = Mailer::new(&server.settings_with(&server.url(), false));
        let refusal = mailer.send(&mail(TO)).await.unwrap_err();
        assert!(!refusal.is_final);
        assert!(refusal.answer.contains("certificate"), "{}", refusal.answer);
        assert!(server.received().is_empty());
        let said = server.commands().join("\n");
        assert!(!said.contains("AUTH") && !said.contains("MAIL"), "{said}");
    }
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_where_encryption_is_required() {
    let server = SmtpServer::start(ways(Security::Plain, Some(("PLAIN", "me", "pw")))).await;
    let url = format!("{}?tls=required", server.url());
    let mailer = Mailer::new(&server.settings_with(&url, true));
    let refusal = mailer.send(&mail(TO)).await.unwrap_err();
    assert!(!refusal.is_final);
    assert!(
        refusal.answer.contains("offers no encryption"),
        "{}",
        refusal.answer
    );
    assert_eq!(server.commands(), ["EHLO provisioning.test"]);
}

#[tokio::test]
async fn what_the_server_refuses_is_final_only_if_it_is_about_the_mail() {
    let server = SmtpServer::start(Ways::default()).await;
    let mailer = Mailer::new(&server.settings());
    for (conduct, is_final, answer) in [
        (
            Conduct::TurnAway,
            false,
            "The mail server 127.0.0.1 takes no mail from here: 554 5.3.2 No SMTP service here",
        ),
        (
            Conduct::WantLogin,
            false,
            "The mail server refused the sender provisioning@provisioning.test: 530 5.7.0 Authentication required",
        ),
        (
            Conduct::RefuseSender,
            false,
            "The mail server refused the sender provisioning@provisioning.test: 550 5.7.60 Client does not have \
             permission to send as this sender",
        ),
        (
            Conduct::RefuseRecipient,
            true,
            "The mail server refused the recipient: 550 5.1.1 No such user here",
        ),
        (
            Conduct::Greylist,
            false,
            "The mail server refused the recipient: 451 4.7.1 Greylisted, please try again",
        ),
        (
            Conduct::RefuseContent,
            true,
            "The mail server refused the mail: 554 5.6.0 Message rejected as spam",
        ),
    ] {
        server.conduct(conduct);
        let refusal = mailer.send(&mail(TO)).await.unwrap_err();
        assert_eq!(
            (refusal.is_final, refusal.answer.as_str()),
            (is_final, answer),
            "{conduct:?}"
        );
    }
    server.conduct(Conduct::Accept);
    mailer.send(&mail(TO)).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_not_the_mails_fault() {
    let server = SmtpServer::start(ways(Security::Starttls, Some(("PLAIN", "me", "right")))).await;
    let url = server.url().replace("right", "wrong");
    let mailer = Mailer::new(&server.settings_with(&url, true));
    let refusal = mailer.send(&mail(TO)).await.unwrap_err();
    assert!(!refusal.is_final);
    assert_eq!(
        refusal.answer,
        "The mail server 127.0.0.1 refused the user and password of SMTP_URL: 535 5.7.8 Authentication credentials \
         invalid"
    );
    assert!(server.received().is_empty());

    let without = SmtpServer::start(ways(Security::Plain, None)).await;
    let url = without.url().replace("smtp://", "smtp://me:pw@");
    let mailer = Mailer::new(&without.settings_with(&url, true));
    let refusal = mailer.send(&mail(TO)).await.unwrap_err();
    assert!(!refusal.is_final && refusal.answer.contains("offers no way to sign in"));
}

#[tokio::test]
async fn a_slow_server_is_left_and_its_late_answers_are_nobodys() {
    let server = SmtpServer::start(Ways::default()).await;
    let mailer = Mailer::new(&server.settings()).with_time_limit(Duration::from_secs(3));
    // A connection that waits is what the slow attempt takes.
    mailer.send(&mail(TO)).await.unwrap();
    server.conduct(Conduct::Hang);
    let refusal = mailer.send(&mail(TO)).await.unwrap_err();
    assert!(!refusal.is_final);
    assert_eq!(
        refusal.answer,
        "The mail server 127.0.0.1 did not answer in time (3 seconds). The mail may have arrived all the same."
    );
    server.conduct(Conduct::Accept);
    let accepted = mailer.send(&mail(TO)).await.unwrap();
    assert_eq!(accepted.answer, "250 2.0.0 Ok: queued as 3");
    assert_eq!(server.sessions(), 2);
}

#[tokio::test]
async fn a_server_that_dies_after_the_mail_can_recognize_it_when_it_comes_again() {
    let server = SmtpServer::start(Ways::default()).await;
    let mailer = Mailer::new(&server.settings());
    server.conduct(Conduct::Die);
    let refusal = mailer.send(&mail(TO)).await.unwrap_err();
    assert!(!refusal.is_final);
    assert!(refusal.answer.contains("broke"), "{}", refusal.answer);
    assert!(refusal.answer.ends_with("may have arrived all the same."));
    server.conduct(Conduct::Accept);
    mailer.send(&mail(TO)).await.unwrap();
    let ids: Vec<String> = server
        .received()
        .iter()
        .map(|received| received.header("Message-ID"))
        .collect();
    let id = "<0197f3a0-0000-7000-8000-000000000001@provisioning.test>";
    assert_eq!(ids, [id, id]);
}

#[tokio::test]
async fn a_connection_serves_several_mails_and_a_dead_one_costs_none() {
    let server = SmtpServer::start(ways(Security::Starttls, Some(("PLAIN", "me", "pw")))).await;
    let mailer = Mailer::new(&server.settings());
    for _ in 0..3 {
        mailer.send(&mail(TO)).await.unwrap();
    }
    assert_eq!((server.sessions(), server.received().len()), (1, 3));
    server.conduct(Conduct::AcceptThenDie);
    mailer.send(&mail(TO)).await.unwrap();
    mailer.send(&mail(TO)).await.unwrap();
    assert_eq!((server.sessions(), server.received().len()), (2, 5));
    server.conduct(Conduct::Accept);
    mailer.send(&mail(TO)).await.unwrap();
    mailer.finish().await;
    assert_eq!(server.commands().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let server = SmtpServer::start(Ways::default()).await;
    let settings = server.settings();
    let address = server.address;
    drop(server);
    // The socket closes with the task that held it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let refusal = Mailer::new(&settings).send(&mail(TO)).await.unwrap_err();
    assert!(!refusal.is_final);
    assert!(
        refusal
            .answer
            .starts_with(&format!("The mail server {address} could not be reached: ")),
        "{}",
        refusal.answer
    );
}

#[tokio::test]
async fn international_addresses_need_a_server_that_knows_them() {
    let old = SmtpServer::start(Ways::default()).await;
    let mailer = Mailer::new(&old.settings());
    // The domain has an ASCII name.
    mailer.send(&mail("jana@bücher.example")).await.unwrap();
    let received = old.received().remove(0);
    assert_eq!(received.to, "RCPT TO:<jana@xn--bcher-kva.example>");
    assert_eq!(received.from, "MAIL FROM:<provisioning@provisioning.test>");
    let refusal = mailer.send(&mail("用户@例子.广告")).await.unwrap_err();
    assert!(
        refusal.is_final && refusal.answer.contains("SMTPUTF8"),
        "{}",
        refusal.answer
    );

    let new = SmtpServer::start(Ways {
        knows_utf8: true,
        ..Ways::default()
    })
    .await;
    let mailer = Mailer::new(&new.settings());
    mailer.send(&mail("用户@例子.广告")).await.unwrap();
    let received = new.received().remove(0);
    assert_eq!(
        received.from,
        "MAIL FROM:<provisioning@provisioning.test> SMTPUTF8 BODY=8BITMIME"
    );
    assert_eq!(received.to, "RCPT TO:<用户@xn--fsqu00a.xn--4rr70v>");
    assert_eq!(received.header("To"), "用户@xn--fsqu00a.xn--4rr70v");
}
