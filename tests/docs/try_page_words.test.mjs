// What the modules of the page at /try/ say, where it takes no browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { path } from '../../src/http/try_page/api.js';
import { sortFaults, updates, withChange } from '../../src/http/try_page/draft.js';
import { ruleWords, scheduleWords } from '../../src/http/try_page/schedules.js';
import { weekDifferences, weekWords } from '../../src/http/try_page/week.js';
import { callersWords, patternWords } from '../../src/http/try_page/words.js';
import { instantOf, instantWords, localTime } from '../../src/http/try_page/zone.js';

const BRUSSELS = 'Europe/Brussels';

test('a path encodes what is in it', () => {
  assert.equal(path`/api/v1/tenants/${'a/b ?é'}/`, '/api/v1/tenants/a%2Fb%20%3F%C3%A9/');
});

test('a recurrence rule is said in words where they are few, else as it is', () => {
  for (const [rule, words] of [
    ['FREQ=YEARLY;BYEASTER=0', 'every year on Easter Sunday'],
    ['freq=yearly;byeaster=-2', 'every year on Good Friday'],
    ['FREQ=YEARLY;BYEASTER=10', 'every year on 10 days after Easter Sunday'],
    ['FREQ=YEARLY', 'every year on 25 December'],
    ['FREQ=YEARLY;COUNT=3', 'every year on 25 December, 3 times'],
    ['FREQ=MONTHLY;INTERVAL=2', 'every 2 months on day 25'],
    ['FREQ=WEEKLY;BYDAY=MO,WE', 'every week on Monday and Wednesday'],
    ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'every week on Monday to Friday'],
    ['FREQ=DAILY;UNTIL=20270105', 'every day from 25 December 2026, until 5 January 2027'],
    ['FREQ=MONTHLY;BYDAY=-1FR', 'by the rule FREQ=MONTHLY;BYDAY=-1FR, from 25 December 2026'],
    ['FREQ=YEARLY;BYMONTH=5', 'by the rule FREQ=YEARLY;BYMONTH=5, from 25 December 2026'],
  ]) {
    assert.equal(ruleWords(rule, '2026-12-25'), words);
  }
});

test('a schedule tells days of the same times together, and no more than a few lines', () => {
  const weekday = (dayOfWeek, startTime, stopTime) => ({
    name: dayOfWeek, type: 'Day of the week', dayOfWeek, startTime, stopTime,
  });
  const office = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'].map((day) => weekday(day, '9:00', '17:00'));
  assert.deepEqual(scheduleWords({ periods: office }), ['Monday to Friday, 09:00 to 17:00']);
  assert.deepEqual(scheduleWords({ periods: [weekday('Friday', '22:00', '6:00')] }), [
    'Friday, 22:00 to 06:00 the next day',
  ]);
  const date = { name: 'x', type: 'Date', startDate: '2026-12-24', stopDate: '2027-01-02' };
  assert.deepEqual(scheduleWords({ periods: [date, { ...date, active: false }] }), [
    '24 December 2026 to 2 January 2027',
  ]);
  assert.equal(scheduleWords({ periods: Array(1000).fill(date) }).at(-1), 'and 995 more periods');
  assert.deepEqual(scheduleWords({ periods: [] }), ['at no time: it has no active periods']);
});

test('callers are told by what they are', () => {
  assert.equal(patternWords('0475*'), 'numbers that begin with 0475');
  assert.equal(patternWords('*'), 'all numbers that are shown');
  assert.equal(patternWords('+32?*'), '+32?*');
  assert.equal(callersWords({ selection: 'Any', phoneNumbers: ['1'] }), 'every call');
  const specified = { selection: 'Specified Only', phoneNumbers: Array(10).fill('1'), includeInternalCallers: true };
  assert.equal(callersWords(specified), 'calls from 1, 1, 1, 1, 1, 1, 1, 1, 2 more and colleagues');
  assert.match(callersWords({ selection: 'Specified Only' }), /^no call/);
});

test('local times are those of the zone, whatever its daylight saving', () => {
  assert.equal(instantOf('2026-12-04T10:00', BRUSSELS), '2026-12-04T09:00:00Z');
  assert.equal(instantOf('2026-07-03T10:00', BRUSSELS), '2026-07-03T08:00:00Z');
  assert.equal(instantOf('2026-03-29T03:00', BRUSSELS), '2026-03-29T01:00:00Z');
  assert.deepEqual(localTime(Date.parse('2026-10-25T00:30Z'), BRUSSELS), { day: '2026-10-25', minute: 150 });
  assert.deepEqual(localTime(Date.parse('2026-11-26T18:15Z'), 'Asia/Kathmandu'), { day: '2026-11-27', minute: 0 });
  assert.equal(instantWords('2199-12-31T00:00:00Z', BRUSSELS), '31 December 2199, 01:00');
});

test('a week is told in hours, and the times that differ from another one', () => {
  const entry = (start, stop, callers) => ({ start, stop, callers });
  const before = [entry('2026-11-26T00:00:00Z', '2026-12-03T00:00:00Z', 'nobody')];
  const after = [
    entry('2026-11-26T00:00:00Z', '2026-11-27T08:00:00Z', 'nobody'),
    entry('2026-11-27T08:00:00Z', '2026-11-27T08:30:00Z', 'everyone'),
    entry('2026-11-27T08:30:00Z', '2026-12-03T00:00:00Z', 'listed'),
  ];
  assert.equal(weekWords(before, BRUSSELS), 'Nobody gets through in the coming seven days.');
  const hours = 'everyone gets through for half an hour, some callers for 135.5 hours, nobody for 32 hours';
  assert.equal(weekWords(after, BRUSSELS), `In the coming seven days ${hours}.`);
  const [first, second] = weekDifferences({ before, after }, BRUSSELS);
  assert.equal(first.when, 'Fri 27 Nov, 09:00 to 09:30');
  assert.equal(second.when, 'Fri 27 Nov, 09:30 to 24:00');
  assert.deepEqual(weekDifferences({ before, after: before }, BRUSSELS), []);
  // The night of 25 October has 02:00 to 03:00 twice.
  const autumn = (callers) => [entry('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', callers)];
  const [night, ...others] = weekDifferences({ before: autumn('nobody'), after: autumn('listed') }, BRUSSELS);
  assert.deepEqual([night.when, others], ['Sun 25 Oct, 00:00 to 24:00', []]);
});

test('changes of a service go together, the later of one thing counts, and faults find their change', () => {
  const change = (name, active) => ({ service: 'A', name, rule: { name }, entry: { name, active } });
  let changes = [change('a', true), { service: 'B', members: { active: false } }].reduce(withChange, []);
  changes = withChange(changes, change('b', false));
  changes = withChange(changes, change('a', false));
  assert.deepEqual(updates(changes), [
    { service: 'B', update: { active: false } },
    { service: 'A', update: { criteria: [{ name: 'b', active: false }, { name: 'a', active: false }] } },
  ]);
  const faults = [{ pointer: '/changes/1/update/criteria/1/active' }, { pointer: '/changes/1/update/criteria/0/name' }];
  assert.deepEqual(sortFaults(changes, faults), [{ pointer: '/active' }, faults[1]]);
});
