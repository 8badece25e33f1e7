// Somebody who has only a keyboard: every key is pressed and counted.

import { type Locator, type Page, expect } from "@playwright/test";

/** Nobody goes on pressing Tab for longer. */
const PATIENCE = 60;

export class Keyboard {
  presses = 0;
  private readonly began = Date.now();

  constructor(private readonly page: Page) {}

  async press(key: string, times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      await this.page.keyboard.press(key);
      this.presses++;
    }
  }

  /** Tab until it has the focus. */
  async reach(target: Locator): Promise<void> {
    const isThere = () => target.evaluate((element) => element === document.activeElement);
    await expect(target).toBeVisible();
    const limit = this.presses + PATIENCE;
    while (!(await isThere())) {
      expect(this.presses, `Tab reaches ${target}`).toBeLessThan(limit);
      await this.press("Tab");
    }
  }

  /** Reaches a link or a button and presses it. */
  async use(target: Locator): Promise<void> {
    await this.reach(target);
    await this.press("Enter");
  }

  get seconds(): number {
    return (Date.now() - this.began) / 1_000;
  }
}
