//! Inputs with their label above, a hint and an error below.

use leptos::prelude::*;

use super::icon::{Glyph, Tone};
use crate::model::error::FieldError;

/// What is typed into a field, which decides its keyboard and what browsers offer to fill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldKind {
    #[default]
    Text,
    Email,
    /// For signing in.
    Password,
    /// For choosing one.
    NewPassword,
}

impl FieldKind {
    fn input_type(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Password | Self::NewPassword => "password",
        }
    }

    fn autocomplete(self) -> &'static str {
        match self {
            Self::Text => "off",
            Self::Email => "username",
            Self::Password => "current-password",
            Self::NewPassword => "new-password",
        }
    }
}

/// `name` is the form's field name; `errors` are all of the form, of which the field takes its own. The first field with
/// an error has the focus.
#[component]
pub fn Field(
    name: &'static str,
    label: &'static str,
    #[prop(optional)] kind: FieldKind,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] errors: Vec<FieldError>,
    #[prop(optional)] autofocus: bool,
    #[prop(optional)] minlength: Option<u16>,
    #[prop(optional)] maxlength: Option<u16>,
    /// A regular expression that the browser checks; the hint must say it in words.
    #[prop(optional)]
    pattern: Option<&'static str>,
    #[prop(optional)] autocomplete: Option<&'static str>,
    /// May be left empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let notes = Notes::of(name, hint, errors);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                class="input"
                id=name
                name=name
                type=kind.input_type()
                autocomplete=autocomplete.unwrap_or_else(|| kind.autocomplete())
                spellcheck="false"
                value=value
                required=!optional
                autofocus=autofocus || notes.has_focus
                minlength=minlength
                maxlength=maxlength
                pattern=pattern
                aria-invalid=notes.error.is_some().then_some("true")
                aria-describedby=notes.described()
            />
            {notes.show()}
        </div>
    }
}

/// A number with its unit behind it.
#[component]
pub fn NumberField(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    #[prop(into)] value: String,
    least: u16,
    most: u16,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] errors: Vec<FieldError>,
) -> impl IntoView {
    let notes = Notes::of(name, hint, errors);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <div class="with-unit">
                <input
                    class="input input-short"
                    id=name
                    name=name
                    type="number"
                    min=least
                    max=most
                    value=value
                    required
                    autofocus=notes.has_focus
                    aria-invalid=notes.error.is_some().then_some("true")
                    aria-describedby=notes.described()
                />
                {unit}
            </div>
            {notes.show()}
        </div>
    }
}

/// From one time of day to another; both may be left empty. `names` are those of the two inputs.
#[component]
pub fn TimesField(
    id: &'static str,
    label: &'static str,
    names: [&'static str; 2],
    values: [String; 2],
    #[prop(into)] hint: String,
    errors: Vec<FieldError>,
) -> impl IntoView {
    // An error of either stands below both.
    let errors: Vec<FieldError> = errors
        .into_iter()
        .filter(|error| names.contains(&error.field.as_str()))
        .map(|error| FieldError {
            field: id.to_owned(),
            ..error
        })
        .collect();
    let notes = Notes::of(id, Some(hint), errors);
    let label_id = format!("{id}-label");
    let [from, until] = names;
    let [from_value, until_value] = values;
    let input = |name: &'static str, label: &'static str, value: String| {
        view! {
            <input
                class="input input-short"
                type="time"
                name=name
                value=value
                aria-label=label
                autofocus=notes.has_focus && name == from
                aria-invalid=notes.error.is_some().then_some("true")
                aria-describedby=notes.described()
            />
        }
    };
    let (from, until) = (
        input(from, "From", from_value),
        input(until, "To", until_value),
    );
    view! {
        <div class="field">
            <span class="label" id=label_id.clone()>{label}</span>
            <div class="with-unit" role="group" aria-labelledby=label_id>{from} " to " {until}</div>
            {notes.show()}
        </div>
    }
}

/// Several lines, which may be left empty.
#[component]
pub fn TextArea(
    name: &'static str,
    label: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] errors: Vec<FieldError>,
) -> impl IntoView {
    let notes = Notes::of(name, hint, errors);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <textarea
                class="input"
                id=name
                name=name
                rows="3"
                spellcheck="false"
                autocomplete="off"
                autofocus=notes.has_focus
                aria-invalid=notes.error.is_some().then_some("true")
                aria-describedby=notes.described()
            >
                {value}
            </textarea>
            {notes.show()}
        </div>
    }
}

/// What stands below an input: its error and its hint.
pub(super) struct Notes {
    name: &'static str,
    hint: Option<String>,
    pub(super) error: Option<String>,
    /// Whether its error is the form's first one.
    pub(super) has_focus: bool,
}

impl Notes {
    pub(super) fn of(name: &'static str, hint: Option<String>, errors: Vec<FieldError>) -> Self {
        // What is said of the whole form is of no field.
        let first = errors.iter().find(|error| !error.field.is_empty());
        let has_focus = first.is_some_and(|error| error.field == name);
        let error = errors
            .into_iter()
            .find(|error| error.field == name)
            .map(|error| error.message);
        Self {
            name,
            hint,
            error,
            has_focus,
        }
    }

    fn hint_id(&self) -> String {
        format!("{}-hint", self.name)
    }

    fn error_id(&self) -> String {
        format!("{}-error", self.name)
    }

    /// The ids of those that there are.
    pub(super) fn described(&self) -> Option<String> {
        match (&self.hint, &self.error) {
            (None, None) => None,
            (Some(_), None) => Some(self.hint_id()),
            (None, Some(_)) => Some(self.error_id()),
            (Some(_), Some(_)) => Some(format!("{} {}", self.error_id(), self.hint_id())),
        }
    }

    pub(super) fn show(self) -> impl IntoView {
        let (hint_id, error_id) = (self.hint_id(), self.error_id());
        view! {
            {self
                .error
                .map(|error| {
                    view! {
                        <p class="field-error" id=error_id>
                            <Glyph tone=Tone::Fail/>
                            {error}
                        </p>
                    }
                })}
            {self.hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        }
    }
}

/// One of several; the label says the choice, the detail its consequence.
#[component]
pub fn Choice(
    name: &'static str,
    value: &'static str,
    #[prop(into)] label: String,
    #[prop(into)] detail: String,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    view! {
        <label class="choice">
            <input type="radio" name=name value=value checked=checked/>
            <span>{label}</span>
            <small>{detail}</small>
        </label>
    }
}

/// A drop-down; `options` are value and label, of which the first one is chosen where `chosen` names none.
#[component]
pub fn Select(
    name: &'static str,
    label: &'static str,
    options: &'static [(&'static str, &'static str)],
    #[prop(into)] chosen: String,
) -> impl IntoView {
    let options = options
        .iter()
        .map(|(value, label)| {
            let selected = chosen == *value;
            view! { <option value=*value selected=selected>{*label}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select class="select" id=name name=name>{options}</select>
        </div>
    }
}
