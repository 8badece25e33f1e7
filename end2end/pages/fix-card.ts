import type { Locator, Page } from "@playwright/test";

/** *Fix here* on an issue's page. */
export class FixCard {
  readonly card: Locator;

  constructor(private readonly page: Page) {
    this.card = page.locator("#fix-here");
  }

  button(name: string): Locator {
    return this.card.getByRole("button", { name, exact: true });
  }

  /** What the role value means. */
  meaning(value: string): Locator {
    return this.card.getByRole("combobox", { name: value });
  }

  /** The link on the overview. */
  onOverview(title: string | RegExp): Locator {
    return this.page.getByRole("region", { name: "Open issues" }).getByRole("link", { name: title });
  }
}
