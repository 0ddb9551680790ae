// What the rules cannot have been meant to do, and what would be right.

import { cure } from './cures.js';
import { element, marked } from './dom.js';
import { quoted } from './words.js';
import { instantWords } from './zone.js';

const TITLES = {
  blocks_everyone: 'Nobody gets through',
  blocks_everyone_at_times: 'Nobody gets through at times',
  accepts_everyone: 'Everyone gets through',
  never_matches_no_callers: 'The rule names no callers',
  never_matches_schedules: 'The rule never applies',
  schedules_past: 'The schedule is over',
  holiday_narrows: 'The rule hardly ever applies',
  shadowed: 'Another rule decides first',
  duplicate_caller: 'A number is there twice',
  own_number_listed: "The user's own number is listed",
  internal_callers_refused: 'Colleagues are refused',
  withheld_refused: 'Callers who withhold their number are refused',
  pattern_never_matches: 'A pattern that no number has',
};
const SEVERITIES = { error: 'Error', warning: 'Warning', info: 'Note' };

function about({ service, criteria, from, until }, zone) {
  const parts = [service];
  if (criteria !== undefined) parts.push(`rule ${quoted(criteria)}`);
  if (from && until) parts.push(`next from ${instantWords(from, zone)} to ${instantWords(until, zone)}`);
  return parts.join(' · ');
}

/** The title of a warning. Codes may be added: others are named as they are. */
export const titleOf = ({ code }) => TITLES[code] ?? code.replaceAll('_', ' ');

/** The same warning in two answers has the same key. */
export const keyOf = ({ code, service, criteria, other }) => JSON.stringify([code, service, criteria, other]);

/** A list of warnings, each followed by what `below` makes for it. */
export function warningList(warnings, zone, below = () => null) {
  const items = warnings.map((warning) =>
    element(
      'li',
      { class: `warning ${warning.severity}` },
      element('span', { class: 'badge' }, SEVERITIES[warning.severity] ?? warning.severity),
      element(
        'div',
        {},
        element('p', {}, element('strong', {}, titleOf(warning))),
        element('p', {}, ...marked(warning.detail)),
        element('p', { class: 'hint' }, about(warning, zone)),
        below(warning),
      ),
    ),
  );
  return element('ul', { class: 'warnings' }, ...items);
}

/** The warnings about a user; `tryChanges` is called with the changes that would cure one. */
export async function warningParts(user, tryChanges) {
  const { warnings } = await user.client.get(`${user.base}services/warnings/`);
  user.warnings = warnings;
  const none = element('p', {}, 'None: nothing in the rules looks like a mistake.');
  const button = (warning) => {
    const changes = cure(warning, user);
    if (!changes.length) return null;
    const attributes = { type: 'button', class: 'quiet', click: () => tryChanges(changes) };
    return element('button', attributes, 'Try the cure on a copy');
  };
  return [warnings.length ? warningList(warnings, user.zone, button) : none];
}
