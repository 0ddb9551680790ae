// The API over HTTP: requests with the token, problems as errors, long lists page by page.

const TIMEOUT = 30_000;

/** A path of the API; the values in it are percent-encoded: path`/api/v1/tenants/${tenant}/`. */
export const path = (texts, ...values) => String.raw({ raw: texts }, ...values.map(encodeURIComponent));

/** The path of a user: `{ tenant, group, user }`. */
export const userPath = ({ tenant, group, user }) => path`/api/v1/tenants/${tenant}/groups/${group}/users/${user}/`;

/** The path of the owner of a schedule or number list: the user, or the group or tenant above. */
export function ownerPath({ tenant, group, user }, level) {
  if (level === 'Tenant') return path`/api/v1/tenants/${tenant}/`;
  if (level === 'Group') return path`/api/v1/tenants/${tenant}/groups/${group}/`;
  return userPath({ tenant, group, user });
}

/** What the API answers instead of a result (RFC 9457), or that there was no answer. */
export class Problem extends Error {
  constructor(status, { title, detail, code, errors = [], instance }) {
    super(detail ?? title);
    Object.assign(this, { status, title, code, faults: errors, request: instance });
  }
}

const silent = new Problem(0, { title: 'No answer', detail: 'The server does not answer. Is the network up?' });
const late = new Problem(0, { title: 'No answer', detail: `The server did not answer in ${TIMEOUT / 1000} seconds.` });

export class Client {
  #token;

  constructor(token) {
    this.#token = token;
  }

  /** Sends a request; the answer is `{ body, etag }`, and anything but success is thrown as a problem. */
  async send(method, address, { body, etag } = {}) {
    const headers = { Accept: 'application/json' };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (etag) headers['If-Match'] = etag;
    const options = { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(TIMEOUT) };
    try {
      const response = await fetch(address, options);
      const answer = await response.json();
      if (!response.ok) throw new Problem(response.status, answer);
      return { body: answer, etag: response.headers.get('ETag') };
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw error.name === 'TimeoutError' ? late : silent;
    }
  }

  async get(address) {
    return (await this.send('GET', address)).body;
  }

  async post(address, body) {
    return (await this.send('POST', address, { body })).body;
  }

  /** The pages of a list, each when it is asked for; `member` of an answer holds the items. */
  async *pages(address, member, limit = 100) {
    const query = new URLSearchParams({ limit });
    for (;;) {
      const { [member]: items, next } = await this.get(`${address}${address.includes('?') ? '&' : '?'}${query}`);
      yield { items, more: next !== undefined };
      if (next === undefined) return;
      query.set('after', next);
    }
  }
}
