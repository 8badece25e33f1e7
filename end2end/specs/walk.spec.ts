import { expect, test } from "../support/test";

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
  const fits = async () => {
    // Without its style no page fits.
    await page.waitForLoadState();
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await overflow(), `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
  };
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
