mod unsafe_and_foreign {
    #[pdeathsig::die_with_parent]
    pub(super) unsafe extern "C" fn main() {}
}

mod in_another_path {
    #[pdeathsig::die_with_parent(SIGTERM)]
    pub(in crate::in_another_path) async fn main() {}

    pub(super) fn made() {
        drop(main());
    }
}

fn main() {
    unsafe { unsafe_and_foreign::main() };
    in_another_path::made();
}
