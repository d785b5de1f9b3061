import type { Status } from './account/account.ts'
import type { LinkAnswer } from './contract.ts'
import { drawQr } from './qr.ts'

/** Report the bridge's state on stdout: JSON lines for a program, sentences and a QR code on a terminal. */
export class StatusOutput {
  readonly #isTerminal: boolean

  constructor(output: NodeJS.WriteStream = process.stdout) {
    this.#isTerminal = output.isTTY === true
    output.on('error', () => {}) // the reader has gone; the bridge goes on
  }

  listening(url: string): void {
    this.#write({ event: 'listening', url }, `The bridge listens on ${url}`)
  }

  state(status: Status): void {
    this.#write({ event: 'state', ...status }, status.message)
  }

  /** Report that there is something to link with. The code itself is shown on a terminal only: a program asks `GET /link`. */
  link(link: LinkAnswer): void {
    const picture = link.qr
      ? drawQr(link.qr)
      : link.code
        ? `    ${link.code.slice(0, 4)}-${link.code.slice(4)}`
        : ''
    this.#write(
      { event: 'link', kind: link.state, secondsLeft: link.secondsLeft },
      `\n${picture}\n${link.message}`,
    )
  }

  #write(event: object, text: string): void {
    process.stdout.write(`${this.#isTerminal ? text : JSON.stringify(event)}\n`)
  }
}
