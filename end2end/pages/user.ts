import type { Locator, Page } from "@playwright/test";

export class UserPage {
  readonly name: Locator;
  readonly timeline: Locator;
  readonly json: Locator;
  readonly dialog: Locator;

  constructor(private readonly page: Page) {
    this.name = page.getByRole("heading", { level: 1 });
    this.timeline = page.getByRole("region", { name: "Timeline" });
    this.json = page.locator("pre").and(page.getByRole("region", { name: "SCIM JSON" }));
    this.dialog = page.locator("dialog.dialog[open]");
  }

  event(title: string): Locator {
    const heading = this.page.getByRole("heading", { name: title, exact: true });
    return this.timeline.getByRole("listitem").filter({ has: heading });
  }

  /** Old and new value of an attribute that an event changed. */
  change(title: string, attribute: string): Locator {
    return this.event(title).getByRole("row").filter({ hasText: attribute }).getByRole("cell");
  }
}
