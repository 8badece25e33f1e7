import type { Locator, Page } from "@playwright/test";

export class OrganizationsPage {
  readonly heading: Locator;
  readonly refusal: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Organizations", level: 1 });
    this.refusal = page.getByRole("alert");
  }

  row(name: string): Locator {
    return this.page.getByRole("row").filter({ hasText: name });
  }

  async create({ name, slug }: { name: string; slug: string }): Promise<void> {
    await this.page.getByLabel("Name", { exact: true }).fill(name);
    await this.page.getByLabel("Slug").fill(slug);
    await this.page.getByRole("button", { name: "Create organization" }).click();
  }
}
