import { expectAddress } from "../support/address";
import { started } from "../support/scripts";
import { expect, test } from "../support/test";

const ana = { userName: "ana@contoso.com", givenName: "Ana", familyName: "Ruiz", role: "admin" };

// Never daylight saving.
test.use({ timezoneId: "Asia/Tokyo" });

test("times are in the browser's zone from the second page on, and in UTC without scripts", async ({
  page,
  organization,
  signInPage,
  logsPage,
  javaScriptEnabled,
}) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  await signInPage.open(organization.path("/logs"));
  if (javaScriptEnabled) await started(page);
  await signInPage.signIn(await organization.account("viewer"));
  await expect(logsPage.entries).toHaveCount(1);
  const [name, abbreviation] = javaScriptEnabled ? ["Asia/Tokyo", "JST"] : ["UTC", "UTC"];
  await expect(page.getByRole("paragraph").filter({ hasText: `Times in ${name}.` })).toBeVisible();
  await expect(logsPage.entry("Ana Ruiz").locator("time")).toHaveAttribute("title", new RegExp(` ${abbreviation}$`));
});

test("an account's own zone holds in every browser, for what it filters by, too @scripts", async ({
  page,
  organization,
  signInPage,
  logsPage,
}) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  await signInPage.enter(await organization.account("viewer"), organization.path());
  await started(page);
  await page.goto("/account");
  const zones = page.getByLabel("Show times in");
  await expect(zones.locator("option").first()).toHaveText("This browser’s: Asia/Tokyo");
  await zones.selectOption({ label: "America/New York" });
  await page.getByRole("button", { name: "Change time zone" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The time zone is changed." })).toBeVisible();

  await page.goto(organization.path("/logs"));
  await started(page);
  // What is not about time leaves the zone out of the address.
  await logsPage.filter("Status", "Success");
  await expectAddress(page, organization.path("/logs"), { status: "success" });
  await logsPage.between("America/New York time", "2026-01-01T00:00", "2099-01-01T00:00");
  await expectAddress(page, organization.path("/logs"), {
    status: "success",
    from: "2026-01-01T00:00",
    to: "2099-01-01T00:00",
    zone: "America/New_York",
  });
  await expect(logsPage.entries).toHaveCount(1);
  await expect(logsPage.chip("From: 2026-01-01 00:00, America/New York time")).toBeVisible();
});
