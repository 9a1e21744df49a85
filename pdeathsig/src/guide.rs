//! The guide: how it works, what to take, and what to do when it does not do what you expect.
//!
//! 1. [How parent death works on Linux](how_parent_death_works)
//! 2. [Choosing](choosing)
//! 3. [Graceful shutdown](graceful_shutdown)
//! 4. [With tokio](with_tokio)
//! 5. [In containers and under systemd](in_containers_and_under_systemd)
//! 6. [Debugging a mysterious death](debugging_a_mysterious_death)
//! 7. [What it cannot do](what_it_cannot_do)
//!
//! Claims name the test that shows them, by its path in the repository, and the public report in which it went wrong for somebody.
//! There is no code in these modules.

macro_rules! chapters {
    ($($(#[$picture:meta])* $chapter:ident = $text:literal;)*) => {$(
        // First the items: of two links with one name, the first counts. Those in the text are for readers of the file.
        #[doc = include_str!("../doc/guide/items.md")]
        $(#[$picture])*
        #[doc = include_str!($text)]
        pub mod $chapter {}
    )*};
}

chapters! {
    how_parent_death_works = "../doc/guide/how_parent_death_works.md";
    #[doc = include_str!("../doc/windows.svg")]
    choosing = "../doc/guide/choosing.md";
    #[doc = include_str!("../doc/grace.svg")]
    graceful_shutdown = "../doc/guide/graceful_shutdown.md";
    #[doc = include_str!("../doc/threads.svg")]
    with_tokio = "../doc/guide/with_tokio.md";
    in_containers_and_under_systemd = "../doc/guide/in_containers_and_under_systemd.md";
    debugging_a_mysterious_death = "../doc/guide/debugging_a_mysterious_death.md";
    what_it_cannot_do = "../doc/guide/what_it_cannot_do.md";
}
