import type { Locator, Page } from "@playwright/test";

export class OverviewPage {
  /** The sentence that says how it is. */
  readonly sentence: Locator;
  readonly tenantUrl: Locator;
  readonly createToken: Locator;

  constructor(page: Page) {
    this.sentence = page.getByRole("heading", { level: 1 });
    this.tenantUrl = page.getByRole("group", { name: "Tenant URL" });
    this.createToken = page.getByRole("link", { name: "Create token" });
  }
}
