/** Write one JSON line to stderr. Callers never pass numbers or message text. */
export function log(event: string, facts: Record<string, string | number | boolean> = {}): void {
  process.stderr.write(`${JSON.stringify({ event, ...facts })}\n`)
}

/** Return an error's name and message, for logs. */
export const reason = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)

/**
 * Turn `console` off. libsignal 6.0.0 prints whole session records, private keys included, through
 * `console.info/warn/error`, and stdout belongs to the ready line.
 */
export function silenceConsole(): void {
  const silent = (): void => {}
  Object.assign(globalThis.console, { log: silent, info: silent, warn: silent, error: silent, debug: silent })
}

/** A logger for Baileys that writes nothing. */
export const quietLogger = {
  level: 'silent',
  child: () => quietLogger,
  trace: (): void => {},
  debug: (): void => {},
  info: (): void => {},
  warn: (): void => {},
  error: (): void => {},
}
