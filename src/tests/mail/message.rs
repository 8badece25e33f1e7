//! What a mail server is given.

use rhombus_provisioning::model::address::Sender;
use rhombus_provisioning::server::mail::Mailer;

use super::mail;
use crate::support::smtp::{Received, SmtpServer, Ways};

async fn received(change: impl FnOnce(&mut rhombus_provisioning::server::mail::Mail)) -> Received {
    let server = SmtpServer::start(Ways::default()).await;
    let mut mail = mail("dana@contoso.com");
    change(&mut mail);
    Mailer::new(&server.settings()).send(&mail).await.unwrap();
    server.received().remove(0)
}

#[tokio::test]
async fn the_headers_say_what_kind_of_mail_it_is() {
    let received = received(|_| ()).await;
    for (name, value) in [
        (
            "Message-ID",
            "<0197f3a0-0000-7000-8000-000000000001@provisioning.test>",
        ),
        ("Date", "Mon, 23 Nov 2026 09:00:00 +0000"),
        (
            "From",
            "\"Rhombus Provisioning\" <provisioning@provisioning.test>",
        ),
        (
            "Reply-To",
            "\"Rhombus Provisioning\" <provisioning@provisioning.test>",
        ),
        ("To", "dana@contoso.com"),
        ("Subject", "[Contoso Ltd] 3 users were not updated"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        (
            "List-Unsubscribe",
            "<https://provisioning.test/unsubscribe/7Kq2>",
        ),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(received.header(name), value, "{name}");
    }
    assert!(
        received
            .header("Content-Type")
            .starts_with("multipart/alternative;")
    );
    let plain = received.text.find("text/plain; charset=utf-8").unwrap();
    let html = received.text.find("text/html; charset=utf-8").unwrap();
    assert!(plain < html, "the best form comes last (RFC 2046 5.1.4)");
    assert!(received.text.lines().all(|line| line.len() <= 998));
    assert!(received.text.is_ascii());
}

#[tokio::test]
async fn both_forms_arrive_as_they_were_written() {
    let sent = mail("dana@contoso.com");
    let received = received(|_| ()).await;
    assert_eq!(received.part("text/plain").trim_end(), sent.text.trim_end());
    assert_eq!(received.part("text/html").trim_end(), sent.html.trim_end());
}

#[tokio::test]
async fn who_asked_for_a_mail_cannot_unsubscribe_from_it() {
    let received = received(|mail| mail.unsubscribe_url = None).await;
    assert_eq!(received.header("List-Unsubscribe"), "");
    assert_eq!(received.header("List-Unsubscribe-Post"), "");
}

#[tokio::test]
async fn names_of_all_scripts_are_encoded_and_add_no_headers() {
    let received = received(|mail| {
        mail.subject = "[Grüße 東京] hello\r\nBcc: eve@evil.example\r\n\r\n<script>".to_owned();
    })
    .await;
    assert_eq!(received.header("Bcc"), "");
    assert!(received.to.contains("dana@contoso.com"));
    let subject = received.header("Subject");
    assert!(
        subject.starts_with("=?utf-8?b?") || subject.contains("=?utf-8?b?"),
        "{subject}"
    );
    assert!(
        subject.contains("hello Bcc: eve@evil.example <script>"),
        "{subject}"
    );

    let server = SmtpServer::start(Ways::default()).await;
    let mut settings = server.settings();
    settings.mail_from =
        Sender::parse("Rhombus Bereitstellung für Zürich <a@rhombus.example>").unwrap();
    Mailer::new(&settings)
        .send(&mail("dana@contoso.com"))
        .await
        .unwrap();
    let from = server.received()[0].header("From");
    assert!(
        from.contains("=?utf-8?b?") && from.ends_with("<a@rhombus.example>"),
        "{from}"
    );
}
