import { getBinaryNodeChildString } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import { clock } from '../clock.ts'
import type { State } from '../state.ts'
import { type Connection, iqError } from '../stream/connection.ts'
import { bareJid, isLid, numberJid, readJid, SERVER } from '../stream/jid.ts'
import { child, children, firstChild, type Stanza, stanza } from '../stream/stanza.ts'
import type { Linking } from './linking.ts'
import { type Login, streamError } from './login.ts'
import type { PairingCodes } from './pairing-code.ts'
import { deviceKeys, uploadKeys } from './prekeys.ts'

/** The answer to an IQ: content, or an error. */
type Answer = Stanza[] | { error: number; text: string }
type Query = { connection: Connection; node: Stanza; ask: Stanza }

const NOT_FOUND = { error: 404, text: 'item-not-found' }

/** Answer a client's queries, by namespace. What a bridge does not need is answered with an empty result. */
export class Queries {
  readonly #state: State
  readonly #linking: Linking
  readonly #codes: PairingCodes
  readonly #login: Login
  readonly #table: Record<string, (query: Query) => Answer | Promise<Answer>>

  constructor(state: State, linking: Linking, codes: PairingCodes, login: Login) {
    this.#state = state
    this.#linking = linking
    this.#codes = codes
    this.#login = login
    this.#table = {
      md: (query) => this.#devices(query),
      encrypt: (query) => this.#keys(query),
      usync: ({ ask }) => [this.#users(ask)],
      passive: () => [],
      abt: () => [stanza('props', { hash: 'simulator' }, [])],
      blocklist: () => [stanza('list', {}, [])],
      privacy: ({ node }) => [privacy(node.attrs.type === 'get')],
      'w:m': () => [this.#mediaServers()],
      'w:sync:app:state': ({ node }) => [appState(node)],
      'w:g2': ({ node, ask }) => this.#groups(node, ask),
      'w:mex': () => [graph()],
      'w:profile:picture': () => NOT_FOUND,
    }
  }

  async receive(connection: Connection, node: Stanza): Promise<void> {
    if (node.attrs.type === 'result') {
      if (this.#linking.onSigned(connection, node)) streamError(connection, 515)
      return
    }
    const ask = firstChild(node) ?? stanza('none')
    const xmlns = node.attrs.xmlns ?? ''
    const answer = (await this.#table[xmlns]?.({ connection, node, ask })) ?? []
    connection.send(Array.isArray(answer) ? result(node, answer) : iqError(node, answer.error, answer.text))
    await this.#afterwards(connection, xmlns, ask)
  }

  /** Do what must follow the answer. */
  async #afterwards(connection: Connection, xmlns: string, ask: Stanza): Promise<void> {
    const { companion } = connection
    if (!companion) return
    if (xmlns === 'passive' && ask.tag === 'active') await this.#login.onActive(connection, companion)
    if (ask.tag === 'remove-companion-device') this.#removed(companion)
  }

  #removed(companion: Companion): void {
    const phone = this.#state.registry.byNumber(companion.number)
    if (phone) this.#login.remove(phone, companion)
  }

  #devices({ connection, ask }: Query): Answer {
    if (ask.attrs.stage === 'companion_hello') return this.#codes.hello(connection, ask)
    if (ask.attrs.stage === 'companion_finish') this.#codes.finish(ask)
    return []
  }

  async #keys({ connection, node, ask }: Query): Promise<Answer> {
    const { companion } = connection
    if (ask.tag === 'key') return [stanza('list', {}, await deviceKeys(this.#state.registry, ask))]
    return companion ? uploadKeys(companion, node, ask) : []
  }

  /** Answer a query for users by number or JID: whether they exist, their devices, their LIDs. */
  #users(usync: Stanza): Stanza {
    const query = child(usync, 'query')
    const asked = new Set(Array.isArray(query?.content) ? query.content.map(({ tag }) => tag) : [])
    const users = children(child(usync, 'list'), 'user').map((user) => this.#user(user, asked))
    const { sid, mode, context } = usync.attrs
    const list = [stanza('result', {}, []), stanza('list', {}, users)]
    return stanza('usync', { sid, index: '0', last: 'true', mode, context }, list)
  }

  #user(user: Stanza, asked: Set<string>): Stanza {
    const contact = getBinaryNodeChildString(user, 'contact')
    const jid = user.attrs.jid ?? numberJid((contact ?? '').replace(/\D/g, ''))
    const phone = this.#state.registry.byJid(jid)
    const answers = [
      ...(asked.has('contact') ? [stanza('contact', { type: phone ? 'in' : 'out' })] : []),
      ...(asked.has('devices') && phone ? [deviceList([...phone.companions.keys()])] : []),
      ...(asked.has('lid') && phone && !isLid(jid) && !phone.settings.lidHidden
        ? [stanza('lid', { val: phone.lid })]
        : []),
    ]
    return stanza('user', { jid: bareJid(jid) }, answers)
  }

  #mediaServers(): Stanza {
    const host = stanza('host', { hostname: this.#state.media.host, maxContentLengthBytes: '2147483648' })
    return stanza('media_conn', { auth: 'simulator', ttl: '3600', max_buckets: '12' }, [host])
  }

  #groups(node: Stanza, ask: Stanza): Answer {
    const { groups } = this.#state
    if (ask.tag === 'participating')
      return [
        stanza(
          'groups',
          {},
          groups.list().map((group) => group.node()),
        ),
      ]
    const group = groups.get(node.attrs.to)
    if (!group && readJid(node.attrs.to)?.user) return NOT_FOUND
    return group && ask.tag === 'query' ? [group.node()] : []
  }
}

const result = (node: Stanza, answer: Stanza[]): Stanza =>
  stanza('iq', { from: node.attrs.to ?? SERVER, id: node.attrs.id, type: 'result', t: clock.stamp() }, answer)

/** A phone is device 0; linked devices carry the index of the key that signed them. */
function deviceList(linked: number[]): Stanza {
  const devices = linked.map((device) =>
    stanza('device', { id: String(device), 'key-index': String(device) }),
  )
  return stanza('devices', {}, [stanza('device-list', {}, [stanza('device', { id: '0' }), ...devices])])
}

const privacy = (asked: boolean): Stanza =>
  asked
    ? stanza('privacy', {}, [
        stanza('category', { name: 'readreceipts', value: 'all' }),
        stanza('category', { name: 'last', value: 'all' }),
      ])
    : stanza('tokens', {}, [])

/** Every collection is echoed with its version: nothing new. Baileys asks for ever when one is missing. */
const appState = (node: Stanza): Stanza =>
  stanza(
    'sync',
    {},
    children(child(node, 'sync'), 'collection').map(({ attrs: { name, version } }) =>
      stanza('collection', { name, version }, []),
    ),
  )

/** The GraphQL answers a bridge may ask for: no restriction on new chats. */
const graph = (): Stanza =>
  stanza(
    'result',
    {},
    Buffer.from(
      JSON.stringify({
        data: {
          xwa2_fetch_account_reachout_timelock: { is_active: false, time_enforcement_ends: '0' },
          xwa2_message_capping_info: { total_quota: 0, used_quota: 0 },
        },
      }),
    ),
  )
