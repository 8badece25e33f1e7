//! What an Admin is asked before a user is blocked, let in again, or erased.

use leptos::prelude::*;

use crate::components::dialog::Dialog;
use crate::components::field::Field;
use crate::components::form::{Refusal, field_errors, typed};
use crate::components::problem::answer_with;
use crate::model::form::FormAnswer;
use crate::model::user::UserDetail;

/// What the address asks to do to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Block,
    Unblock,
    Erase,
}

/// The question as a dialog over the user's page, whose path is `here`; instead of one that makes no sense now, why
/// it does not.
#[component]
pub fn Ask(
    question: Question,
    user: UserDetail,
    here: String,
    answer: Option<FormAnswer>,
) -> impl IntoView {
    let back = here.clone();
    let conflict = move |title: &'static str, text: &'static str| {
        answer_with(409);
        view! { <Dialog title stay="Back to the user" back><p>{text}</p></Dialog> }.into_any()
    };
    match question {
        Question::Block if user.block.is_some() => conflict(
            "This user is blocked already",
            "The banner on the user’s page says by whom and why.",
        ),
        Question::Block if user.deleted.is_some() => conflict(
            "This user is deleted",
            "Entra has deleted this user, who has no access.",
        ),
        Question::Unblock if user.block.is_none() => conflict(
            "This user is not blocked",
            "Nothing is to be lifted: an administrator may have done so meanwhile.",
        ),
        Question::Erase if user.deleted.is_none() => conflict(
            "This user is not deleted",
            "Only a user that Entra has deleted can be erased. Delete the user in Entra first.",
        ),
        Question::Block => view! { <Block user here answer/> }.into_any(),
        Question::Unblock => view! { <Unblock user here/> }.into_any(),
        Question::Erase => view! { <Erase user here answer/> }.into_any(),
    }
}

/// Errors of fields stand there; the others above the form.
fn refusal(answer: Option<FormAnswer>) -> impl IntoView {
    field_errors(answer.as_ref())
        .is_empty()
        .then(|| view! { <Refusal answer/> })
}

#[component]
fn Block(user: UserDetail, here: String, answer: Option<FormAnswer>) -> impl IntoView {
    let action = format!("{here}/block");
    let consequence = if user.active {
        "Access to Rhombus ends at once and stays away whatever Entra sends, until an administrator lifts the block."
    } else {
        "Entra has disabled this user. With the block, access stays away even if Entra enables the user again."
    };
    let errors = field_errors(answer.as_ref());
    let reason = typed(answer.as_ref(), "reason");
    let act =
        || view! { <button class="btn btn-danger btn-primary" form="block">"Block user"</button> };
    view! {
        <Dialog title=format!("Block {}?", user.label) stay="Do not block" back=here act>
            <p>{consequence}</p>
            <p>"Entra keeps provisioning the user and is not told of the block."</p>
            {refusal(answer)}
            <form method="post" action=action id="block">
                <Field
                    name="reason"
                    label="Reason"
                    value=reason
                    errors
                    autofocus=true
                    maxlength=500
                    hint="Everybody who may see this user reads it."
                />
            </form>
        </Dialog>
    }
}

#[component]
fn Unblock(user: UserDetail, here: String) -> impl IntoView {
    let action = format!("{here}/unblock");
    let consequence = match (&user.deleted, user.active) {
        (Some(_), _) => {
            "Entra has deleted this user. If Entra creates the user again, the user gets access then."
        }
        (None, true) => "Entra says active, so the user can sign in to Rhombus again at once.",
        (None, false) => {
            "Entra has disabled this user, so there is no access until Entra enables the user again."
        }
    };
    let act = move || {
        view! {
            <form method="post" action=action.clone()>
                <button class="btn btn-primary">"Lift the block"</button>
            </form>
        }
    };
    view! {
        <Dialog title=format!("Lift the block of {}?", user.label) stay="Keep the block" back=here act>
            <p>{consequence}</p>
        </Dialog>
    }
}

#[component]
fn Erase(user: UserDetail, here: String, answer: Option<FormAnswer>) -> impl IntoView {
    let action = format!("{here}/erase");
    let errors = field_errors(answer.as_ref());
    let user_name = typed(answer.as_ref(), "user_name");
    let blocked = user.block.is_some().then(|| {
        view! {
            <p>"The block stays, without name and reason: if Entra creates the user again, there is no access until an administrator lifts it."</p>
        }
    });
    let act =
        || view! { <button class="btn btn-danger btn-primary" form="erase">"Erase now"</button> };
    view! {
        <Dialog title=format!("Erase {} for good?", user.label) stay="Keep the history" back=here act>
            <p>
                "The attributes, the history and the recorded requests of this person are removed now, rather than 90 days after the deletion. Log entries stay with the id and without names. This cannot be undone."
            </p>
            {blocked}
            {refusal(answer)}
            <p>"To confirm, type the userName " <b class="mono">{user.user_name}</b> "."</p>
            <form method="post" action=action id="erase">
                <Field name="user_name" label="userName" value=user_name errors autofocus=true/>
            </form>
        </Dialog>
    }
}
