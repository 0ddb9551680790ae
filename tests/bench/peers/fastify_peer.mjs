// The peer on Fastify and pg: the service of a user, read with the same statement and behind the same check.

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.PEER_MODULES}/`);
const fastify = require('fastify');
const pg = require('pg');

const text = readFileSync(new URL('service.sql', import.meta.url), 'utf8');
const sha256 = (secret) => createHash('sha256').update(secret).digest();
const [, tokenId, ...secret] = process.env.PEER_TOKEN.split('_');
const digests = new Map([[tokenId, sha256(secret.join('_'))]]);
const pool = new pg.Pool({ connectionString: process.env.PEER_DATABASE_URL, max: 10 });

/** Whether the request has the token. */
function isKnown(request) {
  const [, id, ...rest] = (request.headers.authorization ?? '').replace(/^Bearer /, '').split('_');
  const digest = digests.get(id);
  return digest !== undefined && timingSafeEqual(digest, sha256(rest.join('_')));
}

function callsFrom(row) {
  if (row.any_caller) return 'All calls';
  const callers = [...row.phone_numbers];
  if (row.include_anonymous_callers) callers.push('Private');
  if (row.include_unavailable_callers) callers.push('Unavailable');
  return callers.slice(0, 3).join(', ') + (callers.length > 3 ? '...' : '');
}

function criteria(row) {
  const shown = {
    name: row.name,
    active: row.active,
    callsFrom: callsFrom(row),
    doNotPerformAction: row.do_not_perform_action,
    fromDnCriteria: {
      selection: row.any_caller ? 'Any' : 'Specified Only',
      includeAnonymousCallers: row.include_anonymous_callers,
      includeUnavailableCallers: row.include_unavailable_callers,
      phoneNumbers: row.phone_numbers,
    },
  };
  if (row.schedule !== null) {
    const level = row.user_id ? 'User' : row.group_id ? 'Group' : 'Tenant';
    shown.timeSchedule = { level, name: row.schedule, type: 'Time' };
  }
  return shown;
}

const app = fastify();
const path = '/api/v1/tenants/:tenant/groups/:group/users/:user/services/selective_call_acceptance/';
app.get(path, async (request, reply) => {
  if (!isKnown(request)) return reply.code(401).send();
  const { tenant, group, user } = request.params;
  const { rows } = await pool.query({ name: 'service', text, values: [tenant, group, user] });
  if (rows.length === 0) return reply.code(404).send();
  reply.header('ETag', `"${rows[0].revision}"`);
  return { criteria: rows.filter((row) => row.name !== null).map(criteria) };
});
await app.listen({ host: '127.0.0.1', port: Number(process.env.PEER_PORT) });
