import type { Locator, Page } from "@playwright/test";

/** The search in the top bar: a dialog with scripts, a page without. */
export class Search {
  readonly dialog: Locator;
  readonly field: Locator;
  readonly options: Locator;
  readonly links: Locator;

  constructor(page: Page) {
    this.dialog = page.getByRole("dialog", { name: "Search" });
    this.field = this.dialog.getByRole("combobox");
    this.options = this.dialog.getByRole("option");
    this.links = page.locator("main").getByRole("listitem").getByRole("link");
  }
}
