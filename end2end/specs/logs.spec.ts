import { expectAddress } from "../support/address";
import { expect, test } from "../support/test";

const marcus = { userName: "marcus@contoso.com", givenName: "Marcus", familyName: "Bell" };
const ana = { userName: "ana@contoso.com", givenName: "Ana", familyName: "Ruiz", role: "admin" };

test("a refused request is found by its status and explains itself", async ({
  page,
  organization,
  signInPage,
  logsPage,
  logPage,
}) => {
  const entra = await organization.connect("Entra 2027");
  await entra.provision(ana);
  const refused = await entra.create({ ...marcus, role: "SUPERUSER", more: { title: `pasted ${entra.secret}` } });
  expect(refused.status).toBe(400);
  await signInPage.enter(await organization.account("admin"), organization.path("/logs"));
  await expect(logsPage.entries).toHaveCount(2);

  await logsPage.filter("Status", "Failure");
  await expectAddress(page, organization.path("/logs"), { status: "failure" });
  await expect(logsPage.entries).toHaveCount(1);
  await expect(logsPage.chip("Status: Failure")).toBeVisible();
  await logsPage.open("Marcus Bell");

  await expect(logPage.headline).toHaveText("Create of Marcus Bell was refused");
  await expect(logPage.explanation).toContainText("Fix it in Entra");
  await expect(logPage.explanation).toContainText("Entra’s own log shows this as");
  await expect(logPage.fact("Reason code")).toHaveText("role_unknown");
  await expect(logPage.fact("Result")).toContainText("Accepted values: super_admin, admin, viewer");
  await expect(logPage.fact("Token")).toContainText("Entra 2027");
  await expect(logPage.step("Sign in")).not.toContainText("not run");
  await expect(logPage.step("Store")).toContainText("not run");
  await expect(logPage.requestBody).toContainText('"value": "SUPERUSER"');
  await expect(logPage.requestBody).toContainText('"title": "pasted ');
  await expect(logPage.responseBody).toContainText('"scimType": "invalidValue"');
  expect(await page.content()).not.toContain(entra.secret);
});

test("a refused request is tried again before Entra tries it", async ({ page, organization, signInPage, logsPage, logPage }) => {
  const entra = await organization.connect();
  const refused = await entra.create({ ...marcus, role: "SUPERUSER" });
  expect(refused.status).toBe(400);
  await signInPage.enter(await organization.account("admin"), organization.path("/logs"));
  await logsPage.entry("Marcus Bell").getByRole("link").click();
  await logsPage.drawer.getByRole("link", { name: "Dry-run again" }).click();
  await expect(logPage.dryRun).toContainText("Still refused.");

  await organization.set("--unknown-role", "default");
  await logPage.dryRunAgain();
  await expect(logPage.dryRun).toContainText("Would now succeed, with remarks.");
  await expect(logPage.dryRun).toContainText("201");
  await expect(logPage.dryRun).toContainText("Nothing was stored.");
  await page.goto(organization.path("/users"));
  await expect(page.getByText("No users yet")).toBeVisible();
  await expect(page.getByRole("main")).not.toContainText("Marcus");
});

test("lookups are shown only when asked for", async ({ page, organization, signInPage, logsPage }) => {
  const entra = await organization.connect();
  await entra.testConnection();
  await entra.provision(ana);
  await signInPage.enter(await organization.account("viewer"), organization.path("/logs"));
  await expect(logsPage.entries).toHaveCount(1);
  await expect(logsPage.entry("Ana Ruiz")).toContainText("Create");

  await logsPage.showLookups();
  await expectAddress(page, organization.path("/logs"), { lookups: "1" });
  // Entries of lookups are written in batches: the last of them may come a second later.
  await expect(async () => {
    await page.reload();
    await expect(logsPage.entries).toHaveCount(3, { timeout: 1_000 });
  }).toPass();
  await expect(logsPage.entry("Test connection")).toBeVisible();
  await expect(logsPage.entry("Match")).toBeVisible();
});

test("a change says what it changed, in the list and in full", async ({ organization, signInPage, logsPage, logPage }) => {
  const entra = await organization.connect();
  const id = await entra.provision(ana);
  await entra.change(id, [{ op: "Add", path: 'roles[primary eq "True"].value', value: "viewer" }]);
  await signInPage.enter(await organization.account("viewer"), organization.path("/logs?action=update"));
  await expect(logsPage.entries).toHaveCount(1);
  await expect(logsPage.entry("Ana Ruiz")).toContainText("Role: admin → viewer");
  await logsPage.open("Ana Ruiz");
  await expect(logPage.headline).toHaveText("Update of Ana Ruiz succeeded");
});

test("a part of a log entry can be copied @scripts", async ({ page, context, organization, signInPage, logsPage, logPage }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const entra = await organization.connect();
  await entra.provision(ana);
  await signInPage.enter(await organization.account("admin"), organization.path("/logs"));
  await logsPage.open("Ana Ruiz");
  await expect(logPage.headline).toHaveText("Create of Ana Ruiz succeeded");
  // A click before the scripts run does nothing.
  await expect(async () => {
    await page.getByRole("button", { name: "Copy Request body" }).click();
    await expect(page.getByRole("status").filter({ hasText: /^Copied: Request body$/ })).toHaveCount(1, { timeout: 1_000 });
  }).toPass();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('"userName": "ana@contoso.com"');
});

for (const [why, clipboard] of [
  ["refuses", { writeText: "refused" }],
  // As on a page that came unencrypted.
  ["has no clipboard", undefined],
] as const) {
  test(`nothing is called copied where the browser ${why} @scripts`, async ({ page, organization, signInPage, logsPage, logPage }) => {
    await page.addInitScript((clipboard) => {
      const writeText = () => Promise.reject(new Error(clipboard?.writeText));
      Object.defineProperty(Navigator.prototype, "clipboard", { get: () => clipboard && { writeText } });
    }, clipboard);
    const entra = await organization.connect();
    await entra.provision(ana);
    await signInPage.enter(await organization.account("admin"), organization.path("/logs"));
    await logsPage.open("Ana Ruiz");
    await expect(logPage.headline).toHaveText("Create of Ana Ruiz succeeded");
    const button = page.getByRole("button", { name: "Copy Request body" });
    await expect(async () => {
      await button.click();
      await expect(button).toHaveText("Not copied", { timeout: 1_000 });
    }).toPass();
    await expect(page.getByRole("status").filter({ hasText: "Not copied: Request body" })).toHaveCount(1);
  });
}

test("request bodies are not for Viewers", async ({ page, organization, signInPage, logsPage, logPage }) => {
  const entra = await organization.connect();
  await entra.provision({ ...ana, more: { nickName: "only for administrators" } });
  await signInPage.enter(await organization.account("viewer"), organization.path("/logs"));
  await logsPage.open("Ana Ruiz");
  await expect(logPage.headline).toHaveText("Create of Ana Ruiz succeeded");
  await expect(page.getByText("Your role does not show request bodies.")).toBeVisible();
  await expect(logPage.requestBody).toHaveCount(0);
});

test("the drawer goes through the entries and closes where it was opened", async ({ page, organization, signInPage, logsPage }) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  await entra.create({ ...marcus, role: "SUPERUSER" });
  await signInPage.enter(await organization.account("viewer"), organization.path("/logs"));
  await logsPage.entry("Marcus Bell").getByRole("link").click();
  await expect(logsPage.drawer).toContainText("Create of Marcus Bell was refused");
  await expect(logsPage.drawer).toContainText("Fix it in Entra");
  await logsPage.drawer.getByRole("link", { name: "Older entry" }).click();
  await expect(logsPage.drawer).toContainText("Create of Ana Ruiz succeeded");
  await expect(logsPage.drawer.getByRole("link", { name: "Older entry" })).toHaveAttribute("aria-disabled", "true");
  await logsPage.drawer.getByRole("link", { name: "Close" }).click();
  await expect(logsPage.drawer).toHaveCount(0);
  await expectAddress(page, organization.path("/logs"), {});
});

test("new entries come in at the top, and wait while somebody reads @scripts", async ({ page, organization, signInPage, logsPage }) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  await signInPage.enter(await organization.account("viewer"), organization.path("/logs"));
  await expect(page.getByRole("status").filter({ hasText: "Live" })).toBeVisible();
  await entra.provision(marcus);
  await expect(logsPage.entries).toHaveCount(2);
  await logsPage.entry("Ana Ruiz").hover();
  await entra.provision({ ...ana, userName: "bo@contoso.com", givenName: "Bo" });
  await expect(page.getByRole("link", { name: "Show them" })).toBeVisible();
  await expect(logsPage.entries).toHaveCount(2);
  await page.getByRole("link", { name: "Show them" }).click();
  await expect(logsPage.entries).toHaveCount(3);
});
