//! The ways to start something.

/// A way to start something.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// The programs that the machine must have, parted by spaces.
    pub(crate) needs: &'static str,
    pub(crate) needs_root: bool,
    /// How many leaves come up.
    pub(crate) leaves: usize,
    /// Whether a leaf outlives the owner that has no tie.
    pub(crate) survives: bool,
    /// For `sh`.
    pub(crate) script: &'static str,
}

const fn way(name: &'static str, needs: &'static str, script: &'static str) -> Way {
    Way { name, needs, needs_root: false, leaves: 1, survives: true, script }
}

const fn root(name: &'static str, needs: &'static str, script: &'static str) -> Way {
    Way { needs_root: true, ..way(name, needs, script) }
}

/// A folder with a service for supervisors of the family of `daemontools`.
macro_rules! service {
    ($supervisor:literal) => {
        concat!(
            "mkdir $DIR/leaf; ",
            r#"printf '#!/bin/sh\nexec %s\n' "$LEAF" >$DIR/leaf/run; "#,
            "chmod +x $DIR/leaf/run; ",
            "exec ",
            $supervisor,
            " $DIR/leaf",
        )
    };
}

/// What stays sleeps for a minute.
pub(crate) const WAYS: &[Way] = &[
    way("the program itself", "", "exec $LEAF"),
    // Shells.
    way("`sh`: a child", "", "$LEAF; true"),
    way("`sh`: a pipeline", "", "$LEAF | cat"),
    way("`sh`: `&`", "", "$LEAF & exec sleep 60"),
    way("`sh`: `( … & )`", "", "($LEAF &); exec sleep 60"),
    way("`sh`: a trap that ignores TERM, HUP and INT", "", "trap '' TERM HUP INT; $LEAF & exec sleep 60"),
    way("`sh`: stopped", "", "$LEAF stop & exec sleep 60"),
    way("`dash`: `( ( … & ) & )`", "dash", r#"exec dash -c "((($LEAF &) &) &); sleep 60""#),
    way("`bash`: `&`", "bash", r#"exec bash -c "$LEAF & sleep 60""#),
    way("`bash`: `set -m`", "bash", r#"exec bash -c "set -m; $LEAF & sleep 60""#),
    way("`bash -i`: a job", "bash", r#"exec bash -ic "$LEAF & sleep 60""#),
    way("`bash -i` in a terminal: a job", "bash script", r#"exec script -qec "bash -ic '$LEAF & sleep 60'" /dev/null"#),
    way("`bash`: `disown`", "bash", r#"exec bash -c "$LEAF & disown; sleep 60""#),
    way("`bash`: `>( … )`", "bash", r#"exec bash -c "exec 3> >($LEAF); sleep 60""#),
    way("`bash`: `coproc`", "bash", r#"exec bash -c "coproc $LEAF; sleep 60""#),
    way("`zsh`: `&!`", "zsh", r#"exec zsh -fc "$LEAF &! sleep 60""#),
    way("`zsh -i` in a terminal: a job", "zsh script", r#"exec script -qec "zsh -fic '$LEAF & sleep 60'" /dev/null"#),
    way("`fish`: a job", "fish", r#"exec fish -c "status job-control full; $LEAF & sleep 60""#),
    way("`mksh`: `&`", "mksh", r#"exec mksh -c "$LEAF & sleep 60""#),
    way("`busybox sh`: `setsid`", "busybox", r#"exec busybox sh -c "busybox setsid $LEAF & sleep 60""#),
    // Wrappers.
    way("`timeout`", "timeout", "exec timeout 60 $LEAF"),
    way("`timeout --foreground`", "timeout", "exec timeout --foreground 60 $LEAF"),
    way("`setsid`", "setsid", "setsid $LEAF & exec sleep 60"),
    way("`setsid -f`", "setsid", "setsid -f $LEAF; exec sleep 60"),
    way("`setsid -w`", "setsid", "exec setsid -w $LEAF"),
    way("`nohup`", "nohup", "nohup $LEAF & exec sleep 60"),
    way("`nice`", "nice", "exec nice $LEAF"),
    way("`env`", "env", "exec env A=1 $LEAF"),
    way("`stdbuf`", "stdbuf", "exec stdbuf -oL $LEAF"),
    way("`time`", "time", "exec $(command -v time || echo /usr/bin/time) -p $LEAF"),
    way(
        "`ionice`, `chrt`, `prlimit`, `setarch`",
        "ionice chrt prlimit setarch",
        "ionice -c 3 chrt -b 0 prlimit --core=0 setarch -R $LEAF & exec sleep 60",
    ),
    way("`flock`", "flock", "exec flock $DIR/lock $LEAF"),
    way("`script`", "script", r#"exec script -qec "$LEAF" /dev/null"#),
    way("`watch`", "watch", r#"exec watch -n 60 "$LEAF""#),
    way("`xargs -P`", "xargs seq", "seq 3 | xargs -P 3 -n 1 $LEAF").times(3),
    way("`make -j`", "make", r#"printf 'all: a b c\na b c:\n\t%s\n' "$LEAF" >$DIR/Makefile; exec make -C $DIR -j 3"#)
        .times(3),
    way("`find -exec`", "find", "exec find $DIR -maxdepth 0 -exec $LEAF ';'"),
    way("`parallel`", "parallel perl", "exec parallel --will-cite -j 2 $LEAF ::: 1 2").times(2),
    way("`entr -r`", "entr", "echo $DIR/errors | entr -nr $LEAF"),
    way("`awk`: `system`", "awk", r#"exec awk "BEGIN { system(\"$LEAF\") }""#),
    way("`chronic`", "chronic", "exec chronic $LEAF"),
    way("`fakeroot`", "fakeroot", "exec fakeroot $LEAF"),
    way("`ssh-agent`", "ssh-agent", "exec ssh-agent $LEAF"),
    way("`dbus-run-session`", "dbus-run-session", "exec dbus-run-session -- $LEAF"),
    way("`strace`", "strace", "exec strace -f -o /dev/null $LEAF"),
    way("`strace -D`", "strace", "exec strace -D -o /dev/null $LEAF"),
    way("`git`: an alias", "git", r#"exec git -c alias.leaf="!$LEAF" leaf"#),
    // Terminals.
    way("`expect`: `spawn`", "expect", r#"exec expect -c "spawn $LEAF; sleep 60""#),
    way("`unbuffer`", "unbuffer", "exec unbuffer $LEAF"),
    way("`socat`: `pty,setsid`", "socat", r#"exec socat EXEC:"$LEAF",pty,setsid,ctty PIPE"#),
    way("`tmux new -d`", "tmux", r#"tmux -L way -f /dev/null new-session -d "$LEAF"; exec sleep 60"#),
    way("`screen -dm`", "screen", "screen -dm $LEAF; exec sleep 60"),
    way("`dtach -n`", "dtach", "dtach -n $DIR/dtach $LEAF; exec sleep 60"),
    way(
        "`vim`: `job_start`",
        "vim",
        r#"exec vim -Nes -u NONE -c "let g:job = job_start(split('$LEAF'))" -c 'sleep 60'"#,
    ),
    way("`vim`: `:!`", "vim", r#"exec vim -Nes -u NONE -c "!$LEAF""#),
    // Supervisors and daemons.
    way("`tini`", "tini", "exec tini -s -- $LEAF"),
    way("`dumb-init`", "dumb-init", "exec dumb-init $LEAF"),
    way("`catatonit`", "catatonit", "exec catatonit $LEAF"),
    way(
        "`start-stop-daemon --background`",
        "start-stop-daemon",
        "set -- $LEAF; start-stop-daemon -S -b -p $DIR/pid -a $1 -- $2; exec sleep 60",
    ),
    way("`daemonize`", "daemonize", "daemonize $LEAF; exec sleep 60"),
    way("`daemon`", "daemon", "daemon --unsafe -- $LEAF; exec sleep 60"),
    way("`daemon --respawn`", "daemon", "daemon --unsafe --respawn -- $LEAF; exec sleep 60"),
    way(
        "`supervisord`",
        "supervisord",
        r#"
            echo "[supervisord]" >$DIR/conf
            echo "logfile=/dev/null" >>$DIR/conf
            echo "logfile_maxbytes=0" >>$DIR/conf
            echo "pidfile=$DIR/pid" >>$DIR/conf
            echo "[program:leaf]" >>$DIR/conf
            echo "command=$LEAF" >>$DIR/conf
            exec supervisord -nc $DIR/conf
        "#,
    ),
    way("`runsv`", "runsv", service!("runsv")),
    way("`s6-supervise`", "s6-supervise", service!("s6-supervise")),
    way("`supervise`", "supervise", service!("supervise")),
    way("a daemon: two forks, `setsid`", "", "$DAEMON $LEAF; exec sleep 60"),
    // Languages.
    way(
        "node: `child_process`",
        "node",
        r#"exec node -e 'require("child_process").spawn(process.argv[1], process.argv.slice(2))' $LEAF"#,
    ),
    way(
        "node: `detached: true`",
        "node",
        r#"exec node -e '
            const [program, ...rest] = process.argv.slice(1);
            require("child_process").spawn(program, rest, {detached: true, stdio: "ignore"}).unref();
            setTimeout(() => {}, 60000);
        ' $LEAF"#,
    ),
    way("`npx -c`", "npx", r#"cd $DIR; exec npx --no-update-notifier -c "$LEAF""#),
    way(
        "`npm run`",
        "npm",
        r#"cd $DIR; printf '{"scripts":{"leaf":"%s"}}' "$LEAF" >package.json; exec npm run --no-update-notifier leaf"#,
    ),
    way(
        "Python: `subprocess`",
        "python3",
        "exec python3 -c 'import subprocess, sys; subprocess.run(sys.argv[1:])' $LEAF",
    ),
    way(
        "Python: `start_new_session=True`",
        "python3",
        "exec python3 -c 'import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True).wait()' $LEAF",
    ),
    way(
        "Python: `multiprocessing`",
        "python3",
        r#"exec python3 -c '
import multiprocessing, os, sys
multiprocessing.set_start_method("fork")
multiprocessing.Process(target=os.execv, args=(sys.argv[1], sys.argv[1:])).start()' $LEAF"#,
    ),
    way("Python: `pty.spawn`", "python3", "exec python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' $LEAF"),
    way(
        "Perl: a daemon",
        "perl",
        "perl -MPOSIX -e 'fork and exit; setsid; fork and exit; exec @ARGV' $LEAF; exec sleep 60",
    ),
    way("Ruby: `Process.daemon`", "ruby", "ruby -e 'Process.daemon; exec(*ARGV)' $LEAF; exec sleep 60"),
    way("Ruby: `spawn` with `pgroup`", "ruby", "exec ruby -e 'Process.wait(spawn(*ARGV, pgroup: true))' $LEAF"),
    way("Go: `Setsid`", "go", "exec $GO $LEAF"),
    way("Tcl: `exec … &`", "tclsh", "exec tclsh <<E\nexec $LEAF &\nafter 60000\nE"),
    // Other users.
    root("`su -c`", "su", r#"exec su -s /bin/sh -c "$LEAF" nobody"#),
    root("`su -`", "su", r#"exec su -s /bin/sh - nobody -c "$LEAF""#),
    root("`runuser -u`", "runuser", "exec runuser -u nobody -- $LEAF"),
    root("`runuser -c`", "runuser", r#"exec runuser -s /bin/sh -c "$LEAF" nobody"#),
    root("`setpriv --reuid`", "setpriv", "exec setpriv --reuid nobody --regid nogroup --clear-groups $LEAF"),
    root("`sudo`", "sudo", "exec sudo -n -u nobody $LEAF"),
    root("`sudo -b`", "sudo", "sudo -n -b -u nobody $LEAF; exec sleep 60"),
    root("`sg`", "sg", r#"exec sg daemon -c "$LEAF""#),
    // Namespaces.
    root("`chroot`", "chroot", "exec chroot / $LEAF"),
    root("`unshare --pid --fork`", "unshare", "exec unshare --pid --fork $LEAF"),
    root(
        "`unshare --pid --fork --mount-proc`: a daemon",
        "unshare setsid",
        r#"exec unshare --pid --fork --mount-proc sh -c "setsid -f $LEAF; sleep 60""#,
    ),
    way(
        "`unshare --user --map-root-user --pid --fork`",
        "unshare",
        "exec unshare --user --map-root-user --pid --fork $LEAF",
    ),
    way("`bwrap`", "bwrap", "exec bwrap --dev-bind / / $LEAF"),
    way("`bwrap --unshare-pid`", "bwrap", "exec bwrap --dev-bind / / --unshare-pid $LEAF"),
    way("`bwrap --unshare-pid --as-pid-1`", "bwrap", "exec bwrap --dev-bind / / --unshare-pid --as-pid-1 $LEAF"),
    way("`bwrap --unshare-pid --new-session`", "bwrap", "exec bwrap --dev-bind / / --unshare-pid --new-session $LEAF"),
    root(
        "`nsenter` into a pid namespace of the tree",
        "nsenter unshare",
        r#"
            unshare --pid --fork sleep 60 & parent=$!
            until first=$(cat /proc/$parent/task/$parent/children); [ -n "$first" ]; do :; done
            nsenter --target $first --pid sh -c "$LEAF &"
            exec sleep 60
        "#,
    ),
];

impl Way {
    const fn times(self, leaves: usize) -> Way {
        Way { leaves, ..self }
    }
}
