#[pdeathsig::die_with_parent]
fn main<T: Default>() {
    let _ = T::default();
}
