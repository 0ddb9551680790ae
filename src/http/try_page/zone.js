// Times in the time zone of the user, which need not be that of the browser.

const MINUTE = 60_000;
const formats = new Map();

function format(zone, options) {
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options }));
  return formats.get(key);
}

/** Whether the browser knows the zone. */
export function isZone(zone) {
  try {
    return Boolean(new Intl.DateTimeFormat('en-GB', { timeZone: zone }));
  } catch {
    return false;
  }
}

const NUMBERS = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' };

/** Day and minute of the day of an instant: `{ day: '2026-11-26', minute: 1170 }`. */
export function localTime(instant, zone) {
  const parts = {};
  for (const { type, value } of format(zone, { ...NUMBERS, hourCycle: 'h23' }).formatToParts(instant)) {
    parts[type] = value;
  }
  return { day: `${parts.year}-${parts.month}-${parts.day}`, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}

/** The day in words, like `Thu 26 Nov`. */
export function dayWords(day) {
  return format('UTC', { weekday: 'short', day: 'numeric', month: 'short' })
    .format(new Date(`${day}T12:00Z`))
    .replace(',', '');
}

/** The date in words, like `26 November 2026`. */
export const dateWords = (day) =>
  format('UTC', { day: 'numeric', month: 'long', year: 'numeric' }).format(new Date(`${day}T12:00Z`));

/** A minute of the day as a time, like `19:30`. */
export const clock = (minute) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** An instant in words, like `Thu 26 Nov, 19:30`, with the year if it is not this one. */
export function instantWords(instant, zone) {
  const at = new Date(instant);
  const { day, minute } = localTime(at, zone);
  const isNear = Math.abs(at - Date.now()) < 200 * 24 * 60 * MINUTE;
  return `${isNear ? dayWords(day) : dateWords(day)}, ${clock(minute)}`;
}

/** The instant of a local time like `2026-11-26T19:30`, in RFC 3339. */
export function instantOf(local, zone) {
  const wanted = Date.parse(`${local.slice(0, 16)}Z`);
  let instant = wanted;
  // Twice, because the offset may differ between the guess and the instant.
  for (let turn = 0; turn < 2; turn += 1) {
    const { day, minute } = localTime(instant, zone);
    instant += wanted - Date.parse(`${day}T${clock(minute)}Z`);
  }
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}

/** The local time of an instant for a `datetime-local` field. */
export function localText(instant, zone) {
  const { day, minute } = localTime(new Date(instant), zone);
  return `${day}T${clock(minute)}`;
}
