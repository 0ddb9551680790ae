// Rules in plain words.

import { joined, scheduleWords } from './schedules.js';
import { instantWords } from './zone.js';

/** How many numbers and lists are named; a rule may have 500. */
const SHOWN = 8;

export const quoted = (name) => `“${name}”`;

const OWNERS = { User: 'of the user', Group: 'of the group', Tenant: 'of the tenant' };

/** What numbers a pattern matches. */
export function patternWords(pattern) {
  if (pattern === '*') return 'all numbers that are shown';
  if (pattern === '+*') return 'all telephone numbers that are shown';
  const begin = pattern.slice(0, -1);
  return pattern.endsWith('*') && !begin.includes('?') ? `numbers that begin with ${begin}` : pattern;
}

const listWords = ({ level, name }) => `the list ${quoted(name)} ${OWNERS[level] ?? ''}`.trim();

/** The callers that a rule matches. */
export function callersWords(callers) {
  if (callers.selection === 'Any') return 'every call';
  if (callers.selection === 'Forwarded') return 'calls that were forwarded to the user';
  const named = [...(callers.phoneNumbers ?? []).map(patternWords), ...(callers.numberLists ?? []).map(listWords)];
  const words = named.slice(0, SHOWN);
  if (named.length > SHOWN) words.push(`${named.length - SHOWN} more`);
  if (callers.includeAnonymousCallers) words.push('callers who withhold their number');
  if (callers.includeUnavailableCallers) words.push('callers whose number is not known');
  if (callers.includeInternalCallers) words.push('colleagues');
  return words.length ? `calls from ${joined(words)}` : 'no call, for it names no callers';
}

/** A schedule that a rule refers to, with what it says. */
function referenceWords({ level, name }, schedule) {
  const lines = schedule ? scheduleWords(schedule).join('; ') : 'it cannot be read';
  return `${quoted(name)} ${OWNERS[level] ?? ''}: ${lines}`;
}

/**
 * When a rule applies, a line for each of its conditions, which all must hold; none if it always does. `schedule` finds
 * the schedule of a reference.
 */
export function whenWords(rule, schedule, zone) {
  const { timeSchedule, holidaySchedule, validFrom, validUntil } = rule;
  const lines = [];
  if (timeSchedule) lines.push(`in the times ${referenceWords(timeSchedule, schedule(timeSchedule))}`);
  if (holidaySchedule) lines.push(`on the days ${referenceWords(holidaySchedule, schedule(holidaySchedule))}`);
  if (validFrom) lines.push(`from ${instantWords(validFrom, zone)}`);
  if (validUntil) lines.push(`until ${instantWords(validUntil, zone)}`);
  return lines;
}

/** What it means that a decision has this reason. Reasons may be added: others are named as they are. */
export function reasonWords({ reason, criteria }) {
  const rule = criteria === undefined ? 'a rule' : `the rule ${quoted(criteria)}`;
  const words = {
    unknown_called_number: 'no user has the called number',
    emergency_callback: 'an emergency service calls back',
    protected_caller: 'the caller is protected: no rule can refuse it',
    rejection_criteria_matched: `${rule} refuses this call`,
    no_rejection_criteria_matched: 'no rule refuses it',
    anonymous_call_rejected: 'the caller withholds the number, and such calls are refused',
    service_not_assigned: 'the user has no service that could refuse it',
    suspended: 'the service is suspended',
    no_active_criteria: 'the service has no active rule, and so does nothing',
    do_not_accept: `${rule} refuses this call`,
    criteria_matched: `${rule} accepts this call`,
    no_criteria_in_effect: 'it is outside the schedules of all rules that accept',
    no_criteria_matched: 'no rule accepts this call',
  };
  return words[reason] ?? reason.replaceAll('_', ' ');
}

/** What a rule said of a call. Outcomes may be added: others are named as they are. */
export function outcomeWords(outcome) {
  const words = {
    matched: 'matches',
    inactive: 'is switched off',
    outside_validity: 'is not valid at that time',
    number_not_matched: 'does not match this caller',
    outside_time_schedule: 'matches the caller, but the call is outside its times',
    outside_holiday_schedule: 'matches the caller, but the day is none of its days',
  };
  return words[outcome] ?? outcome.replaceAll('_', ' ');
}
