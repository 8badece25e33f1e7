// A customer of one test, made with the program's own command line.

import { randomBytes } from "node:crypto";

import { Entra } from "./entra";
import type { Program } from "./program";

export interface Account {
  email: string;
  password: string;
}

export class Organization {
  private constructor(
    private readonly program: Program,
    readonly slug: string,
    readonly name: string,
    readonly tenantUrl: string,
  ) {}

  static async create(program: Program, name: string): Promise<Organization> {
    const slug = `e2e-${randomBytes(5).toString("hex")}`;
    const made = JSON.parse(await program.run(["organization", "create", slug, "--name", name, "--json"]));
    return new Organization(program, slug, name, made.tenant_url);
  }

  /** Path of a page of this organization. */
  path(rest = ""): string {
    return `/organizations/${this.slug}${rest}`;
  }

  /** Changes a policy. */
  async set(...policy: string[]): Promise<void> {
    await this.program.run(["organization", "set", this.slug, ...policy]);
  }

  /** Somebody of this organization, or of Rhombus support. */
  async account(role: "admin" | "viewer" | "support"): Promise<Account> {
    const account = { email: `${role}@${this.slug}.example`, password: "lantern orbit velvet 93" };
    const scope = role === "support" ? [] : ["--organization", this.slug];
    await this.program.run(["account", "create", account.email, "--role", role, ...scope], account.password);
    return account;
  }

  /** A userName that no other test has. */
  userName(name: string): string {
    return `${name}@${this.slug}.example`;
  }

  /** Entra, connected with a new Secret Token. */
  async connect(tokenName = "Entra"): Promise<Entra> {
    const secret = (await this.program.run(["token", "create", this.slug, "--name", tokenName])).trim();
    return this.entra(secret);
  }

  entra(secret: string): Entra {
    return new Entra(this.tenantUrl, secret);
  }
}
