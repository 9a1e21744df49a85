//! The programs are in `examples`, `errors` and `rustc-errors`.
