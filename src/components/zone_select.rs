//! A zone to choose, by its area, so that a long list can be looked through.

use leptos::prelude::*;

use super::field::Notes;
use crate::model::error::FieldError;
use crate::model::zone::shown;

/// `none` is the first option, for no choice; without it there must be one.
#[component]
pub fn ZoneSelect(
    name: &'static str,
    label: &'static str,
    chosen: Option<String>,
    names: Vec<String>,
    hint: &'static str,
    errors: Vec<FieldError>,
    #[prop(optional_no_strip)] none: Option<String>,
) -> impl IntoView {
    let notes = Notes::of(name, Some(hint.to_owned()), errors);
    let mut areas: Vec<(String, Vec<String>)> = Vec::new();
    for name in names {
        let area = name.split_once('/').map_or("", |(area, _)| area).to_owned();
        match areas.last_mut() {
            Some((last, names)) if *last == area => names.push(name),
            _ => areas.push((area, vec![name])),
        }
    }
    let option = |name: String| {
        let selected = chosen.as_ref() == Some(&name);
        view! { <option value=name.clone() selected=selected>{shown(&name)}</option> }
    };
    let areas = areas
        .into_iter()
        .map(|(area, names)| {
            let names = names.into_iter().map(option).collect_view();
            if area.is_empty() {
                names.into_any()
            } else {
                view! { <optgroup label=area>{names}</optgroup> }.into_any()
            }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select
                class="select"
                id=name
                name=name
                autofocus=notes.has_focus
                aria-invalid=notes.error.is_some().then_some("true")
                aria-describedby=notes.described()
            >
                {none.map(|none| view! { <option value="">{none}</option> })}
                {areas}
            </select>
            {notes.show()}
        </div>
    }
}
