// Microsoft Entra ID as it really calls: its filter encoding, its bodies, its capital letters in PATCH.

import { randomUUID } from "node:crypto";

export interface Person {
  userName: string;
  givenName: string;
  familyName: string;
  role: string;
  /** Further attributes of the body. */
  more?: Record<string, unknown>;
}

export interface Operation {
  op: "Add" | "Replace" | "Remove";
  path: string;
  value?: unknown;
}

export class Entra {
  constructor(
    readonly tenantUrl: string,
    readonly secret: string,
  ) {}

  /** The part of the Secret Token that the dashboard may show. */
  get prefix(): string {
    return this.secret.slice(0, 12);
  }

  send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.tenantUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${this.secret}`,
        "content-type": "application/scim+json; charset=utf-8",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  /** Test Connection: a search for a random userName. */
  testConnection(): Promise<Response> {
    return this.match(randomUUID());
  }

  match(userName: string): Promise<Response> {
    const filter = new URLSearchParams({ filter: `userName eq "${userName}"` });
    return this.send("GET", `/Users?${filter}`);
  }

  create({ userName, givenName, familyName, role, more }: Person): Promise<Response> {
    return this.send("POST", "/Users", {
      schemas: [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
      ],
      externalId: randomUUID(),
      userName,
      active: true,
      name: { givenName, familyName },
      meta: { resourceType: "User" },
      roles: [{ primary: true, type: "WindowsAzureActiveDirectoryRole", value: role }],
      ...more,
    });
  }

  patch(id: string, operations: Operation[]): Promise<Response> {
    return this.send("PATCH", `/Users/${id}`, {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
      Operations: operations,
    });
  }

  /** Looks for a person and creates them, as a cycle does; gives the id. */
  async provision(person: Person): Promise<string> {
    await expectStatus(await this.match(person.userName), 200);
    const created = await expectStatus(await this.create(person), 201);
    return ((await created.json()) as { id: string }).id;
  }

  async change(id: string, operations: Operation[]): Promise<void> {
    await expectStatus(await this.patch(id, operations), 200);
  }

  async disable(id: string): Promise<void> {
    await this.change(id, [{ op: "Replace", path: "active", value: "False" }]);
  }

  async delete(id: string): Promise<void> {
    await expectStatus(await this.send("DELETE", `/Users/${id}`), 204);
  }
}

async function expectStatus(response: Response, status: number): Promise<Response> {
  if (response.status !== status) {
    throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  }
  return response;
}
