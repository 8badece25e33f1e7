import type { Locator, Page } from "@playwright/test";

import { saved } from "../support/forms";

export class SettingsPage {
  readonly heading: Locator;
  readonly roles: Locator;
  readonly mapping: Locator;
  readonly dialog: Locator;
  readonly value: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Settings", level: 1 });
    this.roles = page.getByRole("table", { name: "Roles" }).locator("tbody").getByRole("row");
    this.mapping = page.getByRole("table", { name: "Attribute mapping" }).locator("tbody").getByRole("row");
    this.dialog = page.getByRole("dialog");
    this.value = page.getByLabel("App role value", { exact: true });
  }

  role(text: string): Locator {
    return this.roles.filter({ hasText: text });
  }

  async choose(policy: string, choice: string): Promise<void> {
    const radios = this.page.getByRole("group", { name: policy });
    await radios.getByRole("radio", { name: choice }).check();
    await saved(this.page, () => this.press("Save changes"));
  }

  chosen(policy: string): Locator {
    return this.page.getByRole("group", { name: policy }).locator("label", { has: this.page.locator(":checked") });
  }

  async addRole(value: string, name: string, mapped: string[] = []): Promise<void> {
    await this.page.getByRole("link", { name: "Add role" }).click();
    await this.value.fill(value);
    await this.fillRole(name, mapped);
    await this.page.getByRole("button", { name: "Add role" }).click();
  }

  async fillRole(name: string, mapped: string[]): Promise<void> {
    await this.page.getByLabel("Display name").fill(name);
    await this.page.getByLabel("Further app role values").fill(mapped.join("\n"));
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole("button", { name: button }).click();
  }

  async edit(role: string): Promise<void> {
    await this.page.getByRole("link", { name: `Edit ${role}` }).click();
  }
}
