import type { Locator } from "@playwright/test";

import { expect, test } from "../support/test";

/** The button of this theme is pressed, and looks so; the others are not. */
async function expectChosen(choice: Locator, theme: string): Promise<void> {
  const buttons = (pressed: boolean) => choice.getByRole("button", { pressed });
  await expect(buttons(true)).toHaveText(theme);
  await expect(buttons(false)).toHaveCount(2);
  const ground = (button: Locator) => button.evaluate((element) => getComputedStyle(element).backgroundColor);
  expect(await ground(buttons(true))).not.toBe(await ground(buttons(false).first()));
}

test("the chosen theme holds for every page, and both choices show it", async ({
  page,
  organization,
  signInPage,
  frame,
}) => {
  await signInPage.enter(await organization.account("viewer"), "/account");
  const card = page.locator("#theme-card");
  await expectChosen(card, "System");
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");

  for (const theme of ["Dark", "Light"]) {
    await card.getByRole("button", { name: theme }).click();
    await expectChosen(card, theme);
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme.toLowerCase());
    await expectChosen(await frame.openThemes(), theme);
  }

  await page.goto(organization.path());
  const menu = await frame.openThemes();
  await expectChosen(menu, "Light");
  await menu.getByRole("button", { name: "System" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
  await expectChosen(await frame.openThemes(), "System");
});
