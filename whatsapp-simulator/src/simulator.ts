import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DEF_MEDIA_HOST } from 'baileys'
import { WebSocketServer } from 'ws'
import type { Config } from './config.ts'
import { originOf, startControl } from './control/server.ts'
import { startMediaServer } from './media/server.ts'
import { makeTls } from './media/tls.ts'
import { State } from './state.ts'
import { WhatsApp } from './whatsapp.ts'

const WEB_HOST = 'web.whatsapp.com'
const SOCKET_PATH = '/ws/chat'
const LARGEST_FRAME = 64 * 1024 * 1024

/** The ready line: the addresses, and the environment that makes a bridge use the simulator. */
export type Ready = {
  ready: true
  control: string
  socket: string
  noiseRoot: string
  mediaHost: string
  ca: string
  env: Record<string, string>
}

export type Simulator = { ready: Ready; stop(): Promise<void> }

/** Start everything. @throws when the port is taken or the state directory cannot be written */
export async function startSimulator(config: Config): Promise<Simulator> {
  const tls = makeTls()
  const directory = stateDirectory(config.state)
  const ca = join(directory.path, 'ca.pem')
  writeFileSync(ca, tls.ca)
  const state = new State(config.record)
  const whatsapp = new WhatsApp(state)
  const media = await startMediaServer(state, tls)
  const control = await startControl(whatsapp, config.port)
  const sockets = [control, media].map((server) => {
    const accepting = new WebSocketServer({ server, path: SOCKET_PATH, maxPayload: LARGEST_FRAME })
    return accepting.on('connection', (socket) => whatsapp.accept(socket))
  })
  const ready = readyLine(originOf(control), ca, whatsapp)
  if (config.publicNames) usePublicNames(ready, whatsapp)
  return {
    ready,
    stop: async () => {
      for (const connection of state.connections) connection.terminate()
      for (const server of [control, media]) {
        server.close()
        server.closeAllConnections()
      }
      for (const accepting of sockets) accepting.close()
      if (directory.temporary) rmSync(directory.path, { recursive: true, force: true })
    },
  }
}

function readyLine(control: string, ca: string, { root, state }: WhatsApp): Ready {
  const socket = `${control.replace('http:', 'ws:')}${SOCKET_PATH}`
  const noiseRoot = root.publicKey.toString('hex')
  const mediaHost = state.media.host
  const env = {
    WHATSAPP_WEB_SOCKET_URL: socket,
    NODE_EXTRA_CA_CERTS: ca,
    CLEO_SIM_NOISE_ROOT: noiseRoot,
    CLEO_SIM_MEDIA_HOST: mediaHost,
    NODE_OPTIONS: `--import ${new URL('./trust.ts', import.meta.url).href}`,
  }
  return { ready: true, control, socket, noiseRoot, mediaHost, ca, env }
}

/** Name servers as the real ones are named, so that a client gets here only by a proxy that leads to `mediaHost`. */
function usePublicNames({ env }: Ready, { state }: WhatsApp): void {
  state.media.host = DEF_MEDIA_HOST
  env.WHATSAPP_WEB_SOCKET_URL = `wss://${WEB_HOST}${SOCKET_PATH}`
  delete env.CLEO_SIM_MEDIA_HOST
}

function stateDirectory(wanted: string | undefined): { path: string; temporary: boolean } {
  if (wanted === undefined)
    return { path: mkdtempSync(join(tmpdir(), 'whatsapp-simulator-')), temporary: true }
  mkdirSync(wanted, { recursive: true })
  return { path: resolve(wanted), temporary: false }
}
