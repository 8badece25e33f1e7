//! Elements of multi-valued attributes: adding, removing, choosing and making them.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::server::scim::error::ScimError;
use crate::server::scim::filter::{Filter, Literal};
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{
    Normalizer, Parts, case_key, demote_others, is_primary, merge_into, type_key, value_key,
};

/// Appends elements; one that is there already, by value and type, is merged into its like
/// (RFC 7644 3.5.2.1: an identical value changes nothing). Roles merge by value alone.
pub(super) fn add(path: &AttributePath, list: &mut Vec<Value>, sent: Vec<Value>) {
    let mut places = Places::of(path, list);
    let mut primary = None;
    for element in sent {
        let is_primary = is_primary(&element);
        let place = match places.find(path, &element) {
            Some(place) => {
                if let Some(known) = list.get_mut(place) {
                    merge_into(known, element);
                }
                place
            }
            None => {
                places.insert(path, &element, list.len());
                list.push(element);
                list.len() - 1
            }
        };
        if is_primary {
            primary = Some(place);
        }
    }
    if let Some(place) = primary {
        demote_others(list, place);
    }
}

/// Where the elements of a value, and of a pair of value and type, stand first.
struct Places {
    values: HashMap<String, usize>,
    pairs: HashMap<(String, String), usize>,
    /// Elements without a value, such as addresses: only the very same one counts.
    wholes: HashMap<Value, usize>,
}

impl Places {
    fn of(path: &AttributePath, list: &[Value]) -> Self {
        let mut places = Self {
            values: HashMap::new(),
            pairs: HashMap::new(),
            wholes: HashMap::new(),
        };
        for (place, element) in list.iter().enumerate() {
            places.insert(path, element, place);
        }
        places
    }

    fn insert(&mut self, path: &AttributePath, element: &Value, place: usize) {
        let Some(value) = value_key(path, element) else {
            self.wholes.entry(element.clone()).or_insert(place);
            return;
        };
        let kind = type_key(element).unwrap_or_default();
        self.pairs.entry((value.clone(), kind)).or_insert(place);
        self.values.entry(value).or_insert(place);
    }

    fn find(&self, path: &AttributePath, element: &Value) -> Option<usize> {
        let Some(value) = value_key(path, element) else {
            return self.wholes.get(element).copied();
        };
        match type_key(element) {
            Some(kind) if path.attribute.name != "roles" => self.pairs.get(&(value, kind)).copied(),
            _ => self.values.get(&value).copied(),
        }
    }
}

/// Removes the listed elements: those of the same value, and type where one is listed; without a
/// value, those that have all the listed parts. Roles go by value alone, as they are added.
pub(super) fn remove(path: &AttributePath, list: &mut Vec<Value>, listed: &[Value]) {
    let mut keys = HashSet::new();
    // By the names of the parts that are listed: few, however many elements are.
    let mut parts: HashMap<Vec<&str>, HashSet<Vec<&Value>>> = HashMap::new();
    for element in listed {
        match value_key(path, element) {
            Some(value) => {
                let kind = type_key(element).filter(|_| path.attribute.name != "roles");
                keys.insert((value, kind));
            }
            None => {
                let mut named: Vec<(&str, &Value)> = element
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| (name.as_str(), value))
                    .collect();
                named.sort_by_key(|(name, _)| *name);
                let (names, values) = named.into_iter().unzip();
                parts.entry(names).or_default().insert(values);
            }
        }
    }
    list.retain(|element| {
        let by_value = value_key(path, element).is_some_and(|value| {
            keys.contains(&(value.clone(), None)) || keys.contains(&(value, type_key(element)))
        });
        let by_parts = || {
            parts.iter().any(|(names, listed)| {
                let values: Option<Vec<&Value>> =
                    names.iter().map(|name| element.get(name)).collect();
                values.is_some_and(|values| listed.contains(&values))
            })
        };
        !by_value && !by_parts()
    });
}

/// Refuses elements that have no part of the attribute: with them a list would be replaced by
/// nothing, or nothing removed while the answer says success.
pub(super) fn check_known(path: &AttributePath, raw: &Value) -> Result<(), ScimError> {
    let list = match raw {
        Value::Array(list) => list.as_slice(),
        single => std::slice::from_ref(single),
    };
    let alien = list.iter().filter_map(Value::as_object).any(|members| {
        !members.is_empty()
            && members
                .keys()
                .all(|key| path.attribute.sub_attribute(key).is_none())
    });
    if !alien {
        return Ok(());
    }
    let name = path.top_level();
    let text = format!(
        "{name} must be a list of objects with parts such as value; none of what was sent is such \
         a part. Correct its mapping."
    );
    Err(ScimError::new(Reason::ValueWrongType, text).on(name))
}

/// The place of the primary element, else the first.
pub(super) fn primary_or_first(list: &[Value]) -> usize {
    list.iter().position(is_primary).unwrap_or(0)
}

/// The parts that a filter demands, for an element that has to be created. RFC 7644 3.5.2.3 says
/// `noTarget`; Entra depends on the creation, and a refusal would sink what else the request has.
/// They are held to the same rules as values that are sent.
pub(super) fn from_filter(
    normalizer: &mut Normalizer<'_>,
    path: &AttributePath,
    filter: &Filter,
) -> Result<Parts, ScimError> {
    let values = filter.plain_values().ok_or_else(|| no_target(path))?;
    let mut parts = Parts::new();
    for (path, literal) in values {
        let value = match literal {
            Literal::String(text) => Value::from(text.as_str()),
            Literal::Boolean(value) => Value::from(*value),
            Literal::Number(number) => Value::Number(number.clone()),
            Literal::DateTime(_) => continue,
        };
        if let Some(sub) = path.sub
            && normalizer.is_settable(path, &value)
        {
            parts.push((sub, normalizer.simple(path, &value)?));
        }
    }
    Ok(parts)
}

/// The places of the elements that a filter selects. The only role counts as the primary one even
/// without the mark, since it is the one that decides.
pub(super) fn select(path: &AttributePath, filter: &Filter, list: &[Value]) -> Vec<usize> {
    let fitting: Vec<usize> = (0..list.len())
        .filter(|place| fits(filter, list, *place))
        .collect();
    if fitting.is_empty() && list.len() == 1 && asks_primary_role(path, filter) {
        return vec![0];
    }
    fitting
}

pub(super) fn fits(filter: &Filter, list: &[Value], place: usize) -> bool {
    list.get(place)
        .is_some_and(|element| filter.matches_element(element))
}

/// Removes the elements at the places, which ascend.
pub(super) fn retain_others(list: &mut Vec<Value>, places: &[usize]) {
    let mut place = 0;
    list.retain(|_| {
        place += 1;
        places.binary_search(&(place - 1)).is_err()
    });
}

/// Among several roles without a mark, the one that has the new primary role's value already.
pub(super) fn role_to_promote(
    path: &AttributePath,
    filter: &Filter,
    parts: &Parts,
    list: &[Value],
) -> Option<usize> {
    if !asks_primary_role(path, filter) {
        return None;
    }
    let value = parts
        .iter()
        .find(|(sub, _)| sub.name == "value")
        .and_then(|(_, value)| value.as_ref()?.as_str())
        .map(case_key)?;
    list.iter()
        .position(|element| value_key(path, element).as_ref() == Some(&value))
}

/// `roles[primary eq "True"]`.
fn asks_primary_role(path: &AttributePath, filter: &Filter) -> bool {
    path.attribute.name == "roles"
        && filter.plain_values().is_some_and(|values| {
            values.iter().all(|(path, literal)| {
                path.leaf().name == "primary" && **literal == Literal::Boolean(true)
            })
        })
}

pub(super) fn no_target(path: &AttributePath) -> ScimError {
    let name = path.canonical();
    let text = format!(
        "The path selects no value of {name}, and its filter does not say what a new value looks \
         like. Use a filter with eq, such as emails[type eq \"work\"].value."
    );
    ScimError::new(Reason::PatchValuePathNoTarget, text).on(name)
}
