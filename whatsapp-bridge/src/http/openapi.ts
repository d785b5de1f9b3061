import { readJsonFile, SCHEMAS } from './schema.ts'

/** The bridge's own version. */
export const VERSION = String(readJsonFile('../../package.json').version)

type Route = { summary: string; body?: string; answer?: string; key?: boolean }

const ROUTES: Record<string, Record<string, Route>> = {
  '/health': {
    get: {
      summary: 'How the bridge is. Without the secret: state, code and message only.',
      answer: 'HealthAnswer',
    },
  },
  '/link': {
    get: { summary: 'How to link a phone right now: QR or pairing code.', answer: 'LinkAnswer' },
    post: {
      summary: 'Link anew: by pairing code for a number; without a body by QR.',
      body: 'LinkByCode',
      answer: 'LinkAnswer',
    },
  },
  '/unlink': { post: { summary: 'Log out; the phone forgets this device.', answer: 'LinkAnswer' } },
  '/send': { post: { summary: 'Send a text.', body: 'SendText', answer: 'SendAnswer', key: true } },
  '/send-media': {
    post: {
      summary: 'Send a file: multipart with a part named "file", or JSON with a url on the agent’s origin.',
      body: 'SendMedia',
      answer: 'SendAnswer',
      key: true,
    },
  },
  '/react': {
    post: { summary: 'Set or take back a reaction.', body: 'React', answer: 'SendAnswer', key: true },
  },
  '/typing': { post: { summary: 'Show or end “typing…”.', body: 'Typing' } },
  '/read': { post: { summary: 'Blue ticks.', body: 'Read' } },
  '/media/{id}': {
    get: { summary: 'The decrypted bytes of received media; its address comes in an event.' },
  },
  '/dead-letters': { get: { summary: 'Events that the agent refused for good.', answer: 'DeadLetters' } },
}

/** Return the contract as OpenAPI 3.1: these paths, and the schemas that `make contract` generates. */
export function openapi(): object {
  const text = JSON.stringify(SCHEMAS)
  const schemas: unknown = JSON.parse(text.replaceAll('#/$defs/', '#/components/schemas/'))
  const paths = Object.entries(ROUTES).map(([path, methods]) => [
    path,
    mapValues(methods, (route) => operation(path, route)),
  ])
  return {
    openapi: '3.1.0',
    info: { title: 'WhatsApp bridge of Cleo', version: VERSION },
    paths: Object.fromEntries(paths),
    security: [{ secret: [] }],
    components: {
      securitySchemes: { secret: { type: 'apiKey', in: 'header', name: 'X-Webhook-Secret' } },
      schemas,
    },
  }
}

function operation(path: string, { summary, body, answer, key }: Route): object {
  const named = path.includes('{id}')
    ? [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }]
    : []
  const keyed = key
    ? [{ name: 'Idempotency-Key', in: 'header', schema: { type: 'string', maxLength: 255 } }]
    : []
  return {
    summary,
    ...(path === '/health' ? { security: [{}, { secret: [] }] } : {}),
    parameters: [...named, ...keyed],
    ...(body ? { requestBody: { content: { 'application/json': { schema: ref(body) } } } } : {}),
    responses: {
      200: {
        description: 'Done.',
        ...(answer ? { content: { 'application/json': { schema: ref(answer) } } } : {}),
      },
      default: {
        description: 'Not done; the body says why.',
        content: { 'application/json': { schema: ref('BridgeError') } },
      },
    },
  }
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

const mapValues = <T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
