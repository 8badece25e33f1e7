//! What only a release needs: a small style sheet, and compressed copies beside each file that shrinks.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions, StyleSheet};

use super::files;
use crate::steps::note;
use crate::workspace::{NAME, site};

/// Endings of files that compression makes smaller; pictures and fonts are compressed already.
const COMPRESSIBLE: [&str; 8] = [
    "css",
    "html",
    "js",
    "json",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
];

/// Minifies the style sheet and compresses the whole site.
pub fn pack() -> Result<()> {
    let style = site().join("pkg").join(NAME).with_extension("css");
    let text =
        fs::read_to_string(&style).with_context(|| format!("cannot read {}", style.display()))?;
    files::write(&style, minify(&text)?.as_bytes())?;
    for file in files::walk(&site())? {
        let compressible = file.extension().and_then(|ending| ending.to_str());
        if compressible.is_some_and(|ending| COMPRESSIBLE.contains(&ending)) {
            compress(&file)?;
        }
    }
    Ok(())
}

/// The same style in fewer bytes. No browsers are named: nothing is rewritten for older ones, so `light-dark()`,
/// layers, nesting and container queries stay as they are.
fn minify(text: &str) -> Result<String> {
    let mut sheet = StyleSheet::parse(text, ParserOptions::default())
        .map_err(|error| anyhow!("style: {error}"))?;
    sheet
        .minify(MinifyOptions::default())
        .map_err(|error| anyhow!("style: {error}"))?;
    let printed = sheet
        .to_css(PrinterOptions {
            minify: true,
            ..PrinterOptions::default()
        })
        .map_err(|error| anyhow!("style: {error}"))?;
    Ok(printed.code)
}

/// Writes both compressed copies, as small as they get.
fn compress(file: &Path) -> Result<()> {
    let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut brotli = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut content.as_slice(), &mut brotli, &parameters)?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&content)?;
    let gzip = gzip.finish()?;
    note(format!(
        "{}: {} bytes, brotli {}, gzip {}",
        file.strip_prefix(site())?.display(),
        content.len(),
        brotli.len(),
        gzip.len()
    ));
    files::write(&files::compressed(file, "br"), &brotli)?;
    files::write(&files::compressed(file, "gz"), &gzip)?;
    Ok(())
}
