//! The programs in `ui`: what the attribute takes, and the one message for each mistake.

#[test]
fn programs_that_compile_and_run() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
