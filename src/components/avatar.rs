//! Neutral initials for people and organizations.

use leptos::prelude::*;

/// Whose initials they are, which decides shape and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AvatarKind {
    #[default]
    Person,
    PersonLarge,
    /// An organization in a list.
    Square,
    /// The organization one is in.
    Organization,
}

/// The initials of a name. Screen readers skip it: the name stands beside it.
#[component]
pub fn Avatar(#[prop(into)] name: String, #[prop(optional)] kind: AvatarKind) -> impl IntoView {
    let class = match kind {
        AvatarKind::Person => "avatar",
        AvatarKind::PersonLarge => "avatar avatar-lg",
        AvatarKind::Square => "avatar avatar-square",
        AvatarKind::Organization => "avatar avatar-org",
    };
    view! { <span class=class aria-hidden="true">{initials(&name)}</span> }
}

/// A list cell: avatar, linked name, a second line.
#[component]
pub fn Person(
    #[prop(into)] name: String,
    #[prop(into)] detail: String,
    href: String,
    #[prop(optional)] kind: AvatarKind,
) -> impl IntoView {
    view! {
        <span class="person">
            <Avatar name=name.clone() kind/>
            <span>
                <b><a class="row-link" href=href title=name.clone()>{name.clone()}</a></b>
                <small title=detail.clone()>{detail.clone()}</small>
            </span>
        </span>
    }
}

/// The first letters of the first and the last word, or the first two of a single one.
fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| c.is_whitespace() || matches!(c, '.' | '@' | '-' | '_'))
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = if name.contains('@') {
        words.next()
    } else {
        words.next_back()
    };
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_of_first_and_last_word() {
        assert_eq!(initials("Ana Ruiz"), "AR");
        assert_eq!(initials("Ana Maria Ruiz"), "AR");
        assert_eq!(initials("ana.ruiz@contoso.com"), "AR");
        assert_eq!(initials("Proseware"), "P");
        assert_eq!(initials("élodie öz"), "ÉÖ");
        assert_eq!(initials(" – "), "");
    }
}
