/**
 * The limit of part (b): a bare Baileys that answers every text at once and keeps nothing on disk.
 * Prints the QR text as one line on stdout; a simulated phone scans it.
 */
import makeWASocket, { DisconnectReason, initAuthCreds, makeCacheableSignalKeyStore } from 'baileys'
import pino from 'pino'

for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) console[name] = () => {}

const logger = pino({ level: 'silent' })
const creds = initAuthCreds()
const kept = new Map<string, Map<string, never>>()
const keys = makeCacheableSignalKeyStore(
  {
    get: async (type, ids) =>
      Object.fromEntries(ids.map((id) => [id, kept.get(type)?.get(id)]).filter(([, value]) => value)),
    set: async (data) => {
      for (const [type, values] of Object.entries(data)) {
        const all = kept.get(type) ?? new Map<string, never>()
        kept.set(type, all)
        for (const [id, value] of Object.entries(values ?? {}))
          if (value) all.set(id, value as never)
          else all.delete(id)
      }
    },
  },
  logger,
)

function connect(): void {
  const url = process.env.WHATSAPP_WEB_SOCKET_URL
  const socket = makeWASocket({ auth: { creds, keys }, logger, ...(url ? { waWebSocketUrl: url } : {}) })
  socket.ev.on('creds.update', (update) => Object.assign(creds, update))
  socket.ev.on('connection.update', ({ connection, lastDisconnect, qr }) => {
    if (qr) process.stdout.write(`${JSON.stringify({ qr })}\n`)
    const error = lastDisconnect?.error as { output?: { statusCode?: number } } | undefined
    if (connection === 'close' && error?.output?.statusCode !== DisconnectReason.loggedOut) connect()
  })
  socket.ev.on('messages.upsert', ({ messages }) => {
    for (const { key, message } of messages) {
      const text = message?.conversation ?? message?.extendedTextMessage?.text
      if (text && key.remoteJid && !key.fromMe) void socket.sendMessage(key.remoteJid, { text })
    }
  })
}

process.stdin.on('end', () => process.exit(0)).resume()
connect()
