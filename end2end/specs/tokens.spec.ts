import { expect, test } from "../support/test";

test("a new Secret Token is shown once and works", async ({ page, organization, signInPage, tokensPage }) => {
  await signInPage.enter(await organization.account("admin"), organization.path("/tokens"));
  const secret = await tokensPage.create("Entra 2027", "6 months");
  expect((await organization.entra(secret).testConnection()).status).toBe(200);

  await expect(page.getByText(secret)).toBeVisible();
  // Sends the form again.
  await page.reload();
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.goto(organization.path("/tokens"));
  await expect(tokensPage.rows).toHaveCount(1);
  await expect(tokensPage.row("Entra 2027")).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);
});

test("a token without a name is refused, and nothing is made", async ({ page, organization, signInPage, tokensPage }) => {
  await signInPage.enter(await organization.account("admin"), organization.path("/tokens"));
  await tokensPage.createForm.click();
  await expect(page.getByLabel("Name", { exact: true })).toBeFocused();
  await expect(page.getByText("No tokens yet")).toBeVisible();
});

test("a rotated token works on for a while, a revoked one not at all", async ({
  page,
  organization,
  signInPage,
  tokensPage,
  logsPage,
  logPage,
}) => {
  const old = await organization.connect("Entra");
  await old.testConnection();
  await signInPage.enter(await organization.account("admin"), organization.path("/tokens"));

  const next = organization.entra(await tokensPage.rotate(old.prefix, "1 hour"));
  expect((await old.testConnection()).status).toBe(200);
  expect((await next.testConnection()).status).toBe(200);
  await tokensPage.done();
  await expect(tokensPage.rows).toHaveCount(2);
  await expect(tokensPage.row(old.prefix)).toContainText("Expiring");

  await tokensPage.askToRevoke(old.prefix);
  await expect(tokensPage.dialog).toBeVisible();
  await tokensPage.dialog.getByRole("link", { name: "Keep token" }).click();
  await expect(tokensPage.dialog).toHaveCount(0);
  expect((await old.testConnection()).status).toBe(200);

  await tokensPage.askToRevoke(old.prefix);
  await tokensPage.dialog.getByRole("button", { name: "Revoke token" }).click();
  await expect(tokensPage.row(old.prefix)).toContainText("Revoked");
  const refused = await old.testConnection();
  expect(refused.status).toBe(401);
  expect((await next.testConnection()).status).toBe(200);

  await expect(async () => {
    await page.goto(organization.path("/logs?status=failure&lookups=1"));
    await expect(logsPage.entries).toHaveCount(1, { timeout: 1_000 });
  }).toPass();
  await logsPage.open("");
  await expect(logPage.fact("Token")).toContainText(old.prefix);
  await expect(logPage.fact("Reason code")).toHaveText("token_revoked");
});
