import { Organization } from "../support/organization";
import { expect, test } from "../support/test";

test("a wrong password is refused, the right one leads to the organization, and out again", async ({
  page,
  organization,
  signInPage,
  overviewPage,
  frame,
}) => {
  const admin = await organization.account("admin");
  await page.goto("/");
  await expect(signInPage.heading).toBeVisible();

  await signInPage.signIn({ ...admin, password: "not the password" });
  await expect(signInPage.refusal).toHaveText("The email address or the password is not right.");
  await expect(page.getByLabel("Email address")).toHaveValue(admin.email);
  await expect(page.getByLabel("Password")).toBeFocused();

  await signInPage.signIn(admin);
  await expect(page).toHaveURL(organization.path());
  await expect(overviewPage.sentence).toHaveText("Create a Secret Token, so that Entra can call Rhombus.");
  await expect(overviewPage.createToken).toBeVisible();

  await frame.signOut();
  await expect(signInPage.heading).toBeVisible();
  await page.goto(organization.path("/logs"));
  await expect(signInPage.heading).toBeVisible();
});

test("signing in leads on to the page that was asked for", async ({ page, organization, signInPage, logsPage }) => {
  const admin = await organization.account("admin");
  await page.goto(organization.path("/logs?status=failure"));
  await expect(signInPage.heading).toBeVisible();

  await signInPage.signIn({ ...admin, password: "not the password" });
  await expect(signInPage.refusal).toBeVisible();
  await signInPage.signIn(admin);
  await expect(page).toHaveURL(organization.path("/logs?status=failure"));
  await expect(logsPage.heading).toBeVisible();
});

test("signing in never leads to another site", async ({ page, organization, signInPage }) => {
  const admin = await organization.account("admin");
  await signInPage.open("//evil.example/");
  await signInPage.signIn(admin);
  await expect(page).toHaveURL(organization.path());
});

test("a Viewer sees everything and can change nothing", async ({
  page,
  organization,
  signInPage,
  overviewPage,
  frame,
  tokensPage,
  usersPage,
}) => {
  const viewer = await organization.account("viewer");
  await organization.connect("Entra");
  await signInPage.enter(viewer, organization.path());
  await expect(overviewPage.tenantUrl).toBeVisible();
  await expect(overviewPage.createToken).toHaveCount(0);

  await frame.goTo("Tokens");
  await expect(tokensPage.row("Entra")).toBeVisible();
  await expect(page.getByRole("link", { name: /Create token|Rotate|Revoke/ })).toHaveCount(0);
  await expect(tokensPage.createForm).toHaveCount(0);

  await frame.goTo("Users");
  await expect(usersPage.heading).toBeVisible();
});

test("an organization of others does not exist for its neighbours", async ({
  page,
  program,
  organization,
  signInPage,
}) => {
  const other = await Organization.create(program, "Fabrikam Inc.");
  await signInPage.enter(await organization.account("admin"), organization.path());
  const answer = await page.goto(other.path("/users"));
  expect([403, 404]).toContain(answer?.status());
  await expect(page.getByText("Fabrikam Inc.")).toHaveCount(0);
});
