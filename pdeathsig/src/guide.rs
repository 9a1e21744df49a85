//! The guide: what to use, how it works, and what to do when it does not do what you expect.
//!
//! 1. [How parent death works on Linux](how_parent_death_works): orphans, the parent-death signal, the race.
//! 2. [Choosing](choosing): which one, and a table of every case.
//! 3. [In a terminal](in_a_terminal): Ctrl-C, programs that hang, prompts.
//! 4. [Graceful shutdown](graceful_shutdown): SIGTERM, a grace, SIGKILL.
//! 5. [With tokio](with_tokio): commands, time limits, event loops, and why children die after ten seconds.
//! 6. [With other crates](with_other_crates): process-wrap, duct, portable-pty, test harnesses.
//! 7. [In containers and under systemd](in_containers_and_under_systemd): entry points, `docker exec`, Kubernetes,
//!    `KillMode`.
//! 8. [Recipes](recipes): MCP and language servers, agents, CI, Python, Node, Go, JVM, `sudo`, `npx`, time limits.
//! 9. [Debugging](debugging): it died, it lives, it hangs, exit codes.
//! 10. [What it cannot do](what_it_cannot_do): every limit.
//! 11. [FAQ](faq).
//!
//! A table at the end of each chapter names the test of each claim, by its path in the repository.
//! These modules contain no code. The programs of the guide run in the tests.

macro_rules! chapters {
    ($($(#[$picture:meta])* $chapter:ident = $text:literal;)*) => {$(
        // The items come first: of two links with one name, the first counts. Those in the text are for readers of the file.
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
    #[doc = include_str!("../doc/launcher.svg")]
    how_parent_death_works = "../doc/guide/how_parent_death_works.md";
    #[doc = include_str!("../doc/windows.svg")]
    choosing = "../doc/guide/choosing.md";
    in_a_terminal = "../doc/guide/in_a_terminal.md";
    #[doc = include_str!("../doc/grace.svg")]
    graceful_shutdown = "../doc/guide/graceful_shutdown.md";
    #[doc = include_str!("../doc/threads.svg")]
    with_tokio = "../doc/guide/with_tokio.md";
    with_other_crates = "../doc/guide/with_other_crates.md";
    in_containers_and_under_systemd = "../doc/guide/in_containers_and_under_systemd.md";
    recipes = "../doc/guide/recipes.md";
    debugging = "../doc/guide/debugging.md";
    what_it_cannot_do = "../doc/guide/what_it_cannot_do.md";
    faq = "../doc/guide/faq.md";
}
