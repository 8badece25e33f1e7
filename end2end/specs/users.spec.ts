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
  // Where the results followed the typing, going back would leave the list.
  await page.getByRole("link", { name: "Remove filter Search: mar" }).click();
  await expect(usersPage.rows).toHaveCount(2);
  await expect(usersPage.search).toHaveValue("");
  await page.goBack();
  await expect(usersPage.rows).toHaveCount(1);
  await expect(usersPage.search).toHaveValue("mar");
  await page.goForward();
  await expect(usersPage.rows).toHaveCount(2);

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

test("an administrator blocks a user, whatever Entra says, and lifts the block", async ({
  page,
  organization,
  signInPage,
  userPage,
}) => {
  const entra = await organization.connect();
  const id = await entra.provision({ userName: "ana@contoso.com", ...ana });
  await signInPage.enter(await organization.account("admin"), organization.path(`/users/${id}`));

  await page.getByRole("link", { name: "Block user" }).click();
  await expect(userPage.dialog).toContainText("Access to Rhombus ends at once");
  await userPage.dialog.getByLabel("Reason").fill("Lost laptop");
  await userPage.dialog.getByRole("button", { name: "Block user" }).click();
  await expect(page.getByRole("heading", { name: /^Blocked by / })).toBeVisible();
  await expect(page.getByText("Reason: Lost laptop")).toBeVisible();
  await expect(userPage.change("Blocked", "reason")).toHaveText(["not set", "Lost laptop"]);

  await page.getByRole("link", { name: "Lift the block" }).click();
  await userPage.dialog.getByRole("button", { name: "Lift the block" }).click();
  await expect(page.getByRole("heading", { name: /^Blocked by / })).toHaveCount(0);
  await expect(userPage.event("Block lifted")).toBeVisible();
});

test("a deleted user is seen, and erased by typing the userName", async ({ page, organization, signInPage, usersPage, userPage }) => {
  const entra = await organization.connect();
  const id = await entra.provision({ userName: "ana@contoso.com", ...ana });
  await entra.delete(id);
  await signInPage.enter(await organization.account("admin"), organization.path("/users?state=deleted"));
  await expect(usersPage.rows).toHaveText([/Ana Ruiz.*Deleted/]);
  await usersPage.person("Ana Ruiz").click();
  await page.getByRole("link", { name: "Erase now" }).click();
  await userPage.dialog.getByLabel("userName").fill("somebody");
  await userPage.dialog.getByRole("button", { name: "Erase now" }).click();
  await expect(userPage.dialog).toContainText("This is not the userName");
  await userPage.dialog.getByLabel("userName").fill("ana@contoso.com");
  await userPage.dialog.getByRole("button", { name: "Erase now" }).click();
  await expect(page.getByText("No users match these filters")).toBeVisible();
});

test("the list follows what is typed @scripts", async ({ page, organization, signInPage, usersPage }) => {
  const entra = await organization.connect();
  await entra.provision({ userName: "ana@contoso.com", ...ana });
  await entra.provision({ userName: "marcus@contoso.com", ...marcus });
  await signInPage.enter(await organization.account("viewer"), organization.path("/users"));
  await usersPage.search.fill("mar");
  await expect(usersPage.rows).toHaveText([/Marcus Bell/]);
  await expectAddress(page, organization.path("/users"), { q: "mar" });
  await expect(usersPage.search).toBeFocused();
  await page.getByRole("link", { name: "Remove filter Search: mar" }).click();
  await expect(usersPage.rows).toHaveCount(2);
});

test("an organization without users says what comes next", async ({ page, organization, signInPage, usersPage }) => {
  await signInPage.enter(await organization.account("admin"), organization.path("/users"));
  await expect(usersPage.heading).toBeVisible();
  await expect(page.getByText("No users yet")).toBeVisible();
});

test("what is typed is followed without loading the page anew @scripts", async ({
  page,
  organization,
  signInPage,
  usersPage,
}) => {
  const entra = await organization.connect();
  await entra.provision({ userName: "ana@contoso.com", givenName: "Ana", familyName: "Ruiz", role: "admin" });
  await entra.provision({ userName: "ben@contoso.com", givenName: "Ben", familyName: "Okafor", role: "viewer" });
  await signInPage.enter(await organization.account("viewer"), organization.path("/users"));
  await expect(usersPage.rows).toHaveCount(2);
  await started(page);
  await page.evaluate(() => document.body.setAttribute("data-kept", ""));
  await usersPage.search.fill("ben");
  await expect(usersPage.rows).toHaveCount(1);
  await expect(page).toHaveURL(/q=ben/);
  await expect(usersPage.search).toBeFocused();
  await expect(page.locator("body[data-kept]")).toBeAttached();
});
