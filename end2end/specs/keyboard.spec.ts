import { expect, test } from "../support/test";

test("Support finds why Ana Ruiz cannot sign in, and the fix, without a mouse @scripts", async ({
  page,
  organization,
  signInPage,
  organizationsPage,
  userPage,
  issuesPage,
  keyboard,
  search,
}) => {
  const entra = await organization.connect();
  // Other tests have people of this name, too: her userName is hers.
  const userName = organization.userName("ana.ruiz");
  const id = await entra.provision({ userName, givenName: "Ana", familyName: "Ruiz", role: "viewer" });
  await entra.disable(id);
  // She is back, in a role that Rhombus does not know.
  await entra.patch(id, [
    { op: "Replace", path: "active", value: "True" },
    { op: "Replace", path: 'roles[primary eq "True"].value', value: "SECURITY_LEAD" },
  ]);
  const support = await organization.account("support");
  await signInPage.open();
  await page.locator("html[data-awake]").waitFor({ state: "attached" });

  const began = Date.now();
  await page.getByLabel("Email address").focus();
  await keyboard.type(support.email);
  await keyboard.press("Tab");
  await keyboard.type(support.password);
  await keyboard.press("Enter");
  await expect(organizationsPage.heading).toBeVisible();
  await page.locator("html[data-awake]").waitFor({ state: "attached" });
  await keyboard.press("/");
  await expect(search.field).toBeFocused();
  // What is found by a part of it does not count: before the answer to all of it, Enter leads to the page of results.
  const answered = page.waitForEvent("requestfinished", (request) =>
    decodeURIComponent(`${request.url()} ${request.postData() ?? ""}`).includes(userName),
  );
  await keyboard.type(userName);
  await answered;
  await expect(page.getByRole("option", { name: /Ana Ruiz/ })).toHaveCount(1);
  await keyboard.press("Enter");
  await expect(userPage.name).toHaveText("Ana Ruiz");
  await expect(page.locator("main")).toContainText("Inactive");
  await keyboard.skipToContent();
  await keyboard.tabTo(/SECURITY_LEAD/);
  await keyboard.press("Enter");
  await expect(issuesPage.headline).toContainText("SECURITY_LEAD");
  await expect(issuesPage.explanation).toContainText("Change the Value of the app role");
  const seconds = (Date.now() - began) / 1_000;
  console.log(`from "Ana Ruiz cannot sign in" to the fix: ${keyboard.presses} keys, ${seconds.toFixed(1)} s`);
  expect(keyboard.presses).toBeLessThan(200);
});

test("Tab stays within a question", async ({ page, organization, signInPage, settingsPage }) => {
  await signInPage.enter(await organization.account("admin"), organization.path("/settings/pause"));
  const stay = settingsPage.dialog.getByRole("link", { name: "Keep it on" });
  await expect(stay).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(settingsPage.dialog.getByRole("button", { name: "Pause provisioning" })).toBeFocused();
  const around = page.locator(".skip:focus, .nav :focus, .topbar :focus, .stack-loose :focus");
  // Behind the last one comes the browser itself, and then the first one again.
  for (let presses = 0; presses < 6; presses += 1) {
    await page.keyboard.press("Tab");
    await expect(around).toHaveCount(0);
  }
});

test("a question is answered, and pages are gone to, by keys alone @scripts", async ({
  page,
  organization,
  signInPage,
  settingsPage,
  issuesPage,
}) => {
  await signInPage.enter(await organization.account("admin"), organization.path("/settings"));
  await page.getByRole("link", { name: "Pause provisioning" }).click();
  await expect(settingsPage.dialog).toBeVisible();
  await expect(settingsPage.dialog.getByRole("link", { name: "Keep it on" })).toBeFocused();
  await page.locator("html[data-awake]").waitFor({ state: "attached" });
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(organization.path("/settings"));
  await expect(settingsPage.dialog).toHaveCount(0);
  await page.locator("html[data-awake]").waitFor({ state: "attached" });
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await expect(page).toHaveURL(organization.path("/issues"));
  await expect(issuesPage.headline).toHaveText("Issues");
});
