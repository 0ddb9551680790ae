// A server of its own for the pages: on a free port, with a database that is gone afterwards, the demo data and a token.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const program = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug/call-acceptance');

// The address that the server says it listens on.
async function address(server) {
  const log = [];
  for await (const line of createInterface({ input: server.stderr })) {
    const [, found] = line.match(/serving on (http:\/\/[0-9.:]+)/) ?? [];
    if (found) return found;
    log.push(line);
  }
  throw new Error(`the server ended:\n${log.join('\n')}`);
}

export async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), 'call-acceptance-docs-'));
  const env = { ...process.env, DATABASE_URL: `sqlite://${folder}/database?mode=rwc` };
  const command = (...words) => run(program, ['--log', 'warn', ...words], { env });
  await command('demo');
  const { stdout } = await command('token', 'create', '--role', 'system_admin', '--expires', '1h');
  const token = stdout.trim();
  const stdio = ['ignore', 'ignore', 'pipe'];
  const server = spawn(program, ['--listen', '127.0.0.1:0', '--log', 'warn,call_acceptance::cli=info'], { env, stdio });
  const url = await address(server);
  // What it logs from now on is read away, so that it never waits for a reader.
  server.stderr.resume();

  const send = (method, path) => fetch(url + path, { method, headers: { Authorization: `Bearer ${token}` } });
  return {
    url,
    token,
    get: (path) => send('GET', path),
    // The demo data as it was at first.
    async renew() {
      const { status } = await send('DELETE', '/api/v1/tenants/foo/?cascade=true');
      if (status !== 200) throw new Error(`the demo data cannot be deleted: ${status}`);
      await command('demo');
    },
    async stop() {
      if (server.exitCode === null) {
        server.kill('SIGTERM');
        await once(server, 'exit');
      }
      await rm(folder, { recursive: true });
    },
  };
}
