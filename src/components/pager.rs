//! Keyset paging: to the page before and the page after, never to a number.

use leptos::prelude::*;

use super::icon::{Icon, IconName};
use crate::model::page::Count;
pub use crate::model::page::{count, number};

/// Links are absent at either end; children say how many there are.
#[component]
pub fn Pager(
    previous: Option<String>,
    next: Option<String>,
    #[prop(default = "Previous")] previous_label: &'static str,
    #[prop(default = "Next")] next_label: &'static str,
    children: Children,
) -> impl IntoView {
    let has_pages = previous.is_some() || next.is_some();
    let disabled = |href: &Option<String>| href.is_none().then_some("true");
    view! {
        <div class="pager">
            <p>{children()}</p>
            {has_pages
                .then(|| {
                    view! {
                        <nav aria-label="Pages">
                            <a
                                class="btn"
                                rel="prev"
                                aria-disabled=disabled(&previous)
                                href=previous
                            >
                                <Icon name=IconName::Left/>
                                {previous_label}
                            </a>
                            <a class="btn" rel="next" aria-disabled=disabled(&next) href=next>
                                {next_label}
                                <Icon name=IconName::Right/>
                            </a>
                        </nav>
                    }
                })}
        </div>
    }
}

/// "1 user", "2 users", "no users".
pub fn counted(n: u64, one: &str, many: &str) -> String {
    match n {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        n => format!("{} {many}", number(n)),
    }
}

/// "1 user", "10,000+ users".
pub fn counted_up_to(n: Count, one: &str, many: &str) -> String {
    match n {
        Count::Exactly(n) => counted(n, one, many),
        Count::MoreThan(_) => format!("{} {many}", count(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_set_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(number),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(count(Count::MoreThan(10_000)), "10,000+");
        assert_eq!(
            [0, 1, 1_000].map(|n| counted(n, "user", "users")),
            ["no users", "1 user", "1,000 users"]
        );
        let up_to = [Count::Exactly(1), Count::MoreThan(10_000)];
        assert_eq!(
            up_to.map(|n| counted_up_to(n, "user", "users")),
            ["1 user", "10,000+ users"]
        );
    }
}
