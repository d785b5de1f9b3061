import type { ILogger } from 'baileys/lib/Utils/logger.js'
import { destination, type Logger, pino, stdTimeFunctions } from 'pino'

export type Log = Logger

/** JSON lines on stderr. Callers never pass message text, numbers, names or keys. */
export const openLog = (level: string): Log =>
  pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, destination({ dest: 2, sync: true }))

/** libsignal prints whole session records, private keys included, with `console.*`: let nothing through. */
export function silenceConsole(): void {
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const)
    console[name] = () => {}
}

/** Baileys' own log lines: only their fixed words. Its objects (keys, JIDs, stanzas) are dropped, digits are masked. */
export function baileysLogger(log: Log): ILogger {
  const say = (level: 'debug' | 'trace') => (first: unknown, words?: string) => {
    const text = words ?? (typeof first === 'string' ? first : '')
    log[level]({ reason: scrub(reasonIn(first)) }, `baileys: ${scrub(text)}`)
  }
  const logger: ILogger = {
    level: 'warn',
    child: () => logger,
    trace: () => {},
    debug: () => {},
    info: say('trace'),
    warn: say('trace'),
    error: say('debug'),
  }
  return logger
}

/** Masks everything that could be a number, an id or a key. */
export const scrub = (text: string): string =>
  text
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
