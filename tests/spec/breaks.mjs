// What breaks clients between two versions of the document: the promise of spec/DESIGN.md, section Compatibility.
//
// A difference of an operation, a parameter or a schema that no rule here knows is a break. To allow a keyword of
// schemas to change, give it a relation in relations.mjs.

import { isDeepStrictEqual } from 'node:util';

import { relations, within } from './relations.mjs';

/** Words for people, and extensions. */
const SILENT = new Set(
  ['title', 'summary', 'description', 'example', 'examples', 'externalDocs', 'deprecated', 'bearerFormat'],
);

/** What an operation has that is looked into. */
const COMPARED = new Set(['security', 'parameters', 'requestBody', 'responses']);

/** Where the values stand that an open enumeration has at present; clients are told to expect others. */
const OPEN = 'x-extensible-enum';

/** Headers that the answer to a dry run does not have. */
const LEFT_OUT_BY_DRY_RUNS = new Set(['ETag', 'Location']);

/** Every break from `before` to `after`, each a sentence that starts with its place. */
export function breaks(before, after) {
  const found = new Set();
  const documents = { before, after, compared: new Set(), tell: (place, what) => found.add(`${place}: ${what}`) };
  names('schema', before.components?.schemas, after.components?.schemas, documents.tell);
  securitySchemes(documents);
  servers(documents);
  for (const [path, item] of Object.entries(before.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const place = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      if (now) compareOperations(place, operation, now, documents);
      else documents.tell(place, 'the operation is gone');
    }
  }
  return [...found];
}

function names(kind, before = {}, after = {}, tell) {
  for (const name of Object.keys(before)) {
    if (!(name in after)) tell(name, `the ${kind} is gone`);
  }
}

function securitySchemes({ before, after, tell }) {
  const [was, is] = [before.components?.securitySchemes ?? {}, after.components?.securitySchemes ?? {}];
  names('security scheme', was, is, tell);
  for (const [name, scheme] of Object.entries(was)) {
    for (const keyword of name in is ? differing(scheme, is[name]) : []) {
      tell(name, `\`${keyword}\` of the security scheme has changed`);
    }
  }
}

function servers({ before, after, tell }) {
  const now = new Set((after.servers ?? []).map(({ url }) => url));
  for (const { url } of before.servers ?? []) {
    if (!now.has(url)) tell(url, 'the server is gone');
  }
}

function compareOperations(place, before, after, documents) {
  const { tell } = documents;
  for (const keyword of differing(before, after).filter((keyword) => !COMPARED.has(keyword))) {
    const name = ['operationId', 'tags'].includes(keyword) ? ': a name in generated clients' : '';
    tell(place, `\`${keyword}\` was ${show(before[keyword])}, is ${show(after[keyword])}${name}`);
  }
  compareSecurity(place, before, after, documents);
  compareParameters(place, before.parameters ?? [], after.parameters ?? [], documents);
  const body = ({ requestBody }, document) => requestBody && resolve(requestBody, document);
  compareBodies(`${place}, body`, body(before, documents.before), body(after, documents.after), documents);
  const dryRun = startsToTakeDryRuns(before, after, documents);
  compareResponses(place, before.responses, after.responses, { ...documents, dryRun });
}

/** Whether the operation has got the parameter `dryRun`, which no client of the older document sends. */
function startsToTakeDryRuns(before, after, documents) {
  const takes = ({ parameters = [] }, document) =>
    parameters.some((parameter) => resolve(parameter, document).name === 'dryRun');
  return takes(after, documents.after) && !takes(before, documents.before);
}

/** Who was let in by what a request carried is let in by it still. */
function compareSecurity(place, before, after, documents) {
  const alternatives = (operation, document) => {
    const stated = operation.security ?? document.security ?? [];
    return stated.length ? stated : [{}];
  };
  const enough = (needed, carried) =>
    Object.entries(needed).every(([name, scopes]) => carried[name] && within(scopes, carried[name]));
  const now = alternatives(after, documents.after);
  for (const carried of alternatives(before, documents.before)) {
    if (!now.some((needed) => enough(needed, carried))) {
      documents.tell(place, `requests with the security ${show(carried)} are no longer let in`);
    }
  }
}

function compareParameters(place, before, after, documents) {
  const { tell } = documents;
  const key = (parameter) => `${parameter.in} parameter \`${parameter.name}\``;
  const keyed = (parameters, document) =>
    new Map(parameters.map((part) => resolve(part, document)).map((parameter) => [key(parameter), parameter]));
  const [was, is] = [keyed(before, documents.before), keyed(after, documents.after)];
  for (const [name, parameter] of was) {
    const now = is.get(name);
    if (!now) tell(place, `the ${name} is gone`);
    else compareParts(`${place}, ${name}`, parameter, now, 'request', documents);
  }
  for (const [name, parameter] of is) {
    if (!was.has(name) && parameter.required) tell(place, `the ${name} is new and required`);
  }
}

/** Parameters and headers. */
function compareParts(place, before, after, side, documents) {
  compareRequired(place, before, after, side, documents);
  for (const keyword of differing(before, after)) {
    if (!['schema', 'required'].includes(keyword)) documents.tell(place, `\`${keyword}\` has changed`);
  }
  compareSchemas(place, before.schema, after.schema, side, documents);
}

function compareRequired(place, before, after, side, { tell }) {
  if (side === 'request' && after.required && !before.required) tell(place, 'was optional, is required');
  if (side === 'answer' && before.required && !after.required) tell(place, 'was always there, is optional');
}

function compareBodies(place, before, after, documents) {
  const { tell } = documents;
  if (!before) {
    if (after?.required) tell(place, 'it is new and required');
  } else if (!after) {
    tell(place, 'it is gone');
  } else {
    compareRequired(place, before, after, 'request', documents);
    compareContents(place, before.content, after.content, 'request', documents);
  }
}

function compareResponses(place, before, after, documents) {
  const { tell } = documents;
  for (const [status, response] of Object.entries(before)) {
    const [was, is] = [resolve(response, documents.before), after[status] && resolve(after[status], documents.after)];
    if (is) compareAnswers(`${place}, answer ${status}`, was, is, documents);
    else tell(place, `the status ${status} is gone`);
  }
  for (const status of Object.keys(after)) {
    if (!before[status] && !isLaterThan200(status, after, documents.after)) tell(place, `the status ${status} is new`);
  }
}

/** Whether it is a 202 with the body of the 200: who does not know it takes it for that (RFC 9110, section 15). */
function isLaterThan200(status, responses, document) {
  if (status !== '202' || !responses['200']) return false;
  const schemas = (response) =>
    Object.entries(resolve(response, document).content ?? {}).map(([mediaType, { schema }]) => [mediaType, schema]);
  return isDeepStrictEqual(schemas(responses['202']), schemas(responses['200']));
}

function compareAnswers(place, before, { headers = {}, content }, documents) {
  const [was, is] = [before.headers ?? {}, headers];
  names('header', was, is, (name, what) => documents.tell(`${place}, header ${name}`, what));
  for (const name of Object.keys(was).filter((name) => name in is)) {
    const [header, after] = [resolve(was[name], documents.before), resolve(is[name], documents.after)];
    const now = documents.dryRun && LEFT_OUT_BY_DRY_RUNS.has(name) ? { ...after, required: header.required } : after;
    compareParts(`${place}, header ${name}`, header, now, 'answer', documents);
  }
  compareContents(place, before.content, content, 'answer', documents);
}

function compareContents(place, before = {}, after = {}, side, documents) {
  for (const [mediaType, content] of Object.entries(before)) {
    const now = after[mediaType];
    if (now) compareSchemas(place, content.schema, now.schema, side, documents);
    else documents.tell(place, `the media type ${mediaType} is gone`);
  }
  for (const mediaType of Object.keys(after)) {
    if (side === 'answer' && !(mediaType in before)) documents.tell(place, `the media type ${mediaType} is new`);
  }
}

/** Holds two schemas against each other; what stands below references is told at the name that they have. */
function compareSchemas(place, before = {}, after = {}, side, documents) {
  const [was, is] = [flatten(before, documents.before), flatten(after, documents.after)];
  const name = reference(before);
  if (name && reference(after) !== name && (was.type === 'object' || was.enum || was[OPEN])) {
    documents.tell(place, `was of the schema ${name}, is not: a name in generated clients`);
  }
  if (name) {
    const pair = `${side} ${name} ${reference(after)}`;
    if (documents.compared.has(pair)) return;
    documents.compared.add(pair);
    place = `${side} schema ${name.split('/').at(-1)}`;
  }
  compareOpen(place, was[OPEN], is[OPEN], side, documents);
  for (const keyword of differing(was, is)) {
    if (keyword === 'properties' || keyword === 'items') continue;
    const relation = relations[keyword]?.(was[keyword], is[keyword]) ?? 'other';
    if (!allowed(relation, keyword, side)) {
      documents.tell(place, `\`${keyword}\` was ${show(was[keyword])}, is ${show(is[keyword])}`);
    }
  }
  names('member', was.properties, is.properties, (member, what) => documents.tell(`${place}, \`${member}\``, what));
  for (const [member, schema] of Object.entries(was.properties ?? {})) {
    const now = is.properties?.[member];
    if (now) compareSchemas(`${place}, \`${member}\``, schema, now, side, documents);
  }
  if (was.items || is.items) compareSchemas(`${place}, items`, was.items, is.items, side, documents);
}

/** An open enumeration may get a value; it stays open, and takes in requests what it took. */
function compareOpen(place, before, after, side, { tell }) {
  if (!before) return;
  const gone = before.filter((value) => !after?.includes(value));
  if (!after) tell(place, 'the enumeration was open, is not');
  else if (side === 'request' && gone.length) tell(place, `${show(gone)} is no longer taken`);
}

/** A request may be taken from more, an answer may promise more. */
function allowed(relation, keyword, side) {
  if (relation === 'same') return true;
  if (side === 'request') return relation === 'wider';
  return relation === 'narrower' || (relation === 'wider' && keyword === 'additionalProperties');
}

/** A schema without the references and the `allOf` that it is put together of. */
function flatten(schema, document) {
  const { allOf = [], ...own } = resolve(schema, document);
  return Object.assign({}, ...allOf.map((part) => flatten(part, document)), own);
}

function reference(schema) {
  return schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined);
}

function resolve(value, document) {
  if (!value.$ref) return value;
  const steps = value.$ref.slice(2).split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return resolve(steps.reduce((at, step) => at[step], document), document);
}

/** The keywords whose values differ, those that only people read aside. */
function differing(before, after) {
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)]);
  const spoken = [...keywords].filter((keyword) => !SILENT.has(keyword) && !keyword.startsWith('x-'));
  return spoken.filter((keyword) => !same(before[keyword], after[keyword]));
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

function show(value) {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
