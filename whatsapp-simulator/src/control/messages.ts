import type { Phone } from '../accounts/phone.ts'
import { HttpError } from '../http-error.ts'
import type { Bubble } from '../inbound/mailbox.ts'
import { attachmentOf } from '../inbound/summary.ts'
import type { WhatsApp } from '../whatsapp.ts'
import { readDraft } from './drafts.ts'
import { Lookup } from './lookup.ts'
import type { Call, Router } from './router.ts'

/** Add the routes of what phones send and show. */
export function messageRoutes(router: Router, whatsapp: WhatsApp, origin: () => string): void {
  const { state, outbound } = whatsapp
  const lookup = new Lookup(state)
  const phoneOf = (call: Call): Phone => lookup.phone(call.part('number'))

  router.add('POST', '/phones/:number/messages', async (call) => {
    const phone = phoneOf(call)
    const body = call.body()
    if (!body.has('batch'))
      return { id: await outbound.send(phone, readDraft(Object.fromEntries(body.rest()))) }
    const drafts = body.list('batch').map(readDraft)
    body.finish()
    const ids: string[] = []
    for (const draft of drafts) ids.push(await outbound.send(phone, draft))
    return { ids }
  })

  router.add('GET', '/phones/:number/messages', async (call) => {
    const phone = phoneOf(call)
    const bubbles = await phone.mailbox.bubbles.wait(call.count('after'), call.waitMs())
    return bubbles.map((bubble) => withUrl(bubble, `${origin()}/phones/${phone.number}/media/${bubble.seq}`))
  })

  router.add('GET', '/phones/:number/deliveries', (call) =>
    phoneOf(call).mailbox.deliveries.wait(call.count('after'), call.waitMs()),
  )
  router.add('GET', '/phones/:number/media/:which', async (call) => {
    const found = phoneOf(call).mailbox.find(call.part('which'))
    const attachment = found && attachmentOf(found.message)
    if (!attachment) throw new HttpError(404, `there is no media message ${call.part('which')}`)
    const bytes = await state.media.download(attachment.info, attachment.type).catch((error) => {
      throw new HttpError(410, error instanceof Error ? error.message : String(error))
    })
    return { bytes, type: attachment.info.mimetype || 'application/octet-stream' }
  })
}

const withUrl = (bubble: Bubble, url: string): Bubble =>
  bubble.media ? { ...bubble, media: { ...bubble.media, url } } : bubble
