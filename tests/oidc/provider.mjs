// An OpenID provider (npm oidc-provider) that issues JWT access tokens by client credentials.
//
// usage: node provider.mjs FOLDER [PORT]     FOLDER holds node_modules; without PORT a free one is taken
//
// It prints its issuer when it answers, then does a command for each line of standard input and answers each by a line.
// It ends with standard input.
//   rotate     new keys sign from now on; those before stay published
//   withdraw   the keys that do not sign any more are no longer published
//   requests   how often the keys were asked for
//
// The token endpoint takes, besides what the standard says, what the token is to be like:
//   claims     further claims, as JSON
//   alg        how it is signed
//   ttl        how many seconds it is valid

import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// What the library has to say goes beside the answers.
console.info = console.error;

const [folder, port = '0'] = process.argv.slice(2);
const library = createRequire(`${folder}/`).resolve('oidc-provider');
const { default: Provider, errors } = await import(pathToFileURL(library));

const TYPES = [
  ['rsa', { modulusLength: 2048 }],
  ['ec', { namedCurve: 'P-256' }],
  ['ec', { namedCurve: 'P-384' }],
  ['ed25519', {}],
];
const SECRET = randomBytes(32);

function newKeys() {
  return TYPES.map(([type, options]) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
    kid: randomUUID(),
    use: 'sig',
  }));
}

function resourceServer(ctx, audience) {
  const { alg = 'RS256', ttl = '300' } = ctx.oidc.body;
  const sign = alg.startsWith('HS') ? { alg, key: SECRET } : { alg };
  return { audience, scope: '', accessTokenFormat: 'jwt', accessTokenTTL: Number(ttl), jwt: { sign } };
}

function provider(keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: [{
      client_id: 'client',
      client_secret: 'secret',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    }],
    extraTokenClaims: (ctx) => JSON.parse(ctx.oidc.body.claims ?? '{}'),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => { throw new errors.InvalidTarget('say which resource the token is for'); },
        getResourceServerInfo: resourceServer,
      },
    },
  }).callback();
}

let answer;
let requests = 0;
const server = createServer((request, response) => {
  if (request.url === '/jwks') requests += 1;
  answer(request, response);
});
await new Promise((listening) => { server.listen(Number(port), '127.0.0.1', listening); });
const issuer = `http://127.0.0.1:${server.address().port}`;

let keys = [];
const commands = {
  rotate() {
    keys = [...newKeys(), ...keys];
    answer = provider(keys);
    return 'rotated';
  },
  withdraw() {
    keys = keys.slice(0, TYPES.length);
    answer = provider(keys);
    return 'withdrawn';
  },
  requests: () => requests,
};
commands.rotate();
console.log(issuer);
for await (const line of createInterface({ input: process.stdin })) {
  console.log(commands[line]());
}
process.exit();
