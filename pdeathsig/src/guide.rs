//! The guide: how it works, what to take, and what to do when it does not do what you expect.
//!
//! 1. [How parent death works on Linux](how_parent_death_works): reparenting, the parent-death signal and its rules, the race.
//! 2. [Choosing](choosing): questions and answers, and what others are for.
//! 3. [Graceful shutdown](graceful_shutdown): ask, wait for a grace, kill.
//! 4. [With tokio](with_tokio): as the child, as the parent, and why children die after ten seconds.
//! 5. [In containers and under systemd](in_containers_and_under_systemd): pid 1, subreapers, `KillMode`, Kubernetes.
//! 6. [Debugging a mysterious death](debugging_a_mysterious_death): what you see, what it was, what to do.
//! 7. [What it cannot do](what_it_cannot_do): every limit, with its test.
//!
//! Claims name the test that shows them, by its path in the repository, and the public report in which it went wrong for somebody.
//! There is no code in these modules; the package of the tests runs their examples.

macro_rules! chapters {
    ($($(#[$picture:meta])* $chapter:ident = $text:literal;)*) => {$(
        // First the items: of two links with one name, the first counts. Those in the text are for readers of the file.
        #[doc = include_str!("../doc/guide/items.md")]
        #[doc = include_str!($text)]
        $(
            /// # In a picture
            ///
            #[$picture]
        )*
        pub mod $chapter {}
    )*};
}

chapters! {
    how_parent_death_works = "../doc/guide/how_parent_death_works.md";
    choosing = "../doc/guide/choosing.md";
    #[doc = include_str!("../doc/grace.svg")]
    graceful_shutdown = "../doc/guide/graceful_shutdown.md";
    #[doc = include_str!("../doc/threads.svg")]
    with_tokio = "../doc/guide/with_tokio.md";
    in_containers_and_under_systemd = "../doc/guide/in_containers_and_under_systemd.md";
    debugging_a_mysterious_death = "../doc/guide/debugging_a_mysterious_death.md";
    what_it_cannot_do = "../doc/guide/what_it_cannot_do.md";
}
