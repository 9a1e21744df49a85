//! A whole MCP server: tokio, standard input and output, a helper process, a file that is complete at the end.
//!
//! ```sh
//! cargo run --example mcp_server_tokio -- FILE   # type {"id":1,"method":"ping"}, then Ctrl-D
//! ```
//!
//! It ends when its input ends, when its parent dies, and on SIGTERM. In each case the file is written and the helper
//! dies. If it hangs, SIGKILL ends it 5 seconds after the parent's death. To copy it, you need tokio with the features
//! `io-std`, `io-util`, `macros`, `process`, `rt` and `signal`, and `serde_json`.
//!
//! Its parent is the program that starts it directly. Behind `npx` or `sh -c`, that is the wrapper, which may outlive the
//! editor. Then put `pdeathsig -s TERM -k 10s` in front of the whole line in the editor's configuration.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::{self, Stdio};
use std::time::Duration;

use pdeathsig::{CommandExt, DieWithParent, Error, Signal, Tether};
use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::signal::unix::{signal, SignalKind};

/// From the parent's death to SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let status = match run().await {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("mcp_server_tokio: {error}");
            1
        }
    };
    // Do not return instead: the runtime would wait for the thread that reads standard input.
    process::exit(status);
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: mcp_server_tokio FILE")?;
    let mut journal = BufWriter::new(File::create(file)?);

    // The handler first. Armed before, SIGTERM could kill the process without writing the file.
    let mut sigterm = signal(SignalKind::terminate())?;
    match DieWithParent::new(Signal::TERM).grace(GRACE).arm() {
        // `docker exec`: the parent is outside the container. The end of the input is all that there is.
        Err(Error::ParentNotVisible) => eprintln!("mcp_server_tokio: warning: {}", Error::ParentNotVisible),
        result => result?,
    }

    // It dies with this process, also if that is killed. It must not hold the server's input or output open.
    let _helper = helper()?;

    let served = tokio::select! {
        _ = sigterm.recv() => Ok(()),
        served = serve(&mut journal) => served,
    };
    // Before `served` is looked at: to answer a dead editor is an error (EPIPE), and the file matters all the same.
    writeln!(journal, "end")?;
    journal.flush()?;
    served?;
    Ok(())
}

fn helper() -> io::Result<Child> {
    let mut command = Command::new("sleep");
    command.arg("600").stdin(Stdio::null()).stdout(Stdio::null());
    command.as_std_mut().tether(Tether::global()?)?;
    command.spawn()
}

/// One line of JSON in, one out, until the input ends.
async fn serve(journal: &mut impl Write) -> io::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut output = tokio::io::stdout();
    while let Some(line) = lines.next_line().await? {
        let request: Value = serde_json::from_str(&line)?;
        writeln!(journal, "{}", request["method"])?;
        // A notification gets no answer.
        let Some(id) = request.get("id") else { continue };
        let answer = match request["method"].as_str() {
            Some("initialize") => json!({ "jsonrpc": "2.0", "id": id, "result": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "serverInfo": { "name": "journal", "version": env!("CARGO_PKG_VERSION") },
            }}),
            Some("ping") => json!({ "jsonrpc": "2.0", "id": id, "result": {} }),
            _ => json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "no such method" } }),
        };
        output.write_all(format!("{answer}\n").as_bytes()).await?;
        output.flush().await?;
    }
    Ok(())
}
