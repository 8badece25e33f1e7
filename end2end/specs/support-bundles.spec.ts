import { readFile } from "node:fs/promises";

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import type { Organization } from "../support/organization";
import { expect, test } from "../support/test";

const title = "Role value SECURITY_LEAD is not in the role catalogue";
const marcus = { userName: "marcus.bell@contoso.com", givenName: "Marcus", familyName: "Bell", role: "SECURITY_LEAD" };

async function check(page: Page): Promise<void> {
  const result = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect.soft(result.violations.map(({ id }) => id), page.url()).toEqual([]);
}

async function refuse(organization: Organization): Promise<void> {
  const entra = await organization.connect();
  await entra.create(marcus);
}

// axe is a script itself: without scripts another test follows.
test("a bundle is handed on by a link, read without signing in, and taken back @scripts", async ({
  page,
  browser,
  organization,
  signInPage,
  issuesPage,
  supportBundlePage,
}) => {
  await refuse(organization);
  await signInPage.enter(await organization.account("admin"), organization.path("/issues"));
  await issuesPage.open(title);
  await supportBundlePage.begin();
  await check(page);
  await supportBundlePage.choose("Link");
  await supportBundlePage.make();
  const link = await supportBundlePage.link.innerText();
  await check(page);

  const reader = await browser.newContext();
  const bundle = await reader.newPage();
  for (const colorScheme of ["light", "dark"] as const) {
    await bundle.emulateMedia({ colorScheme });
    await bundle.goto(link);
    await expect(bundle.getByRole("heading", { level: 1 })).toHaveText(title);
    await check(bundle);
  }
  await expect(bundle.getByRole("main")).toContainText("Fix it in Entra");
  await expect(bundle.getByRole("main")).toContainText("user-1@example.invalid");
  await expect(bundle.getByRole("main")).not.toContainText("Marcus");

  await page.getByRole("link", { name: "Links that work" }).click();
  await expect(supportBundlePage.links).toHaveCount(1);
  await expect(supportBundlePage.links).toContainText("2 times");
  await check(page);
  await page.getByRole("button", { name: /^Revoke/ }).click();
  await expect(page.getByText("No link works")).toBeVisible();
  expect((await bundle.goto(link))?.status()).toBe(404);
  await expect(bundle.getByRole("heading", { name: "This link does not work" })).toBeVisible();
  await check(bundle);
  await reader.close();
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("a file holds the whole bundle, with personal data when it is asked for", async ({
    page,
    organization,
    signInPage,
    issuesPage,
    supportBundlePage,
  }) => {
    await refuse(organization);
    await signInPage.enter(await organization.account("admin"), organization.path("/issues"));
    await issuesPage.open(title);
    await supportBundlePage.begin();
    await supportBundlePage.choose("With personal data", "HTML file");
    const downloading = page.waitForEvent("download");
    await supportBundlePage.make();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^support-bundle-[0-9a-f]+\.html$/);
    const text = await readFile(await download.path(), "utf8");
    expect(text).toContain("marcus.bell@contoso.com");
    expect(text).not.toContain("<script");
  });
});
