import { linkIn } from "../support/mail";
import { expect, test } from "../support/test";

test("who forgot the password chooses another by a link in a mail", async ({
  page,
  program,
  organization,
  signInPage,
}) => {
  test.slow();
  const admin = await organization.account("admin");
  await signInPage.open();
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await expect(page.getByRole("heading", { name: "Forgot your password?" })).toBeVisible();
  // These tests have no mail server.
  await expect(page.getByText("Mail of this service stays in its data folder.")).toBeVisible();
  await page.getByLabel("Email address").fill(admin.email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByRole("heading", { name: "Look into your mail" })).toBeVisible();

  const mail = await program.mailTo(admin.email);
  expect(mail.subject).toBe("Choose a new password for Rhombus Provisioning");
  const link = linkIn(mail, `${program.url}/reset/`);
  await page.goto(link);
  await expect(page.getByText(`For ${admin.email}.`)).toBeVisible();
  await page.getByLabel("Password", { exact: true }).fill("copper meadow signal 41");
  await page.getByLabel("Password again").fill("copper meadow signal 41");
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page).toHaveURL(organization.path());
  await page.goto(link);
  await expect(page.getByRole("heading", { name: "This link no longer works" })).toBeVisible();
});

test("nobody learns by it who has an account", async ({ page }) => {
  await page.goto("/forgot-password");
  await page.getByLabel("Email address").fill("nobody@contoso.com");
  await page.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByRole("heading", { name: "Look into your mail" })).toBeVisible();
  await expect(page.getByText("If there is an account with this address")).toBeVisible();
});
