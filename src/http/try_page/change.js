// The form for a change: what to change, and how it is to be. It makes changes as `draft.js` describes them.

import { byId, element } from './dom.js';
import { Picker } from './picker.js';
import { folder } from './schedules.js';
import { ACCEPTANCE, ANONYMOUS, EFFECTS, REJECTION, effect } from './services.js';
import { quoted } from './words.js';
import { instantOf, localText } from './zone.js';

const FLAGS = ['includeAnonymousCallers', 'includeUnavailableCallers', 'includeInternalCallers'];
const NEW = {
  active: true,
  doNotPerformAction: false,
  fromDnCriteria: { selection: 'Specified Only', phoneNumbers: [] },
};
const SELECTIONS = { 'Specified Only': 'the callers named below', Any: 'every call', Forwarded: 'forwarded calls' };

const reference = (text) => {
  if (!text) return null;
  const at = text.indexOf('/');
  return { level: text.slice(0, at), name: text.slice(at + 1) };
};
const referenceText = (schedule) => (schedule ? `${schedule.level}/${schedule.name}` : '');
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The members of `wanted` that are not as in `present`. */
function different(wanted, present) {
  return Object.fromEntries(Object.entries(wanted).filter(([member, value]) => !same(value, present[member])));
}

/** The choices of what to change, as `{ value, text, service, rule }`. */
function choices(user) {
  const found = [];
  for (const { name: service, body, hasRules } of user.services.values()) {
    const add = (what, text, rule) => found.push({ what, text, service, rule });
    if (!body) continue;
    if (service === ANONYMOUS) add(body.active ? 'off' : 'on', `Switch ${service} ${body.active ? 'off' : 'on'}`);
    if (!hasRules) continue;
    add('add', `Add a rule to ${service}`);
    for (const rule of body.criteria) {
      add('change', `Change ${quoted(rule.name)} of ${service}`, rule);
      add('remove', `Remove ${quoted(rule.name)} of ${service}`, rule);
    }
    if (service === ACCEPTANCE) add('outside', `Calls outside the schedules of ${service}`);
    add('suspend', `Suspend ${service} for a time`);
  }
  return found;
}

export class ChangeForm {
  #form = byId('change-form');
  #what = byId('what');
  #choices = [];
  #user;

  constructor() {
    const picker = (place, id, label, none, pointer) => new Picker(byId(place), { id, label, none, pointer });
    this.time = picker('rule-time', 'time-schedule', 'Only in the times', 'at any time', '/timeSchedule');
    this.holiday = picker('rule-holiday', 'holiday-schedule', 'Only on the days', 'on any day', '/holidaySchedule');
    this.#what.addEventListener('change', () => this.#fill());
    byId('rule-selection').addEventListener('change', () => this.#showCallers());
  }

  /** Offers the changes of a user. */
  async show(user) {
    this.#user = user;
    this.#choices = choices(user);
    const option = ({ text }, at) => element('option', { value: String(at) }, text);
    this.#what.replaceChildren(...this.#choices.map(option));
    const offer = (picker, type) =>
      picker.offer(user.client.pages(`${user.base}${folder(type)}/?allLevels=true`, 'schedules'), (schedule) => [
        referenceText(schedule),
        `${schedule.name} (${schedule.level.toLowerCase()})`,
      ]);
    await Promise.all([offer(this.time, 'Time'), offer(this.holiday, 'Holiday')]);
    const first = this.#choices.findIndex(({ what, service }) => what === 'add' && service === ACCEPTANCE);
    this.#what.value = String(Math.max(first, 0));
    this.#fill();
  }

  /** Leads to the change of a rule. */
  choose(what, service, name) {
    const isMeant = (one) => one.what === what && one.service === service && one.rule?.name === name;
    this.#what.value = String(this.#choices.findIndex(isMeant));
    this.#fill();
    byId('change').scrollIntoView();
    (what === 'remove' ? this.#form.querySelector('[type=submit]') : byId('rule-name')).focus({ preventScroll: true });
  }

  get #choice() {
    return this.#choices[Number(this.#what.value)];
  }

  #field(name) {
    return this.#form.elements.namedItem(name);
  }

  /** Shows the fields of the choice, as things are now. */
  #fill() {
    const { what, service, rule = NEW } = this.#choice ?? {};
    byId('rule-fields').hidden = !['add', 'change'].includes(what);
    byId('outside-fields').hidden = what !== 'outside';
    byId('suspend-fields').hidden = what !== 'suspend';
    const { body = {} } = this.#user.services.get(service) ?? {};
    this.#field('outside').value = body.outsideSchedules ?? 'Reject';
    this.#field('suspended').value = body.suspendedUntil ? localText(body.suspendedUntil, this.#user.zone) : '';
    if (!service || service === ANONYMOUS) return;
    const option = ([value, text]) => element('option', { value }, text);
    const effects = [false, true].map((not) => [String(not), EFFECTS[effect(service, { doNotPerformAction: not })]]);
    this.#field('effect').replaceChildren(...effects.map(option));
    const selections = Object.entries(SELECTIONS).filter(([one]) => one !== 'Forwarded' || service === REJECTION);
    this.#field('selection').replaceChildren(...selections.map(option));
    this.#fillRule(rule);
  }

  #fillRule({ name = '', active, doNotPerformAction, fromDnCriteria, timeSchedule, holidaySchedule }) {
    this.#field('name').value = name;
    this.#field('effect').value = String(doNotPerformAction);
    this.#field('selection').value = fromDnCriteria.selection;
    this.#field('numbers').value = fromDnCriteria.phoneNumbers.join('\n');
    for (const flag of FLAGS) this.#field(flag).checked = Boolean(fromDnCriteria[flag]);
    this.#field('active').checked = active;
    this.time.value = referenceText(timeSchedule);
    this.holiday.value = referenceText(holidaySchedule);
    const lists = (fromDnCriteria.numberLists ?? []).map((one) => quoted(one.name));
    byId('rule-lists').textContent = lists.length ? `Its number lists stay: ${lists.join(', ')}.` : '';
    this.#showCallers();
  }

  #showCallers() {
    byId('rule-callers').hidden = this.#field('selection').value !== 'Specified Only';
  }

  /** The rule as the form has it. */
  #rule() {
    const numbers = this.#field('numbers').value.split('\n').map((line) => line.trim());
    return {
      active: this.#field('active').checked,
      doNotPerformAction: this.#field('effect').value === 'true',
      fromDnCriteria: {
        selection: this.#field('selection').value,
        phoneNumbers: numbers.filter(Boolean),
        ...Object.fromEntries(FLAGS.map((flag) => [flag, this.#field(flag).checked])),
      },
      timeSchedule: reference(this.time.value),
      holidaySchedule: reference(this.holiday.value),
    };
  }

  /** The entry that adds the rule or changes it: only what differs. */
  #entry(rule) {
    const wanted = this.#rule();
    const bare = (schedule) => (schedule ? { level: schedule.level, name: schedule.name } : null);
    const defaults = Object.fromEntries(FLAGS.map((flag) => [flag, false]));
    const present = rule
      ? { ...rule, timeSchedule: bare(rule.timeSchedule), holidaySchedule: bare(rule.holidaySchedule) }
      : { active: true, doNotPerformAction: false, timeSchedule: null, holidaySchedule: null };
    const callers = different(wanted.fromDnCriteria, { ...defaults, ...(rule ?? NEW).fromDnCriteria });
    if (!rule) callers.selection = wanted.fromDnCriteria.selection;
    const { fromDnCriteria, ...entry } = different(wanted, present);
    if (Object.keys(callers).length) entry.fromDnCriteria = callers;
    return entry;
  }

  /** The change that the form describes. */
  get change() {
    const { what, service, rule } = this.#choice;
    if (what === 'on' || what === 'off') return { service, members: { active: what === 'on' } };
    if (what === 'outside') return { service, members: { outsideSchedules: this.#field('outside').value } };
    if (what === 'suspend') {
      const until = this.#field('suspended').value;
      return { service, members: { suspendedUntil: until ? instantOf(until, this.#user.zone) : null } };
    }
    if (what === 'remove') return { service, name: rule.name, rule, entry: { name: rule.name, delete: true } };
    const name = this.#field('name').value.trim();
    const entry = { name: rule?.name ?? name, ...this.#entry(rule) };
    if (rule && name !== rule.name) entry.newName = name;
    return { service, name: entry.name, rule, entry };
  }
}
