//! Support bundles: what is in them, and above all what is not.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::clock::DAY;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use super::person::{account, cookie, open, post};
use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Personal data of somebody, each of them nowhere else in the program's own texts.
const PERSONAL: [&str; 22] = [
    "xaviera.quill@contoso.com",
    "xaviera.new@contoso.com",
    "Xaviera",
    "Quillfeather",
    "XQ the Great",
    "7f3c9a51-1111-4222-8333-944444444444",
    "Zanzibar Road 17",
    "Ouagadougou",
    "+226 70 12 34 56",
    "70 12 34 56",
    "Grand Vizier",
    "Moonshot Unit",
    "990017733",
    "boss.person@contoso.com",
    "198.51.100.23",
    "2001:db8::77",
    "zebra-striped",
    "blabbermouth",
    "Dana the Admin",
    "dana@contoso.com",
    "xq-nick",
    "hidden.person@contoso.com",
];

/// Secrets, wherever somebody may have put them.
const SECRETS: [&str; 9] = [
    "s3cr3t-in-title-1",
    "s3cr3t-in-body-2",
    "s3cr3t-in-query-3",
    "s3cr3t-in-header-4",
    "s3cr3t-in-cookie-5",
    "s3cr3t-in-agent-6",
    "s3cr3t-in-value-7",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
    "s3cr3t-in-path-8",
];

/// Somebody at a browser.
struct Browser<'a> {
    entra: &'a Entra<'a>,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn of(entra: &'a Entra<'a>, role: AccountRole) -> Self {
        let slug = (role != AccountRole::Support).then_some("contoso");
        let email = match role {
            AccountRole::Admin => "dana@contoso.com".to_owned(),
            role => format!("{}@rhombus.example", role.as_str()),
        };
        let id = account(entra.app, &email, role, slug).await;
        if role == AccountRole::Admin {
            let name = sql("UPDATE accounts SET name = 'Dana the Admin' WHERE id = $1");
            entra.app.execute(name.bind(&id)).await;
        }
        let cookie = cookie(entra.app, &id).await;
        Self { entra, cookie }
    }

    async fn make(&self, subject: &str, form: &str) -> Answer {
        let address = format!("/organizations/contoso/support-bundles/new?{subject}");
        post(self.entra.app, &self.cookie, &address, form).await
    }

    async fn file(&self, subject: &str, form: &str) -> String {
        let answer = self.make(subject, form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let disposition = answer.header("content-disposition");
        assert!(
            disposition.starts_with("attachment; filename=\"support-bundle-"),
            "{disposition}"
        );
        answer.text
    }

    /// Makes a link; answers its path.
    async fn link(&self, subject: &str, personal: &str) -> String {
        let once = uuid();
        let form = format!("output=link&days=7&within=7d&personal={personal}&once={once}");
        let answer = self.make(subject, &form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), "no-store");
        let (_, rest) = answer
            .text
            .split_once("https://provisioning.test/support-bundles/")
            .unwrap();
        let secret: String = rest
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        assert_eq!(secret.len(), 43);
        // A form that comes again makes no second link.
        let again = self.make(subject, &form).await;
        assert_eq!(again.status, 409, "{}", again.text);
        format!("/support-bundles/{secret}")
    }
}

fn uuid() -> String {
    rhombus_provisioning::server::ids::new_id(1_795_424_400_000)
}

/// Somebody with personal data in every place, and secrets in wrong ones. Answers the user's id, a refused entry, and
/// the entry of a body that is no JSON.
async fn planted(entra: &Entra<'_>) -> (String, String, String) {
    let mut body = user("xaviera.quill@contoso.com");
    let more = json!({
        "externalId": "7f3c9a51-1111-4222-8333-944444444444",
        "displayName": "XQ the Great",
        "nickName": "xq-nick",
        "name": {"formatted": "Xaviera Quillfeather", "givenName": "Xaviera", "familyName": "Quillfeather"},
        "title": format!("Bearer {} and rhp_{}", SECRETS[0], "T".repeat(49)),
        "emails": [{"type": "work", "primary": true, "value": "xaviera.quill@contoso.com"}],
        "phoneNumbers": [{"type": "work", "value": "+226 70 12 34 56"}],
        "addresses": [{"type": "work", "streetAddress": "Zanzibar Road 17", "locality": "Ouagadougou"}],
        "password": SECRETS[1],
        "clientSecret": SECRETS[1],
        (ENTERPRISE): {"department": "Moonshot Unit", "employeeNumber": "990017733",
            "manager": {"value": "boss.person@contoso.com"}},
        "favouriteAnimal": "zebra-striped",
        "notes": ["blabbermouth", {"who": "hidden.person@contoso.com"}, 990_017_733],
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let created = entra.post(&body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.id();
    // Done: a new name, a value with a token of another service, a filter in a path.
    let operations = json!([
        {"op": "Replace", "path": "userName", "value": "xaviera.new@contoso.com"},
        {"op": "Replace", "path": "addresses[type eq \"work\"].region", "value": "Ouagadougou"},
        {"op": "Add", "path": "nickName", "value": SECRETS[7]},
        {"op": "Add", "path": "password", "value": SECRETS[6]},
        {"op": "Add", "path": "profileUrl", "value": format!("https://a.example/?access_token={}", SECRETS[6])},
        {"op": "Replace", "path": "title", "value": "Grand Vizier"},
    ]);
    assert_eq!(entra.patch(&id, operations).await.status, 200);
    // Refused, with everything in odd places.
    let refused = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            {"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "SECURITY_LEAD"},
            {"op": "Add", "path": "emails[value eq \"hidden.person@contoso.com\"].value", "value": "hidden.person@contoso.com"},
            {"op": "Add", "value": {"displayName": "XQ the Great", "Cookie": SECRETS[4], "Xaviera Quillfeather": "x"}},
        ],
    });
    let query = format!("password={}&who=Quillfeather&ip=198.51.100.23", SECRETS[2]);
    let request = entra
        .request("PATCH", &format!("/Users/{id}?{query}"))
        .header("content-type", "application/scim+json")
        .header("cookie", format!("sid={}", SECRETS[4]))
        .header("x-api-key", SECRETS[3])
        .header(
            "x-note",
            format!("Bearer {} of Xaviera at 2001:db8::77", SECRETS[3]),
        )
        .header(
            "user-agent",
            format!("Probe/1 (bearer {}; xaviera.quill@contoso.com)", SECRETS[5]),
        )
        .body(refused.to_string().into());
    let refused = entra.app.send(request.unwrap()).await;
    refused.is_error(400, "invalidValue");
    // Somebody takes the name, and a filter that cannot be read names people.
    let mut taken = user("XAVIERA.NEW@contoso.com");
    taken["displayName"] = json!("XQ the Great");
    entra.post(&taken).await.is_error(409, "uniqueness");
    let filter = format!(
        "displayName eq \"Xaviera Quillfeather\" and password eq \"{}\"",
        SECRETS[8]
    );
    let filtered = entra.filter(&filter).await;
    assert_eq!(filtered.status, 400);
    let odd = entra
        .with(
            "PUT",
            &format!("/Users/{id}"),
            ("content-type", "application/json"),
            "{\"userName\":\"Xaviera Quillfeather\" oops",
        )
        .await;
    assert_eq!(odd.status, 400);
    let (refused, odd) = (refused.header("x-request-id"), odd.header("x-request-id"));
    (id, refused.to_owned(), odd.to_owned())
}

/// Every way to get a bundle of each subject.
async fn all_bundles(admin: &Browser<'_>, subjects: &[String], personal: &str) -> Vec<String> {
    let mut bundles = Vec::new();
    for subject in subjects {
        for output in ["html", "json"] {
            let form = format!("output={output}&within=7d&personal={personal}");
            bundles.push(admin.file(subject, &form).await);
        }
        let link = admin.link(subject, personal).await;
        for path in [link.clone(), format!("{link}/json")] {
            let opened = open(admin.entra.app, "", &path).await;
            assert_eq!(opened.status, 200);
            bundles.push(opened.text);
        }
    }
    bundles
}

async fn subjects(entra: &Entra<'_>) -> Vec<String> {
    let (id, refused, odd) = planted(entra).await;
    entra.app.flush().await;
    let issues: Vec<(String,)> = entra
        .app
        .rows(sql("SELECT id FROM issues ORDER BY id"))
        .await;
    assert!(issues.len() > 2, "{issues:?}");
    let log: Vec<String> = entra
        .log()
        .await
        .into_iter()
        .map(|entry| entry.id)
        .collect();
    let mut all = vec![
        format!("user={id}"),
        format!("log_entry={refused}"),
        format!("log_entry={odd}"),
    ];
    all.extend(log.into_iter().map(|id| format!("log_entry={id}")));
    all.extend(issues.into_iter().map(|(id,)| format!("issue={id}")));
    all
}

async fn audited(entra: &Entra<'_>) -> Vec<String> {
    let found =
        sql("SELECT action FROM audit_log WHERE target_kind = 'support_bundle' ORDER BY id");
    let rows: Vec<(String,)> = entra.app.rows(found).await;
    rows.into_iter().map(|(action,)| action).collect()
}

entra_test! {
    async fn no_secret_is_in_any_bundle(entra: Entra) {
        let subjects = subjects(&entra).await;
        let admin = Browser::of(&entra, AccountRole::Admin).await;
        for personal in ["with", "without"] {
            let bundles = all_bundles(&admin, &subjects, personal).await;
            // Something was planted, and stands hidden in those that leave nothing else out.
            assert!(personal == "without" || bundles.iter().any(|bundle| bundle.contains("[redacted]")));
            for bundle in bundles {
                for secret in SECRETS.iter().chain([&entra.token.as_str(), &"TTTTTTTTTTTT"]) {
                    assert!(!bundle.contains(secret), "{secret} in {bundle}");
                }
            }
        }
    }

    async fn without_personal_data_means_none_in_any_bundle(entra: Entra) {
        let subjects = subjects(&entra).await;
        let ids: Vec<(String,)> = entra.app.rows(sql("SELECT id FROM users")).await;
        let admin = Browser::of(&entra, AccountRole::Admin).await;
        let personal: Vec<String> = PERSONAL.iter().map(|text| text.to_lowercase()).chain(ids.into_iter().map(|(id,)| id)).collect();
        let mut seen = std::collections::BTreeSet::new();
        for bundle in all_bundles(&admin, &subjects, "with").await {
            let bundle = bundle.to_lowercase();
            seen.extend(personal.iter().filter(|text| bundle.contains(*text)).cloned());
        }
        // What is looked for can be found: most of it stands in the bundles that are not without it.
        assert!(seen.len() + 4 > personal.len(), "{seen:?}");
        for bundle in all_bundles(&admin, &subjects, "without").await {
            let lower = bundle.to_lowercase();
            for text in &personal {
                assert!(!lower.contains(text), "{text} in {bundle}");
            }
        }
    }

    async fn a_bundle_explains_and_keeps_one_name_for_one_person(entra: Entra) {
        let (id, refused, _) = planted(&entra).await;
        let admin = Browser::of(&entra, AccountRole::Admin).await;
        let json: Value = serde_json::from_str(&admin.file(&format!("log_entry={refused}"), "output=json").await).unwrap();
        assert_eq!(json["title"], "Update: A role value is not in the role catalogue");
        assert_eq!(json["explanation"]["title"], "A role value is not in the role catalogue");
        assert_eq!(json["without_personal_data"], true);
        let entry = &json["entries"][0];
        assert_eq!(entry["id"], refused.as_str());
        assert_eq!(entry["path"], "/scim/contoso/v2/Users/user-id-1");
        let facts = entry["facts"].to_string();
        for words in ["User 1", "user-1@example.invalid", "SECURITY_LEAD", "role_unknown", "external-id-1"] {
            assert!(facts.contains(words), "{words}: {facts}");
        }
        assert!(entry["request_body"].as_str().unwrap().contains("SECURITY_LEAD"));
        assert_eq!(json["roles"][0]["value"], "super_admin");
        assert_eq!(json["settings"][3]["value"], "reject");
        assert!(json["history"].as_array().unwrap().len() >= 2, "{json}");

        let html = admin.file(&format!("user={id}"), "output=html&within=7d&personal=with").await;
        for words in ["Xaviera Quillfeather", "xaviera.new@contoso.com", "The last 7 days", "Settings of the organization", "Refused changes"] {
            assert!(html.contains(words), "{words}: {html}");
        }
        assert!(!html.contains("<script"));
    }

    async fn a_bundle_has_room_for_so_much(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        for title in ["one", "two", "three", "four"] {
            entra.app.advance(1_000);
            entra.change(&id, "Replace", "title", json!(title)).await.is(200);
        }
        entra.app.flush().await;
        let long = "lorem ".repeat(150_000);
        let longer = sql("UPDATE provisioning_log_payloads SET request_body = $1").bind(&long);
        entra.app.execute(longer).await;
        entra.app.advance(1_000);
        let changed = |to: &str| json!([{"attribute": "title", "old": null, "new": to}]).to_string();
        let (listed, large) = (changed(&long[..16_000]), changed(&long));
        for changes in std::iter::repeat_n(&listed, 140).chain([&large]) {
            entra.app.advance(1);
            let change = sql(
                "INSERT INTO user_changes (id, organization_id, user_id, changed_at, kind, actor_kind, actor_id, actor_name, \
                 version, changes) VALUES ($1, $2, $3, $4, 'updated', 'token', '', 'Entra', 9, $5)",
            );
            let change = change.bind(uuid()).bind(&entra.organization_id).bind(&id);
            entra.app.execute(change.bind(entra.app.app.clock.now()).bind(changes)).await;
        }
        let admin = Browser::of(&entra, AccountRole::Admin).await;
        let bundle = admin.file(&format!("user={id}"), "output=json&within=7d&personal=with").await;
        let bundle: Value = serde_json::from_str(&bundle).unwrap();
        let entries = bundle["entries"].as_array().unwrap();
        let bodies: Vec<bool> = entries.iter().map(|entry| entry["request_body"].is_string()).collect();
        assert_eq!(bodies, [true, true, false, false, false]);
        for entry in entries {
            assert!(!entry["headers"].as_array().unwrap().is_empty(), "{}", entry["note"]);
        }
        let shown = (2 * 1024 * 1024_usize).div_ceil(listed.len());
        assert_eq!(bundle["history"].as_array().unwrap().len(), shown + 1);
        let left_out = bundle["left_out"].to_string();
        for words in ["Requests and responses of the older entries", "Changes may be missing from the history", "Large changes are left out"] {
            assert!(left_out.contains(words), "{left_out}");
        }
    }

    async fn a_bundle_has_room_for_so_much_of_what_its_entries_changed(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        for title in ["one", "two", "three", "four"] {
            entra.app.advance(1_000);
            entra.change(&id, "Replace", "title", json!(title)).await.is(200);
        }
        let long = "lorem ".repeat(150_000);
        let changed = json!([{"attribute": "title", "old": null, "new": long}]).to_string();
        entra.app.execute(sql("UPDATE user_changes SET changes = $1").bind(changed)).await;
        let admin = Browser::of(&entra, AccountRole::Admin).await;
        let bundle = admin.file(&format!("user={id}"), "output=json&within=7d&personal=with").await;
        let bundle: Value = serde_json::from_str(&bundle).unwrap();
        let entries = bundle["entries"].as_array().unwrap();
        let changes: Vec<usize> = entries.iter().map(|entry| entry["changes"].as_array().unwrap().len()).collect();
        assert_eq!(changes, [1, 1, 1, 0, 0], "the third is larger than what room there is");
        let left_out = bundle["left_out"].to_string();
        assert!(left_out.contains("Requests and responses of the older entries, and large changes, are left out"), "{left_out}");
    }

    async fn a_link_works_until_it_ends_and_then_like_one_that_never_was(entra: Entra) {
        let (id, ..) = planted(&entra).await;
        let admin = Browser::of(&entra, AccountRole::Admin).await;
        let support = Browser::of(&entra, AccountRole::Support).await;
        let (first, second) = (admin.link(&format!("user={id}"), "with").await, support.link(&format!("user={id}"), "without").await);
        let opened = open(entra.app, "", &first).await;
        assert_eq!(opened.status, 200);
        for (name, value) in [
            ("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex, nofollow"),
            ("content-type", "text/html; charset=utf-8"), ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(opened.header(name), value, "{name}");
        }
        assert!(opened.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
        // It shows what was, not what came later.
        entra.change(&id, "Replace", "displayName", json!("Somebody Later")).await.is(200);
        assert_eq!(open(entra.app, "", &first).await.text, opened.text);
        let kept: Vec<(String,)> = entra.app.rows(sql("SELECT hash FROM support_bundles")).await;
        assert!(kept.iter().all(|(hash,)| !first.contains(hash.as_str())));

        let list = open(entra.app, &support.cookie, "/organizations/contoso/support-bundles").await;
        assert!(list.text.contains("2 times") && list.text.contains("Not yet"), "{}", list.text);
        let ids: Vec<(String,)> = entra.app.rows(sql("SELECT id FROM support_bundles WHERE NOT is_anonymous")).await;
        let revoke = format!("/organizations/contoso/support-bundles/{}/revoke", ids[0].0);
        for _ in 0..2 {
            assert_eq!(post(entra.app, &support.cookie, &revoke, "").await.status, 303);
        }
        let gone = open(entra.app, "", &first).await;
        let never = open(entra.app, "", &format!("/support-bundles/{}", "x".repeat(43))).await;
        entra.app.advance(7 * DAY);
        let expired = open(entra.app, "", &second).await;
        for answer in [&gone, &expired] {
            assert_eq!((answer.status, &answer.text), (404, &never.text));
            let headers = |answer: &Answer| -> Vec<(String, String)> {
                answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
            };
            assert_eq!(headers(answer), headers(&never));
        }
        let expected = ["link", "link", "open", "open", "revoke"].map(|what| format!("support_bundle.{what}"));
        assert_eq!(audited(&entra).await, expected);
    }

    async fn an_erased_user_is_in_no_link(entra: Entra) {
        let (id, ..) = planted(&entra).await;
        let other = entra.create("other@contoso.com").await;
        let admin = Browser::of(&entra, AccountRole::Admin).await;
        let theirs = admin.link(&format!("user={id}"), "with").await;
        let others = admin.link(&format!("user={other}"), "with").await;
        entra.delete(&id).await.is(204);
        let erase = format!("/organizations/contoso/users/{id}/erase");
        let erased = post(entra.app, &admin.cookie, &erase, "user_name=xaviera.new%40contoso.com").await;
        assert_eq!(erased.status, 303, "{}", erased.text);
        assert_eq!(open(entra.app, "", &theirs).await.status, 404);
        assert_eq!(open(entra.app, "", &others).await.status, 200);
    }

    async fn who_may_not_or_what_is_not_is_refused(entra: Entra) {
        let (id, ..) = planted(&entra).await;
        let viewer = Browser::of(&entra, AccountRole::Viewer).await;
        let user = format!("user={id}");
        assert_eq!(viewer.make(&user, "output=html").await.status, 403);
        let admin = Browser::of(&entra, AccountRole::Admin).await;
        let once = uuid();
        for (subject, form, status) in [
            ("user=unknown", "output=html&within=7d".to_owned(), 404),
            ("log_entry=unknown", "output=json".to_owned(), 404),
            ("issue=unknown", "output=json".to_owned(), 404),
            ("nothing=at-all", "output=json".to_owned(), 404),
            (user.as_str(), "output=html&within=soon".to_owned(), 422),
            (user.as_str(), format!("output=link&within=7d&days=365&once={once}"), 422),
            (user.as_str(), "output=link&within=7d&days=7&once=x".to_owned(), 422),
        ] {
            let answer = admin.make(subject, &form).await;
            assert_eq!(answer.status, status, "{subject} {form}: {}", answer.text);
        }
        let again = admin.make(&user, "output=link&within=30d&days=30&once=x").await.text;
        for kept in ["<option value=\"30d\" selected>", "<option value=\"30\" selected>"] {
            assert!(again.contains(kept), "{kept}: {again}");
        }
        assert_eq!(audited(&entra).await, Vec::<String>::new());
        // Another organization's things are nothing here.
        let fabrikam = entra.app.entra("fabrikam").await;
        let theirs = fabrikam.create("eve@fabrikam.com").await;
        let answer = admin.make(&format!("user={theirs}"), "output=html&within=7d").await;
        assert_eq!(answer.status, 404);
    }
}
