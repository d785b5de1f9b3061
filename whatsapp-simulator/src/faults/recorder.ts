import { clock } from '../clock.ts'
import { type Entry, Feed } from '../feed.ts'
import type { Connection, Direction } from '../stream/connection.ts'
import type { Stanza } from '../stream/stanza.ts'

const KEPT = 10_000

export type Sketch = { tag: string; attrs: Record<string, string>; children?: Sketch[]; bytes?: number }
export type Recorded = Entry &
  Sketch & { direction: Direction; connection: number; number?: string; device?: number; at: number }

/** The last stanzas that came and went, while recording is on. */
export class Recorder {
  readonly stanzas = new Feed<Recorded>(KEPT)
  on: boolean

  constructor(on: boolean) {
    this.on = on
  }

  note(connection: Connection, direction: Direction, node: Stanza): void {
    if (!this.on) return
    const { companion } = connection
    this.stanzas.append({
      ...sketch(node),
      direction,
      connection: connection.id,
      ...(companion && { number: companion.number, device: companion.device }),
      at: clock.millis(),
    })
  }
}

function sketch({ tag, attrs, content }: Stanza): Sketch {
  if (Array.isArray(content)) return { tag, attrs, children: content.map(sketch) }
  return content === undefined ? { tag, attrs } : { tag, attrs, bytes: content.length }
}
