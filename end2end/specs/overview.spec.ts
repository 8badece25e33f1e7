import { expect, test } from "../support/test";

test("the overview hands out the Secret Token and follows Entra's attempts by itself @scripts", async ({
  page,
  organization,
  signInPage,
  overviewPage,
}) => {
  await signInPage.enter(await organization.account("admin"), organization.path());
  await overviewPage.createToken.click();
  const secret = (await overviewPage.secret.locator("code").textContent()) ?? "";
  expect(secret).toMatch(/^rhp_/);

  expect((await organization.entra(secret.slice(0, -8)).testConnection()).status).toBe(401);
  await expect(page.getByText("A request whose token was refused")).toBeVisible({ timeout: 30_000 });

  expect((await organization.entra(secret).testConnection()).status).toBe(200);
  await expect(overviewPage.sentence).toContainText("Entra last called", { timeout: 30_000 });
  // Loading the state anew has not taken the secret away.
  await expect(overviewPage.secret).toContainText(secret);

  await page.goto(organization.path());
  await expect(overviewPage.secret).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Changes that succeeded" })).toBeVisible();
  await expect(page.getByText("about", { exact: false }).filter({ hasText: "every 40 min" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Cycle in progress" })).toBeVisible();
  await page.getByRole("list", { name: "The first cycle" }).getByRole("link").click();
  await expect(page).toHaveURL(/\/logs\?.*cycle=/);
  await expect(page.getByRole("cell", { name: "Test connection", exact: true })).toBeVisible();
});
