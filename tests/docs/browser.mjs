// A browser that loads pages of one server only.

import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Chromium checks for updates and the like by itself.
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// `tools` is the folder that playwright-core is installed in; `settings` are Playwright's.
export async function startBrowser(tools, url, settings = {}) {
  const { chromium } = createRequire(join(tools, '/'))('playwright-core');
  const folder = await mkdtemp(join(tmpdir(), 'call-acceptance-browser-'));
  const viewport = { width: 1280, height: 1000 };
  const options = { executablePath: '/usr/bin/chromium', args: QUIET, viewport, baseURL: url, ...settings };
  const context = await chromium.launchPersistentContext(folder, options);
  context.setDefaultTimeout(10_000);
  const complaints = [];
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`error: ${message.text()}`);
  });
  context.on('weberror', (error) => complaints.push(`exception: ${error.error().stack}`));
  context.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(`${url}/`) && !asked.startsWith('data:')) complaints.push(`asks ${asked}`);
  });
  return {
    newPage: () => context.newPage(),
    // Errors of the pages, and their requests to other hosts, since the last call.
    complaints: () => complaints.splice(0),
    async stop() {
      await context.close();
      await rm(folder, { recursive: true });
    },
  };
}
