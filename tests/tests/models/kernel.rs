//! What the models have in common: a parent of two threads, of which one has spawned a child; what adopts orphans;
//! numbers; and what a signal does to the child.
//!
//! Each function here is one step, since it is one in the kernel: `forget_original_parent` in `kernel/exit.c` gives a
//! thread's children another parent and sends them their parent-death signals under one lock, `tasklist_lock`.
//! `find_new_reaper` chooses that parent: another thread of the process, else the nearest living subreaper among the
//! ancestors, else the first process. It does so before the process is a zombie, and so before any process can reap it
//! and its number can be given away.

use std::fmt::{self, Display, Formatter};

use crate::signals::{Fate, Signal, Signals};

pub(crate) type Number = u8;

/// The first process, which is the parent itself in a container.
pub(crate) const INIT: Number = 1;
const SUBREAPER: Number = 2;
const PARENT: Number = 3;

/// The child's parent, which is a thread for the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum RealParent {
    Spawner,
    OtherThread,
    Subreaper,
    Init,
}

/// What a descriptor of a process stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pinned {
    Parent,
    Unrelated,
    Subreaper,
    Init,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Family {
    parent_is_init: bool,
    spawner_lives: bool,
    other_thread_lives: bool,
    reaped: bool,
    number_is_reused: bool,
    number_is_the_adopters: bool,
    subreaper_lives: bool,
    real_parent: RealParent,
    /// The child's setting, `PR_SET_PDEATHSIG`.
    pub(crate) armed: bool,
    pub(crate) child: Signals,
}

/// What may happen at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    SpawnerEnds,
    OtherThreadEnds,
    ParentIsReaped,
    UnrelatedGetsNumber,
    /// It never does: see `expected_parent.rs`.
    AdopterGetsNumber,
    SubreaperEnds,
}

impl Family {
    /// Below a subreaper, below the first process, and as children of the first process itself.
    pub(crate) fn all(signal: Signal) -> Vec<Family> {
        [(false, true), (false, false), (true, false)]
            .map(|(parent_is_init, subreaper_lives)| Family {
                parent_is_init,
                spawner_lives: true,
                other_thread_lives: true,
                reaped: false,
                number_is_reused: false,
                number_is_the_adopters: false,
                subreaper_lives,
                real_parent: RealParent::Spawner,
                armed: false,
                child: Signals::new(signal),
            })
            .into()
    }

    pub(crate) fn parents_number(&self) -> Number {
        if self.parent_is_init {
            INIT
        } else {
            PARENT
        }
    }

    pub(crate) fn parent_is_gone(&self) -> bool {
        !self.spawner_lives && !self.other_thread_lives
    }

    pub(crate) fn spawner_has_ended(&self) -> bool {
        !self.spawner_lives
    }

    pub(crate) fn number_is_in_use(&self) -> bool {
        !self.reaped || self.number_is_reused
    }

    /// `getppid` in the child.
    pub(crate) fn childs_parent(&self) -> Number {
        match self.real_parent {
            RealParent::Spawner | RealParent::OtherThread => self.parents_number(),
            RealParent::Subreaper if self.number_is_the_adopters => PARENT,
            RealParent::Subreaper => SUBREAPER,
            RealParent::Init => INIT,
        }
    }

    pub(crate) fn pidfd_open(&self, number: Number) -> Option<Pinned> {
        match number {
            _ if number == self.parents_number() && !self.reaped => Some(Pinned::Parent),
            PARENT if self.number_is_reused => Some(Pinned::Unrelated),
            SUBREAPER if self.subreaper_lives => Some(Pinned::Subreaper),
            INIT => Some(Pinned::Init),
            _ => None,
        }
    }

    pub(crate) fn is_gone(&self, pinned: Pinned) -> bool {
        match pinned {
            Pinned::Parent => self.parent_is_gone(),
            Pinned::Subreaper => !self.subreaper_lives,
            Pinned::Unrelated | Pinned::Init => false,
        }
    }

    pub(crate) fn events(&self, events: &mut Vec<Event>) {
        let number_is_free = self.reaped && !self.number_is_reused;
        let possible = [
            (Event::SpawnerEnds, self.spawner_lives),
            (Event::OtherThreadEnds, self.other_thread_lives),
            (Event::ParentIsReaped, self.parent_is_gone() && !self.reaped && !self.parent_is_init),
            (Event::UnrelatedGetsNumber, number_is_free),
            (Event::SubreaperEnds, self.subreaper_lives),
        ];
        events.extend(possible.into_iter().filter(|(_, possible)| *possible).map(|(event, _)| event));
    }

    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::SpawnerEnds => self.spawner_lives = false,
            Event::OtherThreadEnds => self.other_thread_lives = false,
            Event::ParentIsReaped => self.reaped = true,
            Event::UnrelatedGetsNumber => self.number_is_reused = true,
            Event::AdopterGetsNumber => self.number_is_the_adopters = true,
            Event::SubreaperEnds => self.subreaper_lives = false,
        }
        let orphaned = match self.real_parent {
            RealParent::Spawner => !self.spawner_lives,
            RealParent::OtherThread => !self.other_thread_lives,
            RealParent::Subreaper => !self.subreaper_lives,
            RealParent::Init => false,
        };
        if orphaned {
            self.forget_original_parent();
        }
        if self.parent_is_init && self.parent_is_gone() && self.child.lives() {
            // The end of a pid namespace.
            self.child.fate = Fate::Killed;
        }
    }

    fn forget_original_parent(&mut self) {
        self.real_parent = if self.spawner_lives {
            RealParent::Spawner
        } else if self.other_thread_lives {
            RealParent::OtherThread
        } else if self.subreaper_lives {
            RealParent::Subreaper
        } else {
            RealParent::Init
        };
        if self.armed {
            self.child.send();
        }
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Event::SpawnerEnds => "the parent's spawning thread ends",
            Event::OtherThreadEnds => "the parent's other thread ends",
            Event::ParentIsReaped => "the parent is reaped, and its number free",
            Event::UnrelatedGetsNumber => "an unrelated process gets the parent's number",
            Event::AdopterGetsNumber => "the process that adopts orphans gets the parent's number",
            Event::SubreaperEnds => "the subreaper ends",
        })
    }
}
