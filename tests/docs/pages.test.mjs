// The pages, looked at in Chromium. Run by `make test-docs`; the pictures of README.md and docs/ are taken on the way.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { startBrowser } from './browser.mjs';
import { server } from './server.mjs';
import { SwaggerUi } from './swagger_ui.mjs';

const root = resolve(import.meta.dirname, '../..');
const pictures = resolve(process.env.PICTURES ?? join(root, 'target/docs'));

// Operations whose examples are refused, as they should be: the demonstration data is in use, and a token with a
// published secret must not work.
const REFUSED = {
  user_time_schedule_delete: 'schedule_in_use',
  user_calendar_schedule_delete: 'schedule_in_use',
  tenant_number_list_delete: 'number_list_in_use',
  user_delete: 'user_in_use',
  group_delete: 'group_in_use',
  tenant_delete: 'tenant_in_use',
  deletion_view: 'deletion_not_found',
  import_view: 'import_not_found',
  import_errors_list: 'import_not_found',
  import_cancel: 'import_not_found',
  token_view: 'token_not_found',
  token_revoke: 'token_not_found',
};

// Responses with tokens, identifiers and times that differ each time, a calendar of all coming years, and a whole
// tenant.
const OTHERWISE = new RegExp(
  '^(tokens_list|token_create|audit_events_list|services_preview|.*_statistics_view|refused_calls_list|' +
    '.*_icalendar_view|tenant_export|imports_list|imports_create)$',
);

// The criteria that the user has after an operation of the demonstration data, `foocriteria`.
const CRITERIA_AFTER = {
  selective_call_acceptance_view: ['foocriteria'],
  selective_call_acceptance_update: ['foocriteria', 'test2'],
  criteria_create: ['foocriteria', 'test'],
  criteria_view: ['foocriteria'],
  criteria_update: ['foocriteria'],
  criteria_delete: [],
};
const SERVICE = '/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_acceptance/';

const document = await (await fetch(`${server.url}/openapi.json`)).json();
const operations = Object.values(document.paths).flatMap((path) =>
  Object.entries(path).map(([method, operation]) => ({ method, ...operation })),
);
/** A part of the document itself, where operations share it. */
const shared = (part) =>
  part.$ref ? part.$ref.slice(2).split('/').reduce((at, step) => at[step], document) : part;
let browser;

before(async () => {
  await mkdir(pictures, { recursive: true });
  browser = await startBrowser(join(root, 'target/tools/docs'), server.url);
});
after(() => browser?.stop());
afterEach(() => assert.deepEqual(browser.complaints(), []));

async function answersAsItIsPrinted(ui, operation) {
  const id = operation.operationId;
  await ui.toggle(operation);
  const { status, body } = await ui.execute(operation);
  if (id in REFUSED) {
    assert.equal(body.code, REFUSED[id]);
    assert.match(browser.complaints().join(), new RegExp(`^error: [^,]* status of ${status} [^,]*$`));
  } else {
    assert.ok([200, 201, 202].includes(status), `${status}: ${JSON.stringify(body)}`);
    const [printed] = Object.values(shared(operation.responses[status]).content);
    if (!OTHERWISE.test(id)) assert.deepEqual(body, printed.example);
  }
  if (id in CRITERIA_AFTER) {
    const { criteria } = await (await server.get(SERVICE)).json();
    assert.deepEqual(criteria.map(({ name }) => name), CRITERIA_AFTER[id]);
  }
  if (id === 'criteria_view') await ui.picture(operation, join(pictures, 'swagger-ui.png'));
  await ui.toggle(operation);
  if (operation.method !== 'get') await server.renew();
}

describe('on the page to try, without typing,', () => {
  let ui;
  before(async () => {
    ui = await SwaggerUi.open(await browser.newPage(), server.token);
    await ui.page.screenshot({ path: join(pictures, 'operations.png') });
    await ui.fold();
  });

  for (const { name } of document.tags) {
    describe(name, () => {
      before(() => ui.toggleTag(name));
      after(() => ui.toggleTag(name));
      for (const operation of operations.filter(({ tags: [tag] }) => tag === name)) {
        test(`${operation.operationId} answers as it is printed`, () => answersAsItIsPrinted(ui, operation));
      }
    });
  }

  test('every operation is tried, and those that are named here are among them', () => {
    const tags = document.tags.map(({ name }) => name);
    for (const { operationId, tags: [tag] } of operations) assert.ok(tags.includes(tag), operationId);
    const ids = operations.map(({ operationId }) => operationId);
    for (const id of [...Object.keys(CRITERIA_AFTER), ...Object.keys(REFUSED)]) assert.ok(ids.includes(id), id);
  });
});

test('the page to read names every operation', async () => {
  const page = await browser.newPage();
  await page.goto('/reference/');
  await page.getByRole('heading', { name: document.info.title }).first().waitFor();
  for (const { name } of document.tags) {
    const folder = page.getByRole('button', { name: `Expand ${name}`, exact: true });
    if (await folder.count()) await folder.click();
  }
  const menu = page.getByRole('navigation').first();
  await menu.getByText(operations.at(-1).summary, { exact: true }).waitFor();
  const named = (await menu.innerText()).split('\n');
  for (const { operationId, summary } of operations) assert.ok(named.includes(summary), operationId);
});

test('the page of a problem leads to the operations that can answer it', async () => {
  const page = await browser.newPage();
  await page.goto('/problems/');
  await page.getByRole('link', { name: 'criteria_not_found' }).click();
  await page.getByRole('heading', { name: 'There is no such criteria' }).waitFor();
  const links = page.getByRole('listitem').getByRole('link');
  const operationsOf = (service) => ['view', 'update', 'delete'].map((verb) => `${service}criteria_${verb}`);
  assert.deepEqual(await links.allInnerTexts(), [...operationsOf(''), ...operationsOf('rejection_')]);
  await links.first().click();
  const block = page.locator('[id="operations-Selective_Call_Acceptance-criteria_view"]');
  await block.getByRole('button', { name: 'Try it out' }).waitFor();
});
