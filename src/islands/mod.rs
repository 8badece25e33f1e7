//! Parts of pages that go on asking the server in the browser. Pages themselves are the server's alone, and are not
//! compiled for browsers: with islands apart from them, neither the build nor the WebAssembly holds what nobody runs there.

pub mod issue_dry_run;
pub mod live_tail;
