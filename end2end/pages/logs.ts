import { type Locator, type Page, expect } from "@playwright/test";

export class LogsPage {
  readonly heading: Locator;
  readonly entries: Locator;
  readonly lookups: Locator;
  readonly drawer: Locator;
  private readonly filters: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Provisioning logs" });
    const table = page.getByRole("table", { name: /^Provisioning logs/ });
    this.entries = table.getByRole("row").filter({ has: page.getByRole("link") });
    this.filters = page.getByRole("search", { name: "Filter logs" });
    this.drawer = page.getByRole("dialog");
    this.lookups = this.filters.getByRole("switch", { name: "Show lookups" });
  }

  entry(identity: string): Locator {
    return this.entries.filter({ hasText: identity });
  }

  /** From the row through the drawer to the entry's own page. */
  async open(identity: string): Promise<void> {
    await this.entry(identity).getByRole("link").click();
    await this.drawer.getByRole("link", { name: "Open whole entry" }).click();
  }

  chip(text: string): Locator {
    return this.page.getByRole("link", { name: `Remove filter ${text}` });
  }

  async filter(menu: "Date" | "Status" | "Action" | "Token", choice: string): Promise<void> {
    const box = this.filters.locator("details").filter({ hasText: menu });
    await box.locator("summary").click();
    await box.getByLabel(choice).check();
    await box.getByRole("button", { name: "Apply" }).click();
  }

  /** From one minute to another, by the clocks that the form names. */
  async between(clocks: string, from: string, to: string): Promise<void> {
    const first = this.page.getByLabel(`From, ${clocks}`);
    const box = this.filters.locator("details").filter({ has: first });
    await box.locator("summary").click();
    await first.fill(from);
    await box.getByLabel(`To, ${clocks}`).fill(to);
    await box.getByRole("button", { name: "Apply" }).click();
  }

  /** With scripts the switch works at once; without them Enter sends the form. */
  async showLookups(): Promise<void> {
    // What is set before the scripts have taken the page over is reset by them: a person sets it again.
    await expect(async () => {
      await this.lookups.check();
      await this.filters.getByRole("searchbox").press("Enter");
      await expect(this.page).toHaveURL(/[?&]lookups=1/, { timeout: 2_000 });
    }).toPass();
  }
}
