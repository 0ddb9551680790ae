// The server that tools/with-server starts.

import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const { CALL_ACCEPTANCE_PROGRAM: program, CALL_ACCEPTANCE_TOKEN: token, CALL_ACCEPTANCE_URL: url } = process.env;

const send = (method, path, body) => {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  return fetch(url + path, { method, headers, body: JSON.stringify(body) });
};

export const server = {
  url,
  token,
  get: (path) => send('GET', path),
  // Sends a request that must succeed, and returns what is answered.
  async send(method, path, body) {
    const response = await send(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.json();
  },
  // Restores the demonstration data.
  async renew() {
    const { status } = await send('DELETE', '/api/v1/tenants/foo/?cascade=true');
    if (status !== 200) throw new Error(`the demonstration data cannot be deleted: ${status}`);
    await promisify(execFile)(program, ['--log', 'warn', 'demo']);
  },
  // Another server with the same database, without authentication.
  async startOpen() {
    const log = ['--log', 'warn,call_acceptance::cli=info'];
    const open = spawn(program, ['--listen', '127.0.0.1:0', '--auth', 'none', ...log]);
    const ended = new Promise((resolve) => open.on('exit', resolve));
    const stop = async () => {
      open.kill();
      await ended;
    };
    for (const output of [open.stdout, open.stderr]) output.setEncoding('utf8');
    const address = new Promise((resolve) => {
      for (const input of [open.stdout, open.stderr]) {
        createInterface({ input }).on('line', (line) => {
          const [found] = line.match(/http:\/\/127\.0\.0\.1:[0-9]+/) ?? [];
          if (found) resolve(found);
        });
      }
    });
    return { url: await address, stop };
  },
};
