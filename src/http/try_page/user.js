// What the page knows of a user: who it is, its time zone, and its services.

import { ownerPath, userPath } from './api.js';
import { SERVICES } from './services.js';
import { isZone } from './zone.js';

/** The answer, or undefined where the token may not have it. */
async function ifAllowed(promise) {
  try {
    return await promise;
  } catch (problem) {
    if (problem.status === 403) return undefined;
    throw problem;
  }
}

/** The time zone: the user's, else its group's, else its tenant's; the browser's where the token may not see it. */
async function zoneOf(client, at, profile) {
  let owner = profile;
  for (const above of ['Group', 'Tenant', undefined]) {
    if (!owner) return { zone: new Intl.DateTimeFormat().resolvedOptions().timeZone, isGuess: true };
    if (owner.timeZone && isZone(owner.timeZone)) return { zone: owner.timeZone };
    if (above) owner = await ifAllowed(client.get(ownerPath(at, above)));
  }
  return { zone: 'UTC' };
}

/** A service as it is, with the entity tag for changing it; `body` is undefined if the user does not have it. */
async function readService(client, base, service, isAssigned) {
  if (!isAssigned) return { ...service };
  return { ...service, ...(await client.send('GET', `${base}services/${service.segment}/`)) };
}

/**
 * Reads the user `at` { tenant, group, user }. Without the right to read it, `profile` and `services` are undefined:
 * the token may still ask for decisions.
 */
export async function readUser(client, at) {
  const base = userPath(at);
  const profile = await ifAllowed(client.get(base));
  const user = { client, at, base, profile, ...(await zoneOf(client, at, profile)) };
  if (!profile) return user;
  const { services } = await client.get(`${base}services/`);
  const has = (service) => services.some(({ name, assigned }) => name === service.name && assigned);
  const read = SERVICES.map((service) => readService(client, base, service, has(service)));
  user.services = new Map((await Promise.all(read)).map((service) => [service.name, service]));
  return user;
}

/** The name of the user for people. */
export function nameOf({ at, profile }) {
  return [profile?.firstName, profile?.lastName].filter(Boolean).join(' ') || at.user;
}
