import type { Locator, Page } from "@playwright/test";

export class TokensPage {
  readonly heading: Locator;
  readonly rows: Locator;
  /** The page that shows a new Secret Token once. */
  readonly created: Locator;
  readonly secret: Locator;
  readonly dialog: Locator;
  readonly createForm: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Tokens", level: 1 });
    this.rows = page.getByRole("table", { name: "Tokens" }).locator("tbody").getByRole("row");
    this.created = page.getByRole("heading", { name: "Copy the new Secret Token now" });
    this.secret = page.getByRole("group", { name: "Secret Token" });
    this.dialog = page.getByRole("dialog");
    this.createForm = page.getByRole("button", { name: "Create token" });
  }

  row(text: string): Locator {
    return this.rows.filter({ hasText: text });
  }

  async create(name: string, lifetime: string): Promise<string> {
    await this.page.getByLabel("Name", { exact: true }).fill(name);
    await this.page.getByLabel("Expires after").selectOption({ label: lifetime });
    await this.createForm.click();
    return this.newSecret();
  }

  async rotate(text: string, overlap: string): Promise<string> {
    await this.row(text).getByRole("link", { name: "Rotate" }).click();
    await this.page.getByRole("radio", { name: overlap }).check();
    await this.page.getByRole("button", { name: "Create the new token" }).click();
    return this.newSecret();
  }

  async askToRevoke(text: string): Promise<void> {
    await this.row(text).getByRole("link", { name: "Revoke" }).click();
  }

  async done(): Promise<void> {
    await this.page.getByRole("link", { name: "Done" }).click();
  }

  private async newSecret(): Promise<string> {
    await this.created.waitFor();
    return this.secret.locator("code").innerText();
  }
}
