import type { Status } from './account/account.ts'
import type { LinkAnswer } from './contract.ts'

/** Report the bridge's state on stdout: JSON lines for a program, sentences and a QR code on a terminal. */
export class StatusOutput {
  readonly #output: Pick<NodeJS.WriteStream, 'isTTY' | 'on' | 'write'>

  constructor(output: Pick<NodeJS.WriteStream, 'isTTY' | 'on' | 'write'> = process.stdout) {
    this.#output = output
    output.on('error', () => {}) // the reader has gone; the bridge goes on
  }

  listening(url: string): void {
    this.#write({ event: 'listening', url }, `The bridge listens on ${url}`)
  }

  state(status: Status): void {
    this.#write({ event: 'state', ...status }, status.message)
  }

  /** Report that there is something to link with. The code itself is shown on a terminal only: a program asks `GET /link`. */
  async link({ state: kind, secondsLeft, message, qr, code }: LinkAnswer): Promise<void> {
    const qrCode = qr && this.#output.isTTY ? await drawQr(qr) : ''
    const picture = code ? `    ${code.slice(0, 4)}-${code.slice(4)}` : qrCode
    this.#write({ event: 'link', kind, secondsLeft }, `\n${picture}\n${message}`)
  }

  #write(event: object, text: string): void {
    this.#output.write(`${this.#output.isTTY ? text : JSON.stringify(event)}\n`)
  }
}

/** Draw a QR code with half blocks, black on white whatever the terminal's colours are. */
async function drawQr(text: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr')
  return renderUnicodeCompact(text, { ecc: 'L', border: 2 }).replace(/^.*$/gm, '\u001b[97;40m$&\u001b[0m')
}
