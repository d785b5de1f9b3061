import type { ILogger } from 'baileys/lib/Utils/logger.js'
import { destination, type Logger, pino, stdTimeFunctions } from 'pino'

export type Log = Logger

/** Open the log: JSON lines on stderr. Callers never pass message text, numbers, names or keys. */
export const openLog = (level: string): Log =>
  pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, destination({ dest: 2, sync: true }))

/** Silence `console.*`: libsignal prints whole session records with it, private keys included. */
export function silenceConsole(): void {
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const)
    console[name] = () => {}
}

/** Return a logger for Baileys that keeps only its fixed texts: its objects (keys, JIDs, stanzas) are dropped. */
export function baileysLogger(log: Log): ILogger {
  const writeAt = (level: 'debug' | 'trace') => (first: unknown, message?: string) => {
    const text = message ?? (typeof first === 'string' ? first : '')
    log[level]({ reason: redact(reasonIn(first)) }, `baileys: ${redact(text)}`)
  }
  const logger: ILogger = {
    level: 'warn',
    child: () => logger,
    trace: () => {},
    debug: () => {},
    info: writeAt('trace'),
    warn: writeAt('trace'),
    error: writeAt('debug'),
  }
  return logger
}

/** Mask everything that could be a number, an id or a key; at most 300 characters. */
export const redact = (text: string): string =>
  text
    .replace(/\/\/[^\s/]*@/g, '//…@')
    .replace(/[\w.:+-]+@[\w.]+/g, '…@…')
    .replace(/\d{4,}/g, '…')
    .replace(/[A-Za-z0-9+/=_-]{20,}/g, '…')
    .slice(0, 300)

function reasonIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  const { err, error } = value as { err?: unknown; error?: unknown }
  const cause = err ?? error
  return cause instanceof Error ? cause.message : ''
}
