import type { Page } from "@playwright/test";

import { expect, test } from "../support/test";

async function expectNoOverflow(page: Page): Promise<void> {
  // Without its style no page fits.
  await page.waitForLoadState();
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(await overflow(), `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
}

test("an administrator walks through all pages on a phone", async ({
  page,
  organization,
  signInPage,
  overviewPage,
  issuesPage,
  usersPage,
  userPage,
  logsPage,
  logPage,
  tokensPage,
  settingsPage,
  frame,
}) => {
  const fits = () => expectNoOverflow(page);
  const entra = await organization.connect();
  // As long as Entra allows, and nowhere to break it.
  const role = "SUPERUSER".repeat(13);
  await entra.provision({ userName: "ana.ruiz.of.a.long.name@contoso.com", givenName: "Ana", familyName: "Ruiz", role: "admin" });
  await entra.create({ userName: "marcus@contoso.com", givenName: "Marcus", familyName: "Bell", role });

  await signInPage.open();
  await fits();
  await signInPage.signIn(await organization.account("admin"));
  await expect(overviewPage.sentence).toContainText("1 open issue keeps 1 user from being up to date");
  await fits();

  await page.goto(organization.path("/issues"));
  await expect(issuesPage.issues).toHaveCount(1);
  await fits();
  await issuesPage.open(`Role value ${role} is not in the role catalogue`);
  await expect(issuesPage.headline).toContainText(role);
  await fits();

  await frame.goTo("Users");
  await expect(usersPage.heading).toBeVisible();
  await fits();
  await usersPage.person("Ana Ruiz").click();
  await expect(userPage.name).toHaveText("Ana Ruiz");
  await fits();

  await frame.goTo("Logs");
  await expect(logsPage.heading).toBeVisible();
  await fits();
  await logsPage.open("Marcus Bell");
  await expect(logPage.headline).toHaveText("Create of Marcus Bell was refused");
  await fits();

  await frame.goTo("Tokens");
  await expect(tokensPage.heading).toBeVisible();
  await fits();
  await page.getByRole("link", { name: "Revoke" }).click();
  await expect(tokensPage.dialog).toBeVisible();
  await fits();
  await tokensPage.dialog.getByRole("link", { name: "Keep token" }).click();
  await expect(tokensPage.dialog).toHaveCount(0);

  await frame.goTo("Settings");
  await expect(settingsPage.heading).toBeVisible();
  await fits();
  await settingsPage.edit("Super admin");
  await expect(page.getByRole("button", { name: "Save role" })).toBeVisible();
  await fits();
});

test("the pages that are gone to less often fit on a phone, too", async ({ page, organization, signInPage, accountsPage }) => {
  test.slow();
  const entra = await organization.connect();
  const userName = "ana.ruiz.of.a.long.name@contoso.com";
  const user = await entra.provision({ userName, givenName: "Ana", familyName: "Ruiz", role: "admin" });
  const viewer = await organization.account("viewer");
  await signInPage.enter(await organization.account("admin"), organization.path("/accounts"));
  await expectNoOverflow(page);
  const deactivate = accountsPage.row(viewer.email).getByRole("link", { name: "Deactivate" });
  const account = ((await deactivate.getAttribute("href")) ?? "").replace(/\/deactivate$/, "");
  const rest = [
    "/held",
    "/notifications",
    "/audit",
    "/support-bundles",
    `/support-bundles/new?user=${user}`,
    `/users/${user}/block`,
    "/settings/pause",
    "/settings/roles/new",
    "/nowhere",
  ];
  const paths = [account, `${account}/link`, `${account}/deactivate`, "/account", "/search?q=ana"];
  for (const path of [...paths, ...rest.map((path) => organization.path(path))]) {
    await page.goto(path);
    await expectNoOverflow(page);
  }
});

test("the pages of Support fit on a phone", async ({ page, organization, signInPage }) => {
  const entra = await organization.connect();
  await entra.create({ userName: "marcus@contoso.com", givenName: "Marcus", familyName: "Bell", role: "SUPERUSER" });
  await signInPage.enter(await organization.account("support"), "/organizations");
  for (const path of ["/organizations", "/issues", "/accounts", "/audit", "/search?q=marcus"]) {
    await page.goto(path);
    await expectNoOverflow(page);
  }
});
