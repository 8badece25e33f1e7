//! SCIM's lists, filters and sort orders, of every kind, with many users: what nobody asks for a thousand times a
//! second, and what must not hold up the rest either.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hyper::Method;

use crate::client::{Connection, Target};

const BUDGET: Duration = Duration::from_secs(1);
/// How often each is asked for; the median counts.
const TIMES: usize = 3;

/// Filters that find nobody, somebody and nearly everybody, by columns, by values and by neither.
const FILTERS: &[&str] = &[
    "userName eq \"user-0000007@contoso.com\"",
    "userName sw \"user-00000\"",
    "userName co \"77\"",
    "userName ew \"99@contoso.com\"",
    "userName co \"nobody\"",
    "userName ne \"nobody\"",
    "userName gt \"user-0000500\"",
    "externalId pr",
    "externalId ew \"7\"",
    "displayName eq \"Ana Ruiz\"",
    "displayName eq \"nobody\"",
    "displayName sw \"ana\"",
    "displayName co \"nobody\"",
    "displayName pr",
    "not (displayName pr)",
    "name.familyName eq \"Ruiz\"",
    "name.familyName co \"zz\"",
    "name.givenName eq \"Ana\" and name.familyName eq \"Ruiz\"",
    "name.formatted eq \"Ana Ruiz\"",
    "name.formatted co \"nobody\"",
    "name pr",
    "active eq true",
    "active eq false",
    "active eq true and userName sw \"user-00000\"",
    "roles.value eq \"viewer\"",
    "roles.value eq \"super_admin\"",
    "roles[primary eq \"True\"].value eq \"viewer\"",
    "roles[primary eq true and value eq \"admin\"]",
    "not (roles.value eq \"viewer\")",
    "roles.value ne \"nobody\"",
    "emails eq \"user-0000007@contoso.com\"",
    "emails.value co \"nobody\"",
    "emails[type eq \"work\"].value eq \"user-0000007@contoso.com\"",
    "emails[type eq \"work\" and value co \"77\"]",
    "emails[not (type eq \"work\")]",
    "emails.type eq \"work\"",
    "phoneNumbers[type eq \"work\"]",
    "phoneNumbers.value sw \"+49 171\"",
    "addresses[type eq \"work\"].country eq \"DE\"",
    "addresses.locality eq \"Berlin\" and addresses.postalCode eq \"10117\"",
    "title eq \"Director\"",
    "title pr",
    "not (title pr)",
    "title co \"nobody\"",
    "title eq \"Director\" or title eq \"Analyst\"",
    "title eq \"Director\" or userName co \"nobody\"",
    "preferredLanguage eq \"en-US\" and title eq \"Director\"",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"Legal\"",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber ge \"0000500\"",
    "meta.created gt \"2020-01-01T00:00:00Z\"",
    "meta.created lt \"2020-01-01T00:00:00Z\"",
    "meta.lastModified gt \"2020-01-01T00:00:00Z\"",
    "meta.lastModified lt \"2020-01-01T00:00:00Z\"",
    "meta.version eq \"W/\\\"7\\\"\"",
    "meta.resourceType eq \"User\"",
    "schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"",
    "schemas ne \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"",
    "schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\" and title eq \"Director\"",
    "schemas eq \"urn:ietf:params:scim:schemas:core:2.0:User\"",
    "id pr",
    "nickName pr",
    "nickName eq \"nobody\" or displayName eq \"nobody\" or externalId eq \"nobody\"",
];

/// What a list may be sorted by.
const SORTS: &[&str] = &[
    "id",
    "userName",
    "externalId",
    "displayName",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    "active",
    "title",
    "nickName",
    "emails.value",
    "roles.value",
    "meta.created",
    "meta.lastModified",
];

/// Measures SCIM's lists.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Host and port of the application
    #[arg(long, default_value = "127.0.0.1:3000")]
    address: String,
    /// The slug of an organization
    #[arg(long)]
    organization: String,
    /// A Secret Token of it
    #[arg(long)]
    token: String,
    /// Users that it has
    #[arg(long)]
    users: usize,
}

pub fn run(options: &Options) -> Result<()> {
    let target = Target {
        address: options.address.clone(),
        base: format!("/scim/{}/v2", options.organization),
        token: options.token.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let missed = runtime.block_on(measure(&target, options.users))?;
    if missed > 0 {
        bail!("{missed} lists miss the budget");
    }
    Ok(())
}

/// Asks for every kind of list, one after the other, and prints what each took. Gives how many miss the budget.
pub async fn measure(target: &Target, users: usize) -> Result<usize> {
    let mut connection = Connection::open(target).await?;
    let filters = FILTERS
        .iter()
        .map(|filter| format!("filter={}", encoded(filter)));
    let sorts = SORTS.iter().flat_map(|sort| {
        ["ascending", "descending"].map(|order| format!("sortBy={sort}&sortOrder={order}"))
    });
    let late = users.saturating_sub(50);
    let pages = [
        String::new(),
        format!("startIndex={late}"),
        format!("sortBy=userName&startIndex={late}"),
        format!("sortBy=displayName&startIndex={late}"),
        format!(
            "filter={}&startIndex={}",
            encoded("active eq true"),
            late / 2
        ),
        format!("filter={}&count=0", encoded("title pr")),
    ];
    println!(
        "\n| list of {users} users | total | median ms | slowest ms | |\n|---|--:|--:|--:|---|"
    );
    let mut missed = 0;
    for query in filters.chain(sorts).chain(pages) {
        let mut times = Vec::new();
        let mut total = None;
        for _ in 0..TIMES {
            let started = Instant::now();
            let (status, body) = connection
                .exchange(Method::GET, &format!("/Users?{query}"), None)
                .await?;
            times.push(started.elapsed());
            let body: serde_json::Value = serde_json::from_slice(&body)?;
            total = body["totalResults"].as_u64();
            if status != 200 || total.is_none() {
                bail!("{query} was answered with {status} {body}");
            }
        }
        times.sort_unstable();
        let (median, slowest) = (times[TIMES / 2], times[TIMES - 1]);
        let met = median < BUDGET;
        missed += usize::from(!met);
        println!(
            "| {} | {} | {:.1} | {:.1} | {} |",
            query
                .replace("%20", " ")
                .replace("%22", "\"")
                .replace('|', "\\|"),
            total.unwrap_or_default(),
            median.as_secs_f64() * 1e3,
            slowest.as_secs_f64() * 1e3,
            if met { "met" } else { "MISSED" }
        );
    }
    Ok(missed)
}

/// As a query's value.
fn encoded(filter: &str) -> String {
    filter
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b".-_:".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
