import { expectAddress } from "../support/address";
import { started } from "../support/scripts";
import { expect, test } from "../support/test";

const ana = { givenName: "Ana", familyName: "Ruiz", role: "admin" };
const marcus = { givenName: "Marcus", familyName: "Bell", role: "viewer" };

test("users are found by name and by state, and the address keeps it", async ({
  page,
  organization,
  signInPage,
  usersPage,
}) => {
  const entra = await organization.connect();
  await entra.provision({ userName: "ana@contoso.com", ...ana });
  await entra.disable(await entra.provision({ userName: "marcus@contoso.com", ...marcus }));
  await signInPage.enter(await organization.account("viewer"), organization.path("/users"));
  await expect(usersPage.rows).toHaveCount(2);

  await usersPage.find("mar");
  await expect(usersPage.rows).toHaveCount(1);
  await expect(usersPage.person("Marcus Bell")).toBeVisible();
  await expectAddress(page, organization.path("/users"), { q: "mar" });
  await page.goBack();
  await expect(usersPage.rows).toHaveCount(2);
  await expect(usersPage.search).toHaveValue("");

  await usersPage.tab("Inactive").click();
  await expect(page).toHaveURL(organization.path("/users?state=inactive"));
  await expect(usersPage.tab("Inactive")).toHaveAttribute("aria-current", "page");
  await expect(usersPage.rows).toHaveText([/Marcus Bell.*Inactive/]);

  await usersPage.tab("With errors").click();
  await expect(page.getByText("No users match these filters")).toBeVisible();
  await page.goBack();
  await expect(usersPage.rows).toHaveText([/Marcus Bell/]);

  await page.reload();
  await expect(usersPage.rows).toHaveText([/Marcus Bell/]);
});

test("a user's history shows what was and what is", async ({ page, organization, signInPage, usersPage, userPage }) => {
  const entra = await organization.connect();
  const id = await entra.provision({ userName: "ana@contoso.com", ...ana });
  await entra.change(id, [
    { op: "Replace", path: "name.familyName", value: "Ruiz Vega" },
    { op: "Add", path: 'roles[primary eq "True"].value', value: "viewer" },
  ]);
  await entra.disable(id);
  await signInPage.enter(await organization.account("viewer"), organization.path("/users"));
  await usersPage.person("Ana Ruiz Vega").click();

  await expect(page).toHaveURL(organization.path(`/users/${id}`));
  await expect(userPage.name).toHaveText("Ana Ruiz Vega");
  await expect(userPage.change("Updated", "name.familyName")).toHaveText(["Ruiz", "Ruiz Vega"]);
  await expect(userPage.change("Updated", "roles")).toHaveText(["admin", "viewer"]);
  await expect(userPage.change("Disabled", "active")).toHaveText(["true", "false"]);
  await expect(userPage.event("Created")).toContainText("Entra");
  await expect(userPage.json).toContainText('"userName": "ana@contoso.com"');
});

test("an organization without users says what comes next", async ({ page, organization, signInPage, usersPage }) => {
  await signInPage.enter(await organization.account("admin"), organization.path("/users"));
  await expect(usersPage.heading).toBeVisible();
  await expect(page.getByText("No users yet")).toBeVisible();
});

test("following a link keeps the document @scripts", async ({ page, organization, signInPage, frame, usersPage }) => {
  await signInPage.enter(await organization.account("viewer"), organization.path());
  await started(page);
  await page.evaluate(() => document.body.setAttribute("data-kept", ""));
  await frame.goTo("Users");
  await expect(usersPage.heading).toBeVisible();
  await expect(page.locator("body[data-kept]")).toBeAttached();
});
