import { Organization } from "../support/organization";
import { expect, test } from "../support/test";

test("the list of organizations fits every width", async ({ page, program, organization, signInPage, organizationsPage }) => {
  const long = await Organization.create(program, "Northwind Traders International Holdings and Sons");
  await (await long.connect()).create({
    userName: "marcus@contoso.com",
    givenName: "Marcus",
    familyName: "Bell",
    role: "SECURITY_LEAD",
  });
  await signInPage.enter(await organization.account("support"), "/organizations");
  await page.waitForLoadState();
  await expect(organizationsPage.row(long.slug)).toContainText("Failing");
  const table = page.getByRole("table", { name: "Organizations" });
  for (let width = 360; width <= 1600; width += 40) {
    await page.setViewportSize({ width, height: 900 });
    const overflow = await table.evaluate((element) => {
      const wrap = element.parentElement!;
      return Math.max(wrap.scrollWidth - wrap.clientWidth, document.documentElement.scrollWidth - window.innerWidth);
    });
    expect(overflow, `${width} wide`).toBeLessThanOrEqual(0);
    await expect(organizationsPage.row(long.slug)).toContainText("1 open issue keeps 1 user from being up to date.");
  }
});
