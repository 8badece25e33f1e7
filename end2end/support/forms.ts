// Knowing when a form that changes something has done it, where its page looks the same before and after.

import type { Page } from "@playwright/test";

/** Does what sends a form, and waits for the page that the server then leads to. */
export async function saved(page: Page, send: () => Promise<void>): Promise<void> {
  const next = page.waitForResponse((response) => response.request().redirectedFrom()?.method() === "POST");
  await send();
  await (await next).finished();
}
