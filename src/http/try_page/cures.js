// What would be right, where a warning says it plainly: changes that can be tried on a copy.

import { ACCEPTANCE } from './services.js';

/** Holidays are meant as exceptions: a rule of its own refuses calls on them. */
function exceptHolidays(service, rule) {
  const { name, timeSchedule, holidaySchedule, doNotPerformAction } = rule;
  if (service !== ACCEPTANCE || doNotPerformAction || !timeSchedule || !holidaySchedule) return [];
  const refusing = {
    name: `Not on ${holidaySchedule.name}`.slice(0, 50).trim(),
    doNotPerformAction: true,
    fromDnCriteria: { selection: 'Any' },
    holidaySchedule,
  };
  return [
    { service, name, rule, entry: { name, holidaySchedule: null } },
    { service, name: refusing.name, entry: refusing },
  ];
}

const CURES = {
  never_matches_schedules: exceptHolidays,
  holiday_narrows: exceptHolidays,
  blocks_everyone_at_times: (service) => [{ service, members: { outsideSchedules: 'Accept' } }],
  shadowed: (service, rule) => [{ service, name: rule.name, rule, entry: { name: rule.name, delete: true } }],
};

/** The changes that cure a warning about the user, as `draft.js` describes them; none if there is no plain cure. */
export function cure({ code, service, criteria }, user) {
  const rules = user.services.get(service)?.body?.criteria ?? [];
  const rule = rules.find(({ name }) => name === criteria);
  if (criteria !== undefined && !rule) return [];
  return CURES[code]?.(service, rule) ?? [];
}
