//! What a signal does to a process.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Signal {
    Kill,
    /// A process without a handler dies of it, as of SIGTERM.
    Catchable,
    /// A process without a handler does not notice it, as SIGCHLD.
    Harmless,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Disposition {
    Default,
    Handler,
    Ignored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    Lives,
    Killed,
    Exited,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Signals {
    pub(crate) signal: Signal,
    pub(crate) disposition: Disposition,
    pub(crate) blocked: bool,
    pending: bool,
    pub(crate) fate: Fate,
    /// How often a handler has run; twice is often enough.
    pub(crate) handled: u8,
}

impl Signals {
    pub(crate) fn new(signal: Signal) -> Signals {
        Signals {
            signal,
            disposition: Disposition::Default,
            blocked: false,
            pending: false,
            fate: Fate::Lives,
            handled: 0,
        }
    }

    pub(crate) fn lives(&self) -> bool {
        self.fate == Fate::Lives
    }

    pub(crate) fn has_had_the_signal(&self) -> bool {
        !self.lives() || self.handled > 0
    }

    /// Whichever process sends it: a signal that is ignored, and not blocked, is not even pending.
    pub(crate) fn send(&mut self) {
        let dropped = match self.signal {
            Signal::Kill => false,
            Signal::Catchable => self.disposition == Disposition::Ignored,
            Signal::Harmless => self.disposition != Disposition::Handler,
        };
        self.pending |= !dropped || self.blocked && self.signal != Signal::Kill;
    }

    /// Before it makes another step, the child takes what is pending and not blocked.
    pub(crate) fn is_about_to_take(&self) -> bool {
        self.lives() && self.pending && (self.signal == Signal::Kill || !self.blocked)
    }

    pub(crate) fn take(&mut self) {
        self.pending = false;
        match (self.signal, self.disposition) {
            (Signal::Kill, _) | (Signal::Catchable, Disposition::Default) => self.fate = Fate::Killed,
            (_, Disposition::Handler) => self.handled = 2.min(self.handled + 1),
            (_, Disposition::Ignored) | (Signal::Harmless, Disposition::Default) => {}
        }
    }

    /// No handler is left after an exec; what is ignored or blocked stays so, and what is pending, too.
    pub(crate) fn exec(&mut self) {
        if self.disposition == Disposition::Handler {
            self.disposition = Disposition::Default;
        }
    }
}
