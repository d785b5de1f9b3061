import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { Book, Delivery } from '../src/faults/ledger.ts'
import { silenceConsole } from '../src/log.ts'
import type { Ready } from '../src/simulator.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Baileys leaves timers of hours behind (cache expiry); a test process that is done must not wait for them. */
const GRACE = 300

export type Entry = { seq: number; id: string; kind: string; [field: string]: unknown }
type Answer = Record<string, string>
export type CompanionView = {
  device: number
  online: boolean
  queued: number
  preKeys: number
  counters: Record<string, number>
}
export type PhoneView = { jid: string; lid: string; pairing: boolean; companions: CompanionView[] }

/** The simulator as its users have it: a process of its own, driven over HTTP. */
export class Rig {
  readonly ready: Ready
  /** What must be closed before the simulator is. */
  readonly guests: { hangUp(): Promise<void> }[] = []
  readonly #process: ChildProcess

  constructor(ready: Ready, child: ChildProcess) {
    this.ready = ready
    this.#process = child
  }

  /** Starts the simulator, and makes this process trust it as a bridge under test does. */
  static async start(...flags: string[]): Promise<Rig> {
    silenceConsole()
    const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
    const failed = once(child, 'exit').then(() => Promise.reject(new Error('the simulator did not start')))
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed])
    failed.catch(() => {})
    const ready: Ready = JSON.parse(line)
    Object.assign(process.env, ready.env, { NODE_OPTIONS: '' })
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(ready.ca, 'utf8')])
    await import('../src/trust.ts')
    return new Rig(ready, child)
  }

  async stop(): Promise<void> {
    await Promise.all(this.guests.map((guest) => guest.hangUp()))
    this.#process.kill('SIGTERM')
    await once(this.#process, 'exit')
    setTimeout(() => process.exit(), GRACE).unref()
  }

  /** Calls the control API; an answer that is no 2xx throws `status: reason`. */
  async call<T = Answer>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.ready.control + path, {
      method,
      body: body ? JSON.stringify(body) : null,
    })
    const answer = await response.json()
    if (!response.ok) throw new Error(`${response.status}: ${(answer as { error: string }).error}`)
    return answer as T
  }

  get = <T = Answer>(path: string): Promise<T> => this.call<T>('GET', path)
  post = <T = Answer>(path: string, body: object = {}): Promise<T> => this.call<T>('POST', path, body)
  delete = (path: string): Promise<Answer> => this.call('DELETE', path)

  /** What WhatsApp knows of the messages from one phone to one linked account, once nothing is on its way. */
  async book(from: SimulatedPhone, to: SimulatedPhone): Promise<Delivery[]> {
    const books = await this.get<Book[]>(`/ledger?number=${to.number}&settled=5000`)
    return books.find(({ phone }) => phone === from.number)?.messages ?? []
  }

  async bytes(url: string): Promise<Buffer> {
    return Buffer.from(await (await fetch(url)).arrayBuffer())
  }

  phone(number: string, more: object = {}): Promise<SimulatedPhone> {
    return this.post('/phones', { number, ...more }).then(() => new SimulatedPhone(this, number))
  }

  fault(order: object): Promise<{ id: number }> {
    return this.post('/faults', order)
  }
}

/** One phone behind the control API. */
export class SimulatedPhone {
  readonly number: string
  readonly jid: string
  readonly #rig: Rig

  constructor(rig: Rig, number: string) {
    this.#rig = rig
    this.number = number
    this.jid = `${number}@s.whatsapp.net`
  }

  async send(message: object): Promise<string> {
    return (await this.#rig.post<{ id: string }>(`/phones/${this.number}/messages`, message)).id
  }

  /** What the phone shows (or, of `feed`, has got) so far. */
  entries(feed = 'messages'): Promise<Entry[]> {
    return this.#rig.get(`/phones/${this.number}/${feed}`)
  }

  /** The first entry of a feed that fits; waits for it. */
  async sees(fits: (entry: Entry) => boolean, feed = 'messages', ms = 8_000): Promise<Entry> {
    const deadline = Date.now() + ms
    for (let after = 0; ; ) {
      const left = deadline - Date.now()
      const entries = await this.#rig.get<Entry[]>(
        `/phones/${this.number}/${feed}?after=${after}&wait=${Math.max(0, left)}`,
      )
      const found = entries.find(fits)
      if (found) return found
      if (left <= 0) throw new Error(`${this.number} has not seen it in ${feed}`)
      after = entries.at(-1)?.seq ?? after
    }
  }

  view(): Promise<PhoneView> {
    return this.#rig.get(`/phones/${this.number}`)
  }

  /** Its newest linked device, once it is `until`. */
  companion(until?: 'online' | 'offline' | 'settled'): Promise<CompanionView> {
    return this.#rig.get(this.path(`companions/any${until ? `?until=${until}&wait=8000` : ''}`))
  }

  path(rest: string): string {
    return `/phones/${this.number}/${rest}`
  }
}

/** Asks until the answer is there. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  what: string,
  ms = 8_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > deadline) throw new Error(`it never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}
