//! What operators watch: counters that grow while requests are answered, and figures that are read when asked for.
//!
//! In Prometheus's text format. Labels are codes of ours, so there are only so many series; none names an organization
//! or a person.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds: from a look-up in memory to Entra's patience.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

type Seconds = Gauge<f64, AtomicU64>;

/// Cloning shares it.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<OperationLabels, Histogram, fn() -> Histogram>,
    commit_waits: Histogram,
    log_lag: Seconds,
    figures: Gauges,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    status: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Default)]
struct Gauges {
    log_waiting: Gauge,
    connections: Family<StateLabels, Gauge>,
    writes_waiting: Gauge,
    held_users: Gauge,
    tokens: Family<StateLabels, Gauge>,
    open_issues: Gauge,
    mails_waiting: Gauge,
    oldest_mail: Seconds,
}

/// Figures of this moment, of all organizations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Entries and counts that wait to be written.
    pub log_waiting: u64,
    /// Connections to the database that are free, and in use.
    pub connections: (u64, u64),
    /// Changes that wait for SQLite's writer; none on PostgreSQL.
    pub writes_waiting: u64,
    /// Users of the accidental-deletion guard who wait for a decision.
    pub held_users: u64,
    /// Tokens in use that expire within 30 days, and that have expired within the last 30.
    pub tokens_expiring: u64,
    pub tokens_expired: u64,
    pub open_issues: u64,
    /// Mails that are still to be sent, and how long the oldest has waited.
    pub mails_waiting: u64,
    pub oldest_mail: Duration,
}

impl Inner {
    /// Names what grows while requests are answered.
    fn register(&mut self) {
        let registry = &mut self.registry;
        let build = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The program that runs", Info::new(build));
        registry.register(
            "scim_requests",
            "SCIM requests by what they asked for and what became of them",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "scim_request_duration",
            "From a SCIM request's arrival to the hand-over of its change",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register_with_unit(
            "commit_wait",
            "From the hand-over of a change to its being durable",
            Unit::Seconds,
            self.commit_waits.clone(),
        );
        registry.register_with_unit(
            "log_lag",
            "Age of the oldest entry of the log's latest batch when it was stored, or last tried",
            Unit::Seconds,
            self.log_lag.clone(),
        );
    }
}

impl Gauges {
    /// Names the figures that are read when asked for.
    fn register(&self, registry: &mut Registry) {
        let Self {
            log_waiting,
            connections,
            writes_waiting,
            held_users,
            tokens,
            open_issues,
            mails_waiting,
            oldest_mail,
        } = self;
        registry.register(
            "log_waiting_entries",
            "Log entries and counts that wait to be stored",
            log_waiting.clone(),
        );
        registry.register(
            "database_connections",
            "Connections to the database",
            connections.clone(),
        );
        registry.register(
            "database_waiting_changes",
            "Changes that wait for the writer of SQLite",
            writes_waiting.clone(),
        );
        registry.register(
            "guard_waiting_users",
            "Users whom the accidental-deletion guard holds and nobody has decided about; counting stops beyond 10,000",
            held_users.clone(),
        );
        registry.register(
            "tokens",
            "Secret Tokens that expire within 30 days, or have within the last 30",
            tokens.clone(),
        );
        registry.register(
            "open_issues",
            "Issues that are open, of all organizations; counting stops beyond 10,000",
            open_issues.clone(),
        );
        registry.register(
            "mail_waiting",
            "Mails that are still to be sent; counting stops beyond 10,000",
            mails_waiting.clone(),
        );
        registry.register_with_unit(
            "mail_oldest",
            "How long the oldest mail has waited that is still to be sent, of the 10,000 that are due first",
            Unit::Seconds,
            oldest_mail.clone(),
        );
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// With everything at zero.
    pub fn new() -> Self {
        let durations: fn() -> Histogram = || Histogram::new(SECONDS);
        let mut inner = Inner {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            commit_waits: Histogram::new(SECONDS),
            log_lag: Seconds::default(),
            figures: Gauges::default(),
            registry: Registry::with_prefix("rhombus"),
        };
        inner.register();
        inner.figures.register(&mut inner.registry);
        Self(Arc::new(inner))
    }

    /// Counts SCIM requests that ended alike, by the words of the log ("" for no reason). `duration` is of one request,
    /// and absent for those whose time was not taken.
    pub fn requests(
        &self,
        operation: &'static str,
        status: &'static str,
        reason: &'static str,
        count: u64,
        duration: Option<Duration>,
    ) {
        let labels = RequestLabels {
            operation,
            status,
            reason,
        };
        self.0.requests.get_or_create(&labels).inc_by(count);
        if let Some(duration) = duration {
            let labels = OperationLabels { operation };
            let histogram = self.0.durations.get_or_create(&labels);
            histogram.observe(duration.as_secs_f64());
        }
    }

    /// Notes how long a change waited to be durable.
    pub fn commit_waited(&self, wait: Duration) {
        self.0.commit_waits.observe(wait.as_secs_f64());
    }

    /// Notes how old the oldest entry of a batch of the log was when it was stored.
    pub fn log_lagged(&self, lag: Duration) {
        self.0.log_lag.set(lag.as_secs_f64());
    }

    /// Everything in Prometheus's text format, with the figures of this moment.
    pub fn render(&self, figures: &Figures) -> String {
        let gauges = &self.0.figures;
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        let of_state = |family: &Family<StateLabels, Gauge>, state: &'static str, value: u64| {
            set(&family.get_or_create(&StateLabels { state }), value);
        };
        set(&gauges.log_waiting, figures.log_waiting);
        set(&gauges.writes_waiting, figures.writes_waiting);
        set(&gauges.held_users, figures.held_users);
        set(&gauges.open_issues, figures.open_issues);
        set(&gauges.mails_waiting, figures.mails_waiting);
        gauges.oldest_mail.set(figures.oldest_mail.as_secs_f64());
        of_state(&gauges.connections, "free", figures.connections.0);
        of_state(&gauges.connections, "used", figures.connections.1);
        of_state(&gauges.tokens, "expiring", figures.tokens_expiring);
        of_state(&gauges.tokens, "expired", figures.tokens_expired);
        let mut text = String::new();
        // A string takes whatever is written to it.
        let _ = prometheus_text::encode(&mut text, &self.0.registry);
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_rendered() {
        let metrics = Metrics::new();
        let took = Some(Duration::from_millis(3));
        metrics.requests("match", "success", "", 1, took);
        metrics.requests("unknown", "failure", "token_unknown", 7, None);
        metrics.commit_waited(Duration::from_millis(12));
        metrics.log_lagged(Duration::from_millis(250));
        let figures = Figures {
            held_users: 4,
            connections: (3, 1),
            tokens_expiring: 2,
            mails_waiting: 5,
            oldest_mail: Duration::from_secs(90),
            ..Figures::default()
        };
        let text = metrics.render(&figures);
        for line in [
            "rhombus_build_info{version=\"0.1.0\"} 1",
            "rhombus_scim_requests_total{operation=\"match\",status=\"success\",reason=\"\"} 1",
            "rhombus_scim_requests_total{operation=\"unknown\",status=\"failure\",reason=\"token_unknown\"} 7",
            "rhombus_scim_request_duration_seconds_bucket{operation=\"match\",le=\"0.0025\"} 0",
            "rhombus_scim_request_duration_seconds_bucket{operation=\"match\",le=\"0.005\"} 1",
            "rhombus_scim_request_duration_seconds_count{operation=\"match\"} 1",
            "rhombus_commit_wait_seconds_count 1",
            "rhombus_log_lag_seconds 0.25",
            "rhombus_guard_waiting_users 4",
            "rhombus_database_connections{state=\"free\"} 3",
            "rhombus_tokens{state=\"expiring\"} 2",
            "rhombus_mail_waiting 5",
            "rhombus_mail_oldest_seconds 90.0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
