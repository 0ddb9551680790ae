// The page at /try/, used in Chromium by the keyboard. Run by `make test-docs`, which also takes its pictures.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { faultsOf } from './accessibility.mjs';
import { startBrowser } from './browser.mjs';
import { server } from './server.mjs';
import { TryPage } from './try_page.mjs';

const root = resolve(import.meta.dirname, '../..');
const pictures = resolve(process.env.PICTURES ?? join(root, 'target/docs'));
const tools = join(root, 'target/tools/docs');

const GROUP = '/api/v1/tenants/foo/groups/foogroup/';
const USER = `${GROUP}users/foouser/`;
const SERVICE = `${USER}services/selective_call_acceptance/`;
const HOSTILE = '<img src=x onerror=alert(1)>';

let browser;
let page;
const asked = [];

before(async () => {
  for (const folder of [pictures, join(root, 'target/docs')]) await mkdir(folder, { recursive: true });
  browser = await startBrowser(tools, server.url);
});
after(() => browser?.stop());
beforeEach(async () => {
  page = await browser.newPage();
  page.on('request', (request) => asked.push(request.url()));
});
afterEach(async () => {
  await page.close();
  assert.deepEqual(browser.complaints(), []);
  for (const address of asked.splice(0)) assert.ok(!address.includes('ca_'), `a token in ${address}`);
  await server.renew();
});

/** Forgets that the browser complains of answers with these statuses, which a test is about. */
function expectStatuses(...statuses) {
  const complaints = browser.complaints();
  assert.deepEqual(complaints.map((text) => Number(text.match(/^error: .* status of (\d+) /)?.[1])), statuses);
}

const criteria = async () => (await server.send('GET', SERVICE)).criteria;
const token = async (body) => (await server.send('POST', '/api/v1/tokens/', body)).token;

describe('somebody with a keyboard', () => {
  test('sees the coming week, as a picture and as a table', async () => {
    const shown = await TryPage.open(page, server.token);
    const week = shown.section('The coming week');
    await week.getByText('Nobody gets through in the coming seven days.').waitFor();
    const picture = week.getByRole('img');
    assert.equal(
      await picture.getAttribute('aria-label'),
      'The coming week. Nobody gets through in the coming seven days.',
    );
    await shown.tabTo(week.getByText('The coming week as a table'));
    await page.keyboard.press('Enter');
    const lines = await week.getByRole('row').allInnerTexts();
    assert.ok(lines.length === 9 || lines.length === 8, `a day has one line, after the heads: ${lines}`);
    assert.match(lines[2], /^\w{3} \d+ \w{3,4}\s+00:00 to 24:00\s+Nobody gets through$/);
  });

  test('reads the rules in plain words, and the warnings with what would be right', async () => {
    const shown = await TryPage.open(page, server.token);
    const told = async (name) => (await shown.rule(name).innerText()).replace(/\s+/g, ' ');
    const friday = await told('foocriteria');
    assert.match(friday, /Accepts every call,/);
    assert.match(friday, /in the times “Every Friday” of the user: Friday, 09:00 to 17:00/);
    assert.match(friday, /on the days “Every Easter” of the user: every year on Easter Sunday/);
    assert.match(friday, /All of this must hold\./);
    const premium = await told('Premium numbers');
    assert.match(premium, /Refuses calls from numbers that begin with \+3290 and the list “Nuisance callers”/);
    assert.match(premium, /until 31 December 2199/);
    assert.match(await told('Colleagues'), /Does not refuse calls from colleagues, at any time\./);
    const rules = await shown.section('The rules').innerText();
    assert.match(rules, /Always let through: \+3225550198 \(Alarm line\), \+3225550199 \(Voicemail\)/);
    const warnings = await shown.section('Warnings').getByRole('listitem').allInnerTexts();
    const { warnings: answered } = await server.send('GET', `${USER}services/warnings/`);
    assert.equal(warnings.length, answered.length);
    for (const [at, { detail }] of answered.entries()) {
      assert.ok(warnings[at].includes(detail.replaceAll('`', '')), warnings[at]);
    }
  });

  test('has a call refused and accepted, with what each rule said', async () => {
    const shown = await TryPage.open(page, server.token);
    const call = shown.section('Try a call');
    await shown.type("Caller's number", '+32 475 12 34 56');
    await page.keyboard.press('Enter');
    await call.getByText('Refused', { exact: true }).waitFor();
    await call.getByText('No rule accepts this call.').waitFor();
    await call.getByText('The caller gets: 603 Decline.').waitFor();
    assert.equal(await call.getByRole('listitem').count(), 3);
    await shown.choose('The number is', 'withheld by the caller');
    await shown.press('Try the call');
    await call.getByText('The caller withholds the number, and such calls are refused.').waitFor();
    await call.getByText('433 Anonymity Disallowed', { exact: false }).waitFor();
    await shown.check('is an emergency service calling back');
    await shown.press('Try the call');
    await call.getByText('Accepted', { exact: true }).waitFor();
    await call.getByText('An emergency service calls back.').waitFor();
  });

  test('asks about another time in the time zone of the user', async () => {
    await server.send('PUT', SERVICE, { criteria: [{ name: 'foocriteria', holidaySchedule: null }] });
    const shown = await TryPage.open(page, server.token);
    for (const [time, result] of [['08:59', 'Refused'], ['09:00', 'Accepted'], ['17:00', 'Refused']]) {
      await shown.field('Date and time').fill(`2027-07-02T${time}`);
      await shown.press('Try the call');
      await shown.section('Try a call').getByText(result, { exact: true }).waitFor();
    }
  });

  test('sees the fault of a call beside its field', async () => {
    const shown = await TryPage.open(page, server.token);
    await shown.type("Caller's number", '1'.repeat(513));
    await page.keyboard.press('Enter');
    assert.match(await shown.faultOf("Caller's number"), /at most 512 characters/);
    expectStatuses(400);
  });
});

describe('a change', () => {
  const takeHolidaysAway = async (shown) => {
    await shown.press('Change “foocriteria”');
    await shown.choose('Only on the days', 'on any day');
    await shown.tryIt();
  };

  test('is tried on a copy, and made when that is confirmed', async () => {
    const shown = await TryPage.open(page, server.token);
    await takeHolidaysAway(shown);
    const change = shown.section('Try a change');
    await change.getByText('everyone gets through for 8 hours, nobody for 160 hours').waitFor();
    await change.getByText(/^Fri .*: nobody gets through now, everyone gets through afterwards$/).first().waitFor();
    await change.getByText('Change the rule “foocriteria” of Selective Call Acceptance: not limited').waitFor();
    assert.equal(await change.getByRole('img').count(), 2);
    const otherwise = change.getByRole('table', { name: 'Calls decided otherwise' });
    const row = otherwise.getByRole('row').filter({ hasText: '+3225126777' });
    assert.match(await row.innerText(), /Refused: no rule accepts.*Accepted: the rule “foocriteria” accepts/s);
    await change.getByText('Nobody gets through at times').waitFor();
    await change.getByRole('listitem').filter({ hasText: 'The rule never applies (“foocriteria”)' }).waitFor();
    assert.ok((await criteria())[0].holidaySchedule, 'nothing is changed yet');

    await shown.press('Make these changes…');
    const dialog = page.getByRole('dialog', { name: 'Make these changes?' });
    await dialog.waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.ok((await criteria())[0].holidaySchedule, 'nothing is changed yet');

    await shown.press('Make these changes…');
    await shown.press('Make the changes', dialog);
    await shown.section('The coming week').getByText('everyone gets through for 8 hours').waitFor();
    assert.equal((await criteria())[0].holidaySchedule, undefined);
    assert.equal(await change.getByRole('heading', { name: 'On the copy' }).count(), 0);
    await page.getByText('The changes are made.').first().waitFor();
  });

  test('is added to those before, and can be taken back', async () => {
    const shown = await TryPage.open(page, server.token);
    await takeHolidaysAway(shown);
    await shown.choose('What to change', 'Calls outside the schedules of Selective Call Acceptance');
    await shown.choose('Outside the schedules of its rules, calls are', 'accepted');
    await shown.press('Try it on a copy');
    const change = shown.section('Try a change');
    await change.getByText('Everyone gets through in the coming seven days.').waitFor();
    const collected = change.getByRole('button', { name: 'Take back' });
    assert.equal(await collected.count(), 2);
    await shown.tabTo(collected.first());
    await page.keyboard.press('Enter');
    await collected.nth(1).waitFor({ state: 'detached' });
    await shown.press('Throw the copy away');
    assert.equal(await collected.count(), 0);
    assert.equal((await criteria())[0].holidaySchedule.name, 'Every Easter');
  });

  test('that a warning proposes is tried with one key', async () => {
    const shown = await TryPage.open(page, server.token);
    const cure = shown.section('Warnings').getByRole('button', { name: 'Try the cure on a copy' });
    await shown.tabTo(cure.first());
    await page.keyboard.press('Enter');
    const change = shown.section('Try a change');
    await change.getByText('Add the rule “Not on Every Easter” to Selective Call Acceptance: refuses').waitFor();
    await change.getByText('everyone gets through for 8 hours, nobody for 160 hours').waitFor();
    await shown.press('Make these changes…');
    await shown.press('Make the changes');
    await shown.rule('Not on Every Easter').waitFor();
    assert.deepEqual((await criteria()).map(({ name }) => name), ['foocriteria', 'Not on Every Easter']);
  });

  test('can add, rename and remove rules, and switch services', async () => {
    const shown = await TryPage.open(page, server.token);
    const collected = (text) => shown.section('Try a change').getByRole('listitem').getByText(text);
    await shown.choose('What to change', 'Add a rule to Selective Call Rejection');
    await shown.type('Name', 'Sales');
    await shown.type('Numbers', '+322555*\n0475??????');
    await shown.tryIt();
    await shown.press('Remove “Colleagues”');
    await shown.press('Try it on a copy');
    await collected('Remove the rule “Colleagues” of Selective Call Rejection').waitFor();
    await shown.choose('What to change', 'Switch Anonymous Call Rejection off');
    await shown.press('Try it on a copy');
    await collected('Switch Anonymous Call Rejection off').waitFor();
    await shown.press('Change “foocriteria”');
    await shown.type('Name', 'Fridays');
    await shown.press('Try it on a copy');
    await collected('Change the rule “foocriteria” of Selective Call Acceptance: renamed to').waitFor();
    await shown.press('Make these changes…');
    await shown.press('Make the changes');
    await shown.rule('Fridays').waitFor();
    await shown.rule('Sales').getByText('Refuses calls from numbers that begin with +322555 and 0475??????').waitFor();
    assert.equal(await shown.rule('Colleagues').count(), 0);
    const { active } = await server.send('GET', `${USER}services/anonymous_call_rejection/`);
    assert.equal(active, false);
  });

  test('with faults shows them beside the fields', async () => {
    const shown = await TryPage.open(page, server.token);
    await shown.press('Change “foocriteria”');
    await shown.choose('It matches', 'the callers named below');
    await shown.type('Numbers', '+3225126777\n+32 2');
    await shown.press('Try it on a copy');
    assert.match(await shown.faultOf('Numbers'), /"\+32 2" is not valid here/);
    assert.deepEqual(await faultsOf(page), []);
    expectStatuses(400);
    await shown.choose('What to change', 'Add a rule to Selective Call Rejection');
    await shown.type('Name', 'Colleagues');
    await shown.press('Try it on a copy');
    assert.match(await shown.faultOf('Name'), /There is a rule “Colleagues” already/);
  });

  test('is not made when somebody else was quicker', async () => {
    const shown = await TryPage.open(page, server.token);
    await takeHolidaysAway(shown);
    await server.send('PUT', SERVICE, { criteria: [{ name: 'foocriteria', active: false }] });
    await shown.press('Make these changes…');
    await shown.press('Make the changes');
    await shown.page.getByText('Somebody else has changed the service meanwhile.').waitFor();
    assert.ok((await criteria())[0].holidaySchedule);
    expectStatuses(412);
    await shown.press('Load the user again');
    await shown.rule('foocriteria').getByText('Switched off').waitFor();
  });
});

describe('a token', () => {
  test('that is not valid is refused in plain words', async () => {
    const shown = new TryPage(page);
    await shown.signIn('ca_wrong');
    await page.getByRole('alert').getByText(/^The request is not authenticated The token is not valid/).waitFor();
    expectStatuses(401);
  });

  test('of an end user may not list, and the user is typed', async () => {
    const scope = { tenantId: 'foo', groupId: 'foogroup', userId: 'foouser' };
    const shown = new TryPage(page);
    await shown.signIn(await token({ role: 'end_user', readOnly: true, ...scope }));
    await shown.typeUser('foo', 'foogroup', 'foouser');
    await shown.rule('foocriteria').waitFor();
    await shown.section('The coming week').getByRole('img').waitFor();
    await page.getByText('that of this browser').waitFor();
    await shown.press('Change “foocriteria”');
    await shown.choose('Only on the days', 'on any day');
    await shown.tryIt();
    await shown.press('Make these changes…');
    await shown.press('Make the changes');
    await page.getByText('Another token is needed: one whose role and scope allow this.').waitFor();
    assert.ok((await criteria())[0].holidaySchedule);
    const statuses = browser.complaints().map((text) => text.match(/status of (\d+)/)?.[1]);
    assert.ok(statuses.length && statuses.every((status) => status === '403'), `${statuses}`);
  });

  test('of a node can only try calls', async () => {
    const shown = new TryPage(page);
    await shown.signIn(await token({ role: 'call_processing' }));
    await shown.typeUser('foo', 'foogroup', 'foouser');
    await page.getByText("This token may not read the user's rules.").waitFor();
    assert.equal(await page.getByRole('heading', { name: 'The rules' }).count(), 0);
    await shown.type("Caller's number", '+3290123');
    await page.keyboard.press('Enter');
    await page.getByText('The rule “Premium numbers” refuses this call.').waitFor();
    browser.complaints();
  });

  test('may be left out where the server runs without authentication', async () => {
    const open = await server.startOpen();
    const other = await startBrowser(tools, open.url);
    try {
      const shown = await TryPage.open(await other.newPage(), '');
      assert.deepEqual(other.complaints(), []);
      assert.equal(await shown.section('Warnings').getByText('Nobody gets through', { exact: true }).count(), 1);
    } finally {
      await other.stop();
      await open.stop();
    }
  });
});

test('a user who does not exist is a clear text, and so is one without services', async () => {
  await server.send('POST', `${GROUP}users/`, { userId: 'plain' });
  const shown = new TryPage(page);
  await shown.signIn(await token({ role: 'call_processing', tenantId: 'foo' }));
  await shown.typeUser('foo', 'foogroup', 'nobody');
  await shown.press('Try the call');
  await page.getByText(/There is no .*user/i).first().waitFor();
  browser.complaints();
  await shown.signIn(server.token);
  await shown.chooseGroup();
  await shown.show('plain');
  await shown.section('The rules').getByText('The user does not have this service.').first().waitFor();
  await shown.press('Try the call');
  await shown.section('Try a call').getByRole('alert').getByText(/not assigned|does not have/).first().waitFor();
  browser.complaints();
});

test('a long list comes page by page', async () => {
  const ids = Array.from({ length: 120 }, (_, at) => `user${String(at).padStart(3, '0')}`);
  for (const userId of ids) await server.send('POST', `${GROUP}users/`, { userId });
  const shown = new TryPage(page);
  await shown.signIn(server.token);
  await shown.chooseGroup();
  const options = shown.field('User').and(page.locator('select')).getByRole('option');
  await options.first().waitFor({ state: 'attached' });
  assert.equal(await options.count(), 100);
  await shown.press('More of user');
  await page.getByText('21 more can be chosen.').waitFor({ state: 'attached' });
  assert.equal(await options.count(), 121);
  await shown.show('user119');
  await page.getByRole('heading', { name: 'user119' }).waitFor();
});

test('names that look like HTML stay text', async () => {
  await server.send('PUT', USER, { firstName: HOSTILE, lastName: '"><script>alert(2)</script>' });
  await server.send('POST', `${USER}time_schedules/`, {
    name: '<svg onload=alert(3)>',
    periods: [{ name: HOSTILE, type: 'Day of the week', dayOfWeek: 'Friday' }],
  });
  const entry = {
    name: HOSTILE,
    description: HOSTILE,
    fromDnCriteria: { selection: 'Any' },
    timeSchedule: { level: 'User', name: '<svg onload=alert(3)>' },
  };
  await server.send('PUT', SERVICE, { criteria: [entry, { name: 'foocriteria', delete: true }] });
  page.on('dialog', (dialog) => assert.fail(`it runs: ${dialog.message()}`));
  const shown = new TryPage(page);
  await shown.signIn(server.token);
  await shown.chooseGroup();
  await shown.show('foouser');
  await shown.rule(HOSTILE).getByText('“<svg onload=alert(3)>” of the user: Friday, all day').waitFor();
  await page.getByRole('heading', { name: `${HOSTILE} "><script>alert(2)</script>` }).waitFor();
  await shown.press('Try the call');
  await shown.section('Try a call').getByRole('listitem').filter({ hasText: HOSTILE }).waitFor();
  await shown.press(`Change “${HOSTILE}”`);
  await shown.choose('A call that it matches is', 'refused');
  await shown.tryIt();
  await page.getByText(`Change the rule “${HOSTILE}” of Selective Call Acceptance: refuses`).waitFor();
  await shown.press('Make these changes…');
  await page.getByRole('dialog').getByText(HOSTILE).waitFor();
  assert.equal(await page.locator('main img, main svg, main script, dialog img').count(), 0);
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 400]) {
    test(`it is accessible in the ${colorScheme}, ${width} pixels wide, and looks as in the pictures`, async () => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 1000 });
      // README.md has those of the one kind; the others are there to be looked at.
      const isPrinted = colorScheme === 'light' && width === 1280;
      const [folder, suffix] = isPrinted ? [pictures, ''] : [join(root, 'target/docs'), `-${colorScheme}-${width}`];
      const picture = (name, target = page) =>
        target.screenshot({ path: join(folder, `try-${name}${suffix}.png`) });
      await page.goto('/try/');
      assert.deepEqual(await faultsOf(page), []);
      const shown = await TryPage.open(page, server.token);
      await shown.section('The coming week').getByRole('img').waitFor();
      await shown.section('Warnings').getByRole('listitem').first().waitFor();
      assert.deepEqual(await faultsOf(page), []);
      await page.evaluate(() => scrollTo(0, 0));
      await picture('week');
      await shown.type("Caller's number", '+32 475 12 34 56');
      await page.keyboard.press('Enter');
      await shown.section('Try a call').getByText('Refused', { exact: true }).waitFor();
      await picture('call', shown.section('Try a call'));
      await shown.press('Change “foocriteria”');
      await shown.choose('Only on the days', 'on any day');
      await shown.tryIt();
      assert.deepEqual(await faultsOf(page), []);
      await page.evaluate(() => scrollTo(0, 0));
      const [first, last] = [shown.page.locator('.collected'), shown.page.locator('.outcome .weeks')];
      const [{ x, y, width: across }, end] = [await first.boundingBox(), await last.boundingBox()];
      const clip = { x: x - 16, y: y - 16, width: across + 32, height: end.y + end.height - y + 32 };
      await picture('change', { screenshot: (options) => page.screenshot({ ...options, clip, fullPage: true }) });
      const moving = await page.evaluate(() => document.getAnimations().length);
      assert.equal(moving, 0);
    });
  }
}
