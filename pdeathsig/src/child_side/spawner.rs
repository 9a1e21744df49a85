//! Which thread of the parent spawned this process.

use std::fs;
use std::io;
use std::process;

use super::sys;

pub(super) fn thread(parent: u32) -> io::Result<Option<u32>> {
    if !sys::shows_this_pid_namespace() {
        return Err(match fs::metadata("/proc/self") {
            Err(error) => io::Error::new(
                error.kind(),
                format!("cannot read /proc/self: {error}; mount /proc to find the spawning thread"),
            ),
            Ok(_) => io::Error::new(
                io::ErrorKind::Unsupported,
                "/proc belongs to another pid namespace: mount one for this namespace",
            ),
        });
    }
    // A list that is read while siblings come and go, or threads exit, may lack a child.
    for _ in 0..100 {
        let found = search_threads(parent);
        if sys::parent_id()? != parent {
            return Ok(None);
        }
        if let Some(thread) = found? {
            return Ok(Some(thread));
        }
    }
    Err(io::Error::new(io::ErrorKind::Other, "the parent's threads and children change too fast to be read: try again"))
}

fn search_threads(parent: u32) -> io::Result<Option<u32>> {
    let own = process::id().to_string();
    let mut lists = 0;
    for thread in fs::read_dir(format!("/proc/{parent}/task"))? {
        let thread = thread?;
        // A thread that has exited since has no list.
        let Ok(children) = fs::read_to_string(thread.path().join("children")) else { continue };
        lists += 1;
        if children.split(' ').any(|child| child == own) {
            return Ok(thread.file_name().to_str().and_then(|name| name.parse().ok()));
        }
    }
    if lists == 0 {
        let message = "/proc has no lists of children: the kernel was built without CONFIG_PROC_CHILDREN";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    Ok(None)
}
