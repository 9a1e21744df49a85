pdeathsig_renamed::tied_main!({
    assert_eq!(pdeathsig::parent_death_signal().unwrap(), Some(pdeathsig::Signal::TERM));
});
