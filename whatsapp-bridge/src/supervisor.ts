import type { Status } from './account/account.ts'
import type { LinkAnswer } from './contract.ts'
import { drawQr } from './qr.ts'

/** Tells whoever started the bridge what happens: JSON lines for a program, sentences and a QR for a person. */
export class Supervisor {
  readonly #person: boolean

  constructor(output: NodeJS.WriteStream = process.stdout) {
    this.#person = output.isTTY === true
    output.on('error', () => {}) // the reader has gone; the bridge goes on
  }

  listening(url: string): void {
    this.#say({ event: 'listening', url }, `The bridge listens on ${url}`)
  }

  state(status: Status): void {
    this.#say({ event: 'state', ...status }, status.message)
  }

  /** The code itself goes to a terminal only: a program asks `GET /link`. */
  link(link: LinkAnswer): void {
    const picture = link.qr
      ? drawQr(link.qr)
      : link.code
        ? `    ${link.code.slice(0, 4)}-${link.code.slice(4)}`
        : ''
    this.#say(
      { event: 'link', kind: link.state, secondsLeft: link.secondsLeft },
      `\n${picture}\n${link.message}`,
    )
  }

  #say(event: object, words: string): void {
    process.stdout.write(`${this.#person ? words : JSON.stringify(event)}\n`)
  }
}
