import type { Locator, Page } from "@playwright/test";

/** The list of issues and the page of one. */
export class IssuesPage {
  readonly issues: Locator;
  readonly headline: Locator;
  readonly explanation: Locator;
  readonly history: Locator;
  readonly dryRun: Locator;

  constructor(private readonly page: Page) {
    const table = page.getByRole("table", { name: /issues/ });
    this.issues = table.getByRole("row").filter({ has: page.getByRole("link") });
    this.headline = page.getByRole("heading", { level: 1 });
    this.explanation = page.locator("#troubleshooting");
    this.history = page.getByRole("region", { name: "Notes and history" });
    this.dryRun = page.getByRole("region", { name: "Dry-run" });
  }

  async dryRunAgain(): Promise<void> {
    await this.page.getByRole("link", { name: "Dry-run for affected users" }).click();
  }

  issue(title: string): Locator {
    return this.issues.filter({ hasText: title });
  }

  tab(name: string): Locator {
    return this.page.getByRole("navigation", { name: "Issue status" }).getByRole("link", { name });
  }

  async open(title: string): Promise<void> {
    await this.issue(title).getByRole("link", { name: title }).click();
  }

  fact(name: string): Locator {
    return this.page.locator("main .facts-line > div").filter({ hasText: name });
  }

  /** Above the heading. */
  status(name: string): Locator {
    return this.page.locator("main .log-title .status").filter({ hasText: name });
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  async note(text: string): Promise<void> {
    await this.page.getByLabel("Add a note").fill(text);
    await this.button("Add note").click();
  }
}
