import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { linkIn, type Mail } from "../support/mail";
import { expect, test } from "../support/test";

async function check(page: Page, javaScriptEnabled: boolean | undefined): Promise<void> {
  // axe is a script itself.
  if (!javaScriptEnabled) return;
  const axe = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect(axe.violations).toEqual([]);
}

test("a recipient is added, confirms the address, gets a test and stops the mails", async ({
  page,
  program,
  organization,
  signInPage,
  notificationsPage,
  javaScriptEnabled,
}) => {
  // The outbox is looked through every five seconds.
  test.slow();
  const address = `it-alerts@${organization.slug}.example`;
  const latest = async (subject: string): Promise<Mail> => {
    let found: Mail | undefined;
    await expect
      .poll(async () => (found = (await program.mailsTo(address)).findLast((mail) => mail.subject.includes(subject))), {
        timeout: 60_000,
      })
      .toBeDefined();
    return found!;
  };
  await signInPage.enter(await organization.account("admin"), organization.path("/notifications"));
  await expect(page.getByText("No mail leaves this server.")).toBeVisible();
  await expect(page.getByText("no recipient has confirmed an address yet")).toBeVisible();
  await expect(page.getByText("No mail has been written yet")).toBeVisible();
  await check(page, javaScriptEnabled);

  await notificationsPage.add("it-alerts@contoso");
  await expect(page.getByRole("alert")).toContainText("is not whole");
  await expect(notificationsPage.address).toHaveValue("it-alerts@contoso");
  await check(page, javaScriptEnabled);
  await notificationsPage.add(address);
  await expect(page.getByRole("status").filter({ hasText: "A link is on its way" })).toBeVisible();
  await expect(notificationsPage.recipient(address)).toContainText("Not verified");
  await notificationsPage.press("Send test email");
  await expect(page.getByRole("alert")).toContainText("Nobody would get it");
  // Loading the answer again sends nothing: it leads to the page.
  if (javaScriptEnabled) await page.reload();
  else await page.goto(page.url());
  await expect(page).toHaveURL(/\/notifications$/);
  await expect(page.getByRole("alert")).toHaveCount(0);

  const link = linkIn(await latest("Confirm this address"), `${program.url}/verify/`);
  await page.goto(link);
  await check(page, javaScriptEnabled);
  await page.getByRole("button", { name: "Confirm the address" }).click();
  await expect(page.getByRole("heading", { name: "The address is confirmed" })).toBeVisible();
  await check(page, javaScriptEnabled);

  await page.goto(organization.path("/notifications"));
  await expect(notificationsPage.recipient(address)).toContainText("Verified");
  await notificationsPage.press("Send test email");
  await expect(page.getByRole("status").filter({ hasText: "The test is written to a file." })).toBeVisible();
  await expect(notificationsPage.mail("Test email")).toContainText("Written to a file");
  await notificationsPage.mail("Test email").getByText("1 attempt").click();
  await expect(notificationsPage.mail("Test email")).toContainText("Taken:");
  await check(page, javaScriptEnabled);
  await page.getByRole("button", { name: `Send again to ${address}` }).click();
  await expect(page.getByRole("status").filter({ hasText: "The mail is sent again." })).toBeVisible();

  const stop = linkIn(await latest("Test email"), `${program.url}/unsubscribe/`);
  await page.goto(stop);
  await page.getByRole("button", { name: "Stop the mails" }).click();
  await expect(page.getByRole("heading", { name: "The mails are stopped" })).toBeVisible();
  await page.goto(organization.path("/notifications"));
  await expect(notificationsPage.recipient(address)).toContainText("Unsubscribed");
  await page.getByRole("button", { name: `Remove ${address}` }).click();
  await expect(page.getByText("There are no recipients yet.")).toBeVisible();
});

test("an administrator says what is told, and a viewer only reads it", async ({
  page,
  organization,
  signInPage,
  notificationsPage,
  javaScriptEnabled,
}) => {
  await signInPage.enter(await organization.account("admin"), organization.path("/notifications"));
  const box = page.getByRole("checkbox", { name: "Send an email notification when a failure occurs" });
  const event = page.getByRole("checkbox", { name: "A new issue appears: all recipients" });
  await expect(box).toBeChecked();
  await event.uncheck();
  await page.getByLabel("Digest while failures go on").selectOption("12");
  await page.getByLabel("From", { exact: true }).fill("22:00");
  await notificationsPage.press("Save changes");
  await expect(page.getByRole("alert")).toContainText("Give both times of the quiet hours");
  await expect(event).not.toBeChecked();
  await check(page, javaScriptEnabled);
  await page.getByLabel("To", { exact: true }).fill("06:00");
  await page.getByLabel("Time zone").selectOption("Europe/Berlin");
  await box.uncheck();
  await notificationsPage.press("Save changes");
  await expect(page.getByRole("status").filter({ hasText: "The notifications are changed." })).toBeVisible();
  await expect(page.getByText("the check box below is not checked")).toBeVisible();
  await expect(box).not.toBeChecked();
  await expect(event).not.toBeChecked();
  await expect(page.getByLabel("Digest while failures go on")).toHaveValue("12");
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("06:00");

  await page.context().clearCookies();
  await signInPage.enter(await organization.account("viewer"), organization.path("/notifications"));
  await expect(notificationsPage.heading).toBeVisible();
  await expect(box).toBeDisabled();
  await expect(page.getByRole("button", { name: "Save changes" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Send test email" })).toHaveCount(0);
  await check(page, javaScriptEnabled);
});

test("a mail is seen before there is a real one", async ({ page, organization, signInPage, javaScriptEnabled }) => {
  await signInPage.enter(await organization.account("viewer"), organization.path("/notifications"));
  const text = page.getByRole("region", { name: "Sample mail as plain text" });
  await expect(text).toBeHidden();
  await page.getByText("See a sample mail").click();
  await expect(text).toContainText("Example of a failure at Contoso Ltd");
  await expect(text).toContainText("FIX IT IN ENTRA");
  await check(page, javaScriptEnabled);

  const opened = page.waitForEvent("popup");
  await page.getByRole("link", { name: "Open it as a mail program shows it" }).click();
  const mail = await opened;
  await expect(mail.getByRole("heading", { level: 1 })).toContainText("3 users were not updated");
  // Its styles stand in its HTML, which no page of ours may have.
  await expect(mail.locator("td.card")).toHaveCSS("border-top-left-radius", "12px");
  await mail.getByRole("link", { name: "Settings › Roles" }).click();
  await expect(mail).toHaveURL(organization.path("/settings#roles"));
  await expect(mail.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
});

test("what is unfolded stays so while the page follows the logs @scripts", async ({ page, organization, signInPage, notificationsPage }) => {
  // The outbox is looked through every five seconds.
  test.slow();
  const entra = await organization.connect();
  await signInPage.enter(await organization.account("admin"), organization.path("/notifications"));
  await notificationsPage.add(`it-alerts@${organization.slug}.example`);
  const attempts = notificationsPage.mail("Confirm this address");
  await expect(async () => {
    await page.goto(organization.path("/notifications"));
    await expect(attempts).toContainText("1 attempt", { timeout: 1_000 });
  }).toPass();
  await attempts.getByText("1 attempt").click();
  await expect(attempts.getByText("Taken:")).toBeVisible();

  await notificationsPage.history.first().evaluate((row) => row.setAttribute("data-old", ""));
  await entra.testConnection();
  await expect(page.locator("[data-old]")).toHaveCount(0);
  await expect(attempts.getByText("Taken:")).toBeVisible();
  await expect(attempts.locator("summary")).toBeFocused();
});
