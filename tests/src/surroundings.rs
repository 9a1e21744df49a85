//! What an actor is asked to do to its surroundings.

use std::fs;
use std::hint;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::mount::{mount, MsFlags};
use nix::sched::{unshare, CloneFlags};
use nix::sys::prctl;
use nix::sys::resource::{getrlimit, rlim_t, setrlimit, Resource};
use nix::unistd::{chdir, chroot, getgid, getuid, sysconf, SysconfVar};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::actor::Actor;
use crate::protocol::Request;
use crate::raw;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Surround {
    ChangeRoot { root: PathBuf, keep: Vec<PathBuf> },
    NewUserNamespace,
    UnshareUsers,
    IgnoreEverything,
    BlockEverything,
    NotDumpable,
    NoNewPrivileges,
    CloseStandard,
    UseStandard,
    SoftLimit { of: Limit, to: u64 },
    LimitAddressSpace { beyond: u64 },
    Allocate,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Limit {
    Descriptors,
    Stack,
}

/// More than the control group allows.
const ALLOCATION_MIB: usize = 512;

impl Surround {
    pub(crate) fn execute(self) -> Value {
        match self {
            Surround::ChangeRoot { root, keep } => json!(change_root(&root, &keep).map_err(|error| error.to_string())),
            Surround::NewUserNamespace => json!(new_user_namespace().map_err(|error| error.to_string())),
            Surround::UnshareUsers => json!(unshare(CloneFlags::CLONE_NEWUSER).map_err(|error| error.to_string())),
            Surround::IgnoreEverything => json!(raw::ignore_everything()),
            Surround::BlockEverything => json!(raw::block_everything()),
            Surround::NotDumpable => json!(prctl::set_dumpable(false).unwrap()),
            Surround::NoNewPrivileges => json!(prctl::set_no_new_privs().unwrap()),
            Surround::CloseStandard => json!(raw::close_standard()),
            Surround::UseStandard => json!((0..3).all(raw::is_of_no_use)),
            Surround::SoftLimit { of, to } => {
                let what = match of {
                    Limit::Descriptors => Resource::RLIMIT_NOFILE,
                    Limit::Stack => Resource::RLIMIT_STACK,
                };
                let (_, hard) = getrlimit(what).unwrap();
                json!(setrlimit(what, rlim_t::try_from(to).unwrap_or(rlim_t::MAX).min(hard), hard).unwrap())
            }
            Surround::LimitAddressSpace { beyond } => {
                let pages = fs::read_to_string("/proc/self/statm").unwrap();
                let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
                let page = sysconf(SysconfVar::PAGE_SIZE).unwrap().unwrap() as u64;
                let (_, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
                json!(setrlimit(Resource::RLIMIT_AS, (pages * page + beyond) as rlim_t, hard).unwrap())
            }
            Surround::Allocate => {
                let memory: Vec<Vec<u8>> = (0..ALLOCATION_MIB).map(|_| vec![1; 1 << 20]).collect();
                json!(hint::black_box(memory).len())
            }
        }
    }
}

/// A root with nothing but these.
fn change_root(root: &Path, keep: &[PathBuf]) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    for path in keep {
        let within = root.join(path.strip_prefix("/").unwrap());
        if let Ok(target) = fs::read_link(path) {
            symlink(target, within)?;
        } else {
            fs::create_dir_all(&within)?;
            mount(Some(path), &within, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
        }
    }
    chroot(root)?;
    Ok(chdir("/")?)
}

/// In which the children to come are in a pid namespace of their own, and this user is root.
fn new_user_namespace() -> io::Result<()> {
    let (user, group) = (getuid(), getgid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}

impl Actor<'_> {
    fn surround<T: serde::de::DeserializeOwned>(&mut self, what: Surround) -> T {
        self.ask(Request::Surround(what))
    }

    /// Puts it where there is nothing but these folders, in a mount namespace of its own. Answers with the error, if
    /// any.
    pub fn change_root(&mut self, root: &Path, keep: &[&Path]) -> Result<(), String> {
        let keep = keep.iter().map(|path| path.to_path_buf()).collect();
        self.surround(Surround::ChangeRoot { root: root.to_owned(), keep })
    }

    /// Puts it into a user namespace where it is root, and its children to come into a pid namespace. Answers with the
    /// error, if any.
    pub fn new_user_namespace(&mut self) -> Result<(), String> {
        self.surround(Surround::NewUserNamespace)
    }

    /// Puts it into a user namespace that has no users yet. Answers with the error, if any.
    pub fn unshare_users(&mut self) -> Result<(), String> {
        self.surround(Surround::UnshareUsers)
    }

    /// Ignores every signal that can be ignored.
    pub fn ignore_everything(&mut self) {
        self.surround(Surround::IgnoreEverything)
    }

    /// Blocks every signal that can be blocked.
    pub fn block_everything(&mut self) {
        self.surround(Surround::BlockEverything)
    }

    /// `prctl(PR_SET_DUMPABLE, 0)`
    pub fn forbid_dumps(&mut self) {
        self.surround(Surround::NotDumpable)
    }

    /// `prctl(PR_SET_NO_NEW_PRIVS)`
    pub fn forbid_new_privileges(&mut self) {
        self.surround(Surround::NoNewPrivileges)
    }

    /// Closes its standard descriptors.
    pub fn close_standard_descriptors(&mut self) {
        self.surround(Surround::CloseStandard)
    }

    /// Reads from its standard descriptors and writes to them: whether all of that fails.
    pub fn has_no_use_of_standard_descriptors(&mut self) -> bool {
        self.surround(Surround::UseStandard)
    }

    /// Lets it have so many descriptors, until it raises the limit.
    pub fn lower_descriptors_to(&mut self, number: u64) {
        self.surround(Surround::SoftLimit { of: Limit::Descriptors, to: number })
    }

    /// Sets the size that the stacks of its children's main threads may have.
    pub fn limit_stack(&mut self, size: u64) {
        self.surround(Surround::SoftLimit { of: Limit::Stack, to: size })
    }

    /// Lets it map so many bytes more than it has.
    pub fn limit_address_space(&mut self, beyond: u64) {
        self.surround(Surround::LimitAddressSpace { beyond })
    }

    /// Has it use up the memory that its control group may have, which is its end.
    pub fn use_up_memory(&mut self) {
        self.send_request(Request::Surround(Surround::Allocate));
    }
}
