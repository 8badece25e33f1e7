import { defineConfig } from "@playwright/test";

// The computer's own Chromium, if `cargo xtask test` found one; else the one that Playwright installed.
const executablePath = process.env.CHROMIUM || undefined;

export default defineConfig({
  testDir: "specs",
  fullyParallel: true,
  workers: 2,
  forbidOnly: !!process.env.CI,
  // A debug build's WebAssembly is large, and build servers are slow.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: process.env.CI ? [["list"], ["html", { open: "never" }]] : [["list"]],
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: 1280, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "scripts", testIgnore: "walk.spec.ts" },
    {
      name: "no-scripts",
      testIgnore: ["walk.spec.ts", "accessibility.spec.ts"],
      grepInvert: /@scripts/,
      use: { javaScriptEnabled: false },
    },
    {
      name: "narrow",
      testMatch: "walk.spec.ts",
      use: { viewport: { width: 390, height: 844 }, hasTouch: true },
    },
  ],
});
