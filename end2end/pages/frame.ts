import type { Locator, Page } from "@playwright/test";

/** What stands around the pages inside: navigation, own menu, crumbs. */
export class Frame {
  readonly menu: Locator;
  private readonly navigation: Locator;

  constructor(private readonly page: Page) {
    this.menu = page.getByRole("button", { name: "Menu" });
    this.navigation = page.getByRole("navigation", { name: "Main" });
  }

  link(name: string): Locator {
    return this.navigation.getByRole("link", { name, exact: true });
  }

  /** Opens the navigation first where it hides behind its button. */
  async goTo(name: string): Promise<void> {
    if (await this.menu.isVisible()) await this.menu.click();
    await this.link(name).click();
  }

  async signOut(): Promise<void> {
    await this.openOwnMenu();
    await this.page.getByRole("button", { name: "Sign out" }).click();
  }

  async openAccount(): Promise<void> {
    await this.openOwnMenu();
    await this.link("Your account").click();
  }

  /** The choice of a theme in one's own menu. */
  async openThemes(): Promise<Locator> {
    await this.openOwnMenu();
    return this.navigation.getByRole("form", { name: "Theme" });
  }

  private async openOwnMenu(): Promise<void> {
    if (await this.menu.isVisible()) await this.menu.click();
    await this.navigation.locator("details", { hasText: "Sign out" }).locator("summary").click();
  }
}
