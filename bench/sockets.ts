/**
 * What further accounts cost, part (c): as many of the bridge's own parts (socket, durable store, spool, HTTP server)
 * as there are lines on stdin, all in this one process, which the product never does. Each line names a directory.
 * Prints `{name, qr}` for a simulated phone to scan, and `{name, connected}`.
 */
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { Bridge } from '../whatsapp-bridge/src/bridge.ts'
import { readConfig } from '../whatsapp-bridge/src/config.ts'
import { openLog, silenceConsole } from '../whatsapp-bridge/src/log.ts'

silenceConsole()
const log = openLog('silent')
const tell = (news: object) => process.stdout.write(`${JSON.stringify(news)}\n`)

async function open(data: string): Promise<void> {
  const name = basename(data)
  const config = readConfig({ ...process.env, WHATSAPP_BRIDGE_DATA: data, WHATSAPP_BRIDGE_PORT: '0' })
  const bridge = new Bridge(config, log)
  bridge.account.onLink = (link) => link?.qr && tell({ name, qr: link.qr })
  bridge.account.onStatus = ({ state }) => state === 'connected' && tell({ name, connected: true })
  await bridge.listen()
  bridge.run()
}

createInterface(process.stdin)
  .on('line', (data) => void open(data))
  .on('close', () => process.exit(0))
