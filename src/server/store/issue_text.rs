//! Issues by a text: what their title, reason, attribute or value says, or whom they affect. The list's own index is
//! walked and each issue tested; of people those are found whose names begin with the text, by an index, up to [`PEOPLE`].

use super::dialect::like_escaped;
use super::keyset::{prefix_range, push_list};
use super::sql::Builder;

/// People of one kind of name that are looked at: whoever shares the beginning of a name with more is found by more of it.
const PEOPLE: i64 = 500;

/// What somebody has typed, in the terms of the tables.
#[derive(Debug, Clone, Default)]
pub struct TextSearch {
    /// All of them have to be found.
    pub words: Vec<Word>,
    /// The whole text as names are compared.
    pub key: String,
}

/// One word of it.
#[derive(Debug, Clone)]
pub struct Word {
    /// Reasons in whose title or code it stands.
    pub reasons: Vec<&'static str>,
    /// In lower case (of ASCII: so do both databases).
    pub text: String,
}

/// By what people are found.
const NAMES: [(&str, &str); 4] = [
    (" label_key >= ", " AND label_key < "),
    (" user_name_key >= ", " AND user_name_key < "),
    (" given_name_key >= ", " AND given_name_key < "),
    (" family_name_key >= ", " AND family_name_key < "),
];

/// Adds the test of `issues i`; `organization_id` is where the list looks.
pub(super) fn push_text(
    statement: &mut Builder,
    search: &TextSearch,
    organization_id: Option<&str>,
) {
    statement.push(" AND ((1 = 1");
    for word in &search.words {
        let within = format!("%{}%", like_escaped(&word.text));
        statement
            .push(" AND (lower(i.attribute) LIKE ")
            .bind(&within);
        statement.push(" ESCAPE '\\' OR lower(COALESCE(i.value, '')) LIKE ");
        statement.bind(&within).push(" ESCAPE '\\'");
        if !word.reasons.is_empty() {
            push_list(statement, " OR i.reason IN (", word.reasons.iter().copied());
        }
        statement.push(")");
    }
    let (low, high) = prefix_range(&search.key);
    // Creates that were refused: there is no user to find them by.
    statement.push(
        ") OR EXISTS (SELECT 1 FROM issue_users n WHERE n.issue_id = i.id AND n.succeeded_at IS NULL AND n.user_key >= ",
    );
    statement
        .bind(format!("n:{low}"))
        .push(" AND n.user_key < ");
    statement.bind(format!("n:{high}"));
    statement.push(") OR i.id IN (SELECT a.issue_id FROM (");
    // Over all organizations only the first two have an index.
    let names = if organization_id.is_some() { 4 } else { 2 };
    for (index, (from, to)) in NAMES[..names].iter().enumerate() {
        statement.push(if index == 0 { "" } else { " UNION " });
        statement
            .push("SELECT id, organization_id FROM (SELECT id, organization_id FROM users WHERE");
        if let Some(id) = organization_id {
            statement.push(" organization_id = ").bind(id).push(" AND");
        }
        statement.push(from).bind(&low).push(to).bind(&high);
        statement.push(" LIMIT ").bind(PEOPLE).push(") found");
    }
    statement.push(
        ") k JOIN issue_users a ON a.organization_id = k.organization_id \
         AND a.user_key = 'u:' || k.id WHERE a.succeeded_at IS NULL)",
    );
    if let Some(id) = organization_id {
        // The name that a refused create brought along; the log has it.
        statement.push(
            " OR i.id IN (SELECT a.issue_id FROM (SELECT DISTINCT user_name_key FROM (SELECT user_name_key \
             FROM provisioning_logs WHERE organization_id = ",
        );
        statement
            .bind(id)
            .push(" AND user_id IS NULL AND label_key IS NOT NULL AND label_key >= ");
        statement.bind(&low).push(" AND label_key < ").bind(&high);
        statement.push(" LIMIT ").bind(PEOPLE);
        statement.push(
            ") by_label WHERE user_name_key IS NOT NULL) k JOIN issue_users a ON a.organization_id = ",
        );
        statement
            .bind(id)
            .push(" AND a.user_key = 'n:' || k.user_name_key WHERE a.succeeded_at IS NULL)");
    }
    statement.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_themselves() {
        assert_eq!(like_escaped(r"50%_\a"), r"50\%\_\\a");
    }
}
