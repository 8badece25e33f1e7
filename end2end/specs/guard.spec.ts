import AxeBuilder from "@axe-core/playwright";

import { saved } from "../support/forms";
import { expect, test } from "../support/test";

test("whoever is beyond the guard's limit keeps access until an administrator allows it", async ({
  page,
  organization,
  signInPage,
  javaScriptEnabled,
}) => {
  const entra = await organization.connect();
  const people = ["Ana", "Ben", "Cyd"].map((givenName) => ({
    userName: `${givenName.toLowerCase()}@contoso.com`,
    givenName,
    familyName: "Ruiz",
    role: "viewer",
  }));
  const ids = [];
  for (const person of people) ids.push(await entra.provision(person));
  const disable = [{ op: "Replace", path: "active", value: "False" }];

  await signInPage.enter(await organization.account("admin"), organization.path("/settings"));
  await page.getByRole("radio", { name: "Hold those above the limit" }).check();
  await page.getByRole("textbox", { name: "Users in one cycle at most" }).fill("none");
  await page.getByRole("button", { name: "Save guard" }).click();
  await expect(page.getByRole("alert")).toContainText("Give a whole number of users");
  await page.getByRole("textbox", { name: "Users in one cycle at most" }).fill("1");
  await saved(page, () => page.getByRole("button", { name: "Save guard" }).click());
  await expect(page.getByRole("textbox", { name: "Users in one cycle at most" })).toHaveValue("1");

  const statuses = [];
  for (const id of ids) statuses.push((await entra.patch(id, disable)).status);
  expect(statuses).toEqual([200, 503, 503]);

  await page.goto(organization.path());
  await expect(page.getByRole("heading", { name: /guard holds 2 users since/ })).toBeVisible();
  await page.getByRole("link", { name: "Decide" }).click();
  await expect(page.getByText("2 users wait for a decision.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Ben Ruiz" })).toBeVisible();
  // axe is a script itself.
  if (javaScriptEnabled) {
    const axe = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
    expect(axe.violations).toEqual([]);
  }

  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByText("Allowed").first()).toBeVisible();
  expect((await entra.patch(ids[1] ?? "", disable)).status).toBe(200);
  await page.goto(organization.path("/held"));
  await expect(page.getByRole("link", { name: "Ben Ruiz" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Cyd Ruiz" })).toBeVisible();
});
