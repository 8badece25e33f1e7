import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { FixCard } from "../pages/fix-card";
import { Keyboard } from "../support/keyboard";
import { expect, test } from "../support/test";

const marcus = { userName: "marcus@contoso.com", givenName: "Marcus", familyName: "Bell" };
const elif = { userName: "elif@contoso.com", givenName: "Elif", familyName: "Demir" };

async function axe(page: Page, hasScripts: boolean): Promise<void> {
  // axe is a script itself.
  if (!hasScripts) return;
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations).toEqual([]);
}

/** Done within a minute by somebody who presses a key a second: the clock would measure this computer. */
function timed(cause: string, keyboard: Keyboard): void {
  console.log(`${cause}: ${keyboard.presses} keys, ${keyboard.seconds.toFixed(1)} s`);
  expect(keyboard.presses).toBeLessThan(60);
}

test("an unknown role is given a meaning by keyboard", async ({
  page,
  organization,
  signInPage,
  overviewPage,
  javaScriptEnabled,
}) => {
  const entra = await organization.connect();
  for (const person of [marcus, elif]) await entra.create({ ...person, role: "SECURITY_LEAD" });
  await signInPage.enter(await organization.account("admin"), organization.path());
  const [keyboard, card] = [new Keyboard(page), new FixCard(page)];
  await expect(overviewPage.sentence).toContainText("1 open issue keeps 2 users from being up to date");

  await keyboard.use(card.onOverview(/SECURITY_LEAD/));
  await keyboard.reach(card.meaning("SECURITY_LEAD"));
  await axe(page, !!javaScriptEnabled);
  await keyboard.press("ArrowDown", 2);
  await keyboard.use(card.button("Save"));
  await expect(card.card).toContainText("Would now succeed for 2 of 2 users");
  timed("unknown role", keyboard);
  await expect(card.card).toContainText("means Admin");
  await axe(page, !!javaScriptEnabled);

  for (const person of [marcus, elif]) await entra.provision({ ...person, role: "SECURITY_LEAD" });
  await expect(async () => {
    await page.goto(organization.path("/issues"));
    await expect(page.getByText("No open issues")).toBeVisible({ timeout: 1_000 });
  }).toPass();
});

test("a name that an inactive user holds is set free by keyboard", async ({
  page,
  organization,
  signInPage,
  javaScriptEnabled,
}) => {
  const entra = await organization.connect();
  const old = await entra.provision({ ...marcus, role: "viewer" });
  await entra.disable(old);
  const renamed = await entra.provision({ ...elif, role: "viewer" });
  const rename = [{ op: "Replace" as const, path: "userName", value: marcus.userName }];
  expect((await entra.patch(renamed, rename)).status).toBe(409);
  await signInPage.enter(await organization.account("admin"), organization.path());
  const [keyboard, card] = [new Keyboard(page), new FixCard(page)];

  await keyboard.use(card.onOverview("The userName is already taken"));
  await expect(card.card).toContainText("Marcus Bell has it: inactive");
  await axe(page, !!javaScriptEnabled);
  await keyboard.use(card.button("Free the name"));
  await expect(card.card).toContainText("Would now succeed for 1 of 1 user");
  timed("rename to a held name", keyboard);
  await expect(card.card).toContainText(/Allowed\s*by/);

  expect((await entra.patch(renamed, rename)).status).toBe(200);
  expect((await entra.send("GET", `/Users/${old}`)).status).toBe(404);
});

test("a token that has ended gets a successor by keyboard", async ({
  page,
  program,
  organization,
  signInPage,
  overviewPage,
  javaScriptEnabled,
}) => {
  const entra = await organization.connect();
  await entra.provision({ ...marcus, role: "viewer" });
  // The command line ends a token at once; waiting for its date takes a day at least.
  await program.run(["token", "revoke", organization.slug, entra.prefix]);
  expect((await entra.match(elif.userName)).status).toBe(401);
  await signInPage.enter(await organization.account("admin"), organization.path());
  await expect(async () => {
    await page.reload();
    await expect(overviewPage.sentence).toContainText("the token 'Entra' was revoked", { timeout: 1_000 });
  }).toPass();
  const [keyboard, card] = [new Keyboard(page), new FixCard(page)];

  await keyboard.use(card.onOverview("The Secret Token was revoked"));
  await expect(card.card).toContainText(entra.prefix);
  await axe(page, !!javaScriptEnabled);
  await keyboard.use(card.button("Create a new token"));
  const secret = page.getByRole("group", { name: "Secret Token" }).locator("code");
  await expect(secret).toHaveText(/^rhp_/);
  timed("token that has ended", keyboard);
  const successor = organization.entra((await secret.textContent()) ?? "");

  await keyboard.use(page.getByRole("link", { name: "Done" }));
  await expect(card.card).toContainText("Entra has not used it yet");
  expect((await successor.match(elif.userName)).status).toBe(200);
});

test("who may not press the buttons sends the link on, or reads", async ({ page, organization, signInPage }) => {
  const entra = await organization.connect();
  await entra.create({ ...marcus, role: "SECURITY_LEAD" });
  await signInPage.enter(await organization.account("viewer"), organization.path("/issues"));
  await page.getByRole("link", { name: /SECURITY_LEAD/ }).click();
  const card = new FixCard(page);
  await expect(card.card).toContainText("An Admin of the organization can do this.");
  await expect(card.meaning("SECURITY_LEAD")).toHaveCount(0);
});
