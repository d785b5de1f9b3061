import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HealthAnswer, InboundEvent, LinkAnswer } from '../src/contract.ts'
import { violations } from './schema.ts'

/** Real parts for the tests: the bridge and the simulator as processes, and an agent written from the first specification. */

const REPOSITORY = new URL('../..', import.meta.url)
export const CLEO = '15550000000'
export const ANN = '15551234567'
export const BOB = '15557654321'
export const ANN_JID = `${ANN}@s.whatsapp.net`
export const SECRET = 'test-secret-test-secret'

type Json = Record<string, unknown>

/** Wait for a condition. @returns what it returned. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  ms = 15_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + ms
  for (;;) {
    const found = await check()
    if (found) return found as NonNullable<T>
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`)
    await sleep(20)
  }
}

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'bridge-test-'))
  cleanups.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const cleanups: (() => unknown)[] = []
/** End everything that the harness started; for `after`. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}

/** Collect the JSON lines that a process writes. */
function jsonLines(child: ChildProcess): Json[] {
  const lines: Json[] = []
  if (child.stdout)
    createInterface(child.stdout).on('line', (line) => line.startsWith('{') && lines.push(JSON.parse(line)))
  return lines
}

/** WhatsApp and its phones. */
export class Simulator {
  readonly control: string
  readonly env: Record<string, string>
  /** `host:port` of the media server, which is also a WhatsApp socket. */
  readonly mediaHost: string

  private constructor(ready: Json) {
    this.control = String(ready.control)
    this.env = ready.env as Record<string, string>
    this.mediaHost = String(ready.mediaHost)
  }

  static async start(...flags: string[]): Promise<Simulator> {
    const path = new URL('whatsapp-simulator/src/main.ts', REPOSITORY).pathname
    const child = spawn(process.execPath, [path, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
    cleanups.push(() => void child.kill('SIGKILL'))
    const lines = jsonLines(child)
    return new Simulator(await until('the simulator', () => lines[0]))
  }

  async call<T = Json>(method: string, path: string, body?: object): Promise<T> {
    const init = body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}
    const response = await fetch(this.control + path, { method, ...init })
    const text = await response.text()
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
    return (text ? JSON.parse(text) : undefined) as T
  }

  phone(number: string, more: object = {}) {
    return this.call('POST', '/phones', { number, ...more })
  }

  async send(from: string, message: object): Promise<string> {
    return (await this.call<{ id: string }>('POST', `/phones/${from}/messages`, message)).id
  }

  /** Wait for a bubble on a phone's screen. */
  async bubble(number: string, check: (bubble: Bubble) => boolean): Promise<Bubble> {
    return until(`a bubble on ${number}`, async () => {
      const bubbles = await this.call<Bubble[]>('GET', `/phones/${number}/messages`)
      return bubbles.find(check)
    })
  }

  /** Return WhatsApp's state of each message to Cleo's bridge; `settled` waits until none is pending. */
  async ledger(settled = 0): Promise<LedgerEntry[]> {
    const books = await this.call<{ messages: LedgerEntry[] }[]>(
      'GET',
      `/ledger?number=${CLEO}${settled ? `&settled=${settled}` : ''}`,
    )
    return books.flatMap(({ messages }) => messages)
  }

  fault(fault: object) {
    return this.call<{ id: string }>('POST', '/faults', fault)
  }
}

export type LedgerEntry = { id: string; kind: string; state: string; retries: number }

export type Bubble = {
  id: string
  kind: string
  from: string
  chat: string
  text?: string
  caption?: string
  deliveries: number
  quote?: { id: string; text?: string }
  media?: { kind: string; mimetype: string; sha256: string; filename?: string; url: string }
  reaction?: { id: string; emoji: string }
}

/** An agent that reads only the first specification's fields, and keeps what it accepted. */
export class Agent {
  readonly events: InboundEvent[] = []
  /** Status to answer with, by event; 200 by default. */
  answer: (event: InboundEvent) => number | { status: number; headers?: Record<string, string> } = () => 200
  requests = 0
  files = new Map<string, Buffer>()
  /** What in its events breaks the contract; empty at the end of every story. */
  readonly violations: string[] = []
  readonly #server: Server
  #port = 0

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<Agent> {
    const agent = new Agent()
    await agent.listen()
    cleanups.push(async () => {
      await agent.close()
      assert.deepEqual(agent.violations, [])
    })
    return agent
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
  }

  async event(what: string, check: (event: InboundEvent) => boolean): Promise<InboundEvent> {
    return until(what, () => this.events.find(check))
  }

  text(text: string): Promise<InboundEvent> {
    return this.event(`"${text}"`, (event) => event.text === text)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = this.files.get(request.url ?? '')
    if (file) return void response.end(file)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    this.requests += 1
    const status = this.#closeAction(request, Buffer.concat(parts).toString())
    response.writeHead(status.status, { 'content-type': 'application/json', ...status.headers }).end('{}')
  }

  #closeAction(request: IncomingMessage, body: string): { status: number; headers?: Record<string, string> } {
    if (request.url !== '/api/whatsapp/webhook' || request.method !== 'POST') return { status: 404 }
    if (request.headers['x-webhook-secret'] !== SECRET) return { status: 403 }
    const event = JSON.parse(body) as InboundEvent
    this.violations.push(...violations('InboundEvent', event))
    const valid =
      typeof event.from === 'string' && typeof event.messageId === 'string' && event.timestamp > 1e12
    const answer = valid ? this.answer(event) : 422
    const result = typeof answer === 'number' ? { status: answer } : answer
    if (result.status === 200) this.events.push(event)
    return result
  }
}

/** The bridge as a process of its own. */
export class BridgeProcess {
  readonly data: string
  lines: Json[] = []
  stderr = ''
  stdout = ''
  url = ''
  #child: ChildProcess | undefined
  readonly #env: Record<string, string>

  constructor(
    simulator: Simulator,
    agent: Agent,
    env: Record<string, string> = {},
    data = temporaryDirectory(),
  ) {
    this.data = data
    this.#env = {
      ...simulator.env,
      CLEO_API_URL: agent.url,
      WHATSAPP_WEBHOOK_SECRET: SECRET,
      WHATSAPP_BRIDGE_PORT: '0',
      WHATSAPP_BRIDGE_DATA: data,
      ...env,
    }
    cleanups.push(() => this.kill())
  }

  async start(): Promise<this> {
    this.spawn()
    this.url = String(
      (await until('the bridge', () => this.lines.find((line) => line.event === 'listening'))).url,
    )
    return this
  }

  spawn(): ChildProcess {
    const path = new URL('whatsapp-bridge/src/main.ts', REPOSITORY).pathname
    const env = { PATH: process.env.PATH ?? '', ...this.#env }
    const child = spawn(process.execPath, [path], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    this.lines = jsonLines(child)
    child.stdout.on('data', (part) => {
      this.stdout += part
    })
    child.stderr.on('data', (part) => {
      this.stderr += part
    })
    return child
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const exit = once(child, 'exit')
    child.kill(signal)
    return (await exit)[0]
  }

  get pid(): number | undefined {
    return this.#child?.exitCode === null ? this.#child.pid : undefined
  }

  closeInput(): void {
    this.#child?.stdin?.end()
  }

  /** Wait until the process has ended by itself. */
  async exit(): Promise<number | null> {
    const child = this.#child
    if (!child || child.exitCode !== null) return child?.exitCode ?? null
    return (await once(child, 'exit'))[0]
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
    await this.connected()
  }

  fetch(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { 'x-webhook-secret': SECRET, ...(init.headers as Record<string, string>) }
    return fetch(this.url + path, { ...init, method, headers })
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.fetch('GET', path)).json()) as T
  }

  /** Post JSON. @returns status and body. */
  async post(
    path: string,
    body: object,
    key?: string,
  ): Promise<{ status: number; body: Json; headers: Headers }> {
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (key) headers['idempotency-key'] = key
    const response = await this.fetch('POST', path, { body: JSON.stringify(body), headers })
    return { status: response.status, body: (await response.json()) as Json, headers: response.headers }
  }

  health(): Promise<HealthAnswer> {
    return this.get('/health')
  }

  async connected(): Promise<void> {
    await until('the connection', async () => (await this.health()).state === 'connected')
  }

  /** Link a phone by QR and waits for the connection. */
  async link(simulator: Simulator, number = CLEO): Promise<void> {
    const link = await until('a QR code', async () => {
      const answer = await this.get<LinkAnswer>('/link')
      return answer.state === 'qr' ? answer : undefined
    })
    await simulator.call('POST', `/phones/${number}/link/qr`, { qr: link.qr })
    await this.connected()
    await simulator.call('GET', `/phones/${number}/companions/any?until=settled&wait=10000`)
  }
}

export type LinkedSystem = { simulator: Simulator; agent: Agent; bridge: BridgeProcess }

/** Everything started and linked, with Cleo, Ann and Bob. */
export async function linkedSystem(env: Record<string, string> = {}): Promise<LinkedSystem> {
  const [simulator, agent] = await Promise.all([Simulator.start(), Agent.start()])
  await simulator.phone(CLEO, { name: 'Cleo' })
  await simulator.phone(ANN, { name: 'Ann' })
  await simulator.phone(BOB, { name: 'Bob' })
  const bridge = await new BridgeProcess(simulator, agent, env).start()
  await bridge.link(simulator)
  return { simulator, agent, bridge }
}
