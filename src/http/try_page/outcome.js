// What the changes would do: the week before and after, calls that are decided otherwise, warnings that come and go.

import { element, list, table } from './dom.js';
import { quoted, reasonWords } from './words.js';
import { keyOf, titleOf, warningList } from './warnings.js';
import { legend, weekDifferences, weekPicture, weekWords } from './week.js';
import { instantWords } from './zone.js';

/** How many lines tell what is different. */
const SHOWN = 12;

function limited(items, make) {
  if (items.length <= SHOWN) return [make(items)];
  const rest = element('details', {}, element('summary', {}, `${items.length - SHOWN} more`), make(items.slice(SHOWN)));
  return [make(items.slice(0, SHOWN)), rest];
}

function weeks({ week }, zone) {
  const differences = weekDifferences(week, zone).map(
    ({ when, before, after }) => `${when}: ${before.toLowerCase()} now, ${after.toLowerCase()} afterwards`,
  );
  const intro = differences.length ? weekWords(week.after, zone) : 'The week stays as it is.';
  return element(
    'section',
    {},
    element('h3', {}, 'The week'),
    element('p', {}, intro),
    legend(),
    element(
      'div',
      { class: 'weeks' },
      element('div', {}, element('h4', {}, 'Now'), weekPicture('The week now', week.before, zone)),
      element('div', {}, element('h4', {}, 'Afterwards'), weekPicture('The week afterwards', week.after, zone)),
    ),
    ...(differences.length ? limited(differences, (items) => list('ul', { class: 'differences' }, items)) : []),
  );
}

const verdictWords = (decision) =>
  `${decision.decision === 'accept' ? 'Accepted' : 'Refused'}: ${reasonWords(decision)}`;

/** A row for each caller who is decided otherwise at some time: the first time, and how many there are. */
function calls({ calls: decided, changed }, asked, zone) {
  const rows = new Map();
  decided.forEach(({ before, after }, at) => {
    if (before.decision === after.decision) return;
    const { label, at: time } = asked[at];
    const row = rows.get(label) ?? { label, time, before, after, count: 0 };
    rows.set(label, { ...row, count: row.count + 1 });
  });
  const moments = new Set(asked.map(({ at }) => at)).size;
  const callers = new Set(asked.map(({ label }) => label)).size;
  const tried = `${asked.length} calls were tried: ${callers} callers at ${moments} times of the week.`;
  const heads = ['Caller', 'Times', 'The first', 'Now', 'Afterwards'];
  const lines = [...rows.values()].map(({ label, time, before, after, count }) => [
    label, `${count} of ${moments}`, instantWords(time, zone), verdictWords(before), verdictWords(after),
  ]);
  const none = element('p', {}, `${tried} All are decided as now.`);
  const some = [
    element('p', {}, `${tried} ${changed} ${changed === 1 ? 'is' : 'are'} decided otherwise.`),
    table('Calls decided otherwise', heads, lines),
  ];
  return element('section', {}, element('h3', {}, 'Calls'), ...(lines.length ? some : [none]));
}

function warnings(after, before, zone) {
  const keys = (all) => new Set(all.map(keyOf));
  const [known, coming] = [keys(before), keys(after)];
  const added = after.filter((one) => !known.has(keyOf(one)));
  const gone = before.filter((one) => !coming.has(keyOf(one)));
  const parts = [];
  if (added.length) parts.push(element('p', {}, 'They would bring:'), warningList(added, zone));
  if (gone.length) {
    const about = ({ criteria }) => (criteria === undefined ? '' : ` (${quoted(criteria)})`);
    parts.push(element('p', {}, 'They would end:'), list('ul', {}, gone.map((one) => titleOf(one) + about(one))));
  }
  const stay = after.length - added.length;
  if (stay) parts.push(element('p', {}, stay === 1 ? 'One warning stays as now.' : `${stay} warnings stay as now.`));
  if (!parts.length) parts.push(element('p', {}, 'None, as now.'));
  return element('section', {}, element('h3', {}, 'Warnings'), ...parts);
}

/** What a preview answers, for the questions that were asked with it. */
export function outcome(preview, asked, user) {
  return element(
    'div',
    { class: 'outcome' },
    weeks(preview, user.zone),
    calls(preview, asked, user.zone),
    warnings(preview.warnings, user.warnings ?? [], user.zone),
  );
}
