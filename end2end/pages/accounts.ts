import type { Locator, Page } from "@playwright/test";

export class AccountsPage {
  readonly rows: Locator;
  readonly dialog: Locator;
  /** The page that shows a one-time link. */
  readonly link: Locator;

  constructor(private readonly page: Page) {
    this.rows = page.getByRole("table", { name: "Accounts" }).locator("tbody").getByRole("row");
    this.dialog = page.getByRole("dialog");
    this.link = page.getByRole("group", { name: "One-time link" }).locator("code");
  }

  row(text: string): Locator {
    return this.rows.filter({ hasText: text });
  }

  /** Answers the link to hand over. */
  async invite(email: string, role: "Viewer" | "Admin"): Promise<string> {
    await this.page.getByLabel("Email address").fill(email);
    await this.page.getByRole("radio", { name: role }).check();
    await this.page.getByRole("button", { name: "Create the invitation" }).click();
    return this.link.innerText();
  }

  async done(): Promise<void> {
    await this.page.getByRole("link", { name: "Done" }).click();
  }

  async askToDeactivate(text: string): Promise<void> {
    await this.row(text).getByRole("link", { name: "Deactivate" }).click();
  }
}
