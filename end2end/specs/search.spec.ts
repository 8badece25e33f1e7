import { expect, test } from "../support/test";

const ana = { userName: "ana@contoso.com", givenName: "Ana", familyName: "Ruiz", role: "admin" };

test("the dialog finds a user by the keyboard alone @scripts", async ({ page, organization, signInPage, search, userPage }) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  await signInPage.enter(await organization.account("viewer"), organization.path());
  await page.locator("html[data-awake]").waitFor({ state: "attached" });
  await page.keyboard.press("/");
  await expect(search.field).toBeFocused();
  await expect(search.options).toHaveText([/Overview/, /Logs/, /Users/, /Tokens/, /Settings/, /Accounts/]);
  await page.keyboard.type("ana r");
  await expect(search.options).toHaveText([/Ana Ruiz.*ana@contoso\.com/]);
  await expect(search.options.first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(search.dialog).toBeHidden();
  await page.keyboard.press("Control+k");
  await search.field.fill("ana@");
  await expect(search.options).toHaveText([/Ana Ruiz/]);
  await page.keyboard.press("Enter");
  await expect(userPage.name).toHaveText("Ana Ruiz");
});

test("Enter never opens what was found for an earlier text @scripts", async ({ page, organization, signInPage, search }) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  await signInPage.enter(await organization.account("viewer"), organization.path());
  await page.locator("html[data-awake]").waitFor({ state: "attached" });
  await page.keyboard.press("/");
  await page.keyboard.type("ana");
  await expect(search.options).toHaveText([/Ana Ruiz/]);
  // The next answer does not come.
  await page.route(/api\/search/, () => {});
  await page.keyboard.type("bel");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/search\?q=anabel/);
  await expect(page.getByText("Nothing begins like this")).toBeVisible();
});

test("the page of results does the same", async ({ page, organization, signInPage, search, userPage }) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  await signInPage.enter(await organization.account("viewer"), "/search?q=ana");
  await expect(search.links).toHaveText([/Ana Ruiz.*ana@contoso\.com/]);
  await search.links.first().click();
  await expect(userPage.name).toHaveText("Ana Ruiz");
  await page.goto("/search?q=nobody");
  await expect(page.getByText("Nothing begins like this")).toBeVisible();
});
