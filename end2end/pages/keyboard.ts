import { expect, type Page } from "@playwright/test";

/** Keys that a person may press in a row before giving up. */
const PATIENCE = 40;

/** Somebody who has no mouse; counts what they press. */
export class Keyboard {
  presses = 0;

  constructor(private readonly page: Page) {}

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(key);
      this.presses += 1;
    }
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
    this.presses += text.length;
  }

  /** Past the navigation, as the page's first link offers. */
  async skipToContent(): Promise<void> {
    await this.page.locator("html[data-awake]").waitFor({ state: "attached" });
    await this.press("Tab", "Enter");
  }

  /** Goes on until the control of this name has the focus, which must be seen. */
  async tabTo(name: RegExp): Promise<void> {
    const passed: string[] = [];
    for (let tries = 0; tries < PATIENCE; tries += 1) {
      await this.press("Tab");
      const focused = this.page.locator(":focus");
      const said = ((await focused.getAttribute("aria-label")) ?? (await focused.innerText())).trim();
      if (name.test(said)) {
        await expect(focused).toBeInViewport();
        return;
      }
      passed.push(said);
    }
    throw new Error(`no control ${name} within ${PATIENCE} keys: ${passed.join(" | ")}`);
  }
}
