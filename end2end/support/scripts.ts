// Knowing when a page's scripts have taken it over.

import type { Page } from "@playwright/test";

/** Makes every page of the tab note when its router listens: that is when hydration has come that far. */
export async function noteStart(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const listen = window.addEventListener;
    window.addEventListener = function (this: Window, ...args: Parameters<typeof listen>) {
      if (args[0] === "popstate") document.documentElement.setAttribute("data-started", "");
      return listen.apply(this, args);
    } as typeof listen;
  });
}

/** Waits until the scripts of the page that is shown have taken it over. */
export async function started(page: Page): Promise<void> {
  await page.locator("html[data-started]").waitFor({ state: "attached" });
}
