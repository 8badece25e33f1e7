import type { Locator, Page } from "@playwright/test";

import type { Account } from "../support/organization";

export class SignInPage {
  readonly heading: Locator;
  readonly refusal: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Sign in", level: 1 });
    this.refusal = page.getByRole("alert");
  }

  /** With the page that is wanted afterwards. */
  async open(next = ""): Promise<void> {
    await this.page.goto(next ? `/sign-in?${new URLSearchParams({ next })}` : "/sign-in");
  }

  async signIn({ email, password }: Account): Promise<void> {
    await this.page.getByLabel("Email address").fill(email);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Opens a page by way of signing in. */
  async enter(account: Account, path: string): Promise<void> {
    await this.open(path);
    await this.signIn(account);
    await this.page.waitForURL((url) => url.pathname + url.search === path);
  }
}
