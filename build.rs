//! What is compiled in is watched: migrations always, the site (a folder that only xtask makes) where it is embedded.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    if std::env::var_os("CARGO_FEATURE_EMBED").is_some() {
        println!("cargo:rerun-if-changed=target/site");
    }
}
