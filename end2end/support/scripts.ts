// Knowing when a page's islands have come alive.

import type { Page } from "@playwright/test";

/** Waits until the scripts of the page that is shown have started. */
export async function started(page: Page): Promise<void> {
  await page.locator("html[data-awake]").waitFor({ state: "attached" });
}
