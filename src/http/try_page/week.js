// A week as a picture: a bar for each day, and in it who gets through. With its words, and as a table.

import { element, table } from './dom.js';
import { clock, dayWords, localTime } from './zone.js';

const DAY = 24 * 60;
/** The step of the picture: half hours begin at quarters in some time zones. */
const STEP = 15;
const HOURS = [0, 6, 12, 18, 24];

const CALLERS = {
  everyone: 'Everyone gets through',
  listed: 'Only some callers get through',
  nobody: 'Nobody gets through',
};

/** The steps of the week as `{ order, day, minute, callers }`, in local time. */
function steps(entries, zone) {
  const all = [];
  for (const { start, stop, callers } of entries) {
    for (let at = Date.parse(start); at < Date.parse(stop); at += STEP * 60_000) {
      all.push({ order: all.length, ...localTime(at, zone), callers });
    }
  }
  return all;
}

/** Joins steps that follow one another on a day and are `alike`. When clocks are changed, times jump within a run. */
function runs(all, alike) {
  const joined = [];
  for (const step of all) {
    const last = joined.at(-1);
    const until = step.minute + STEP;
    if (last && last.day === step.day && last.order + 1 === step.order && alike(last, step)) {
      last.order = step.order;
      last.until = Math.max(last.until, until);
    } else {
      joined.push({ ...step, until });
    }
  }
  return joined;
}

const spanWords = ({ minute, until }) => `${clock(minute)} to ${clock(until)}`;

/** Hours in words: `8 hours`, `half an hour`, `7.5 hours`. */
function hours(count) {
  const value = (count * STEP) / 60;
  if (value === 0.5) return 'half an hour';
  return `${value} ${value === 1 ? 'hour' : 'hours'}`;
}

/** The week in a sentence. */
export function weekWords(entries, zone) {
  const all = steps(entries, zone);
  const count = (callers) => all.filter((step) => step.callers === callers).length;
  const [everyone, listed, nobody] = ['everyone', 'listed', 'nobody'].map(count);
  if (nobody === all.length) return 'Nobody gets through in the coming seven days.';
  if (everyone === all.length) return 'Everyone gets through in the coming seven days.';
  if (listed === all.length) return 'Only some callers get through in the coming seven days.';
  const parts = [
    everyone && `everyone gets through for ${hours(everyone)}`,
    listed && `some callers for ${hours(listed)}`,
    nobody && `nobody for ${hours(nobody)}`,
  ].filter(Boolean);
  return `In the coming seven days ${parts.join(', ')}.`;
}

function segment({ minute, until, callers, day }) {
  const title = `${dayWords(day)}, ${clock(minute)} to ${clock(until)}: ${CALLERS[callers] ?? callers}`;
  const made = element('div', { class: `segment ${callers}`, title });
  made.style.left = `${(minute / DAY) * 100}%`;
  made.style.width = `${((until - minute) / DAY) * 100}%`;
  return made;
}

function axis() {
  const marks = HOURS.map((hour) => {
    const mark = element('span', {}, String(hour));
    mark.style.left = `${(hour / 24) * 100}%`;
    return mark;
  });
  return element('div', { class: 'axis' }, ...marks);
}

/** What the colours mean; the picture has it as text. */
export function legend() {
  const item = ([callers, words]) =>
    element('span', {}, element('span', { class: `swatch ${callers}` }), words.replace(/ gets? through/, ''));
  return element('div', { class: 'legend', 'aria-hidden': 'true' }, ...Object.entries(CALLERS).map(item));
}

/** The picture of a week of a preview; `title` tells it from another one. */
export function weekPicture(title, entries, zone) {
  const all = runs(steps(entries, zone), (a, b) => a.callers === b.callers);
  const days = Map.groupBy(all, ({ day }) => day);
  const rows = [...days].flatMap(([day, parts]) => [
    element('div', { class: 'day' }, dayWords(day)),
    element('div', { class: 'bar' }, ...parts.map(segment)),
  ]);
  const picture = element(
    'div',
    { class: 'week', role: 'img', 'aria-label': `${title}. ${weekWords(entries, zone)}` },
    ...rows,
    element('div'),
    axis(),
  );
  const lines = all.map((run) => [dayWords(run.day), spanWords(run), CALLERS[run.callers] ?? run.callers]);
  const text = element('details', {}, element('summary', {}, `${title} as a table`));
  text.append(table(title, ['Day', 'Time', 'Who'], lines));
  return element('figure', {}, picture, text);
}

/** The times of two weeks that differ, as `{ when, before, after }` in words. */
export function weekDifferences({ before, after }, zone) {
  const now = steps(before, zone);
  const then = steps(after, zone);
  const both = now.map((step, at) => ({ ...step, after: then[at]?.callers ?? step.callers }));
  const differ = both.filter((step) => step.callers !== step.after);
  return runs(differ, (a, b) => a.callers === b.callers && a.after === b.after).map((run) => ({
    when: `${dayWords(run.day)}, ${spanWords(run)}`,
    before: CALLERS[run.callers] ?? run.callers,
    after: CALLERS[run.after] ?? run.after,
  }));
}
