import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import type { IssuesPage } from "../pages/issues";
import { expectAddress } from "../support/address";
import type { Organization } from "../support/organization";
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

/** So many people with a role that the catalogue does not have. */
async function affect(people: number, organization: Organization): Promise<void> {
  const entra = await organization.connect();
  const person = (n: number) => ({ ...marcus, userName: `user${n}@contoso.com`, role: "SECURITY_LEAD" });
  for (let n = 0; n < people; n += 10) {
    await Promise.all(Array.from({ length: Math.min(10, people - n) }, (_, i) => entra.create(person(n + i))));
  }
}

/** Opens the issue once all are counted, a moment later. */
async function openWith(people: number, page: Page, issuesPage: IssuesPage): Promise<void> {
  await issuesPage.open(title);
  await expect(async () => {
    await page.reload();
    await expect(issuesPage.fact("Affected users")).toContainText(String(people), { timeout: 1_000 });
  }).toPass();
}

async function accessible(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations).toEqual([]);
}

test("many affected users are tried part after part, with a way to stop @scripts", async ({
  page,
  organization,
  signInPage,
  issuesPage,
  watch,
}) => {
  await affect(231, organization);
  await signInPage.enter(await organization.account("admin"), organization.path("/issues"));
  await openWith(231, page, issuesPage);
  await organization.set("--unknown-role", "default");

  // Each part waits until the test lets it go on.
  const asked: (() => void)[] = [];
  let fails = false;
  watch.expect(/api\/issues\/dry_run/);
  await page.route(/api\/issues\/dry_run/, async (route) => {
    await new Promise<void>((resolve) => asked.push(resolve));
    await (fails ? route.fulfill({ status: 503 }) : route.continue());
  });
  const answer = async () => {
    await expect.poll(() => asked.length).toBe(1);
    asked.pop()?.();
  };

  await issuesPage.dryRunAgain();
  const { dryRun } = issuesPage;
  const [card, bar] = [page.locator("#fix-here"), dryRun.getByRole("progressbar")];
  await expect(dryRun).toContainText("Tried 100 of 231. 100 would now succeed.");
  await expect(bar).toHaveAttribute("value", "100");
  await expect(bar).toHaveAttribute("max", "231");
  await expect(card).toContainText("Tried 100 of 231.");
  await accessible(page);

  // What was asked for already still counts.
  await issuesPage.button("Stop").click();
  await expect(dryRun).toContainText("Would now succeed for 100 of these 100 users; 231 are affected.");
  await answer();
  await expect(dryRun).toContainText("Would now succeed for 200 of these 200 users; 231 are affected.");
  await expect(card).toContainText("Would now succeed for 200 of these 200 users");

  fails = true;
  await issuesPage.button("Go on").click();
  await answer();
  await expect(dryRun.getByRole("alert")).toContainText("The next users could not be tried.");
  await accessible(page);
  fails = false;
  await issuesPage.button("Try again").click();
  await expect(dryRun.getByRole("alert")).toHaveCount(0);
  await answer();
  await expect(dryRun).toContainText("Would now succeed for 231 of 231 users.");
  await expect(card).toContainText("Would now succeed for 231 of 231 users");
  await expect(bar).toBeHidden();
  await expect(dryRun.getByRole("heading", { name: "Dry-run" })).toBeFocused();
  await expect(dryRun.getByRole("row")).toHaveCount(101);
  await expect(dryRun).toContainText("100 of the 231 users tried are shown");
  await accessible(page);
});

test("without scripts a link leads from part to part", async ({
  page,
  organization,
  signInPage,
  issuesPage,
  javaScriptEnabled,
}) => {
  test.skip(!!javaScriptEnabled);
  await affect(131, organization);
  await signInPage.enter(await organization.account("admin"), organization.path("/issues"));
  await openWith(131, page, issuesPage);
  await organization.set("--unknown-role", "default");
  await issuesPage.dryRunAgain();
  const { dryRun } = issuesPage;
  await expect(dryRun).toContainText("Would now succeed for 100 of these 100 users; 131 are affected.");
  await expect(dryRun.getByRole("progressbar")).toBeHidden();
  await dryRun.getByRole("link", { name: "Try the next users" }).click();
  await expect(dryRun).toContainText("Would now succeed for 31 of these 31 users; 131 are affected.");
  await expect(dryRun.getByRole("row")).toHaveCount(32);
  await expect(dryRun.getByRole("link", { name: "Try the next users" })).toHaveCount(0);
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
