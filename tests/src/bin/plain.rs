//! The shortest program without the attribute.

fn main() {}
