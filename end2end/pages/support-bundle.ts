import type { Locator, Page } from "@playwright/test";

/** The form that makes a bundle, the answer with its link, and the list of links that work. */
export class SupportBundlePage {
  readonly link: Locator;
  readonly links: Locator;

  constructor(private readonly page: Page) {
    this.link = page.getByRole("group", { name: "Link to the support bundle" }).locator("code");
    this.links = page.getByRole("table", { name: /Links that work/ }).locator("tbody tr");
  }

  /** From the page of what it is about. */
  async begin(): Promise<void> {
    await this.page.getByRole("link", { name: "Support bundle", exact: true }).click();
    await this.page.getByRole("heading", { name: "Make a support bundle" }).waitFor();
  }

  async choose(...labels: string[]): Promise<void> {
    for (const label of labels) await this.page.getByRole("radio", { name: label }).check();
  }

  async make(): Promise<void> {
    await this.page.getByRole("button", { name: "Make bundle" }).click();
  }
}
