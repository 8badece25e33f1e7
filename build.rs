//! Migrations are compiled in: a new one must compile the program anew.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
