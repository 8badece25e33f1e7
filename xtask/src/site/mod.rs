//! What browsers get: `target/site`, later inside the program.

mod files;
#[cfg(feature = "pack")]
pub mod pack;
mod style;
pub mod webassembly;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};

use crate::build::{Profile, for_this_computer};
use crate::process::{cargo, run};
use crate::steps::step;
use crate::workspace::{self, NAME, site};

/// Builds `target/site`: script, WebAssembly, style and the files of `public/`. Files that stay the same are not
/// touched, so that the server is not compiled anew for them; files that are no longer made are removed.
pub fn build(profile: Profile) -> Result<()> {
    step(
        "WebAssembly target of the compiler",
        webassembly::require_target,
    )?;
    let module = step("Browser part", || webassembly::compile(profile))?;
    let mut made = BTreeSet::new();
    step("Script and style", || {
        for (name, content) in webassembly::bind(&module, profile)? {
            made.insert(files::write(&site().join("pkg").join(name), &content)?);
        }
        let style = style::bundle(&workspace::root().join("style/main.css"))?;
        made.insert(files::write(
            &site().join("pkg").join(NAME).with_extension("css"),
            style.as_bytes(),
        )?);
        let public = workspace::root().join("public");
        if public.is_dir() {
            for file in files::walk(&public)? {
                let target = site().join(file.strip_prefix(&public)?);
                let content =
                    fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                made.insert(files::write(&target, &content)?);
            }
        }
        files::remove_others(&site(), &made)
    })?;
    if profile == Profile::Release {
        // Minifiers and compressors take longer to compile than all else here: a second xtask has them.
        step("Minify and compress", || {
            run(cargo()
                .args(["run", "--package", "xtask", "--features", "pack"])
                .args(for_this_computer())
                .args(["--", "pack"]))
        })?;
    }
    Ok(())
}
