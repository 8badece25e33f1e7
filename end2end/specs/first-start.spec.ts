import { Program } from "../support/program";
import { expect, test } from "../support/test";

const support = { name: "Sam Support", email: "sam@rhombus.example", password: "lantern orbit velvet 93" };

// Who comes first can come only once: this spec has a server of its own.
const fresh = test.extend<{ server: Program }>({
  // eslint-disable-next-line no-empty-pattern
  server: async ({}, use) => {
    const server = await Program.start();
    await use(server);
    await server.stop();
  },
});

fresh("the printed link makes the Support account, who makes the first organization", async ({
  page,
  server,
  firstStartPage,
  organizationsPage,
  overviewPage,
}) => {
  await page.goto(server.firstStartLink);
  await expect(firstStartPage.heading).toBeVisible();

  await firstStartPage.createAccount({ ...support, again: "something else entirely" });
  await expect(firstStartPage.error("Password again")).toHaveText("The two passwords differ. Type them again.");
  await expect(page.getByLabel("Password again")).toBeFocused();
  await expect(page).toHaveURL(server.firstStartLink);
  await expect(page.getByLabel("Your name")).toHaveValue(support.name);
  await expect(page.getByLabel("Email address")).toHaveValue(support.email);
  await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");

  await firstStartPage.createAccount(support);
  await expect(organizationsPage.heading).toBeVisible();
  await expect(page.getByText("No organizations yet")).toBeVisible();

  await organizationsPage.create({ name: "Fabrikam Inc.", slug: "fabrikam" });
  await expect(page).toHaveURL(/\/organizations\/fabrikam$/);
  await expect(overviewPage.sentence).toHaveText("Create a Secret Token, so that Entra can call Rhombus.");
  await expect(overviewPage.tenantUrl).toContainText(`${server.url}/scim/fabrikam/v2`);

  await page.goto(`${server.url}/organizations`);
  await expect(organizationsPage.row("Fabrikam Inc.")).toContainText("On");

  const answer = await page.goto(server.firstStartLink);
  expect(answer?.status()).toBe(404);
  await expect(firstStartPage.deadLink).toBeVisible();
});

fresh("a slug that is taken is said at its field, and what was typed is kept", async ({
  page,
  server,
  firstStartPage,
  organizationsPage,
}) => {
  await page.goto(server.firstStartLink);
  await firstStartPage.createAccount(support);
  await organizationsPage.create({ name: "Fabrikam Inc.", slug: "fabrikam" });
  await expect(page).toHaveURL(/\/organizations\/fabrikam$/);

  await page.goto(`${server.url}/organizations`);
  await organizationsPage.create({ name: "Fabrikam again", slug: "fabrikam" });
  await expect(organizationsPage.refusal).toBeVisible();
  await expect(organizationsPage.name).toHaveValue("Fabrikam again");
  await expect(organizationsPage.slug).toHaveValue("fabrikam");
});
