//! Writing only what changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Endings of the compressed copies that a release build puts beside a file.
pub const COMPRESSED: [&str; 2] = ["br", "gz"];

/// Writes a file unless it already has this content, and gives its path back.
pub fn write(path: &Path, content: &[u8]) -> Result<PathBuf> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(path.to_owned());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    for ending in COMPRESSED {
        // A compressed copy of the old content would be served in its place.
        let _ = fs::remove_file(compressed(path, ending));
    }
    Ok(path.to_owned())
}

/// The name of a compressed copy: the whole name, then the ending.
pub fn compressed(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// All files below a folder, in order.
pub fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Removes what an earlier build made and this one did not.
pub fn remove_others(folder: &Path, keep: &BTreeSet<PathBuf>) -> Result<()> {
    for file in walk(folder)? {
        let copy_of_kept = COMPRESSED
            .iter()
            .any(|ending| keep.iter().any(|kept| compressed(kept, ending) == file));
        if !keep.contains(&file) && !copy_of_kept {
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(())
}
