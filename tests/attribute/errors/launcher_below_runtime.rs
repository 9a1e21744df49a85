mod runtime {
    pub fn block_on<T>(_: impl std::future::Future<Output = T>) {}
}

// As attributes expand that keep what stands below them on the inner function.
fn main() {
    #[pdeathsig::launcher]
    async fn main() {}
    runtime::block_on(async { main().await })
}
