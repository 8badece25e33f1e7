import type { Locator, Page } from "@playwright/test";

export class OrganizationsPage {
  readonly heading: Locator;
  readonly refusal: Locator;
  readonly name: Locator;
  readonly slug: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Organizations", level: 1 });
    this.refusal = page.getByRole("alert");
    this.name = page.getByLabel("Name", { exact: true });
    this.slug = page.getByLabel("Slug", { exact: true });
  }

  row(name: string): Locator {
    return this.page.getByRole("row").filter({ hasText: name });
  }

  async create({ name, slug }: { name: string; slug: string }): Promise<void> {
    await this.name.fill(name);
    await this.slug.fill(slug);
    await this.page.getByRole("button", { name: "Create organization" }).click();
  }
}
