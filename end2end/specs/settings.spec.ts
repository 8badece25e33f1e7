import { expect, test } from "../support/test";

const ana = { userName: "ana@contoso.com", givenName: "Ana", familyName: "Ruiz", role: "admin" };
const marcus = { userName: "marcus@contoso.com", givenName: "Marcus", familyName: "Bell", role: "OPS" };

test("an administrator pauses provisioning, which Entra is told, and resumes it", async ({
  page,
  organization,
  signInPage,
  settingsPage,
  frame,
}) => {
  const entra = await organization.connect();
  await signInPage.enter(await organization.account("admin"), organization.path());
  await frame.goTo("Settings");
  await expect(settingsPage.heading).toBeVisible();
  await expect(page.getByRole("group", { name: "Tenant URL" })).toContainText(organization.tenantUrl);

  await page.getByRole("link", { name: "Pause provisioning" }).click();
  await expect(settingsPage.dialog).toContainText("may show quarantine meanwhile");
  await settingsPage.dialog.getByRole("button", { name: "Pause provisioning" }).click();
  await expect(page.getByText("answered with 503, and users keep the access they have")).toBeVisible();
  expect((await entra.testConnection()).status).toBe(503);

  await settingsPage.press("Resume provisioning");
  await expect(page.getByRole("link", { name: "Pause provisioning" })).toBeVisible();
  expect((await entra.testConnection()).status).toBe(200);
});

test("a refused role is mapped, and the next request gets through", async ({
  page,
  organization,
  signInPage,
  settingsPage,
}) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  const refused = (await entra.create(marcus)).headers.get("x-request-id") ?? "";
  await signInPage.enter(await organization.account("admin"), organization.path(`/logs/${refused}`));
  await page.getByRole("link", { name: "Settings › Roles" }).click();
  await expect(settingsPage.roles).toHaveCount(3);

  await settingsPage.addRole("Ops", "Operations", ["VIEWER"]);
  await expect(page.getByRole("alert")).toContainText("already means the role Viewer");
  await expect(settingsPage.value).toHaveValue("Ops");
  await settingsPage.fillRole("Operations", ["operator"]);
  await settingsPage.press("Add role");
  await expect(settingsPage.roles).toHaveText([/super_admin/, /admin/, /viewer/, /Ops.*Also operator.*Operations/s]);
  await entra.provision(marcus);

  await settingsPage.press("Move Operations up");
  await expect(settingsPage.roles).toHaveText([/super_admin/, /admin/, /Ops/, /viewer/]);
  await settingsPage.role("Ops").getByRole("link", { name: "1 user with the role Operations" }).click();
  await expect(page.getByText("Marcus Bell")).toBeVisible();
});

test("only a role that nobody needs is deleted", async ({ page, organization, signInPage, settingsPage }) => {
  const entra = await organization.connect();
  await entra.provision(ana);
  await signInPage.enter(await organization.account("admin"), organization.path("/settings"));

  await settingsPage.edit("Admin");
  await expect(page.getByText("1 user has the role Admin, inactive ones included.")).toBeVisible();
  await page.goBack();
  await settingsPage.edit("Viewer");
  await expect(page.getByText("Users without a role get this one.")).toBeVisible();
  await page.goBack();
  await settingsPage.edit("Super admin");
  await settingsPage.press("Make it the default role");
  await expect(settingsPage.role("Super admin")).toContainText("Default");

  await settingsPage.edit("Viewer");
  await page.getByRole("link", { name: "Delete role" }).click();
  await expect(settingsPage.dialog).toContainText("From now on Rhombus does not know viewer");
  await settingsPage.dialog.getByRole("button", { name: "Delete role" }).click();
  await expect(settingsPage.roles).toHaveText([/super_admin/, /admin/]);
});

test("policies decide what is required, and a role that they let in is reviewed", async ({
  page,
  organization,
  signInPage,
  settingsPage,
}) => {
  const entra = await organization.connect();
  await signInPage.enter(await organization.account("admin"), organization.path("/settings"));
  await settingsPage.choose("When a given name or family name is missing", "Accept with a warning");
  await expect(settingsPage.chosen("When a given name or family name is missing")).toContainText("Accept with a warning");
  await expect(settingsPage.mapping.filter({ hasText: "name.givenName" })).toContainText("No, with a warning");
  await settingsPage.choose("When Entra sends an unknown role", "Add it to the roles as not reviewed");
  await entra.provision({ ...marcus, givenName: "" });

  await page.reload();
  await expect(page.getByText("1 role came from Entra and waits for a review.")).toBeVisible();
  await expect(settingsPage.mapping.filter({ hasText: "name.givenName" })).toContainText("None");
  await settingsPage.press("Mark OPS as reviewed");
  await expect(page.getByText("waits for a review")).toHaveCount(0);
  await expect(settingsPage.role("OPS")).not.toContainText("Not reviewed");
});

test("a viewer reads the settings and changes nothing", async ({ page, organization, signInPage, settingsPage }) => {
  await signInPage.enter(await organization.account("viewer"), organization.path("/settings"));
  await expect(settingsPage.roles).toHaveCount(3);
  await expect(page.getByRole("radio", { name: "Accept with a warning" })).toBeDisabled();
  await expect(page.locator("main").getByRole("button", { name: /Save|Move|Pause/ })).toHaveCount(0);
  await expect(page.locator("main").getByRole("link", { name: /Add role|Edit|Pause/ })).toHaveCount(0);
});
