import { clock } from '../clock.ts'
import { type Entry, Feed } from '../feed.ts'
import type { Connection, Direction } from '../stream/connection.ts'
import type { Stanza } from '../stream/stanza.ts'

const MAX_STANZAS = 10_000

export type StanzaRecord = {
  tag: string
  attrs: Record<string, string>
  children?: StanzaRecord[]
  bytes?: number
}
export type Recorded = Entry &
  StanzaRecord & { direction: Direction; connection: number; number?: string; device?: number; at: number }

/** Record the last stanzas in both directions, while recording is on. */
export class Recorder {
  readonly stanzas = new Feed<Recorded>(MAX_STANZAS)
  on: boolean

  constructor(on: boolean) {
    this.on = on
  }

  record(connection: Connection, direction: Direction, node: Stanza): void {
    if (!this.on) return
    const { companion } = connection
    this.stanzas.append({
      ...recordOf(node),
      direction,
      connection: connection.id,
      ...(companion && { number: companion.number, device: companion.device }),
      at: clock.millis(),
    })
  }
}

function recordOf({ tag, attrs, content }: Stanza): StanzaRecord {
  if (Array.isArray(content)) return { tag, attrs, children: content.map(recordOf) }
  return content === undefined ? { tag, attrs } : { tag, attrs, bytes: content.length }
}
