//! A mail as its parts, before it has a form. [`super::html`] and [`super::text`] give it both, so that they say the same.

/// One mail.
pub(super) struct Letter {
    pub(super) subject: String,
    /// What a list of mails shows after the subject.
    pub(super) preview: String,
    pub(super) tone: Tone,
    /// What it is about, where and since when.
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
    pub(super) foot: Foot,
}

/// How the head of a mail is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Fail,
    Warn,
    Ok,
    Plain,
}

/// What follows the title, in its order.
pub(super) enum Part {
    Text(Vec<Span>),
    /// Whom it is about; the first of them, and how many more there are.
    People {
        people: Vec<Person>,
        more: u64,
    },
    /// What to do, one after the other, or a single paragraph below a heading.
    Steps {
        title: &'static str,
        steps: Vec<Vec<Span>>,
    },
    /// Several matters with a page each, the first of them, and a line about the others.
    List {
        title: String,
        items: Vec<Item>,
        more: Option<Item>,
    },
    Button {
        label: &'static str,
        url: String,
    },
    /// Names and values, three at most.
    Facts(Vec<(&'static str, String)>),
}

/// Whom it is about.
pub(super) struct Person {
    pub(super) name: String,
    /// "" where nothing else is known.
    pub(super) user_name: String,
}

/// One thing of a list, with its page.
pub(super) struct Item {
    pub(super) title: String,
    pub(super) url: String,
    pub(super) detail: String,
}

/// A piece of running text.
pub(super) enum Span {
    Text(String),
    Link { label: String, url: String },
}

impl Span {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn link(label: &str, url: String) -> Self {
        Self::Link {
            label: label.to_owned(),
            url,
        }
    }
}

impl Part {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(vec![Span::text(text)])
    }

    /// Steps that hold no links.
    pub(super) fn steps(title: &'static str, steps: &[&str]) -> Self {
        Self::Steps {
            title,
            steps: steps.iter().map(|step| vec![Span::text(*step)]).collect(),
        }
    }
}

/// What stands below the mail.
pub(super) struct Foot {
    pub(super) why: String,
    pub(super) links: Vec<(&'static str, String)>,
}
