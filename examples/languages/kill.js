// A command that Node starts, and ends by `child.kill()`, which sends SIGTERM.
//
// node kill.js            # nothing is left
// node kill.js --plain    # the helper lives on

const { spawn } = require("node:child_process");

const command = ["pdeathsig", "bash", "-c", "setsid sleep 60 & sleep 60; true"];
if (process.argv.includes("--plain")) command.shift();
const child = spawn(command[0], command.slice(1), { stdio: "inherit" });
child.on("spawn", () => setTimeout(() => child.kill(), 1000));
child.on("error", (error) => console.error(error.message));
child.on("exit", (code, signal) => console.log("ended by", code ?? signal));
