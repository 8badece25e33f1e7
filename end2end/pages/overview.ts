import type { Locator, Page } from "@playwright/test";

export class OverviewPage {
  /** The sentence that says how it is. */
  readonly sentence: Locator;
  readonly tenantUrl: Locator;
  readonly createToken: Locator;
  /** Only in the answer to the form that made it. */
  readonly secret: Locator;

  constructor(page: Page) {
    this.sentence = page.getByRole("heading", { level: 1 });
    this.tenantUrl = page.getByRole("group", { name: "Tenant URL" });
    this.secret = page.getByRole("group", { name: "Secret Token" });
    this.createToken = page.getByRole("button", { name: "Create Secret Token" });
  }
}
