import type { Locator, Page } from "@playwright/test";

export class FirstStartPage {
  readonly heading: Locator;
  readonly deadLink: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Welcome" });
    this.deadLink = page.getByRole("heading", { name: "This link no longer works" });
  }

  error(field: string): Locator {
    return this.page.getByLabel(field, { exact: true }).locator("..").locator(".field-error");
  }

  async createAccount(account: { name: string; email: string; password: string; again?: string }): Promise<void> {
    await this.page.getByLabel("Your name").fill(account.name);
    await this.page.getByLabel("Email address").fill(account.email);
    await this.page.getByLabel("Password", { exact: true }).fill(account.password);
    await this.page.getByLabel("Password again").fill(account.again ?? account.password);
    await this.page.getByRole("button", { name: "Create the account" }).click();
  }
}
