import { isGroup, isLid } from '../stream/jid.ts'
import { children, type Stanza } from '../stream/stanza.ts'

/** Where a fault applies: a stanza from (`in`) or to (`out`) the bridge, a login, media over HTTPS, a phone's decryption. */
export const FAULT_POINTS = ['in', 'out', 'login', 'upload', 'download', 'decrypt'] as const
export type FaultPoint = (typeof FAULT_POINTS)[number]

export type Drop = { do: 'drop'; when: 'before' | 'after' | 'answered' }
export type Delay = { do: 'delay'; ms: number; overtake: boolean }
/** `attrs`: further attributes of a refused login, such as `expire`. */
export type Refuse = { do: 'refuse'; code: number; attrs: Record<string, string> }
export type FaultAction =
  | Drop
  | Delay
  | Refuse
  | { do: 'withhold' | 'half-open' | 'corrupt' | 'truncate' }
  | { do: 'duplicate'; copies: number }
  | { do: 'reorder'; by: number }

/** The actions that are possible at each point. */
export const POSSIBLE_ACTIONS: Record<FaultPoint, readonly FaultAction['do'][]> = {
  in: ['drop', 'delay', 'withhold', 'duplicate', 'reorder', 'half-open', 'refuse'],
  out: ['drop', 'delay', 'withhold', 'duplicate', 'reorder', 'half-open'],
  login: ['delay', 'withhold', 'refuse'],
  upload: ['delay', 'withhold', 'refuse'],
  download: ['delay', 'withhold', 'refuse', 'corrupt', 'truncate'],
  decrypt: ['refuse'],
}

/** A rule of the control API: what happens to what matches. */
export type FaultRule = {
  on: FaultPoint
  action: FaultAction
  number: string | undefined
  device: number | undefined
  match: Record<string, string>
  skip: number
  times: number
}

export type Fault = FaultRule & {
  id: number
  /** How often it has matched. */
  matched: number
  /** How often its action was taken. */
  triggered: number
}

/** What a rule is matched against. `subject` is a stanza, or the path of a media request. */
export type Target = { number?: string | undefined; device?: number | undefined; subject?: Stanza | string }

/** The rules in the order they were added; the first that matches is applied. */
export class Faults {
  readonly #faults = new Map<number, Fault>()
  #last = 0

  add(rule: FaultRule): Fault {
    this.#last += 1
    const fault = { ...rule, id: this.#last, matched: 0, triggered: 0 }
    this.#faults.set(fault.id, fault)
    return fault
  }

  list(): Fault[] {
    return [...this.#faults.values()]
  }

  remove(id: number): boolean {
    return this.#faults.delete(id)
  }

  clear(): void {
    this.#faults.clear()
  }

  /** Return the action for a target; it counts for every rule that it matches, until one is applied. */
  match(on: FaultPoint, target: Target): FaultAction | undefined {
    for (const fault of this.#faults.values()) {
      if (fault.on !== on || !applies(fault, target) || isExhausted(fault)) continue
      fault.matched += 1
      if (fault.matched <= fault.skip) continue
      fault.triggered += 1
      return fault.action
    }
    return undefined
  }
}

const isExhausted = (fault: Fault): boolean => fault.times > 0 && fault.triggered >= fault.times

function applies(fault: Fault, target: Target): boolean {
  if (fault.number !== undefined && fault.number !== target.number) return false
  if (fault.device !== undefined && fault.device !== target.device) return false
  const { subject } = target
  if (subject === undefined) return Object.keys(fault.match).length === 0
  return Object.entries(fault.match).every(([name, value]) =>
    typeof subject === 'string' ? name === 'path' && subject.includes(value) : matches(subject, name, value),
  )
}

function matches(node: Stanza, name: string, value: string): boolean {
  if (name === 'tag') return node.tag === value
  if (name === 'child') return children(node, value).length > 0
  if (name === 'addressing') return addressingOf(node.attrs.to ?? node.attrs.from) === value
  return node.attrs[name] === value
}

/** Return how a person is addressed: `pn` by phone number, `lid`; `group` when it is none. */
const addressingOf = (jid: string | undefined): string => (isGroup(jid) ? 'group' : isLid(jid) ? 'lid' : 'pn')
