import { encodeBigEndian } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Registry } from '../accounts/registry.ts'
import { companionBundle } from '../accounts/signal.ts'
import { readJid } from '../stream/jid.ts'
import { bytesOf, child, children, type Stanza, stanza, uint } from '../stream/stanza.ts'

/** Return the `<user>`s of a prekey query: a bundle for each device that exists. */
export function deviceKeys(registry: Registry, ask: Stanza): Promise<Stanza[]> {
  return Promise.all(children(ask, 'user').map(({ attrs: { jid = '' } }) => bundleFor(registry, jid)))
}

async function bundleFor(registry: Registry, jid: string): Promise<Stanza> {
  const phone = registry.byJid(jid)
  const device = readJid(jid)?.device ?? 0
  if (phone && device === 0) return phone.signal.bundle(jid)
  const companion = phone?.companions.get(device)
  return companion
    ? companionBundle(companion, jid)
    : stanza('user', { jid }, [stanza('error', { code: '404', text: 'item-not-found' })])
}

/** Count, check, rotate or store a linked device's keys. @returns the answer's content. */
export function uploadKeys(companion: Companion, node: Stanza, ask: Stanza): Stanza[] {
  if (ask.tag === 'count') return [stanza('count', { value: String(companion.preKeys.size) })]
  if (ask.tag === 'digest')
    return [
      stanza('digest', {}, [stanza('registration', {}, encodeBigEndian(companion.bundle.registrationId))]),
    ]
  const signed = child(ask.tag === 'rotate' ? ask : node, 'skey')
  if (signed) companion.bundle.signedPreKey = { ...preKey(signed), signature: bytesOf(signed, 'signature') }
  if (ask.tag === 'rotate') return []
  companion.bundle.registrationId = uint(bytesOf(node, 'registration'))
  companion.bundle.identity = bytesOf(node, 'identity')
  for (const key of children(child(node, 'list'), 'key')) {
    const { id, key: value } = preKey(key)
    companion.preKeys.set(id, value)
  }
  return []
}

const preKey = (node: Stanza): { id: number; key: Buffer } => ({
  id: uint(bytesOf(node, 'id')),
  key: bytesOf(node, 'value'),
})
