//! The attribute for programs that start launchers.

/// Calls [`Launcher::init`](crate::Launcher::init) before everything else in `main`.
///
/// A program that starts others with a [`Launcher`](crate::Launcher) needs that call: each launcher is a process of the same executable,
/// and `init` is where it does its work. In the program itself, `init` returns at once.
/// It needs the feature `macros`, which is on by default.
///
/// # Examples
///
/// ```
/// #[pdeathsig::launcher]
/// fn main() -> std::io::Result<()> {
///     // `Launcher::new().command("npx")?` works from here on.
///     Ok(())
/// }
/// ```
///
/// With tokio, above or below its attribute. In both orders `init` is called before the runtime starts:
///
/// ```
/// # mod above {
/// #[pdeathsig::launcher]
/// #[tokio::main]
/// async fn main() {}
/// # }
/// # mod below {
/// #[tokio::main]
/// #[pdeathsig::launcher]
/// async fn main() {}
/// # }
/// # fn main() {}
/// ```
///
/// Other runtimes have attributes that need `#[launcher]` above them. It is an error otherwise, or, if the runtime's threads
/// exist already, the launcher's process exits with 125 and says so.
///
/// # Arguments
///
/// `crate = path`: where the crate is, if it has another name or is re-exported. A path, or a string with one.
///
/// # What it becomes
///
/// A function `main` that contains yours, with all its other attributes, and calls `init` before it:
///
/// ```
/// # use pdeathsig::Launcher;
/// fn main() {
///     // #[tokio::main], #[die_with_parent] and the like stay here.
///     fn main() {
///         // the body as you wrote it
///     }
///     Launcher::init();
///     main()
/// }
/// ```
///
/// `main` may have any return type. It has no parameters, no type parameters, and is not `unsafe`, `const` or `extern`.
/// Together with [`#[die_with_parent]`](macro@crate::die_with_parent), in any order, `init` is first.
///
/// # Limits
///
/// Code that runs before `main`, such as a library's constructor, runs in each launcher's process too.
pub use pdeathsig_macros::launcher;
