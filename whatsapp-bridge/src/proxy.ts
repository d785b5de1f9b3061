import { setGlobalProxyFromEnv } from 'node:http'
import https from 'node:https'
import type { Config } from './config.ts'
import { ConfigError } from './errors.ts'

/** Never behind a proxy: this machine. */
const LOOPBACK = ['localhost', '*.localhost', '127.0.0.1-127.255.255.255', '::1', '[::1]']

/** Send everything that goes to WhatsApp through the proxy: downloads and uploads at once, the socket by its agent. */
export function useProxy({ proxy, noProxy, apiUrl }: Config): void {
  if (!proxy) return
  if (typeof setGlobalProxyFromEnv !== 'function')
    throw new ConfigError('HTTPS_PROXY needs Node.js 24.14 or newer. Update Node.js, or unset HTTPS_PROXY.')
  const direct = [...noProxy, ...LOOPBACK, new URL(apiUrl).hostname]
  setGlobalProxyFromEnv({ HTTPS_PROXY: proxy.href, NO_PROXY: direct.join(',') })
}

/** Return the agent for a socket: the global one at that time, which knows the proxy. */
export const socketAgent = ({ proxy, socketUrl }: Config): https.Agent | undefined =>
  proxy && !socketUrl?.startsWith('ws:') ? https.globalAgent : undefined
