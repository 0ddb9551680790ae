// Changes of the document, and whether clients break on them. Add one for each rule that spec/DESIGN.md gets.
//
// Each changes a copy of the published document in place.

const TENANTS = '/api/v1/tenants/';
const TENANT = '/api/v1/tenants/{tenant_id}/';

const list = (document) => document.paths[TENANTS].get;
const create = (document) => document.paths[TENANTS].post;
const live = (document) => document.paths['/health/live'].get;
const schema = (document, name) => document.components.schemas[name];
/** The part itself, where operations share it. */
const shared = (document, part) =>
  part.$ref ? part.$ref.slice(2).split('/').reduce((at, step) => at[step], document) : part;
const parameter = (document, name) =>
  list(document).parameters.map((part) => shared(document, part)).find((each) => each.name === name);
const answer = (document, operation, status) => shared(document, operation.responses[status]);
const rename = (object, from, to) => {
  object[to] = object[from];
  delete object[from];
};

/** The published document, with one operation that needs security and the others that need none. */
export function prepare(document) {
  const schemes = { token: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } };
  document.components.securitySchemes = schemes;
  document.security = [];
  for (const operation of Object.values(document.paths).flatMap(Object.values)) delete operation.security;
  list(document).security = [{ token: [] }, { basic: [] }];
  return document;
}

/** Clients that were right are no longer, or do not compile with the new document. */
export const breaking = {
  'a path is removed': (d) => delete d.paths[TENANT],
  'a path parameter is renamed': (d) => rename(d.paths, TENANT, TENANT.replace('tenant_id', 'id')),
  'an operation is removed': (d) => delete d.paths[TENANT].put,
  'an operationId is changed': (d) => (list(d).operationId = 'tenants_view'),
  'an operation is moved to another tag': (d) => (list(d).tags = ['Groups']),
  'an operation gets a keyword that no rule knows': (d) => (list(d).servers = [{ url: '/elsewhere' }]),
  'the server is moved': (d) => (d.servers[0].url = '/elsewhere'),

  'a parameter is added as required': (d) =>
    list(d).parameters.push({ name: 'region', in: 'query', required: true, schema: { type: 'string' } }),
  'a parameter is removed': (d) => list(d).parameters.pop(),
  'a parameter is renamed': (d) => (parameter(d, 'limit').name = 'size'),
  'a parameter is made required': (d) => (parameter(d, 'limit').required = true),
  'a parameter has a lower maximum': (d) => (parameter(d, 'limit').schema.maximum = 10),
  'a parameter has another default': (d) => (parameter(d, 'limit').schema.default = 10),
  'a parameter is written otherwise': (d) => (parameter(d, 'limit').style = 'pipeDelimited'),

  'a required body is added': (d) => (list(d).requestBody = { required: true, content: {} }),
  'a body is removed': (d) => delete create(d).requestBody,
  'the media type of a body is changed': (d) => rename(create(d).requestBody.content, 'application/json', 'text/json'),
  'a required request property is added': (d) => {
    schema(d, 'TenantCreate').properties.plan = { type: 'string' };
    schema(d, 'TenantCreate').required.push('plan');
  },
  'a request property is made required': (d) => schema(d, 'TenantCreate').required.push('name'),
  'a request property is removed': (d) => delete schema(d, 'TenantCreate').properties.name,
  'a request property has another type': (d) => (schema(d, 'CriteriaCreate').properties.active.type = 'string'),
  'a request property has another default': (d) => (schema(d, 'CriteriaCreate').properties.active.default = false),
  'a request property no longer takes null': (d) => delete schema(d, 'TenantCreate').properties.name.nullable,
  'a request enum value is removed': (d) => schema(d, 'DecisionRequest').properties.presentation.enum.pop(),
  'a request enum is introduced': (d) => (schema(d, 'CriteriaCreate').properties.active.enum = [true]),
  'a request maxLength is lowered': (d) => (schema(d, 'CalledNumber').maxLength = 3),
  'a request minLength is raised': (d) => (schema(d, 'CalledNumber').minLength = 9),
  'a request pattern is changed': (d) => (schema(d, 'CalledNumber').pattern = '^[0-9]+$'),
  'a request format is changed': (d) => (schema(d, 'Instant').format = 'date'),
  'a request list is shortened': (d) => (schema(d, 'SelectiveCallAcceptanceUpdate').properties.criteria.maxItems = 3),
  'a request list refuses what stands twice': (d) =>
    (schema(d, 'SelectiveCallAcceptanceUpdate').properties.criteria.uniqueItems = true),
  'a request property gets a keyword that no rule knows': (d) => (schema(d, 'CalledNumber').not = { enum: ['x'] }),
  'a text of requests and answers is lengthened': (d) => (schema(d, 'CriteriaName').maxLength = 100),

  'a status is removed': (d) => delete list(d).responses['400'],
  'a 202 with another body than the 200 is added': (d) =>
    (list(d).responses['202'] = { ...list(d).responses['200'], content: {} }),
  'a status is added': (d) => (list(d).responses['404'] = list(d).responses['400']),
  'the media type of an answer is changed': (d) =>
    rename(answer(d, list(d), '200').content, 'application/json', 'text/json'),
  'a media type of an answer is added': (d) => (answer(d, list(d), '200').content['text/csv'] = {}),
  'a header is removed': (d) => delete answer(d, create(d), '201').headers.Location,
  'a header is made optional': (d) => (d.components.headers.Location.required = false),
  'a header has a greater maxLength': (d) => (d.components.headers.Location.schema.maxLength = 9000),
  'an optional answer property is removed': (d) => delete schema(d, 'Tenant').properties.region,
  'a required answer property is removed': (d) => {
    delete schema(d, 'Tenant').properties.tenantId;
    schema(d, 'Tenant').required = [];
  },
  'an answer property is made optional': (d) => (schema(d, 'Tenant').required = []),
  'an answer property is made nullable': (d) => (schema(d, 'Health').properties.version.nullable = true),
  'an answer property has another type': (d) => (schema(d, 'Criteria').properties.active.type = 'string'),
  'an answer list has other items': (d) => (schema(d, 'TenantList').properties.tenants.items = { type: 'string' }),
  'a shared answer gets a header less': (d) => delete d.components.responses.TooManyAttempts.headers['Retry-After'],
  'a shared parameter is made required': (d) => (d.components.parameters.Cascade.required = true),
  'an answer enum value is added': (d) => schema(d, 'Verdict').enum.push('forward'),
  'an open enumeration is closed': (d) => rename(schema(d, 'Reason'), 'x-extensible-enum', 'enum'),
  'an open enumeration has another pattern': (d) => (schema(d, 'Reason').pattern = '^[a-z-]+$'),
  'a value of an open enumeration is no longer taken': (d) => schema(d, 'Role')['x-extensible-enum'].shift(),
  'an answer maxLength is raised': (d) => (schema(d, 'Criteria').properties.callsFrom.maxLength = 200),
  'an answer maxLength is removed': (d) => delete schema(d, 'Criteria').properties.callsFrom.maxLength,
  'a schema is renamed': (d) => {
    rename(d.components.schemas, 'Health', 'Wellbeing');
    for (const path of ['/health/live', '/health/ready']) {
      answer(d, d.paths[path].get, '200').content['application/json'].schema.$ref = '#/components/schemas/Wellbeing';
    }
  },
  'an answer is of another schema with the same members': (d) => {
    d.components.schemas.OneTenant = schema(d, 'Tenant');
    answer(d, create(d), '201').content['application/json'].schema.$ref = '#/components/schemas/OneTenant';
  },

  'security is added to an operation that had none': (d) => (live(d).security = [{ token: [] }]),
  'security is added to the whole document': (d) => (d.security = [{ token: [] }]),
  'an alternative of security is removed': (d) => list(d).security.pop(),
  'two ways of security are needed at once': (d) => (list(d).security = [{ token: [], basic: [] }]),
  'a scope is needed': (d) => list(d).security.forEach((alternative) => alternative.token?.push('read')),
  'a security scheme is changed': (d) => (d.components.securitySchemes.token.scheme = 'digest'),
  'a security scheme is removed': (d) => delete d.components.securitySchemes.basic,
};

/** Clients go on as before. */
export const compatible = {
  'a path is added': (d) => (d.paths['/health/started'] = live(d)),
  'an operation is added': (d) => (d.paths[TENANT].post = { operationId: 'tenant_copy', responses: {} }),
  'an optional parameter is added': (d) =>
    list(d).parameters.push({ name: 'region', in: 'query', required: false, schema: { type: 'string' } }),
  'dry runs are added, whose answers lack a header': (d) => {
    create(d).parameters = [{ name: 'dryRun', in: 'query', required: false, schema: { type: 'boolean' } }];
    const { headers } = answer(d, create(d), '201');
    headers.Location = { ...shared(d, headers.Location), required: false };
  },
  'a parameter has a greater maximum': (d) => (parameter(d, 'limit').schema.maximum = 2000),
  'an optional request property is added': (d) => (schema(d, 'TenantCreate').properties.plan = { type: 'string' }),
  'a request property is made optional': (d) => (schema(d, 'TenantCreate').required = []),
  'a request property takes null': (d) => (schema(d, 'CriteriaCreate').properties.active.nullable = true),
  'a request enum value is added': (d) => schema(d, 'DecisionRequest').properties.presentation.enum.push('spoofed'),
  'the values of a request enum stand in another order': (d) =>
    schema(d, 'DecisionRequest').properties.presentation.enum.reverse(),
  'a request maxLength is raised': (d) => (schema(d, 'CalledNumber').maxLength = 2000),
  'a request pattern is removed': (d) => delete schema(d, 'CalledNumber').pattern,
  'a request is taken in another media type': (d) => (create(d).requestBody.content['text/json'] = {}),
  'an optional answer property is added': (d) => (schema(d, 'Tenant').properties.plan = { type: 'string' }),
  'a required answer property is added': (d) => {
    schema(d, 'Tenant').properties.plan = { type: 'string' };
    schema(d, 'Tenant').required.push('plan');
  },
  'an answer maxLength is lowered': (d) => (schema(d, 'Criteria').properties.callsFrom.maxLength = 90),
  'an answer enum value is removed': (d) => schema(d, 'Verdict').enum.pop(),
  'a value of an open enumeration is added': (d) => {
    for (const name of ['ProblemCode', 'Reason', 'Role']) schema(d, name)['x-extensible-enum'].push('out_of_credit');
  },
  'a value that only answers have is removed from an open enumeration': (d) =>
    schema(d, 'Reason')['x-extensible-enum'].pop(),
  'a header is added': (d) => (answer(d, list(d), '200').headers['X-Total'] = { schema: { type: 'integer' } }),
  'an answer that operations share stands in its place': (d) =>
    (list(d).responses['400'] = structuredClone(answer(d, list(d), '400'))),
  'a parameter that operations share stands in its place': (d) =>
    (list(d).parameters[0] = structuredClone(shared(d, list(d).parameters[0]))),
  'security is removed': (d) => (list(d).security = []),
  'an alternative of security is added': (d) => {
    d.components.securitySchemes.oauth = { type: 'oauth2', flows: {} };
    list(d).security.push({ oauth: [] });
  },
  'descriptions are changed': (d) => {
    for (const object of [d.info, list(d), parameter(d, 'limit'), schema(d, 'Tenant')]) object.description = 'New.';
  },
  'examples are changed': (d) => {
    schema(d, 'Tenant').example = { tenantId: 'bar' };
    create(d).requestBody.content['application/json'].example = { tenantId: 'bar' };
  },
  'extensions are added': (d) => {
    for (const object of [d, list(d), parameter(d, 'limit'), schema(d, 'Tenant')]) object['x-note'] = 'new';
  },
};
