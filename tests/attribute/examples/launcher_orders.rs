//! `#[launcher]`, `#[die_with_parent]` and `#[tokio::main]` in every order. Each runs in a process of its own.

#[path = "../recorder.rs"]
mod recorder;

use std::process::Command;

use pdeathsig::{die_with_parent, launcher, parent_death_signal, Signal};

macro_rules! orders {
    ($($name:ident: $(#[$attribute:meta])*;)*) => {
        $(mod $name {
            use super::*;

            $(#[$attribute])*
            pub async fn main() {
                tokio::task::yield_now().await;
                recorder::assert_init_was_first();
                assert_eq!(parent_death_signal().unwrap(), Some(Signal::TERM));
            }
        })*

        const ORDERS: &[(&str, fn())] = &[$((stringify!($name), $name::main)),*];
    };
}

orders! {
    launcher_die_tokio: #[launcher(crate = recorder)] #[die_with_parent(SIGTERM)] #[tokio::main];
    launcher_tokio_die: #[launcher(crate = recorder)] #[tokio::main] #[die_with_parent(SIGTERM)];
    die_launcher_tokio: #[die_with_parent(SIGTERM)] #[launcher(crate = recorder)] #[tokio::main];
    die_tokio_launcher: #[die_with_parent(SIGTERM)] #[tokio::main] #[launcher(crate = recorder)];
    tokio_launcher_die: #[tokio::main] #[launcher(crate = recorder)] #[die_with_parent(SIGTERM)];
    tokio_die_launcher: #[tokio::main] #[die_with_parent(SIGTERM)] #[launcher(crate = recorder)];
}

mod sync_above {
    use super::*;

    #[launcher(crate = recorder)]
    #[die_with_parent(SIGTERM)]
    pub fn main() {
        recorder::assert_init_was_first();
        assert_eq!(parent_death_signal().unwrap(), Some(Signal::TERM));
    }
}

mod sync_below {
    use super::*;

    #[die_with_parent(SIGTERM)]
    #[launcher(crate = recorder)]
    pub fn main() {
        recorder::assert_init_was_first();
        assert_eq!(parent_death_signal().unwrap(), Some(Signal::TERM));
    }
}

fn main() {
    let mut orders = ORDERS.to_vec();
    orders.extend([("sync_above", sync_above::main as fn()), ("sync_below", sync_below::main)]);
    match std::env::args().nth(1) {
        None => {
            assert_eq!(orders.len(), 8);
            for (name, _) in orders {
                let status = Command::new(std::env::current_exe().unwrap()).arg(name).status().unwrap();
                assert!(status.success(), "{name}: {status}");
            }
        }
        Some(wanted) => orders.iter().find(|(name, _)| *name == wanted).unwrap().1(),
    }
}
