import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import type { Organization } from "../support/organization";
import { expect, test } from "../support/test";

async function check(page: Page): Promise<void> {
  // Colours are those of the style, at rest.
  await page.waitForLoadState();
  const result = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  const found = result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  expect.soft(found, page.url()).toEqual([]);
}

async function fill(organization: Organization): Promise<{ user: string; refused: string }> {
  const entra = await organization.connect();
  const user = await entra.provision({ userName: "ana@contoso.com", givenName: "Ana", familyName: "Ruiz", role: "admin" });
  await entra.change(user, [{ op: "Replace", path: "name.familyName", value: "Ruiz Vega" }]);
  const marcus = { userName: "marcus@contoso.com", givenName: "Marcus", familyName: "Bell", role: "SUPERUSER" };
  const refused = (await entra.create(marcus)).headers.get("x-request-id") ?? "";
  return { user, refused };
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("what comes before signing in is accessible", async ({ page, program, signInPage }) => {
      await signInPage.open();
      await check(page);
      await signInPage.signIn({ email: "nobody@contoso.com", password: "not the password" });
      await expect(signInPage.refusal).toBeVisible();
      await check(page);
      await page.goto("/forgot-password");
      await page.getByLabel("Email address").fill("ana@contoso");
      await page.getByRole("button", { name: "Send the link" }).click();
      await expect(page.getByText("Enter an email address")).toBeVisible();
      await check(page);
      await page.goto("/forgot-password?asked");
      await check(page);
      await page.goto(program.firstStartLink);
      await check(page);
      await page.goto("/first-start/unknown");
      await check(page);
    });

    test("the pages of an organization are accessible", async ({ page, organization, signInPage }) => {
      // Some fifteen pages, each of which axe takes seconds for.
      test.slow();
      await signInPage.enter(await organization.account("admin"), organization.path());
      await check(page);
      for (const path of ["/users", "/logs", "/tokens"]) {
        await page.goto(organization.path(path));
        await check(page);
      }

      const { user, refused } = await fill(organization);
      const paths = ["", "/users", `/users/${user}`, "/logs", `/logs/${refused}`, "/tokens", "/users/unknown"];
      for (const path of paths) {
        await page.goto(organization.path(path));
        await check(page);
      }
      await page.goto(organization.path("/issues"));
      await check(page);
      await page.getByRole("link", { name: /^Role value/ }).click();
      await page.getByRole("heading", { name: "Affected users" }).waitFor();
      await check(page);
      for (const path of [organization.path("/accounts"), "/account"]) {
        await page.goto(path);
        await check(page);
      }
      await page.goto(organization.path("/tokens"));
      await page.getByRole("link", { name: "Rotate" }).click();
      await page.getByRole("button", { name: "Create the new token" }).waitFor();
      await check(page);
      await page.goto(organization.path("/tokens"));
      await page.getByRole("link", { name: "Revoke" }).click();
      await page.getByRole("dialog").waitFor();
      await check(page);
      await page.getByRole("button", { name: "Revoke token" }).hover();
      await check(page);
    });

    test("accounts, questions and records of an organization are accessible", async ({
      page,
      organization,
      signInPage,
      accountsPage,
    }) => {
      test.slow();
      const { user } = await fill(organization);
      const viewer = await organization.account("viewer");
      await signInPage.enter(await organization.account("admin"), organization.path("/accounts"));
      const deactivate = accountsPage.row(viewer.email).getByRole("link", { name: "Deactivate" });
      const account = ((await deactivate.getAttribute("href")) ?? "").replace(/\/deactivate$/, "");
      for (const path of [account, `${account}/link`, `${account}/deactivate`]) {
        await page.goto(path);
        await check(page);
      }
      const questions = ["block", "unblock", "erase"].map((question) => `/users/${user}/${question}`);
      const records = ["/held", "/notifications", "/audit", "/support-bundles", `/support-bundles/new?user=${user}`];
      for (const path of [...questions, ...records, "/nowhere"]) {
        await page.goto(organization.path(path));
        await check(page);
      }
    });

    test("an invitation is accessible", async ({ page, organization, signInPage, accountsPage }) => {
      await signInPage.enter(await organization.account("admin"), organization.path("/accounts"));
      const link = await accountsPage.invite(`vera@${organization.slug}.example`, "Viewer");
      await check(page);
      await page.goto(link);
      await check(page);
      await page.getByLabel("Password", { exact: true }).fill("lantern orbit velvet 93");
      await page.getByLabel("Password again").fill("something else entirely");
      await page.getByRole("button", { name: "Accept and sign in" }).click();
      await page.getByText("The two passwords differ.").waitFor();
      await check(page);
    });

    test("the pages of Support are accessible", async ({ page, organization, signInPage }) => {
      test.slow();
      await fill(organization);
      await signInPage.enter(await organization.account("support"), "/organizations");
      for (const path of ["/organizations", "/issues", "/accounts", "/audit", "/search?q=ana", "/search?q=nobody-at-all"]) {
        await page.goto(path);
        await check(page);
      }
    });

    test("the settings are accessible", async ({ page, organization, signInPage, settingsPage }) => {
      await fill(organization);
      await signInPage.enter(await organization.account("admin"), organization.path("/settings"));
      await check(page);
      await page.goto(organization.path("/settings/pause"));
      await check(page);
      await page.goto(organization.path("/settings"));
      await settingsPage.addRole("lead", "Lead", ["VIEWER"]);
      await page.getByRole("alert").waitFor();
      await check(page);
      await page.goto(organization.path("/settings"));
      await settingsPage.edit("Super admin");
      await page.getByRole("link", { name: "Delete role" }).waitFor();
      await check(page);
      await page.getByRole("link", { name: "Delete role" }).click();
      await settingsPage.dialog.waitFor();
      await check(page);
    });
  });
}
