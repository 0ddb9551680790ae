// The server that tools/with-server starts.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const { CALL_ACCEPTANCE_PROGRAM: program, CALL_ACCEPTANCE_TOKEN: token, CALL_ACCEPTANCE_URL: url } = process.env;

const send = (method, path) => fetch(url + path, { method, headers: { Authorization: `Bearer ${token}` } });

export const server = {
  url,
  token,
  get: (path) => send('GET', path),
  // Restores the demonstration data.
  async renew() {
    const { status } = await send('DELETE', '/api/v1/tenants/foo/?cascade=true');
    if (status !== 200) throw new Error(`the demonstration data cannot be deleted: ${status}`);
    await promisify(execFile)(program, ['--log', 'warn', 'demo']);
  },
};
