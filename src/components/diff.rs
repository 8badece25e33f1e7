//! Before and after: words, signs and strike-through first, colour last.

use leptos::prelude::*;

use crate::model::log::AttributeChange;

/// `refused` says that the new values were not stored.
#[component]
pub fn Diff(changes: Vec<AttributeChange>, #[prop(optional)] refused: bool) -> impl IntoView {
    let (old, new) = if refused {
        ("Kept value", "Refused value")
    } else {
        ("Old value", "New value")
    };
    let rows = changes
        .into_iter()
        .map(|change| {
            view! {
                <tr>
                    <th scope="row">{change.attribute}</th>
                    <td>{old_value(change.old, refused)}</td>
                    <td>{new_value(change.new, refused)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="diff-wrap">
            <table class="diff">
                <thead>
                    <tr>
                        <th scope="col">"Attribute"</th>
                        <th scope="col">{old}</th>
                        <th scope="col">{new}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn old_value(value: Option<String>, refused: bool) -> AnyView {
    match value {
        None => view! { <span class="diff-none">"not set"</span> }.into_any(),
        Some(value) if refused => value.into_any(),
        Some(value) => view! { <del>{value}</del> }.into_any(),
    }
}

fn new_value(value: Option<String>, refused: bool) -> AnyView {
    match value {
        None => view! { <span class="diff-none">"removed"</span> }.into_any(),
        Some(value) if refused => view! { <span class="refused">{value}</span> }.into_any(),
        Some(value) => view! { <ins>{value}</ins> }.into_any(),
    }
}

/// An attribute as people call it; what has no everyday name keeps SCIM's.
fn words(attribute: String) -> String {
    match attribute.as_str() {
        "active" => "Active",
        "displayName" => "Display name",
        "name.givenName" => "Given name",
        "name.familyName" => "Family name",
        "title" => "Title",
        path if path.starts_with("roles") => "Role",
        path if path.starts_with("emails") => "Email",
        path if path.starts_with("phoneNumbers") => "Phone number",
        _ => return attribute,
    }
    .to_owned()
}

/// The first change in one line, for a table cell: "Role: Viewer → Security operator".
#[component]
pub fn DiffLine(changes: Vec<AttributeChange>, #[prop(into)] otherwise: String) -> impl IntoView {
    let more = changes.len().saturating_sub(1);
    let line = match changes.into_iter().next() {
        Some(AttributeChange {
            attribute,
            old: Some(old),
            new: Some(new),
        }) => view! {
            {words(attribute)} ": " <del>{old}</del> " → " <ins>{new}</ins>
            {(more > 0).then(|| format!(" and {more} more"))}
        }
        .into_any(),
        _ => otherwise.into_any(),
    };
    view! { <span class="table-clamp diff-line">{line}</span> }
}
