//! Operations on a user.

use serde_json::{Map, Value};

use super::elements;
use super::{Assignment, Op, Operation, Target};
use crate::server::scim::error::ScimError;
use crate::server::scim::filter::Filter;
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::{
    Normalizer, Parts, Remark, User, check_count, demote_others, is_primary, set_parts, set_primary,
};
use crate::server::scim::schema::{Attribute, Mutability};

/// The most bytes of values that the filters of one request's paths read, counted for each of their
/// terms: others wait for the row meanwhile, and on SQLite for the writer.
const MAX_COMPARED: usize = 4 * 1024 * 1024;

/// Applies operations to a copy.
pub(super) fn apply(
    operations: &[Operation],
    user: &User,
    remarks: &mut Vec<Remark>,
) -> Result<User, ScimError> {
    let mut patch = Patch {
        user: user.clone(),
        normalizer: Normalizer::new(remarks),
        role_display_set: false,
        promoted: Vec::new(),
        compared: 0,
    };
    for operation in operations {
        for assignment in &operation.assignments {
            patch.assign(operation.op, assignment)?;
        }
    }
    let Patch {
        user: mut after,
        normalizer,
        promoted,
        ..
    } = patch;
    let flaws = normalizer.into_flaws();
    // Only now: an element made by one operation may get its value from the next.
    after.finish(remarks)?;
    for path in promoted {
        keep_primary(&mut after, user, &path);
    }
    flaws.settle(&mut after, Some(user), remarks)?;
    Ok(after)
}

struct Patch<'a> {
    user: User,
    normalizer: Normalizer<'a>,
    /// Whether this request named a role's display, which a later change of its value must keep.
    role_display_set: bool,
    /// Lists in which an element without a value became primary. Unless it gets one, it is not kept.
    promoted: Vec<AttributePath>,
    /// Bytes that filters have read.
    compared: usize,
}

impl Patch<'_> {
    fn assign(&mut self, op: Op, assignment: &Assignment) -> Result<(), ScimError> {
        let raw = &assignment.value;
        match &assignment.target {
            Target::Unknown(name) => {
                self.normalizer.remark(Remark::ignored(name));
                Ok(())
            }
            Target::Extension => {
                self.user.clear_extension();
                Ok(())
            }
            Target::Flawed { path, error } => self.normalizer.set_aside(path, Err(error.clone())),
            Target::Attribute(path) => {
                if !self.is_writable(path, assignment)? {
                    return Ok(());
                }
                let outcome = match (path.attribute.multi_valued, path.sub) {
                    (true, None) => self.list(op, path, raw),
                    (true, Some(sub)) => self.list_part(op, path, sub, raw),
                    (false, _) if path.attribute.is_complex() => self.complex(op, path, raw),
                    (false, _) => self.single(op, path, raw),
                };
                self.normalizer.set_aside(path, outcome)
            }
            Target::ValuePath { path, filter, sub } => {
                let target = match sub {
                    Some(sub) => path.with_sub(sub),
                    None => path.clone(),
                };
                if !self.is_writable(&target, assignment)? {
                    return Ok(());
                }
                let outcome = self.selected(op, &target, filter, raw);
                self.normalizer.set_aside(&target, outcome)
            }
        }
    }

    /// RFC 7644 3.5.2: a read-only target is refused, unless it is named in passing. `schemas` is
    /// not refused either: clients add the URN of an extension there.
    fn is_writable(
        &mut self,
        path: &AttributePath,
        assignment: &Assignment,
    ) -> Result<bool, ScimError> {
        let read_only = path.attribute.mutability == Mutability::ReadOnly
            || path.leaf().mutability == Mutability::ReadOnly;
        if read_only && assignment.explicit && path.attribute.name != "schemas" {
            let name = path.canonical();
            let text = format!(
                "{name} is read-only: it is set by Rhombus alone. Delete its mapping in \
                 Provisioning, Mappings."
            );
            return Err(ScimError::new(Reason::AttributeReadOnly, text).on(name));
        }
        Ok(self.normalizer.is_settable(path, &assignment.value))
    }

    fn single(&mut self, op: Op, path: &AttributePath, raw: &Value) -> Result<(), ScimError> {
        let value = match op {
            Op::Remove => None,
            Op::Add | Op::Replace => self.normalizer.simple(path, raw)?,
        };
        if value.is_none() {
            check_may_be_absent(op, path)?;
        }
        self.user.put(path.schema, path.attribute.name, value);
        Ok(())
    }

    /// `name` and `manager`: parts that are not named stay.
    fn complex(&mut self, op: Op, path: &AttributePath, raw: &Value) -> Result<(), ScimError> {
        let parts = match (op, path.sub) {
            (Op::Remove, None) => None,
            (Op::Remove, Some(sub)) => Some(vec![(sub, None)]),
            (_, Some(sub)) => Some(vec![(sub, self.normalizer.simple(path, raw)?)]),
            (_, None) => self.normalizer.parts(path, raw)?,
        };
        let old = self.user.take(path);
        let Some(parts) = parts else {
            self.user.put(path.schema, path.attribute.name, None);
            return Ok(());
        };
        let mut whole = match old {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        drop_what_described(&mut whole, &parts);
        set_parts(&mut whole, parts);
        let whole = (!whole.is_empty()).then_some(Value::Object(whole));
        self.user.put(path.schema, path.attribute.name, whole);
        Ok(())
    }

    /// A multi-valued attribute as a whole.
    fn list(&mut self, op: Op, path: &AttributePath, raw: &Value) -> Result<(), ScimError> {
        if op != Op::Add {
            elements::check_known(path, raw)?;
        }
        let sent = self.normalizer.elements(path, raw)?;
        let mut list = self.take_list(path);
        match op {
            Op::Replace => list = sent,
            Op::Add => match single_role(path, &sent, &list) {
                Some(mut role) => {
                    role.shift_remove("primary");
                    set_primary(&mut list, role);
                }
                None => elements::add(path, &mut list, sent),
            },
            // A value names what to remove; Entra sends one for the members of groups. An empty
            // list names nothing, so it removes nothing.
            Op::Remove if raw.is_null() || raw.as_str() == Some("") => list.clear(),
            Op::Remove => elements::remove(path, &mut list, &sent),
        }
        self.put_list(path, list)
    }

    /// `emails.type` without a filter: every element; but `value` and `primary`, which cannot be
    /// the same for several, only in the primary element, else the first.
    fn list_part(
        &mut self,
        op: Op,
        path: &AttributePath,
        sub: &'static Attribute,
        raw: &Value,
    ) -> Result<(), ScimError> {
        let parts = self.sub_parts(op, path, sub, raw)?;
        let mut list = self.take_list(path);
        let unassign = parts.iter().all(|(_, value)| value.is_none());
        if !unassign && path.attribute.name == "roles" && sub.name == "value" {
            let mut role = Map::new();
            set_parts(&mut role, parts);
            set_primary(&mut list, role);
            return self.put_list(path, list);
        }
        if list.is_empty() && !unassign {
            list.push(Value::Object(Map::new()));
        }
        let places = if unassign || !matches!(sub.name, "value" | "primary") {
            (0..list.len()).collect()
        } else {
            vec![elements::primary_or_first(&list)]
        };
        for place in places {
            self.set_element_parts(path, &mut list, place, &parts);
        }
        self.put_list(path, list)
    }

    /// The elements that a value path selects. They leave the user only when nothing but their
    /// number can be wrong: an error about a part of the name is set aside, and the rest must stay.
    fn selected(
        &mut self,
        op: Op,
        path: &AttributePath,
        filter: &Filter,
        raw: &Value,
    ) -> Result<(), ScimError> {
        let parts = match (op, path.sub) {
            (Op::Remove, None) => None,
            (_, Some(sub)) => Some(self.sub_parts(op, path, sub, raw)?),
            (_, None) => self.normalizer.parts(path, raw)?,
        };
        let list = elements_of(self.user.get(&path.whole()));
        let reads = list.iter().map(|element| filter.reads(element));
        self.compared += reads.sum::<usize>();
        if self.compared > MAX_COMPARED {
            return Err(super::too_many(
                format!(
                    "filters in its paths that read {} bytes of values",
                    self.compared
                ),
                MAX_COMPARED,
            ));
        }
        let mut places = elements::select(path, filter, list);
        let Some(mut parts) = parts else {
            let mut list = self.take_list(path);
            // Nothing takes the place of the selected elements. `add` of nothing changes nothing.
            if op != Op::Add {
                elements::retain_others(&mut list, &places);
            }
            return self.put_list(path, list);
        };
        let unassign = parts.iter().all(|(_, value)| value.is_none());
        if !unassign
            && !places
                .iter()
                .any(|place| elements::fits(filter, list, *place))
        {
            if places.is_empty() && !path.attribute.multi_valued && !list.is_empty() {
                return Err(elements::no_target(path));
            }
            let demanded = elements::from_filter(&mut self.normalizer, path, filter)?;
            if places.is_empty() {
                let known = elements::role_to_promote(path, filter, &parts, list);
                places.push(known.unwrap_or(list.len()));
            }
            // What the filter demands first, so that the operation's own values win.
            parts.splice(0..0, demanded);
        }
        let mut list = self.take_list(path);
        if places.last() == Some(&list.len()) {
            list.push(Value::Object(Map::new()));
        }
        for place in places {
            self.set_element_parts(path, &mut list, place, &parts);
        }
        self.put_list(path, list)
    }

    fn sub_parts(
        &mut self,
        op: Op,
        path: &AttributePath,
        sub: &'static Attribute,
        raw: &Value,
    ) -> Result<Parts, ScimError> {
        if op == Op::Remove {
            return Ok(vec![(sub, None)]);
        }
        let path = path.with_sub(sub);
        let mut parts = vec![(sub, self.normalizer.simple(&path, raw)?)];
        self.normalizer.expand_role(&path, &mut parts)?;
        Ok(parts)
    }

    fn set_element_parts(
        &mut self,
        path: &AttributePath,
        list: &mut [Value],
        place: usize,
        parts: &Parts,
    ) {
        // The last one wins, as in `set_parts`. What is unassigned is named too.
        let part = |name: &str| parts.iter().rfind(|(sub, _)| sub.name == name);
        let named = |name: &str| part(name).and_then(|(_, value)| value.as_ref());
        let becomes_primary = named("primary") == Some(&Value::Bool(true));
        let Some(element) = list.get_mut(place).and_then(Value::as_object_mut) else {
            return;
        };
        if path.attribute.name == "roles" {
            self.role_display_set |= named("display").is_some();
            let is_another = part("value").is_some() && named("value") != element.get("value");
            // The display name of another role, or of none, would be wrong.
            if is_another && !self.role_display_set {
                element.shift_remove("display");
            }
        }
        if !path.attribute.multi_valued {
            drop_what_described(element, parts);
        }
        set_parts(element, parts.clone());
        if becomes_primary {
            demote_others(list, place);
        }
    }

    /// The elements; a single complex value counts as one.
    fn take_list(&mut self, path: &AttributePath) -> Vec<Value> {
        match self.user.take(path) {
            Some(Value::Array(list)) => list,
            Some(single) => vec![single],
            None => Vec::new(),
        }
    }

    fn put_list(&mut self, path: &AttributePath, mut list: Vec<Value>) -> Result<(), ScimError> {
        check_count(path, list.len())?;
        let is_promoted = |element: &Value| is_primary(element) && element.get("value").is_none();
        if list.iter().any(is_promoted) && !self.promoted.contains(&path.whole()) {
            self.promoted.push(path.whole());
        }
        let value = if path.attribute.multi_valued {
            (!list.is_empty()).then_some(Value::Array(list))
        } else {
            list.pop()
        };
        self.user.put(path.schema, path.attribute.name, value);
        Ok(())
    }
}

/// Where the element that had become primary was not kept, the one before it stays primary: of roles
/// it decides access.
fn keep_primary(after: &mut User, before: &User, path: &AttributePath) {
    let list = elements_of(after.get(path));
    let mut known = elements_of(before.get(path)).iter();
    let Some(mut demoted) = known.find(|element| is_primary(element)).cloned() else {
        return;
    };
    if let Some(parts) = demoted.as_object_mut() {
        parts.insert("primary".into(), false.into());
    }
    let Some(place) = list.iter().position(|element| *element == demoted) else {
        return;
    };
    if list.iter().any(is_primary) {
        return;
    }
    let mut list = list.to_vec();
    if let Some(parts) = list.get_mut(place).and_then(Value::as_object_mut) {
        parts.insert("primary".into(), true.into());
    }
    after.set(path, Some(Value::Array(list)));
}

/// A manager's other parts describe its value and go with it.
fn drop_what_described(whole: &mut Map<String, Value>, parts: &Parts) {
    let value = parts.iter().rfind(|(sub, _)| sub.name == "value");
    if let Some((_, value)) = value
        && value.as_ref() != whole.get("value")
    {
        whole.clear();
    }
}

/// The elements of a value; a single complex value counts as one.
fn elements_of(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(list)) => list,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

/// Entra changes a user's single role by adding one (product rule): one role added to a user with
/// at most one role takes its place as the primary role.
fn single_role(path: &AttributePath, sent: &[Value], list: &[Value]) -> Option<Map<String, Value>> {
    match sent {
        [Value::Object(role)]
            if path.attribute.name == "roles" && list.len() <= 1 && role.contains_key("value") =>
        {
            Some(role.clone())
        }
        _ => None,
    }
}

/// Every user has `userName` and `active`.
fn check_may_be_absent(op: Op, path: &AttributePath) -> Result<(), ScimError> {
    let name = path.attribute.name;
    let (reason, text) = match (name, op) {
        ("userName" | "active", Op::Remove) => (
            Reason::AttributeRequiredRemoved,
            format!("{name} is required and cannot be removed. Replace it with a new value."),
        ),
        ("active", _) => (
            Reason::ActiveValueMissing,
            "active must be true or false, and no value was sent. Map \
             Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\") to active."
                .to_owned(),
        ),
        ("userName", _) => (
            Reason::UserNameMissing,
            "userName cannot be emptied. Map userPrincipalName to userName in Provisioning, \
             Mappings."
                .to_owned(),
        ),
        _ => return Ok(()),
    };
    Err(ScimError::new(reason, text).on(name))
}
