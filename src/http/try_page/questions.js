// The calls that a change is tried on: callers whom the rules name, and others, at moments of the coming week.

import { instantOf, localTime } from './zone.js';

const MOST_CALLERS = 24;
/** Local times of each day. */
const TIMES = ['03:00', '10:00', '15:00', '20:00'];
const DAY = 24 * 60 * 60_000;
/** Numbers for fiction: the first that no rule names is that of somebody else. */
const OTHERS = ['+12025550143', '+442079460143', '+33199000143'];

/** Callers as `{ label, call }`, the call without its time. */
function callers(rules, tried) {
  const named = new Set(rules.flatMap(({ fromDnCriteria }) => fromDnCriteria?.phoneNumbers ?? []));
  const other = OTHERS.find((number) => !named.has(number)) ?? OTHERS[0];
  const found = [
    { label: `Somebody else (${other})`, call: { callingNumber: other } },
    { label: 'Number withheld', call: { presentation: 'restricted' } },
    { label: 'Number not known', call: { presentation: 'unavailable' } },
    { label: 'A colleague', call: { callingNumber: other, internal: true } },
  ];
  const numbers = [...named].filter((pattern) => !/[?*]/.test(pattern));
  for (const callingNumber of numbers) found.push({ label: callingNumber, call: { callingNumber } });
  for (const { at, ...call } of tried) {
    const isKnown = found.some((one) => JSON.stringify(one.call) === JSON.stringify(call));
    if (!isKnown) found.push({ label: `As tried: ${call.callingNumber ?? 'no number'}`, call });
  }
  return found.slice(0, MOST_CALLERS);
}

/** The moments: now, and some of each of the coming days, as instants. */
function moments(zone) {
  const now = Date.now();
  const found = [new Date(now).toISOString()];
  for (let day = 0; day <= 7; day += 1) {
    const { day: date } = localTime(now + day * DAY, zone);
    for (const time of TIMES) {
      const at = instantOf(`${date}T${time}`, zone);
      if (Date.parse(at) > now && Date.parse(at) < now + 7 * DAY) found.push(at);
    }
  }
  return found;
}

/** The questions for a preview, each as `{ label, at, call }`; `rules` are those before and after. */
export function questions(rules, tried, zone) {
  const times = moments(zone);
  return callers(rules, tried).flatMap(({ label, call }) => times.map((at) => ({ label, at, call: { ...call, at } })));
}
