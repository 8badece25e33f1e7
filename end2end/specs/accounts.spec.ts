import { expect, test } from "../support/test";

test("an invitation is handed over, accepted once, and taken back", async ({
  page,
  browser,
  organization,
  signInPage,
  frame,
  accountsPage,
}) => {
  await signInPage.enter(await organization.account("admin"), organization.path());
  await frame.goTo("Accounts");
  const email = `vera@${organization.slug}.example`;
  const link = await accountsPage.invite(email, "Viewer");
  await accountsPage.done();
  await expect(accountsPage.row(email)).toContainText("Invited");

  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(link);
  await other.getByLabel("Your name").fill("Vera Lind");
  await other.getByLabel("Password", { exact: true }).fill("lantern orbit velvet 93");
  await other.getByLabel("Password again").fill("lantern orbit velvet 93");
  await other.getByRole("button", { name: "Accept and sign in" }).click();
  await expect(other).toHaveURL(new RegExp(`${organization.path()}$`));
  await other.goto(link);
  await expect(other.getByRole("heading", { name: "This link no longer works" })).toBeVisible();

  await page.reload();
  await expect(accountsPage.row("Vera Lind")).toContainText("Active");
  await accountsPage.askToDeactivate("Vera Lind");
  await accountsPage.dialog.getByRole("button", { name: "Deactivate account" }).click();
  await expect(accountsPage.row("Vera Lind")).toContainText("Deactivated");
  await other.goto(new URL(organization.path(), link).href);
  await expect(other).toHaveURL(/\/sign-in/);
  await context.close();
});

test("the last Admin stays", async ({ organization, signInPage, accountsPage }) => {
  const admin = await organization.account("admin");
  await signInPage.enter(admin, organization.path("/accounts"));
  await accountsPage.askToDeactivate(admin.email);
  await expect(accountsPage.dialog).toContainText("This is the organization's last Admin");
  await expect(accountsPage.dialog.getByRole("button")).toHaveCount(0);
});

test("one changes one's own password", async ({ page, organization, signInPage, frame }) => {
  const admin = await organization.account("admin");
  await signInPage.enter(admin, organization.path());
  await frame.openAccount();
  await expect(page.getByText("This browser", { exact: true })).toBeVisible();
  await page.getByLabel("Current password").fill(admin.password);
  await page.getByLabel("New password", { exact: true }).fill("copper meadow signal 41");
  await page.getByLabel("New password again").fill("copper meadow signal 41");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("The password is changed.")).toBeVisible();
});
