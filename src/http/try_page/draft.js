// Changes that are tried: each of one thing, and together the body of a preview and of the writes.
//
// A change is { service, name, entry } of a rule, or { service, members } of the service itself.

import { effect } from './services.js';
import { callersWords, quoted } from './words.js';
import { instantWords } from './zone.js';

const sameThing = (a, b) => a.service === b.service && a.name === b.name && !a.members === !b.members;

/** The changes with one more, which replaces an earlier one of the same thing. */
export const withChange = (changes, added) => [...changes.filter((one) => !sameThing(one, added)), added];

/** The `changes` of a preview: the body of the PUT of each service. */
export function updates(changes) {
  const services = new Map();
  for (const { service, entry, members } of changes) {
    if (!services.has(service)) services.set(service, {});
    const update = services.get(service);
    if (entry) (update.criteria ??= []).push(entry);
    Object.assign(update, members);
  }
  return [...services].map(([service, update]) => ({ service, update }));
}

/** The faults of a preview that are about the last change, with pointers into it, and the others. */
export function sortFaults(changes, faults) {
  const last = changes.at(-1);
  const all = updates(changes);
  const at = all.findIndex(({ service }) => service === last.service);
  const entry = last.entry ? `/criteria/${all[at].update.criteria.length - 1}` : '';
  const prefix = `/changes/${at}/update${entry}`;
  return faults.map((fault) =>
    fault.pointer?.startsWith(`${prefix}/`) ? { ...fault, pointer: fault.pointer.slice(prefix.length) } : fault,
  );
}

const MEMBERS = {
  newName: (name) => `renamed to ${quoted(name)}`,
  active: (active) => (active ? 'switched on' : 'switched off'),
  timeSchedule: (schedule) => (schedule ? `in the times ${quoted(schedule.name)}` : 'not limited to times any more'),
  holidaySchedule: (schedule) => (schedule ? `on the days ${quoted(schedule.name)}` : 'not limited to days any more'),
};

function entryWords({ service, name, entry, rule }) {
  if (entry.delete) return `Remove the rule ${quoted(name)} of ${service}`;
  const words = [];
  if (entry.doNotPerformAction !== undefined || !rule) words.push(effect(service, entry));
  if (entry.fromDnCriteria) words.push(callersWords({ ...rule?.fromDnCriteria, ...entry.fromDnCriteria }));
  const parts = words.length ? [words.join(' ')] : [];
  for (const [member, say] of Object.entries(MEMBERS)) if (member in entry) parts.push(say(entry[member]));
  const verb = rule ? 'Change the rule' : 'Add the rule';
  return `${verb} ${quoted(name)} ${rule ? 'of' : 'to'} ${service}: ${parts.join(', ') || 'as it is'}`;
}

/** A change in words. */
export function changeWords(change, zone) {
  const { service, members } = change;
  if (!members) return entryWords(change);
  if ('active' in members) return `Switch ${service} ${members.active ? 'on' : 'off'}`;
  if ('outsideSchedules' in members) {
    const what = members.outsideSchedules === 'Accept' ? 'Accept' : 'Refuse';
    return `${what} calls outside the schedules of the rules of ${service}`;
  }
  if (!members.suspendedUntil) return `End the suspension of ${service}`;
  return `Suspend ${service} until ${instantWords(members.suspendedUntil, zone)}`;
}
