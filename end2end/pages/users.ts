import type { Locator, Page } from "@playwright/test";

export class UsersPage {
  readonly heading: Locator;
  readonly rows: Locator;
  readonly search: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Users", level: 1 });
    this.rows = page.getByRole("table", { name: "Users" }).locator("tbody").getByRole("row");
    this.search = page.getByRole("search", { name: "Filter users" }).getByRole("searchbox");
  }

  tab(name: string): Locator {
    return this.page.getByRole("navigation", { name: "Users" }).getByRole("link", { name });
  }

  person(name: string): Locator {
    return this.page.getByRole("link", { name, exact: true });
  }

  async find(text: string): Promise<void> {
    await this.search.fill(text);
    await this.search.press("Enter");
  }
}
