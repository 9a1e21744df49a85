//! The attribute `launcher`.

/// Calls [`Launcher::init`](crate::Launcher::init) before everything else in `main`, an async runtime included.
///
/// A program that starts commands with a [`Launcher`](crate::Launcher) needs this call. Each command runs under
/// two more processes of the same executable, and `init` is the function that does their work. In any other
/// process `init` returns at once. The attribute needs the feature `macros`, which is on by default.
///
/// # Examples
///
/// ```
/// use pdeathsig::Launcher;
///
/// #[pdeathsig::launcher]
/// fn main() -> std::io::Result<()> {
///     let status = Launcher::new().command("true")?.status()?;
///     assert!(status.success());
///     Ok(())
/// }
/// ```
///
/// Put it above `#[tokio::main]` and the attributes of other runtimes:
///
/// ```ignore
/// #[pdeathsig::launcher]
/// #[tokio::main]
/// async fn main() {}
/// ```
///
/// (Below `#[tokio::main]` it works too: in both orders `init` runs before the runtime starts.)
///
/// A unit test has no `main` of yours. Use [`Launcher::executable`](crate::Launcher::executable) there.
///
/// # Arguments
///
/// `crate = path`: where the crate is, if it has another name or is re-exported. A path, or a string with one.
///
/// # Expansion
///
/// The attribute wraps your `main`, with its other attributes, in a function that calls `init` and then your
/// `main`:
///
/// ```ignore
/// fn main() {
///     // #[tokio::main], #[die_with_parent] and similar attributes are here.
///     fn main() {
///         // Your code.
///     }
///     pdeathsig::Launcher::init();
///     main()
/// }
/// ```
///
/// So `init` comes first beside [`#[die_with_parent]`](macro@crate::die_with_parent), in both orders.
/// `main` can have any return type. It cannot have parameters or type parameters, or be `unsafe`, `const` or
/// `extern`.
///
/// # Limits
///
/// - Code that runs before `main`, such as a library's constructor, also runs in the launcher's processes.
/// - An attribute above this one can start threads before `init`, unless it is `#[tokio::main]`. A launcher's
///   process with more than one thread exits with 125 and says so.
pub use pdeathsig_macros::launcher;
