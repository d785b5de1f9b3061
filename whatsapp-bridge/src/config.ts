import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError, reasonOf } from './errors.ts'

const MEBIBYTE = 1024 * 1024
const LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']

/** Everything the bridge reads from its environment, once, at start. */
export type Config = {
  /** Where the agent is, without a trailing slash. */
  apiUrl: string
  /** Shared with the agent; in `X-Webhook-Secret`, both ways. */
  secret: string | undefined
  host: string
  port: number
  /** Base of the media URLs that the agent is given; `undefined`: where the bridge listens. */
  publicUrl: string | undefined
  /** Absolute path of the directory that this bridge owns. */
  data: string
  /** Digits of the number to link by pairing code. */
  phone: string | undefined
  socketUrl: string | undefined
  /** The version of WhatsApp Web to name, or where it comes from. */
  version: [number, number, number] | 'current' | 'bundled'
  /** The proxy on the way to WhatsApp. */
  proxy: URL | undefined
  /** Hosts that are reached without it. */
  noProxy: string[]
  mediaMaxBytes: number
  logLevel: string
  /** A supervisor holds stdin: exit when it closes. */
  supervised: boolean
  /** Failpoints to arm, in crash tests. */
  failpoints: string[]
}

type Environment = Record<string, string | undefined>

/** Read the environment. @throws {ConfigError} naming the setting. */
export function readConfig(env: Environment = process.env): Config {
  const config: Config = {
    apiUrl: httpUrl(env, 'CLEO_API_URL', 'http://127.0.0.1:8000') ?? '',
    secret: readSecret(env),
    host: env.WHATSAPP_BRIDGE_HOST || '127.0.0.1',
    port: integer(env, 'WHATSAPP_BRIDGE_PORT', 3001, 0, 65_535),
    publicUrl: httpUrl(env, 'WHATSAPP_BRIDGE_URL'),
    data: resolve(env.WHATSAPP_BRIDGE_DATA || '.cleo/bridge'),
    phone: readPhone(env),
    socketUrl: readSocketUrl(env),
    version: readVersion(env),
    proxy: readProxy(env),
    noProxy: (env.NO_PROXY || env.no_proxy || '').split(',').flatMap((host) => host.trim() || []),
    mediaMaxBytes: integer(env, 'WHATSAPP_MEDIA_MAX_BYTES', 64 * MEBIBYTE, 1, 2 * 1024 * MEBIBYTE),
    logLevel: readLevel(env),
    supervised: env.CLEO_SUPERVISED === '1',
    failpoints: env.BRIDGE_FAIL ? env.BRIDGE_FAIL.split(',').map((spec) => spec.trim()) : [],
  }
  if (!isLoopback(config.host) && !config.secret)
    throw new ConfigError(
      `WHATSAPP_BRIDGE_HOST=${config.host} opens the bridge to the network, but WHATSAPP_WEBHOOK_SECRET is not set. ` +
        'Set the secret for bridge and agent (for example WHATSAPP_WEBHOOK_SECRET=' +
        '"$(openssl rand -hex 32)"), or keep WHATSAPP_BRIDGE_HOST=127.0.0.1.',
    )
  return config
}

/** Return whether a host name means this machine only. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** Make `path` the directory in which Baileys encrypts uploads. */
export function useTemporaryDirectory(path: string): void {
  process.env.TMPDIR = path
}

function httpUrl(env: Environment, name: string, fallback?: string): string | undefined {
  const text = env[name] || fallback
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new ConfigError(
      `${name} must be a plain http(s) address such as http://127.0.0.1:8000, not "${text}".`,
    )
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

function readSecret(env: Environment): string | undefined {
  const direct = env.WHATSAPP_WEBHOOK_SECRET
  const path = env.WHATSAPP_WEBHOOK_SECRET_FILE
  const secret = direct || (path ? readSecretFile(path) : undefined)
  if (secret !== undefined && !/^[!-~]{1,512}$/.test(secret))
    throw new ConfigError(
      'WHATSAPP_WEBHOOK_SECRET must be 1–512 visible ASCII characters without spaces, for example the output of ' +
        '"openssl rand -hex 32".',
    )
  return secret
}

function readSecretFile(path: string): string {
  let secret: string
  try {
    secret = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new ConfigError(
      `WHATSAPP_WEBHOOK_SECRET_FILE=${path} cannot be read (${reasonOf(error)}). ` +
        'Name a file that holds only the secret, such as /run/secrets/whatsapp.',
    )
  }
  if (!secret)
    throw new ConfigError(`WHATSAPP_WEBHOOK_SECRET_FILE=${path} is empty; write the secret into it.`)
  return secret
}

function integer(env: Environment, name: string, fallback: number, least: number, most: number): number {
  const text = env[name]
  if (!text) return fallback
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new ConfigError(
      `${name} must be a whole number from ${least} to ${most}, such as ${fallback}, not "${text}".`,
    )
  return value
}

function readPhone(env: Environment): string | undefined {
  const text = env.WHATSAPP_PHONE
  if (!text) return undefined
  const digits = text.replace(/[\s().\-+]/g, '').replace(/^00/, '')
  if (!/^[1-9]\d{6,14}$/.test(digits))
    throw new ConfigError(
      'WHATSAPP_PHONE must be the full number of the phone to link, with country code, such as +4915112345678.',
    )
  return digits
}

function readSocketUrl(env: Environment): string | undefined {
  const text = env.WHATSAPP_WEB_SOCKET_URL
  if (!text) return undefined
  if (!/^wss?:$/.test(URL.parse(text)?.protocol ?? ''))
    throw new ConfigError(
      `WHATSAPP_WEB_SOCKET_URL must be a ws(s) address such as wss://web.whatsapp.com/ws/chat.`,
    )
  return text
}

function readProxy(env: Environment): URL | undefined {
  const text = env.HTTPS_PROXY || env.https_proxy
  if (!text) return undefined
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url && /^https?:$/.test(url.protocol) && url.hostname) return url
  throw new ConfigError(
    'HTTPS_PROXY must be the address of an HTTP proxy such as http://proxy.lan:3128; others (socks) cannot be used. ' +
      'NO_PROXY names hosts that are reached without it.',
  )
}

function readVersion(env: Environment): Config['version'] {
  const text = env.WHATSAPP_WEB_VERSION
  if (text === 'current' || text === 'bundled') return text
  if (!text) return env.WHATSAPP_WEB_SOCKET_URL ? 'bundled' : 'current' // another server has no page to ask
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(text)
  if (!match)
    throw new ConfigError(
      `WHATSAPP_WEB_VERSION must be current, bundled or look like 2.3000.1043857760, not "${text}".`,
    )
  return [Number(match[1]), Number(match[2]), Number(match[3])]
}

function readLevel(env: Environment): string {
  const level = env.WHATSAPP_BRIDGE_LOG || 'info'
  if (!LEVELS.includes(level))
    throw new ConfigError(`WHATSAPP_BRIDGE_LOG must be one of ${LEVELS.join(', ')}, not "${level}".`)
  return level
}
