//! One style sheet of many: `@import` lines are replaced by the files they name.
//!
//! Our own style sheets import by one form only, `@import url("file.css") layer(name);`, each on a line of its own
//! and outside any rule. That is all that is understood here; another form is an error and not a silent gap.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The content of a style sheet with all imports in place, in the order they are written.
pub fn bundle(file: &Path) -> Result<String> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut bundled = String::with_capacity(text.len());
    for line in text.lines() {
        if !line.trim_start().starts_with("@import") {
            bundled.push_str(line);
            bundled.push('\n');
            continue;
        }
        let Some((name, layer)) = import(line.trim()) else {
            bail!(
                "{}: write imports as @import url(\"file.css\") layer(name); not: {line}",
                file.display()
            );
        };
        let content = bundle(&folder.join(name))?;
        match layer {
            Some(layer) => bundled.push_str(&format!("@layer {layer} {{\n{content}}}\n")),
            None => bundled.push_str(&content),
        }
    }
    Ok(bundled)
}

/// File and layer of an import line.
fn import(line: &str) -> Option<(&str, Option<&str>)> {
    let rest = line
        .strip_prefix("@import")?
        .trim_start()
        .strip_prefix("url(\"")?;
    let (name, rest) = rest.split_once("\")")?;
    let rest = rest.strip_suffix(';')?.trim();
    if rest.is_empty() {
        return Some((name, None));
    }
    let layer = rest.strip_prefix("layer(")?.strip_suffix(')')?;
    Some((name, Some(layer)))
}

#[cfg(test)]
mod tests {
    use super::import;

    #[test]
    fn imports_name_a_file_and_perhaps_a_layer() {
        assert_eq!(
            import(r#"@import url("base.css");"#),
            Some(("base.css", None))
        );
        assert_eq!(
            import(r#"@import url("components/nav.css") layer(components);"#),
            Some(("components/nav.css", Some("components")))
        );
    }

    #[test]
    fn other_forms_are_refused_and_not_dropped() {
        assert_eq!(import(r#"@import "base.css";"#), None);
        assert_eq!(import(r#"@import url("print.css") print;"#), None);
    }
}
