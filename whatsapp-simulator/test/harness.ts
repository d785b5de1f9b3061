import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { Delivery, DeliveryList } from '../src/faults/ledger.ts'
import { silenceConsole } from '../src/log.ts'
import type { Ready } from '../src/simulator.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Baileys leaves timers of hours behind (cache expiry); a finished test process must not wait for them. */
const EXIT_DELAY_MS = 300

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
export class Harness {
  readonly ready: Ready
  /** Clients to disconnect before the simulator ends. */
  readonly clients: { disconnect(): Promise<void> }[] = []
  readonly #process: ChildProcess

  constructor(ready: Ready, child: ChildProcess) {
    this.ready = ready
    this.#process = child
  }

  /** Start the simulator, and makes this process trust it as a bridge under test does. */
  static async start(...flags: string[]): Promise<Harness> {
    silenceConsole()
    const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
    const failed = once(child, 'exit').then(() => Promise.reject(new Error('the simulator did not start')))
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed])
    failed.catch(() => {})
    const ready: Ready = JSON.parse(line)
    Object.assign(process.env, ready.env, { NODE_OPTIONS: '' })
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(ready.ca, 'utf8')])
    await import('../src/trust.ts')
    return new Harness(ready, child)
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.disconnect()))
    this.#process.kill('SIGTERM')
    await once(this.#process, 'exit')
    setTimeout(() => process.exit(), EXIT_DELAY_MS).unref()
  }

  /** Call the control API; an answer that is no 2xx throws `status: reason`. */
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

  /** Return the ledger of the messages from one phone to one linked account, once nothing is pending. */
  async ledger(from: SimulatedPhone, to: SimulatedPhone): Promise<Delivery[]> {
    const lists = await this.get<DeliveryList[]>(`/ledger?number=${to.number}&settled=5000`)
    return lists.find(({ phone }) => phone === from.number)?.messages ?? []
  }

  async bytes(url: string): Promise<Buffer> {
    return Buffer.from(await (await fetch(url)).arrayBuffer())
  }

  phone(number: string, more: object = {}): Promise<SimulatedPhone> {
    return this.post('/phones', { number, ...more }).then(() => new SimulatedPhone(this, number))
  }

  fault(rule: object): Promise<{ id: number }> {
    return this.post('/faults', rule)
  }
}

/** One phone behind the control API. */
export class SimulatedPhone {
  readonly number: string
  readonly jid: string
  readonly #harness: Harness

  constructor(harness: Harness, number: string) {
    this.#harness = harness
    this.number = number
    this.jid = `${number}@s.whatsapp.net`
  }

  async send(message: object): Promise<string> {
    return (await this.#harness.post<{ id: string }>(`/phones/${this.number}/messages`, message)).id
  }

  /** Return the entries of a feed so far: by default what the phone shows. */
  entries(feed = 'messages'): Promise<Entry[]> {
    return this.#harness.get(`/phones/${this.number}/${feed}`)
  }

  /** Wait for the first entry of a feed that fits. */
  async waitFor(fits: (entry: Entry) => boolean, feed = 'messages', ms = 8_000): Promise<Entry> {
    const deadline = Date.now() + ms
    for (let after = 0; ; ) {
      const left = deadline - Date.now()
      const entries = await this.#harness.get<Entry[]>(
        `/phones/${this.number}/${feed}?after=${after}&wait=${Math.max(0, left)}`,
      )
      const found = entries.find(fits)
      if (found) return found
      if (left <= 0) throw new Error(`${this.number} has not seen it in ${feed}`)
      after = entries.at(-1)?.seq ?? after
    }
  }

  view(): Promise<PhoneView> {
    return this.#harness.get(`/phones/${this.number}`)
  }

  /** Return its newest linked device, once it is `until`. */
  companion(until?: 'online' | 'offline' | 'settled'): Promise<CompanionView> {
    return this.#harness.get(this.path(`companions/any${until ? `?until=${until}&wait=8000` : ''}`))
  }

  path(rest: string): string {
    return `/phones/${this.number}/${rest}`
  }
}

/** Ask repeatedly until there is an answer. */
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
