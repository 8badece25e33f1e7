//! Filters: grammar and meaning (RFC 7644 3.4.2.2 and the decisions on `ne`, `not` and `pr`).

use serde_json::json;

use super::{CORE, ENT};
use crate::entra_test;
use crate::support::entra::Entra;

/// Asserts what each filter finds; names are separated by blanks.
async fn check(entra: &Entra<'_>, rows: &[(&str, &str)]) {
    for (filter, expected) in rows {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(entra.found(filter).await, expected, "{filter}");
    }
}

async fn refused(entra: &Entra<'_>, filters: &[&str]) {
    for filter in filters {
        let answer = entra.filter(filter).await;
        assert_eq!(answer.status, 400, "{filter}");
        answer.is_error(400, "invalidFilter");
    }
}

entra_test! {
    async fn rfc7644_3_4_2_2_logic_and_precedence(entra: Entra) {
        for (name, title, active) in [("a", "x", true), ("b", "x", false), ("c", "y", true), ("d", "y", false)] {
            entra.create_with(name, json!({"title": title, "active": active})).await;
        }
        check(&entra, &[
            ("title eq \"x\" and active eq true", "a"),
            ("title eq \"x\" or active eq true", "a b c"),
            // and binds tighter than or
            ("userName eq \"d\" or title eq \"x\" and active eq true", "a d"),
            ("title eq \"x\" and active eq true or userName eq \"d\"", "a d"),
            ("(userName eq \"d\" or title eq \"x\") and active eq true", "a"),
            // not binds tighter than and
            ("not (title eq \"x\") and active eq true", "c"),
            ("not (title eq \"x\" and active eq true)", "b c d"),
            ("not (not (title eq \"x\"))", "a b"),
            ("NOT(title eq \"x\")AND(active eq false)", "d"),
            ("((((title eq \"x\"))))", "a b"),
            ("title eq \"x\" AND active EQ true Or userName Eq \"D\"", "a d"),
            ("  title   eq\t\"x\"  ", "a b"),
        ]).await;
        refused(&entra, &[
            "not title eq \"x\"", "title eq", "title", "eq \"x\"", "title eq \"x\" and", "title eq \"x", "(title eq \"x\"",
            "title eq \"x\")", "title eq \"x\" title eq \"y\"", "title xx \"x\"", "title eq \"x\" xor active eq true",
            "title = \"x\"", "title eq \"\\x\"", "emails[type eq \"a\"", "emails[emails[type eq \"a\"]]", "name.x eq \"a\"",
            "()", "not ()", "title eq ()", "a.b.c eq \"x\"", "title pr \"x\"", "colour eq \"red\"", "password eq \"x\"",
            "password pr", "urn:x:y:title eq \"a\"", "emails[colour eq \"a\"]", "title[value eq \"x\"]", "name eq \"Ana\"",
        ]).await;
    }

    async fn rfc7644_3_4_2_2_booleans(entra: Entra) {
        entra.create("on").await;
        entra.create_with("off", json!({"active": false})).await;
        check(&entra, &[
            ("active eq true", "on"), ("active eq false", "off"), ("active ne true", "off"), ("not (active eq true)", "off"),
            ("active eq \"True\"", "on"), ("active eq \"false\"", "off"), ("active eq True", "on"), ("active pr", "off on"),
            ("active eq null", ""), ("active ne null", "off on"),
        ]).await;
        refused(&entra, &["active gt true", "active co \"t\"", "active eq \"yes\"", "active eq 1", "active sw true"]).await;
    }

    async fn rfc7644_3_4_2_2_times(entra: Entra) {
        entra.create("old").await;
        entra.app.advance(1_000);
        let new = entra.create("new").await;
        entra.app.advance(1_500);
        entra.change(&new, "replace", "title", json!("x")).await.is(200);
        check(&entra, &[
            ("meta.created eq \"2026-11-23T09:00:00Z\"", "old"),
            ("meta.created eq \"2026-11-23T10:00:00.000+01:00\"", "old"),
            ("meta.created ne \"2026-11-23T09:00:00Z\"", "new"),
            ("meta.created gt \"2026-11-23T09:00:00Z\"", "new"),
            ("meta.created ge \"2026-11-23T09:00:00Z\"", "new old"),
            ("meta.created lt \"2026-11-23T09:00:01Z\"", "old"),
            ("meta.created le \"2026-11-23T09:00:01\"", "new old"),
            ("meta.lastModified gt \"2026-11-23T09:00:02.499Z\"", "new"),
            ("meta.lastModified gt \"2026-11-23T09:00:02.500Z\"", ""),
            ("not (meta.lastModified gt \"2026-11-23T09:00:02Z\")", "old"),
            ("meta.created pr", "new old"),
        ]).await;
        refused(&entra, &["meta.created co \"2026\"", "meta.created sw \"2026\"", "meta.created gt \"yesterday\"",
            "meta.created eq \"2026-13-01T00:00:00Z\"", "meta.created gt 5"]).await;
    }

    async fn rfc7644_3_4_2_2_what_the_service_sets(entra: Entra) {
        let a = entra.create("a").await;
        let b = entra.create_with("b", json!({(ENT): {"department": "D"}})).await;
        entra.change(&b, "replace", "title", json!("x")).await.is(200);
        let location = |id: &str| format!("https://provisioning.test/scim/contoso/v2/Users/{id}");
        let row = |filter: String, expected: &'static str| (filter, expected);
        let rows = [
            row(format!("id eq \"{a}\""), "a"),
            row(format!("id ne \"{a}\""), "b"),
            row(format!("id eq \"{}\"", a.to_uppercase()), ""),
            row(format!("id sw \"{}\"", &a[..20]), if a[..20] == b[..20] { "a b" } else { "a" }),
            row("id pr".to_owned(), "a b"),
            row(format!("meta.location eq \"{}\"", location(&a)), "a"),
            row(format!("meta.location ne \"{}\"", location(&a)), "b"),
            row("meta.location eq \"https://elsewhere/Users/1\"".to_owned(), ""),
            row(format!("meta.location eq \"https://elsewhere/Users/{a}\""), ""),
            row(format!("meta.location ne \"https://elsewhere/Users/{a}\""), "a b"),
            row(format!("meta.location eq \"{a}\""), ""),
            row("meta.location sw \"https://provisioning.test/scim/contoso/\"".to_owned(), "a b"),
            row("meta.location sw \"https://provisioning.test/scim/fabrikam/\"".to_owned(), ""),
            row("meta.location co \"/scim/contoso/v2/Users/\"".to_owned(), "a b"),
            row(format!("meta.location ew \"/{a}\""), "a"),
            row(format!("meta.location lt \"{}\"", location(&b)), if a < b { "a" } else { "" }),
            row("meta.location gt \"https\"".to_owned(), "a b"),
            row("meta.resourceType eq \"User\"".to_owned(), "a b"),
            row("meta.resourceType eq \"Group\"".to_owned(), ""),
            row("meta.resourceType sw \"Us\" and meta.resourceType ew \"er\"".to_owned(), "a b"),
            row("meta.resourceType co \"us\"".to_owned(), ""),
            row("meta.resourceType gt \"User\" or meta.resourceType lt \"User\"".to_owned(), ""),
            row("meta.resourceType ge \"User\" and meta.resourceType le \"User\"".to_owned(), "a b"),
            row("meta.version eq \"W/\\\"2\\\"\"".to_owned(), "b"),
            row("meta.version ne \"W/\\\"2\\\"\"".to_owned(), "a"),
            row(format!("schemas eq \"{CORE}\""), "a b"),
            row(format!("schemas eq \"{ENT}\""), "b"),
            row(format!("schemas ne \"{ENT}\""), "a"),
            row(format!("not (schemas eq \"{ENT}\")"), "a"),
            row("schemas eq \"urn:x\"".to_owned(), ""),
            row("schemas ne \"urn:x\"".to_owned(), "a b"),
            row(format!("schemas ne \"{CORE}\""), ""),
            row(format!("schemas eq \"{}\"", ENT.to_uppercase()), "b"),
            row("schemas co \"enterprise\"".to_owned(), "b"),
            row("schemas co \"urn:ietf:params\"".to_owned(), "a b"),
            row("schemas sw \"urn:ietf:params:scim:schemas:ext\"".to_owned(), "b"),
            row("schemas ew \":User\"".to_owned(), "a b"),
            row(format!("schemas gt \"{CORE}\""), "b"),
            row(format!("schemas le \"{CORE}\""), "a b"),
            row(format!("schemas gt \"{ENT}\""), ""),
            row("schemas pr".to_owned(), "a b"),
            row("not (schemas pr)".to_owned(), ""),
            row("schemas eq null".to_owned(), ""),
            row(format!("schemas eq \"{ENT}\" and title eq \"x\""), "b"),
            row(format!("schemas ne \"{ENT}\" and title eq \"x\""), ""),
            row(format!("schemas eq \"{ENT}\" or userName eq \"a\""), "a b"),
            row(format!("not (schemas eq \"{ENT}\" or title eq \"x\")"), "a"),
            row(format!("schemas eq \"{CORE}\" and schemas eq \"{ENT}\""), "b"),
            row("schemas pr and title eq \"x\"".to_owned(), "b"),
            row("schemas pr or title eq \"x\"".to_owned(), "a b"),
            row("title eq \"x\" and not (schemas pr)".to_owned(), ""),
            row("meta pr".to_owned(), "a b"),
            row("groups pr".to_owned(), ""),
        ];
        for (filter, expected) in &rows {
            check(&entra, &[(filter, expected)]).await;
        }
        for op in ["co", "sw", "ew", "gt", "ge", "lt", "le"] {
            let detail = entra.filter(&format!("meta.version {op} \"W/\"")).await.is_error(400, "invalidFilter");
            assert!(detail.contains("meta.version") && detail.contains("eq"), "{detail}");
        }
    }

    async fn comparisons_that_read_every_value_are_bounded(entra: Entra) {
        entra.create_with("a", json!({"title": "abc"})).await;
        let joined = |count: usize, op: &str| vec![format!("title {op} \"b\""); count].join(" or ");
        assert_eq!(entra.found(&joined(16, "co")).await, ["a"]);
        for op in ["co", "sw", "ew", "gt", "ge", "lt", "le"] {
            let detail = entra.filter(&joined(17, op)).await.is_error(400, "invalidFilter");
            assert!(detail.contains("16"), "{detail}");
        }
        assert_eq!(entra.found(&joined(128, "ne")).await, ["a"]);
    }

    async fn decisions_ne_not_and_pr(entra: Entra) {
        entra.create_with("both", json!({"title": "x", "emails": [{"value": "1@x"}, {"value": "2@x"}]})).await;
        entra.create_with("one", json!({"title": "y", "emails": [{"value": "2@x"}]})).await;
        entra.create_with("none", json!({"title": "", "emails": [], "externalId": ""})).await;
        check(&entra, &[
            // ne is exactly not eq: an absent value is not equal, and of several values none may be.
            ("title ne \"x\"", "none one"), ("not (title eq \"x\")", "none one"),
            ("emails.value ne \"1@x\"", "none one"), ("not (emails.value eq \"1@x\")", "none one"),
            ("emails ne \"2@x\"", "none"),
            ("externalId ne \"ext-one\"", "both none"), ("not (externalId eq \"ext-one\")", "both none"),
            ("not (externalId sw \"ext\")", "none"), ("not (title gt \"a\")", "none"),
            ("not (externalId eq \"ext-one\" or title eq \"x\")", "none"),
            ("not (not (externalId eq \"ext-one\"))", "one"),
            // pr is false for "" and [].
            ("title pr", "both one"), ("emails pr", "both one"), ("externalId pr", "both one"), ("emails.value pr", "both one"),
            ("not (title pr)", "none"), ("emails.type pr", ""), ("name pr", "both none one"), ("name.middleName pr", ""),
            ("title eq null", "none"), ("title ne null", "both one"), ("emails eq null", "none"), ("externalId eq null", "none"),
            (&format!("{ENT}:manager pr"), ""),
        ]).await;
    }

    async fn rfc7644_3_4_2_2_value_paths_are_about_one_element(entra: Entra) {
        let mails = json!([{"value": "1@x", "type": "work", "primary": true}, {"value": "2@x", "type": "home", "display": "H"}]);
        entra.create_with("a", json!({"emails": mails})).await;
        entra.create_with("b", json!({"emails": [{"value": "1@x", "type": "home"}, {"value": "2@x", "type": "work"}]})).await;
        entra.create_with("c", json!({"emails": null})).await;
        check(&entra, &[
            ("emails[type eq \"work\" and value eq \"1@x\"]", "a"),
            ("emails[type eq \"WORK\" and value co \"@X\"]", "a b"),
            ("emails.type eq \"work\" and emails.value eq \"1@x\"", "a b"),
            ("emails[primary eq true]", "a"), ("emails[primary eq \"True\"].value eq \"1@x\"", "a"),
            // An absent primary is false.
            ("emails[primary eq false]", "a b"), ("emails[not (primary eq true)]", "a b"), ("emails[primary ne true]", "a b"),
            ("emails.primary eq true", "a"),
            // So it is always there.
            ("emails[primary pr]", "a b"), ("emails.primary pr", "a b"), ("emails[not (primary pr)]", ""), ("emails[primary eq null]", ""),
            ("emails[type eq \"work\" or display eq \"h\"]", "a b"),
            ("emails[display pr]", "a"), ("emails[not (display pr)]", "a b"),
            ("emails[type ne \"work\"]", "a b"), ("not (emails[type eq \"work\"])", "c"),
            ("emails[type eq \"home\" and not (value eq \"1@x\")]", "a"),
            ("emails[type eq \"other\"]", ""), ("emails[type pr]", "a b"),
            ("emails[(type eq \"home\" or type eq \"other\") and value sw \"2\"]", "a"),
            ("emails[type eq \"work\"].value sw \"2\"", "b"),
            ("emails[type eq \"work\"].display pr", ""),
            ("emails[value gt \"1@x\" and type eq \"home\"]", "a"),
            ("userName eq \"c\" or emails[type eq \"work\" and value eq \"2@x\"]", "b c"),
            ("roles[primary eq \"True\"].value eq \"ADMIN\"", "a b c"), ("roles eq \"admin\"", "a b c"),
            ("manager[not (value eq \"x\")]", ""), ("name[not (givenName eq \"x\")]", "a b c"), ("not (manager[value eq \"x\"])", "a b c"),
            ("name[givenName eq \"ana\" and familyName eq \"RUIZ\"]", "a b c"), ("name[givenName eq \"x\"]", ""),
        ]).await;
        // A path of PATCH means the same by it.
        let id = entra.create_with("d", json!({"emails": [{"value": "1@x", "primary": true}, {"value": "2@x"}]})).await;
        let after = entra.change(&id, "replace", "emails[primary pr].display", json!("D")).await.is(200);
        assert_eq!(after["emails"], json!([{"value": "1@x", "display": "D", "primary": true}, {"value": "2@x", "display": "D"}]));
    }

    async fn wildcards_of_like_are_letters(entra: Entra) {
        for (name, title) in [("percent", "100% sure"), ("under", "a_b"), ("back", "c:\\d"), ("plain", "100 axb c:d"), ("quote", "it's \"q\"")] {
            entra.create_with(name, json!({"title": title, "displayName": title, "externalId": title})).await;
        }
        for attribute in ["title", "displayName", "externalId"] {
            for (rest, expected) in [
                ("co \"%\"", "percent"), ("co \"_\"", "under"), ("sw \"100%\"", "percent"), ("co \"a_b\"", "under"),
                ("co \"\\\\\"", "back"), ("ew \":\\\\d\"", "back"), ("ew \"%\"", ""), ("sw \"_\"", ""), ("eq \"100% sure\"", "percent"),
                ("co \"'\"", "quote"), ("co \"\\\"q\\\"\"", "quote"), ("co \"\"", "back percent plain quote under"),
                ("co \"\\u0025\"", "percent"),
            ] {
                check(&entra, &[(&format!("{attribute} {rest}"), expected)]).await;
            }
        }
    }

    async fn case_counts_only_where_the_schema_says_so(entra: Entra) {
        entra.create_with("ana", json!({"externalId": "Ext", "displayName": "ÁNGELA Ñ", "title": "Éß",
            "emails": [{"value": "Ana@X", "type": "Work"}]})).await;
        check(&entra, &[
            ("externalId eq \"Ext\"", "ana"), ("externalId eq \"ext\"", ""), ("externalId co \"xt\"", "ana"), ("externalId sw \"e\"", ""),
            ("displayName eq \"ángela ñ\"", "ana"), ("displayName co \"GELA\"", "ana"), ("displayName sw \"A\u{301}n\"", "ana"),
            ("title eq \"éß\"", "ana"), ("emails[type eq \"work\"].value eq \"ANA@x\"", "ana"), ("userName eq \"ANA\"", "ana"),
            ("userName sw \"AN\"", "ana"), ("userName gt \"AMA\"", "ana"), ("userName lt \"anb\"", "ana"),
        ]).await;
    }

    async fn queries_are_form_encoded(entra: Entra) {
        entra.create("ana+test@contoso.com").await;
        entra.create("josé & co").await;
        for query in [
            "filter=userName+eq+%22ana%2Btest%40contoso.com%22",
            "filter=userName%20eq%20%22ana%2Btest@contoso.com%22",
            "FILTER=userName+eq+ana%2Btest@contoso.com",
            "filter=userName%20eq%20%22jos%C3%A9%20%26%20co%22",
            "x=1&filter=userName+eq+%22JOS%C3%89+%26+co%22&aadOptscim062020",
        ] {
            assert_eq!(entra.get(&format!("/Users?{query}")).await.is(200)["totalResults"], 1, "{query}");
        }
        // A plus that is not encoded is a blank, as in any form.
        assert_eq!(entra.get("/Users?filter=userName+eq+%22ana+test@contoso.com%22").await.is(200)["totalResults"], 0);
        assert_eq!(entra.get("/Users?filter=").await.is(200)["totalResults"], 2);
    }

    async fn filters_are_bounded(entra: Entra) {
        entra.create("ana").await;
        let terms = |count: usize| vec!["userName eq \"ana\""; count].join(" or ");
        check(&entra, &[(&terms(128), "ana"), (&format!("{}userName eq \"ana\"{}", "(".repeat(32), ")".repeat(32)), "ana")]).await;
        refused(&entra, &[
            &terms(129),
            &format!("{}userName eq \"ana\"{}", "(".repeat(33), ")".repeat(33)),
            &format!("userName eq \"{}\"", "x".repeat(8 * 1024)),
            &"(".repeat(8_000),
            &"not (".repeat(1_600),
            &"emails[".repeat(1_000),
        ]).await;
        let nul = entra.filter("userName eq \"a\u{0}\"").await;
        assert_eq!(nul.status, 400);
        assert_eq!(entra.filter("userName eq \"\\u0000\"").await.status, 400);
    }
}
