// `test` of all specs: a program per worker, an organization per test, the pages, and a watch over the browser.

import { test as base, expect } from "@playwright/test";

import { AccountsPage } from "../pages/accounts";
import { FirstStartPage } from "../pages/first-start";
import { IssuesPage } from "../pages/issues";
import { Keyboard } from "../pages/keyboard";
import { LogPage } from "../pages/log";
import { LogsPage } from "../pages/logs";
import { NotificationsPage } from "../pages/notifications";
import { OrganizationsPage } from "../pages/organizations";
import { OverviewPage } from "../pages/overview";
import { Frame } from "../pages/frame";
import { Search } from "../pages/search";
import { SettingsPage } from "../pages/settings";
import { SignInPage } from "../pages/sign-in";
import { SupportBundlePage } from "../pages/support-bundle";
import { TokensPage } from "../pages/tokens";
import { UserPage } from "../pages/user";
import { UsersPage } from "../pages/users";
import { Organization } from "./organization";
import { Program } from "./program";
import { started } from "./scripts";
import { Watch } from "./watch";

interface Fixtures {
  organization: Organization;
  watch: Watch;
  frame: Frame;
  keyboard: Keyboard;
  search: Search;
  firstStartPage: FirstStartPage;
  signInPage: SignInPage;
  organizationsPage: OrganizationsPage;
  overviewPage: OverviewPage;
  usersPage: UsersPage;
  userPage: UserPage;
  issuesPage: IssuesPage;
  logsPage: LogsPage;
  logPage: LogPage;
  tokensPage: TokensPage;
  accountsPage: AccountsPage;
  settingsPage: SettingsPage;
  notificationsPage: NotificationsPage;
  supportBundlePage: SupportBundlePage;
}

export const test = base.extend<Fixtures, { program: Program }>({
  program: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const program = await Program.start();
      await use(program);
      await program.stop();
    },
    { scope: "worker" },
  ],
  baseURL: ({ program }, use) => use(program.url),
  organization: async ({ program }, use) => use(await Organization.create(program, "Contoso Ltd")),
  watch: [
    async ({ page, javaScriptEnabled }, use) => {
      const watch = new Watch(page, !!javaScriptEnabled);
      await use(watch);
      // The last page's scripts, too, must have come to life.
      if (javaScriptEnabled && page.url().startsWith("http")) await started(page);
      expect(watch.problems).toEqual([]);
    },
    { auto: true },
  ],
  frame: ({ page }, use) => use(new Frame(page)),
  keyboard: ({ page }, use) => use(new Keyboard(page)),
  search: ({ page }, use) => use(new Search(page)),
  firstStartPage: ({ page }, use) => use(new FirstStartPage(page)),
  signInPage: ({ page }, use) => use(new SignInPage(page)),
  organizationsPage: ({ page }, use) => use(new OrganizationsPage(page)),
  overviewPage: ({ page }, use) => use(new OverviewPage(page)),
  usersPage: ({ page }, use) => use(new UsersPage(page)),
  userPage: ({ page }, use) => use(new UserPage(page)),
  issuesPage: ({ page }, use) => use(new IssuesPage(page)),
  logsPage: ({ page }, use) => use(new LogsPage(page)),
  logPage: ({ page }, use) => use(new LogPage(page)),
  tokensPage: ({ page }, use) => use(new TokensPage(page)),
  accountsPage: ({ page }, use) => use(new AccountsPage(page)),
  notificationsPage: ({ page }, use) => use(new NotificationsPage(page)),
  settingsPage: ({ page }, use) => use(new SettingsPage(page)),
  supportBundlePage: ({ page }, use) => use(new SupportBundlePage(page)),
});

export { expect };
