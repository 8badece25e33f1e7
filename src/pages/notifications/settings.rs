//! What is told, and how often.

use leptos::prelude::*;

use super::SETTINGS_FORM;
use crate::components::field::{NumberField, TimesField};
use crate::components::table::Table;
use crate::components::zone_select::ZoneSelect;
use crate::model::error::FieldError;
use crate::model::form::FormAnswer;
use crate::model::notification::{DIGEST_HOURS, Event, NotificationSettings, SILENCE_HOURS, clock};

/// What a refused form held, else what is stored.
#[derive(Clone)]
struct Shown {
    events: Vec<Event>,
    digest_hours: String,
    quiet: [String; 2],
    zone: String,
    silence_hours: String,
}

impl Shown {
    fn of(settings: &NotificationSettings, answer: Option<&FormAnswer>) -> Self {
        let typed = |name: &str| {
            answer
                .and_then(|answer| answer.value(name))
                .map(str::to_owned)
        };
        if let Some(digest_hours) = typed("digest_hours") {
            let of = |name| typed(name).unwrap_or_default();
            let is_checked = |event: &Event| typed(event.as_str()).is_some();
            return Self {
                events: Event::ALL.into_iter().filter(is_checked).collect(),
                digest_hours,
                quiet: [of("quiet_from"), of("quiet_until")],
                zone: of("zone"),
                silence_hours: of("silence_hours"),
            };
        }
        let is_told = |event: &Event| settings.tells(*event);
        let quiet = settings
            .quiet
            .map(|quiet| [clock(quiet.from), clock(quiet.until)]);
        Self {
            events: Event::ALL.into_iter().filter(is_told).collect(),
            digest_hours: settings.digest_hours.to_string(),
            quiet: quiet.unwrap_or_default(),
            zone: settings.zone.clone(),
            silence_hours: (settings.silence_minutes / 60).to_string(),
        }
    }
}

#[component]
pub(super) fn SettingsForm(
    path: String,
    settings: NotificationSettings,
    zones: Vec<String>,
    answer: Option<FormAnswer>,
    errors: Vec<FieldError>,
    may_manage: bool,
) -> impl IntoView {
    let shown = Shown::of(&settings, answer.as_ref());
    let save = may_manage.then(|| {
        view! {
            <div class="row">
                <button class="btn btn-primary">"Save changes"</button>
                <button class="btn btn-plain" type="reset">"Discard"</button>
            </div>
        }
    });
    view! {
        <form id=SETTINGS_FORM method="post" action=path>
            <Events events=shown.events.clone() may_manage/>
            <HowOften shown zones errors may_manage/>
            {save}
        </form>
    }
}

#[component]
fn Events(events: Vec<Event>, may_manage: bool) -> impl IntoView {
    let rows = Event::ALL
        .into_iter()
        .map(|event| {
            let label = format!("{}: all recipients", event.label());
            view! {
                <tr>
                    <th scope="row">{event.label()}</th>
                    <td class="soft col-when">{event.when()}</td>
                    <td>
                        <input
                            type="checkbox"
                            name=event.as_str()
                            value="on"
                            aria-label=label
                            checked=events.contains(&event)
                            disabled=!may_manage
                        />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="events">
            <header>
                <h2 id="events">"What to send"</h2>
                <p>
                    "A storm becomes one mail: the same issue is mailed once, then summed up in the digest. Warnings are in the digest alone."
                </p>
            </header>
            <Table caption="What to send" keep=true>
                <thead>
                    <tr>
                        <th scope="col">"Event"</th>
                        <th scope="col" class="col-when">"When"</th>
                        <th scope="col">"All recipients"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </section>
    }
}

#[component]
fn HowOften(
    shown: Shown,
    zones: Vec<String>,
    errors: Vec<FieldError>,
    may_manage: bool,
) -> impl IntoView {
    let digests = DIGEST_HOURS
        .into_iter()
        .map(|hours| {
            let value = hours.to_string();
            let selected = value == shown.digest_hours;
            let label = match hours {
                72 => "Every 3 days".to_owned(),
                hours => format!("Every {hours} hours"),
            };
            view! { <option value=value selected=selected>{label}</option> }
        })
        .collect_view();
    let (least, most) = SILENCE_HOURS;
    view! {
        <section class="section" aria-labelledby="how-often">
            <header>
                <h2 id="how-often">"How often"</h2>
                <p>"Entra’s cycle is about 40 minutes. Alert on silence only after several missed cycles."</p>
            </header>
            <fieldset class="fieldset" disabled=!may_manage>
                <legend class="visually-hidden">"How often"</legend>
                <div class="stack">
                    <div class="field">
                        <label for="digest_hours">"Digest while failures go on"</label>
                        <select class="select" id="digest_hours" name="digest_hours">{digests}</select>
                    </div>
                    <TimesField
                        id="quiet"
                        label="Quiet period"
                        names=["quiet_from", "quiet_until"]
                        values=shown.quiet
                        hint="No digest comes in it. What is new is mailed anyway. Leave both empty for none."
                        errors=errors.clone()
                    />
                    <ZoneSelect
                        name="zone"
                        label="Time zone"
                        chosen=Some(shown.zone)
                        names=zones
                        hint="Of the quiet period, and of times in mails."
                        errors=errors.clone()
                    />
                    <NumberField
                        name="silence_hours"
                        label="Tell us when Entra has been silent for"
                        unit="hours"
                        value=shown.silence_hours
                        least
                        most
                        hint="2 hours is 3 missed cycles. Not applied while provisioning is paused."
                        errors
                    />
                </div>
            </fieldset>
        </section>
    }
}
