import { Groups } from './accounts/groups.ts'
import { Registry } from './accounts/registry.ts'
import { Faults } from './faults/faults.ts'
import { Ledger } from './faults/ledger.ts'
import { Recorder } from './faults/recorder.ts'
import { MediaStore } from './media/store.ts'
import type { Connection } from './stream/connection.ts'

/** The state of WhatsApp's servers and phones, in memory. */
export class State {
  readonly registry = new Registry()
  readonly groups = new Groups()
  readonly media = new MediaStore()
  readonly ledger = new Ledger()
  readonly faults = new Faults()
  readonly connections = new Set<Connection>()
  readonly recorder: Recorder
  /** The revision of WhatsApp Web that its page names, and the least one that may log in. */
  readonly webVersion: { current?: number; least?: number } = {}

  constructor(record: boolean) {
    this.recorder = new Recorder(record)
  }
}
