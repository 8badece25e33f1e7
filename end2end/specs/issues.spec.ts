import { expectAddress } from "../support/address";
import { expect, test } from "../support/test";

const title = "Role value SECURITY_LEAD is not in the role catalogue";
const marcus = { userName: "marcus@contoso.com", givenName: "Marcus", familyName: "Bell" };
const elif = { userName: "elif@contoso.com", givenName: "Elif", familyName: "Demir" };

test("failures of one cause are one issue, explained, and gone when everybody succeeds", async ({
  page,
  organization,
  signInPage,
  issuesPage,
}) => {
  const entra = await organization.connect();
  for (const person of [marcus, elif, elif]) await entra.create({ ...person, role: "SECURITY_LEAD" });
  await signInPage.enter(await organization.account("admin"), organization.path("/issues"));
  await expect(issuesPage.issues).toHaveCount(1);
  await expect(issuesPage.issue(title)).toContainText("400 invalidValue");
  await issuesPage.open(title);

  await expect(issuesPage.headline).toHaveText(title);
  await expect(issuesPage.status("Open")).toBeVisible();
  await expect(issuesPage.fact("Affected users")).toContainText("2");
  await expect(issuesPage.fact("Events")).toContainText("3");
  await expect(issuesPage.explanation).toContainText("Fix it in Entra");
  await expect(issuesPage.explanation).toContainText("What happens next");
  await expect(page.getByRole("table", { name: "Users who have not succeeded since" })).toContainText("Elif Demir");
  await page.getByRole("link", { name: "Show request and response" }).click();
  await expect(page.getByRole("region", { name: "Request body" })).toContainText('"value": "SECURITY_LEAD"');

  await entra.provision({ ...marcus, role: "viewer" });
  await entra.provision({ ...elif, role: "viewer" });
  // What succeeded is counted a moment later.
  await expect(async () => {
    await page.goto(organization.path("/issues"));
    await expect(page.getByText("No open issues")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await issuesPage.tab("Resolved").click();
  await issuesPage.open(title);
  await expect(issuesPage.history).toContainText("By itself");
});

test("a cure is tried for everybody affected before Entra tries it", async ({ organization, signInPage, issuesPage }) => {
  const entra = await organization.connect();
  for (const person of [marcus, elif]) await entra.create({ ...person, role: "SECURITY_LEAD" });
  await signInPage.enter(await organization.account("admin"), organization.path("/issues"));
  await issuesPage.open(title);
  await issuesPage.dryRunAgain();
  await expect(issuesPage.dryRun).toContainText("Would now succeed for 0 of 2 users.");
  await organization.set("--unknown-role", "default");
  await issuesPage.dryRunAgain();
  await expect(issuesPage.dryRun).toContainText("Would now succeed for 2 of 2 users.");
  await expect(issuesPage.dryRun).toContainText("Elif Demir");
  await expect(issuesPage.status("Open")).toBeVisible();
});

test("an admin acknowledges, notes, ignores and resolves", async ({ page, organization, signInPage, issuesPage }) => {
  const entra = await organization.connect();
  await entra.create({ ...marcus, role: "SECURITY_LEAD" });
  await signInPage.enter(await organization.account("admin"), organization.path("/issues"));
  await issuesPage.open(title);
  await issuesPage.button("Acknowledge").click();
  await expect(issuesPage.status("Acknowledged")).toBeVisible();
  await issuesPage.note("Asked the identity team.");
  await expect(issuesPage.history).toContainText("Asked the identity team.");
  await page.locator("summary", { hasText: "Ignore" }).click();
  await page.getByLabel("Until it comes again after so many days").fill("0");
  await issuesPage.button("Ignore for these days").click();
  await expect(page.getByText("Choose a whole number of days from 1 to 730.")).toBeVisible();
  await page.getByLabel("Until it comes again after so many days").fill("3");
  await issuesPage.button("Ignore for these days").click();
  await expect(issuesPage.status("Ignored")).toBeVisible();
  await issuesPage.button("Reopen").click();
  await expect(issuesPage.status("Ignored")).toHaveCount(0);
  await issuesPage.button("Resolve").click();
  await expect(issuesPage.status("Resolved")).toBeVisible();
  await page.goto(organization.path("/audit"));
  await expect(page.getByRole("table")).toContainText("Resolved issue");
});

test("a viewer reads", async ({ page, organization, signInPage, issuesPage }) => {
  const entra = await organization.connect();
  await entra.create({ ...marcus, role: "SECURITY_LEAD" });
  await signInPage.enter(await organization.account("viewer"), organization.path("/issues"));
  await issuesPage.open(title);
  await expect(issuesPage.headline).toHaveText(title);
  await expect(issuesPage.button("Resolve")).toHaveCount(0);
  await expect(page.getByText("Your role does not show request bodies.")).toBeVisible();
});

test("issues are found by what they say and whom they affect", async ({ page, organization, signInPage, issuesPage }) => {
  const entra = await organization.connect();
  await entra.create({ ...marcus, role: "SECURITY_LEAD" });
  await signInPage.enter(await organization.account("viewer"), organization.path("/issues"));
  const search = page.getByRole("searchbox", { name: "Problem, attribute, value or user" });
  for (const text of ["security_lead", "catalogue role", marcus.userName]) {
    await search.fill(text);
    await search.press("Enter");
    await expectAddress(page, organization.path("/issues"), { q: text });
    await expect(issuesPage.issue(title)).toBeVisible();
  }
  await search.fill("nothing of the kind");
  await search.press("Enter");
  await expect(page.getByText("No issue matches")).toBeVisible();
});
