// The real program on fresh data: a server, and its command line beside it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

import { type Mail, mailsTo } from "./mail";

const root = resolve(import.meta.dirname, "../..");
const executable = process.env.PROGRAM ?? join(root, "target/debug/rhombus-provisioning");

export class Program {
  private constructor(
    readonly url: string,
    /** The link for the first Support account, as the server printed it. */
    readonly firstStartLink: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly server: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Program> {
    const folder = await mkdtemp(join(tmpdir(), "rhombus-end2end-"));
    const address = `127.0.0.1:${await freePort()}`;
    const url = `http://${address}`;
    // Nothing of the developer's own settings reaches the tests.
    const environment: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      DATA_DIR: folder,
      LISTEN_ADDR: address,
      PUBLIC_URL: url,
      RUST_LOG: "warn",
    };
    if (process.env.LEPTOS_SITE_ROOT) environment.LEPTOS_SITE_ROOT = process.env.LEPTOS_SITE_ROOT;
    const server = spawn(executable, [], { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    const output: string[] = [];
    createInterface({ input: server.stderr! }).on("line", (line) => output.push(line));
    const link = await new Promise<string>((found, failed) => {
      createInterface({ input: server.stdout! }).on("line", (line) => {
        output.push(line);
        if (line.startsWith(`${url}/first-start/`)) found(line.trim());
      });
      server.once("error", failed);
      server.once("exit", (code) => failed(new Error(`the server ended with ${code}:\n${output.join("\n")}`)));
    });
    return new Program(url, link, environment, server, folder);
  }

  /** Runs a command beside the server; gives what it wrote to stdout. */
  async run(args: string[], input = ""): Promise<string> {
    const command = spawn(executable, args, { cwd: root, env: this.environment });
    let [stdout, stderr] = ["", ""];
    command.stdout.on("data", (data) => (stdout += data));
    command.stderr.on("data", (data) => (stderr += data));
    // A command that reads nothing may end before this is written: its exit code tells how it went.
    command.stdin.on("error", () => {});
    command.stdin.end(input);
    const [code] = await once(command, "close");
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** The mails to somebody so far, oldest first. */
  mailsTo(address: string): Promise<Mail[]> {
    return mailsTo(join(this.folder, "mail"), address);
  }

  /** The latest mail to somebody; waits for it. */
  async mailTo(address: string): Promise<Mail> {
    for (const deadline = Date.now() + 60_000; ; ) {
      const latest = (await this.mailsTo(address)).at(-1);
      if (latest !== undefined) return latest;
      if (Date.now() > deadline) throw new Error(`no mail to ${address}`);
      await setTimeout(250);
    }
  }

  async stop(): Promise<void> {
    if (this.server.exitCode === null) {
      const exited = once(this.server, "exit");
      this.server.kill("SIGTERM");
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
