//! `/organizations/{slug}/issues` and `/issues`: what goes wrong, for how many, and what is to be done first?

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::issues::{count_all_issues, count_issues, list_all_issues, list_issues};
use crate::components::empty::{Empty, EmptyArt};
use crate::components::filter_bar::{
    Chip, Chips, FilterBar, FilterMenu, FilterOption, SearchField,
};
use crate::components::issue::IssueTable;
use crate::components::live::Following;
use crate::components::load::load;
use crate::components::page::{
    Crumb, OrganizationSheet, PageHead, Sheet, Width, for_support, in_organization,
};
use crate::components::pager::Pager;
use crate::components::region::Region;
use crate::components::tabs::{Tab, Tabs};
use crate::model::frame::Frame;
use crate::model::issue::{Assigned, IssueCounts, IssueFilter, IssueRow, IssueTab};
use crate::model::log::Action;
use crate::model::page::{Page, count, counted_up_to};

const TITLE: &str = "Issues";

/// The issues of an organization.
#[component]
pub fn IssuesPage() -> impl IntoView {
    let params = use_params_map();
    let filter = use_filter();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let issues = Resource::new(
        move || (slug.get(), filter.get()),
        |(slug, filter)| list_issues(slug, filter),
    );
    let counts = Resource::new(move || slug.get(), count_issues);
    in_organization(move |frame: Frame| {
        let path = frame.href("/issues");
        let stream = frame.href("/live");
        let zone = frame.me.zone.clone();
        view! {
            <OrganizationSheet frame title=TITLE width=Width::Wide>
                <PageHead
                    title=TITLE
                    lead="Failures and warnings of one cause, counted once. An issue resolves itself when the same users succeed, and reopens when the failure returns."
                />
                {list(path, filter, issues, counts, false)}
                <Following stream zone/>
            </OrganizationSheet>
        }
    })
}

/// For Support: those of all organizations.
#[component]
pub fn AllIssuesPage() -> impl IntoView {
    let filter = use_filter();
    let issues = Resource::new(move || filter.get(), list_all_issues);
    let counts = Resource::new(|| (), |()| count_all_issues());
    for_support(move |me| {
        view! {
            <Sheet title=TITLE crumbs=vec![Crumb::here(TITLE)] width=Width::Wide>
                <PageHead
                    title=TITLE
                    lead="Failures and warnings of all organizations: failures first, those with most affected users, then the oldest."
                />
                {list("/issues".to_owned(), filter, issues, counts, true)}
                <Following stream="/live" zone=me.zone/>
            </Sheet>
        }
    })
}

fn use_filter() -> Memo<IssueFilter> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| IssueFilter::from_pairs(query.into_iter())))
}

type Loaded<T> = Resource<Result<T, crate::model::error::AppError>>;

fn list(
    path: String,
    filter: Memo<IssueFilter>,
    issues: Loaded<Page<IssueRow>>,
    counts: Loaded<IssueCounts>,
    is_all: bool,
) -> impl IntoView {
    let (tabs_path, filters_path) = (path.clone(), path.clone());
    view! {
        <Region name="tabs">
            {load(move || {
                let (path, filter) = (tabs_path.clone(), filter.get());
                async move {
                    let counts = counts.await?;
                    Ok(view! { <StateTabs path filter counts/> }.into_any())
                }
            })}
        </Region>
        {load(move || {
            let path = filters_path.clone();
            async move {
                let causes = counts.await?.causes;
                Ok(view! { <Filters path filter causes/> }.into_any())
            }
        })}
        <Region name="results">
            {load(move || {
                let (path, filter) = (path.clone(), filter.get());
                async move {
                    let page = issues.await?;
                    let has_called = counts.await?.has_called;
                    Ok(view! { <Issues path filter page is_all has_called/> }.into_any())
                }
            })}
        </Region>
    }
}

#[component]
fn StateTabs(path: String, filter: IssueFilter, counts: IssueCounts) -> impl IntoView {
    let tabs = IssueTab::ALL
        .into_iter()
        .zip([counts.open, counts.resolved, counts.ignored])
        .map(|(tab, n)| {
            let under = IssueFilter {
                tab,
                ..filter.clone()
            };
            Tab {
                label: tab.label(),
                href: under.href(&path),
                // With a filter the list has fewer.
                count: (!filter.is_narrowed()).then(|| count(n)),
                current: tab == filter.tab,
            }
        })
        .collect();
    view! { <Tabs label="Issue status" tabs/> }
}

#[component]
fn Filters(
    path: String,
    filter: Memo<IssueFilter>,
    causes: Vec<(String, String)>,
) -> impl IntoView {
    let actions: Vec<FilterOption> = Action::ALL
        .into_iter()
        .map(|action| FilterOption {
            value: action.as_str(),
            label: action.label(),
        })
        .collect();
    let assignees: Vec<FilterOption> = Assigned::ALL
        .into_iter()
        .map(|assigned| FilterOption {
            value: assigned.as_str(),
            label: assigned.label(),
        })
        .collect();
    let action = Signal::derive(move || {
        let action = filter.with(|filter| filter.action);
        action
            .map(|action| action.as_str().to_owned())
            .into_iter()
            .collect::<Vec<_>>()
    });
    let assigned = Signal::derive(move || {
        let assigned = filter.with(|filter| filter.assigned);
        assigned
            .map(|to| to.as_str().to_owned())
            .into_iter()
            .collect::<Vec<_>>()
    });
    let cause = Signal::derive(move || {
        let reason = filter.with(|filter| filter.reason.clone());
        reason.into_iter().collect::<Vec<_>>()
    });
    let text = Signal::derive(move || filter.with(|filter| filter.text.clone()));
    let titles = causes.clone();
    // Chosen by a link: kept when another filter changes, taken away by its chip.
    let kept = move || {
        let pairs = filter.with(IssueFilter::to_pairs).into_iter();
        pairs
            .filter(|(name, _)| ["state", "organization"].contains(name))
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_view()
    };
    let clear_path = path.clone();
    let clear = filter.with_untracked(|filter| {
        let tab_alone = IssueFilter {
            tab: filter.tab,
            ..IssueFilter::default()
        };
        tab_alone.href(&clear_path)
    });
    let chips_path = path.clone();
    let chips = Signal::derive(move || filter.with(|filter| chips(filter, &titles, &chips_path)));
    view! {
        <FilterBar action=path label="Filter issues">
            <SearchField placeholder="Problem, attribute, value or user" value=text/>
            <FilterMenu label="Action" name="action" single=true options=actions chosen=action/>
            <FilterMenu label="Cause" name="reason" single=true options=causes chosen=cause/>
            <FilterMenu label="Assigned to" name="assigned" single=true options=assignees chosen=assigned/>
            {kept}
        </FilterBar>
        <Region name="chips"><Chips chips clear/></Region>
    }
}

fn chips(filter: &IssueFilter, causes: &[(String, String)], path: &str) -> Vec<Chip> {
    let title = |reason: &String| {
        let found = causes.iter().find(|(code, _)| code == reason);
        found.map_or_else(|| reason.clone(), |(_, title)| title.clone())
    };
    let all = || filter.clone();
    let action = IssueFilter {
        action: None,
        ..all()
    };
    let reason = IssueFilter {
        reason: None,
        ..all()
    };
    let assigned = IssueFilter {
        assigned: None,
        ..all()
    };
    let organization = IssueFilter {
        organization: None,
        ..all()
    };
    [
        (
            "Action",
            filter.action.map(|action| action.label().to_owned()),
            action,
        ),
        ("Cause", filter.reason.as_ref().map(title), reason),
        (
            "Assigned to",
            filter.assigned.map(|to| to.label().to_owned()),
            assigned,
        ),
        ("Organization", filter.organization.clone(), organization),
    ]
    .into_iter()
    .filter_map(|(name, value, without)| {
        Some(Chip {
            name,
            value: value?,
            without: without.href(path),
        })
    })
    .collect()
}

#[component]
fn Issues(
    path: String,
    filter: IssueFilter,
    page: Page<IssueRow>,
    is_all: bool,
    has_called: bool,
) -> impl IntoView {
    if page.items.is_empty() {
        return view! { <div class="card"><Nothing path filter has_called/></div> }.into_any();
    }
    let turn =
        |cursor: Option<String>, back| cursor.map(|cursor| filter.page_href(&path, cursor, back));
    let (previous, next) = (turn(page.previous, true), turn(page.next, false));
    let total = counted_up_to(page.total, "issue", "issues");
    let caption = match filter.tab {
        IssueTab::Open => "Open issues: failures first, those with most affected users",
        IssueTab::Resolved => "Resolved issues, newest first",
        IssueTab::Ignored => "Ignored issues, newest first",
    };
    view! {
        <IssueTable rows=page.items caption is_all/>
        <Pager previous next>{total}</Pager>
    }
    .into_any()
}

#[component]
fn Nothing(path: String, filter: IssueFilter, has_called: bool) -> impl IntoView {
    if filter.is_narrowed() {
        let clear = IssueFilter {
            tab: filter.tab,
            ..IssueFilter::default()
        };
        return view! {
            <Empty art=EmptyArt::Rows title="No issue matches" text="Take a filter away to see more.">
                <a class="btn" href=clear.href(&path)>"Clear filters"</a>
            </Empty>
        }
        .into_any();
    }
    let (title, text) = match filter.tab {
        IssueTab::Open if !has_called => (
            "Nothing yet",
            "Entra has not called so far. What fails then, or is carried out with a remark, will stand here, explained.",
        ),
        IssueTab::Open => (
            "No open issues",
            "Whatever Entra asks for succeeds. What fails or is carried out with a remark stands here, explained.",
        ),
        IssueTab::Resolved => (
            "Nothing resolved yet",
            "Issues stand here for 90 days after they were resolved, by somebody or by themselves.",
        ),
        IssueTab::Ignored => (
            "Nothing is ignored",
            "What you choose to ignore stands here, until its date or count is reached.",
        ),
    };
    view! { <Empty art=EmptyArt::Rows title text/> }.into_any()
}
