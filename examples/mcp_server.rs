//! A server of the Model Context Protocol, on standard input and output, that does not outlive its host.
//!
//! ```sh
//! cargo run --example mcp_server             # kills a host, twice, and shows what happens to its server
//! cargo run --example mcp_server -- --serve  # the server itself, for your host
//! ```
//!
//! A server should end when its input does. But the end of the input never comes if another process holds the other end
//! of the pipe: another child of the host, which inherited it. Then a server runs on when its host was killed, perhaps
//! with file watches and an index in memory. The attribute ends it; `watch`, because the host may have spawned it from
//! any thread.

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::process::{Command, ExitCode, Stdio};
use std::time::SystemTime;

use anstream::println;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig::die_with_parent;
use pdeathsig_examples::act::{told, Act};
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BOLD, GOOD};
use serde_json::{json, Value};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[die_with_parent(watch)]
fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--serve"] => serve()?,
        ["--serve", "--unprotected"] => {
            // As if the attribute were not there.
            pdeathsig::outlive_parent()?;
            serve()?;
        }
        ["--host", ref server @ ..] => host(server)?,
        _ => return clean_up::interruptible(show),
    }
    Ok(ExitCode::SUCCESS)
}

/// One line of JSON in, one out, until the input ends.
fn serve() -> io::Result<()> {
    for line in io::stdin().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let Some(id) = request.get("id") else { continue };
        let result = match request["method"].as_str() {
            Some("initialize") => json!({
                "protocolVersion": "2025-06-18",
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "clock", "version": env!("CARGO_PKG_VERSION") },
            }),
            Some("ping") => json!({}),
            Some("tools/list") => json!({
                "tools": [{ "name": "time", "description": "The time now.", "inputSchema": { "type": "object" } }],
            }),
            Some("tools/call") => {
                let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
                json!({ "content": [{ "type": "text", "text": now }] })
            }
            _ => {
                let error = json!({ "code": -32601, "message": "no such method" });
                writeln!(io::stdout(), "{}", json!({ "jsonrpc": "2.0", "id": id, "error": error }))?;
                continue;
            }
        };
        writeln!(io::stdout(), "{}", json!({ "jsonrpc": "2.0", "id": id, "result": result }))?;
    }
    Ok(())
}

/// A host, as an editor or an agent is: it starts a server, and something else that inherits the pipe.
fn host(server: &[&str]) -> Result<()> {
    let mut program = Command::new(env::current_exe()?);
    let mut server = program.args(server).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = server.stdin.take().ok_or("the server has no standard input")?;
    let mut output = BufReader::new(server.stdout.take().ok_or("the server has no standard output")?);
    // It does not even know that it holds the pipe.
    let mut other = Command::new("sleep").arg("60").stdin(input.as_fd().try_clone_to_owned()?).spawn()?;

    for (id, method) in ["initialize", "tools/call"].into_iter().enumerate() {
        writeln!(input, "{}", json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": { "name": "time" } }))?;
        let mut answer = String::new();
        output.read_line(&mut answer)?;
        writeln!(io::stdout(), "host: {method}: {}", answer.trim_end())?;
    }
    other.wait()?;
    Ok(())
}

fn show() -> Result<ExitCode> {
    println!("\n{BOLD}1. An unprotected server, which relies on the end of its input{BOLD:#}\n");
    let act = host_is_killed(&["--host", "--serve", "--unprotected"])?;
    act.family.show();
    let orphaned = act.child.adopted_by().is_some();
    println!("\n   Its input does not end: `sleep` holds the pipe. The server waits for ever.");
    clean_up::end_descendants();

    println!("\n{BOLD}2. The same server, which has #[die_with_parent(watch)] on its main{BOLD:#}\n");
    let act = host_is_killed(&["--host", "--serve"])?;
    let end = act.end_of_child()?;
    act.family.show();
    let died = matches!(end, WaitStatus::Signaled(_, Signal::SIGKILL, _));
    println!("\n   {GOOD}The server {}, though its input has not ended.{GOOD:#}", told(end));
    clean_up::end_descendants();
    Ok(if orphaned && died { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn host_is_killed(role: &[&str]) -> Result<Act> {
    let mut act = Act::begin(Command::new(env::current_exe()?).args(role))?;
    act.family.show();
    act.kill_parent("the host")?;
    Ok(act)
}
