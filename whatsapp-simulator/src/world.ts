import type { Connection } from './connection.ts'
import { Faults } from './faults.ts'
import { Groups } from './groups.ts'
import { Ledger } from './ledger.ts'
import { MediaStore } from './media.ts'
import { Recorder } from './recorder.ts'
import { Registry } from './registry.ts'

/** All that WhatsApp knows, in memory. */
export class World {
  readonly registry = new Registry()
  readonly groups = new Groups()
  readonly media = new MediaStore()
  readonly ledger = new Ledger()
  readonly faults = new Faults()
  readonly connections = new Set<Connection>()
  readonly recorder: Recorder

  constructor(record: boolean) {
    this.recorder = new Recorder(record)
  }
}
