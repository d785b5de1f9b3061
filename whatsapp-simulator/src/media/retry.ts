import { randomBytes } from 'node:crypto'
import { aesDecryptGCM, aesEncryptGCM, hkdf, proto } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { attachmentOf } from '../inbound/summary.ts'
import type { State } from '../state.ts'
import { bytesOf, child, type Stanza, stanza } from '../stream/stanza.ts'

const { ResultType } = proto.MediaRetryNotification

/** Upload a file again when a linked device tells its phone that it is gone from the media server. */
export class MediaRetry {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  /** Answer a `server-error` receipt with a `mediaretry` notification (see Baileys' `updateMediaMessage`). */
  async onReceipt(from: Companion, node: Stanza): Promise<void> {
    const phone = this.#state.registry.byNumber(from.number)
    const id = node.attrs.id ?? ''
    const info = phone && this.#fileOf(phone, id)
    if (!info?.mediaKey)
      return from.deliver(answer(from, node, [stanza('error', { code: String(ResultType.NOT_FOUND) })]))
    const key = hkdf(Buffer.from(info.mediaKey), 32, { info: 'WhatsApp Media Retry Notification' })
    const request = child(node, 'encrypt')
    aesDecryptGCM(bytesOf(request, 'enc_p'), key, bytesOf(request, 'enc_iv'), Buffer.from(id)) // throws: not its own key
    const result = {
      stanzaId: id,
      directPath: this.#reupload(info.directPath ?? ''),
      result: ResultType.SUCCESS,
    }
    const iv = randomBytes(12)
    const sealed = aesEncryptGCM(
      proto.MediaRetryNotification.encode(result).finish(),
      key,
      iv,
      Buffer.from(id),
    )
    from.deliver(
      answer(from, node, [stanza('encrypt', {}, [stanza('enc_p', {}, sealed), stanza('enc_iv', {}, iv)])]),
    )
  }

  /** Store the same encrypted file under a new path. */
  #reupload(path: string): string {
    const file = this.#state.media.get(path)
    return file ? this.#state.media.put(file) : path
  }

  #fileOf(phone: Phone, id: string): proto.Message.IImageMessage | undefined {
    const message = phone.mailbox.find(id)?.message ?? phone.findSent(id)?.message
    return message && attachmentOf(message)?.info
  }
}

const answer = (to: Companion, request: Stanza, content: Stanza[]): Stanza => {
  const about = child(request, 'rmr')
  return stanza(
    'notification',
    { from: request.attrs.to ?? to.jid, type: 'mediaretry', id: request.attrs.id },
    [...(about ? [about] : []), ...content],
  )
}
