//! Which thread of the parent spawned this process.

use std::fs;
use std::io;
use std::process;

use super::sys;

pub(super) fn thread(parent: u32) -> io::Result<Option<u32>> {
    if !sys::shows_this_pid_namespace() {
        // Where /proc is missing, this says so.
        fs::metadata("/proc/self")?;
        let message = "the /proc that is mounted belongs to another pid namespace: mount one for this";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
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
        let message = "no list of children in /proc: the kernel was built without CONFIG_PROC_CHILDREN";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    Ok(None)
}
