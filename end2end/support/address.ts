// What a list's address says, without the blanks that a plain form sends along.

import { type Page, expect } from "@playwright/test";

export async function expectAddress(page: Page, path: string, filters: Record<string, string>): Promise<void> {
  await expect
    .poll(() => {
      const { pathname, searchParams } = new URL(page.url());
      return { pathname, filters: Object.fromEntries([...searchParams].filter(([, value]) => value !== "")) };
    })
    .toEqual({ pathname: path, filters });
}
