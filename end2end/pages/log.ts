import type { Locator, Page } from "@playwright/test";

export class LogPage {
  readonly headline: Locator;
  readonly explanation: Locator;
  readonly requestBody: Locator;
  readonly responseBody: Locator;
  readonly dryRun: Locator;

  constructor(private readonly page: Page) {
    this.headline = page.getByRole("heading", { level: 1 });
    this.explanation = page.locator("#troubleshooting");
    this.requestBody = page.getByRole("region", { name: "Request body" });
    this.responseBody = page.getByRole("region", { name: "Response body" });
    this.dryRun = page.getByRole("region", { name: "Dry-run" });
  }

  async dryRunAgain(): Promise<void> {
    await this.page.getByRole("link", { name: "Dry-run again" }).click();
  }

  /** The value of a line of the summary. */
  fact(name: string): Locator {
    return this.page.locator("dt", { hasText: new RegExp(`^\\s*${name}\\s*$`) }).locator("+ dd");
  }

  step(title: string): Locator {
    const heading = this.page.getByRole("heading", { name: title, exact: true });
    return this.page.locator("#steps").getByRole("listitem").filter({ has: heading });
  }
}
