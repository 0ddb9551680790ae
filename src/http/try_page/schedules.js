// Schedules: reading those that rules refer to, and their periods in plain words.

import { ownerPath, path } from './api.js';
import { dateWords } from './zone.js';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const CODES = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const UNITS = { DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month', YEARLY: 'year' };
const EASTER = {
  '-2': 'Good Friday', 0: 'Easter Sunday', 1: 'Easter Monday', 39: 'Ascension Day', 49: 'Whit Sunday',
  50: 'Whit Monday', 60: 'Corpus Christi',
};
/** How many lines tell what a schedule is; holidays of many years are more. */
const SHOWN = 6;

/** The folder of schedules of this type, in a path. */
export const folder = (type) => (type === 'Holiday' ? 'calendar_schedules' : 'time_schedules');

/** The words joined as in a sentence: `a, b and c`. */
export const joined = (words, last = 'and') =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;

/** Reads the schedules that rules refer to, each once. Answers what a reference leads to. */
export async function readSchedules({ client, at }, rules) {
  const references = rules.flatMap(({ timeSchedule, holidaySchedule }) => [timeSchedule, holidaySchedule]);
  const key = ({ level, type, name }) => `${level}/${type}/${name}`;
  const wanted = new Map(references.filter(Boolean).map((reference) => [key(reference), reference]));
  const read = async ([id, { level, type, name }]) => {
    const address = `${ownerPath(at, level)}${folder(type)}/${path`${name}/`}`;
    return [id, await client.get(address).catch(() => undefined)];
  };
  const found = new Map(await Promise.all([...wanted].map(read)));
  return (reference) => found.get(key(reference));
}

const padded = (time) => time.padStart(5, '0');

function timesWords({ startTime, stopTime }) {
  if (!startTime) return 'all day';
  const [start, stop] = [padded(startTime), padded(stopTime)];
  return `${start} to ${stop}${stop < start ? ' the next day' : ''}`;
}

/** Days of the week in words: three and more in a row by the first and the last. */
function weekWords(days) {
  const at = DAYS.map((day, index) => (days.has(day) ? index : -1)).filter((index) => index >= 0);
  const inRow = at.length > 2 && at.at(-1) - at[0] === at.length - 1;
  return inRow ? `${DAYS[at[0]]} to ${DAYS[at.at(-1)]}` : joined(at.map((index) => DAYS[index]));
}

function easterWords(days) {
  const known = EASTER[days];
  if (known) return known;
  return `${Math.abs(days)} days ${days < 0 ? 'before' : 'after'} Easter Sunday`;
}

/** A recurrence rule (RFC 5545) in words, where they are few; else the rule itself. */
export function ruleWords(rule, startDate) {
  const { FREQ, INTERVAL = 1, COUNT, UNTIL, WKST, BYDAY, BYEASTER, ...others } = Object.fromEntries(
    rule.toUpperCase().split(';').map((part) => part.split('=')),
  );
  const unit = UNITS[FREQ];
  const days = BYDAY?.split(',').map((code) => DAYS[CODES.indexOf(code)]);
  const isOdd = Object.keys(others).length || days?.includes(undefined) || (days && FREQ !== 'WEEKLY');
  if (!unit || isOdd || (BYEASTER !== undefined && (FREQ !== 'YEARLY' || !/^[+-]?\d+$/.test(BYEASTER)))) {
    return `by the rule ${rule}, from ${dateWords(startDate)}`;
  }
  const every = Number(INTERVAL) === 1 ? `every ${unit}` : `every ${INTERVAL} ${unit}s`;
  const date = dateWords(startDate);
  const dayOfYear = date.slice(0, date.lastIndexOf(' '));
  const on = {
    YEARLY: () => ` on ${BYEASTER === undefined ? dayOfYear : easterWords(Number(BYEASTER))}`,
    MONTHLY: () => ` on day ${Number(startDate.slice(-2))}`,
    WEEKLY: () => (days ? ` on ${weekWords(new Set(days))}` : ` from ${date}`),
    DAILY: () => ` from ${date}`,
  }[FREQ]();
  const until = UNTIL ? `, until ${dateWords(`${UNTIL.slice(0, 4)}-${UNTIL.slice(4, 6)}-${UNTIL.slice(6, 8)}`)}` : '';
  return `${every}${on}${COUNT ? `, ${COUNT} times` : ''}${until}`;
}

function periodWords(period) {
  const times = timesWords(period);
  const withTimes = (words) => (times === 'all day' ? words : `${words}, ${times}`);
  switch (period.type) {
    case 'Day of the month':
      return `day ${period.dayOfMonth} of every month, ${times}`;
    case 'Date': {
      const { startDate, stopDate = startDate } = period;
      const last = stopDate === startDate ? '' : ` to ${dateWords(stopDate)}`;
      return withTimes(`${dateWords(startDate)}${last}`);
    }
    case 'Recurrence': {
      const except = (period.exceptDates ?? []).map(dateWords);
      return withTimes(ruleWords(period.rule, period.startDate)) + (except.length ? `, except ${joined(except)}` : '');
    }
    default:
      return `${period.name} (${period.type})`;
  }
}

/** A schedule in words: a line for each of its periods, weekdays of the same times together. */
export function scheduleWords({ periods }) {
  const weeks = new Map();
  const lines = [];
  for (const period of periods.filter(({ active }) => active !== false)) {
    if (period.type !== 'Day of the week') {
      lines.push(periodWords(period));
      continue;
    }
    const times = timesWords(period);
    if (!weeks.has(times)) weeks.set(times, new Set());
    weeks.get(times).add(period.dayOfWeek);
  }
  const all = [...[...weeks].map(([times, days]) => `${weekWords(days)}, ${times}`), ...lines];
  if (!all.length) return ['at no time: it has no active periods'];
  return all.length <= SHOWN ? all : [...all.slice(0, SHOWN - 1), `and ${all.length - SHOWN + 1} more periods`];
}
