/** A setting is wrong. The message names it and shows an example that works. */
export class ConfigError extends Error {}

/** The data directory cannot be used as it is; nothing in it was changed. The message says what to do. */
export class DataError extends Error {}

/** An HTTP answer that is not 2xx, as the contract's `BridgeError`. */
export class Refusal extends Error {
  readonly status: number
  /** Stable word for programs. */
  readonly word: string
  /** WhatsApp's own number, such as 463. */
  readonly code: number | undefined
  /** Seconds for `Retry-After`. */
  readonly retryAfter: number | undefined

  constructor(
    status: number,
    word: string,
    message: string,
    more: { code?: number; retryAfter?: number } = {},
  ) {
    super(message)
    this.status = status
    this.word = word
    this.code = more.code
    this.retryAfter = more.retryAfter
  }
}

/** The sentence of anything that was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
