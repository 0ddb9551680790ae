// The user's rules, service by service in the order of the decision.

import { ownerPath } from './api.js';
import { element, list } from './dom.js';
import { readSchedules } from './schedules.js';
import { ANONYMOUS, REJECTION, effect } from './services.js';
import { callersWords, quoted, whenWords } from './words.js';
import { instantWords } from './zone.js';

const BADGES = { accepts: 'Accepts', refuses: 'Refuses', spares: 'Lets pass' };

/** What a service does, before its rules are told. */
function introduction({ name, body }, zone) {
  if (!body) return 'The user does not have this service.';
  if (name === ANONYMOUS) {
    return body.active ? 'Callers who withhold their number are refused.' : 'Switched off.';
  }
  const lines = [];
  if (body.suspendedUntil && new Date(body.suspendedUntil) > new Date()) {
    lines.push(`Suspended until ${instantWords(body.suspendedUntil, zone)}; until then it does nothing.`);
  }
  const active = body.criteria.filter((rule) => rule.active);
  if (!active.length) lines.push('It has no active rule, and so does nothing.');
  else if (name === REJECTION) lines.push('Refuses what its rules match; other calls go on.');
  else lines.push('Only calls that a rule accepts get through. A rule that refuses wins over those that accept.');
  if (body.outsideSchedules === 'Accept') lines.push('Outside the schedules of its rules, everyone gets through.');
  return lines.join(' ');
}

const VERBS = { accepts: 'Accepts', refuses: 'Refuses', spares: 'Does not refuse' };

/** The buttons of a rule; the name in them is for those who hear them one by one. */
function ruleButtons(service, { name }, change) {
  const button = (what, text) => {
    const hidden = element('span', { class: 'visually-hidden' }, ` ${quoted(name)}`);
    const attributes = { type: 'button', class: 'quiet', click: () => change(what, service, name) };
    return element('button', attributes, text, hidden);
  };
  return element('div', { class: 'buttons' }, button('change', 'Change'), button('remove', 'Remove'));
}

function ruleCard(service, rule, { schedule, zone, change }) {
  const kind = effect(service, rule);
  const when = whenWords(rule, schedule, zone);
  const words = `${VERBS[kind]} ${callersWords(rule.fromDnCriteria)}`;
  return element(
    'article',
    { class: rule.active ? 'rule' : 'rule off' },
    element(
      'div',
      { class: 'rule-head' },
      element('h4', {}, rule.name),
      element('span', { class: `badge ${kind}` }, BADGES[kind]),
      rule.active ? null : element('span', { class: 'badge' }, 'Switched off'),
      ruleButtons(service, rule, change),
    ),
    rule.description ? element('p', { class: 'hint' }, rule.description) : null,
    element('p', {}, when.length ? `${words},` : `${words}, at any time.`),
    when.length ? list('ul', { class: 'when' }, when) : null,
    when.length > 1 ? element('p', { class: 'hint' }, 'All of this must hold.') : null,
  );
}

/** The callers whom no rule can refuse, as far as the token may see them. */
async function protectedCallers({ client, at }) {
  const read = ['Group', 'Tenant'].map((level) => client.get(`${ownerPath(at, level)}protected_callers/`));
  const answers = await Promise.allSettled(read);
  const callers = answers.flatMap(({ value }) => value?.callers ?? []);
  if (!callers.length) return null;
  const words = callers.map(({ pattern, note }) => (note ? `${pattern} (${note})` : pattern));
  return element('p', {}, element('strong', {}, 'Always let through: '), words.join(', '));
}

/** The rules of a user; `change(what, service, rule)` is called for one that is to be changed. */
export async function ruleParts(user, change) {
  const services = [...user.services.values()];
  const rules = services.flatMap(({ body }) => body?.criteria ?? []);
  const [callers, schedule] = await Promise.all([protectedCallers(user), readSchedules(user, rules)]);
  const context = { schedule, zone: user.zone, change };
  const show = (service) =>
    element(
      'section',
      { class: 'service' },
      element('h3', {}, service.name),
      element('p', {}, introduction(service, user.zone)),
      ...(service.body?.criteria ?? []).map((rule) => ruleCard(service.name, rule, context)),
    );
  const words = 'The services are asked in this order, until one decides. A rule is what the API calls a criteria.';
  const intro = element('p', {}, words);
  return [intro, ...(callers ? [callers] : []), ...services.map(show)];
}
