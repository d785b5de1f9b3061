import { randomBytes } from 'node:crypto'
import { type BinaryNode, S_WHATSAPP_NET, type WASocket } from 'baileys'
import type { Counters } from '../counters.ts'
import type { Log } from '../log.ts'
import type { AuthStore } from './auth-store.ts'
import { type LinkNotice, readLinkNotice, readRefusedCode } from './link-notices.ts'
import type { Linking } from './linking.ts'

type Dependencies = {
  auth: AuthStore
  linking: Linking
  counters: Counters
  log: Log
  saveCreds(socket: WASocket): void
  /** Called when linking cannot go on like this. */
  refused(socket: WASocket, code: number | undefined, message: string): void
}

/** Do the steps of linking that Baileys does not know. Each method returns `false` when Baileys does all there is to do. */
export class LinkSteps {
  readonly #dependencies: Dependencies

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies
  }

  onNotification(socket: WASocket, stanza: BinaryNode): boolean {
    const notice = readLinkNotice(stanza)
    // Baileys cannot acknowledge anything as long as it has no account
    const done = this.#dependencies.auth.creds.me ? Promise.resolve() : acknowledge(socket, stanza)
    if (notice) void done.then(() => this.#take(socket, notice))
    return notice !== undefined
  }

  /** Take the answer to a request for a pairing code. */
  onIq(socket: WASocket, stanza: BinaryNode): boolean {
    const { auth, linking } = this.#dependencies
    const notice = auth.pairingUnfinished && linking.byCode ? readRefusedCode(stanza) : undefined
    if (notice) this.#take(socket, notice)
    return notice !== undefined
  }

  /** Take the end of a login. Before a phone is linked it means nothing, but Baileys would take it for a connection. */
  onSuccess(stanza: BinaryNode): boolean {
    const { auth, counters } = this.#dependencies
    if (auth.linked) return false
    stanza.tag = 'success before linking'
    counters.add('ignored_success')
    return true
  }

  #take(socket: WASocket, notice: LinkNotice): void {
    const { auth, linking, log, saveCreds, refused } = this.#dependencies
    switch (notice.kind) {
      case 'new_secret':
        if (auth.creds.registered) return // the pairing code has brought the secret that counts
        auth.creds.advSecretKey = randomBytes(32).toString('base64')
        saveCreds(socket)
        linking.replaceSecret(auth.creds.advSecretKey)
        break
      case 'new_code':
        linking.requestCode((phone) => socket.requestPairingCode(phone), log)
        break
      case 'refused':
        refused(socket, notice.code, notice.message)
        break
      default:
        notice satisfies never
    }
  }
}

/** Acknowledge a stanza, so that it does not come again. */
export async function acknowledge(socket: WASocket, { tag, attrs }: BinaryNode): Promise<void> {
  const { id, from, type, participant } = attrs
  const about = { class: tag, id: id ?? '', to: from ?? S_WHATSAPP_NET }
  const more = { ...(type ? { type } : {}), ...(participant ? { participant } : {}) }
  await socket.sendNode({ tag: 'ack', attrs: { ...about, ...more } }).catch(() => {})
}
