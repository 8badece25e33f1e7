import type { Locator, Page } from "@playwright/test";

export class NotificationsPage {
  readonly heading: Locator;
  readonly recipients: Locator;
  readonly history: Locator;
  readonly address: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Notifications", level: 1 });
    this.recipients = page.getByRole("table", { name: "Recipients" }).locator("tbody").getByRole("row");
    this.history = page.getByRole("table", { name: "Delivery history" }).locator("tbody").getByRole("row");
    this.address = page.getByLabel("Email address to add");
  }

  recipient(text: string): Locator {
    return this.recipients.filter({ hasText: text });
  }

  mail(subject: string): Locator {
    return this.history.filter({ hasText: subject });
  }

  async add(address: string): Promise<void> {
    await this.address.fill(address);
    await this.press("Add recipient");
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole("button", { name: button, exact: true }).click();
  }
}
