/** Writes one JSON line to stderr. Numbers and message text never go here. */
export function log(event: string, facts: Record<string, string | number | boolean> = {}): void {
  process.stderr.write(`${JSON.stringify({ event, ...facts })}\n`)
}

/** The first line of an error, for logs. */
export const reason = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)

/**
 * Turns `console` off. libsignal 6.0.0 prints whole session records, private keys included, through
 * `console.info/warn/error`, and stdout belongs to the ready line.
 */
export function silenceConsole(): void {
  const silent = (): void => {}
  Object.assign(globalThis.console, { log: silent, info: silent, warn: silent, error: silent, debug: silent })
}

/** What Baileys' own functions want as a logger; it says nothing. */
export const quietLogger = {
  level: 'silent',
  child: () => quietLogger,
  trace: (): void => {},
  debug: (): void => {},
  info: (): void => {},
  warn: (): void => {},
  error: (): void => {},
}
