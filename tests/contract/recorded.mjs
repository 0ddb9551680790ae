// Has Prism judge what the tests asked a server and what it answered.
//
// usage: node recorded.mjs FOLDER DOCUMENT EXCHANGES
//
// FOLDER holds node_modules; tests/api/exchanges.rs writes EXCHANGES.
//
// This is Prism's validating proxy, but that it forwards to the recorded answer in place of a server: the tests need
// not go through a proxy, which would write their bodies and headers anew. An answer must be as the document says,
// always. A request must be so where the server took it: tests send invalid ones on purpose, and see themselves that
// they are refused.
//
// Not judged are paths and methods that the document does not know, and refused requests that Prism cannot read.
//
// Where Prism and the server differ on purpose:
// - A path of the API may lack the slash at its end, and a media type may stand in double quotes: see asInput.
// - A DELETE may have a body, which is ignored, and a file may have no lines: see isIgnored.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [folder, document, exchanges] = process.argv.slice(2).map((path) => resolve(path));
const { createInstance, getHttpOperationsFromSpec } = createRequire(`${folder}/`)('@stoplight/prism-http');

const NOT_FOUND = 'Selected route not found';
const silent = { info() {}, warn() {}, error() {}, child: () => silent };
const config = {
  isProxy: true,
  upstream: new URL('http://recorded.invalid'),
  validateRequest: true,
  validateResponse: true,
  checkSecurity: true,
  errors: false,
};
const forward = ({ data }) => () => async () => ({ _tag: 'Right', right: data.answer });
const prism = createInstance(config, { logger: silent, forward });
const operations = await getHttpOperationsFromSpec(document);

const BODY_OF_NO_USE = 'No supported content types, but request included a non-empty body';

const NO_BODY = 'Body parameter is required';
const FILE = /^(application\/x-ndjson|text\/csv)/;

function isIgnored(request, fault) {
  const isEmptyFile = fault.message === NO_BODY && FILE.test(request.headers['content-type'] ?? '');
  return isEmptyFile || (request.method === 'DELETE' && fault.message === BODY_OF_NO_USE);
}

function parsed(body, headers) {
  if (!body || !/^application\/(.*\+)?json/.test(headers['content-type'] ?? '')) return body || undefined;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function asInput({ request, answer }) {
  const url = new URL(request.url);
  const query = [...url.searchParams.keys()].map((key) => [key, url.searchParams.getAll(key)]);
  const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(request.body ?? '')) };
  if (headers['content-type']) headers['content-type'] = headers['content-type'].replace(/^"(.*)"$/, '$1');
  return {
    method: request.method.toLowerCase(),
    // Without the slash at the end the paths of the API are the same.
    url: {
      path: url.pathname.replace(/^(\/api\/.*[^/])$/, '$1/'),
      query: Object.fromEntries(query.map(([key, values]) => [key, values.length === 1 ? values[0] : values])),
    },
    headers,
    body: parsed(request.body, headers),
    answer: { statusCode: answer.status, headers: answer.headers, body: parsed(answer.body, answer.headers) },
  };
}

async function ask(input) {
  try {
    return await prism.request(input, operations)();
  } catch (error) {
    return { _tag: 'Left', left: error };
  }
}

async function judge({ request, answer }) {
  const accepted = answer.status < 400;
  const result = await ask(asInput({ request, answer }));
  if (result._tag === 'Left') return accepted ? [`Prism failed: ${result.left}`] : undefined;
  const { input, output } = result.right.validations;
  if (input.some(({ message }) => message === NOT_FOUND)) return undefined;
  const text = (where) => (fault) => `${where} ${(fault.path ?? []).join('.')}: ${fault.message}`;
  const wrong = accepted ? input.filter((fault) => !isIgnored(request, fault)) : [];
  return [...wrong.map(text('accepted request')), ...output.map(text('answer'))];
}

const seen = { judged: 0, notJudged: 0, faulty: 0 };
for (const file of readdirSync(exchanges)) {
  for (const line of readFileSync(join(exchanges, file), 'utf8').trimEnd().split('\n')) {
    const exchange = JSON.parse(line);
    const faults = await judge(exchange);
    if (faults === undefined) {
      seen.notJudged += 1;
      continue;
    }
    seen.judged += 1;
    if (faults.length === 0) continue;
    seen.faulty += 1;
    const { test, request, answer } = exchange;
    console.log(`${test}\n  ${request.method} ${request.url} ${request.body ?? ''}\n  ${answer.status} ${answer.body}`);
    faults.forEach((fault) => console.log(`    ${fault}`));
  }
}
console.log(`Prism judged ${seen.judged} exchanges, and not ${seen.notJudged} others: ${seen.faulty} with faults`);
process.exitCode = seen.judged > 0 && seen.faulty === 0 ? 0 : 1;
