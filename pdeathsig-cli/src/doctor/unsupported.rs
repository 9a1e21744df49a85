//! What the doctor answers on targets other than Linux and Android.

use std::io;

use crate::arguments::Examination;

pub(crate) fn examine(_: &Examination) -> io::Result<bool> {
    let advice = "this system is neither Linux nor Android, and has no parent-death signal to examine: run it there";
    Err(io::Error::new(io::ErrorKind::Unsupported, advice))
}
