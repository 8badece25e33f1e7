// What no test may overlook: errors on the console, thrown errors, violations of the content security policy and
// parts of a page that did not arrive.

import type { Page } from "@playwright/test";

export class Watch {
  readonly problems: string[] = [];
  private readonly expected: RegExp[] = [];

  constructor(page: Page, hasScripts: boolean) {
    page.on("pageerror", (error) => this.problems.push(`page error: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      // What failed to load is told below, with its kind.
      const isEcho = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isEcho) this.problems.push(`console: ${message.text()}`);
    });
    page.on("response", (response) => {
      // Documents are what the tests are about: they look at the status themselves.
      const kind = response.request().resourceType();
      const isExpected = this.expected.some((pattern) => pattern.test(response.url()));
      if (response.status() >= 400 && kind !== "document" && !isExpected) {
        this.problems.push(`${response.status()} for ${kind} ${response.url()}`);
      }
    });
    page.on("requestfailed", (request) => {
      // Leaving a page ends what is still on its way.
      const reason = request.failure()?.errorText ?? "";
      // A browser without scripts does not load them.
      const isScript = !hasScripts && request.resourceType() === "script";
      if (reason !== "net::ERR_ABORTED" && !isScript) this.problems.push(`${reason} for ${request.url()}`);
    });
  }

  /** Refused requests whose address matches are part of the test. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }
}
