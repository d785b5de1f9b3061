import { children, type Stanza } from '../stream/stanza.ts'

/** Where a fault strikes: a stanza from (`in`) or to (`out`) the bridge, a login, media over HTTPS, a phone's decryption. */
export const PLACES = ['in', 'out', 'login', 'upload', 'download', 'decrypt'] as const
export type Place = (typeof PLACES)[number]

export type Drop = { do: 'drop'; when: 'before' | 'after' | 'answered' }
export type Delay = { do: 'delay'; ms: number; overtake: boolean }
export type Refuse = { do: 'refuse'; code: number }
export type Deed =
  | Drop
  | Delay
  | Refuse
  | { do: 'withhold' | 'half-open' | 'corrupt' | 'truncate' }
  | { do: 'duplicate'; copies: number }
  | { do: 'reorder'; by: number }

/** Which deeds are possible where. */
export const POSSIBLE: Record<Place, readonly Deed['do'][]> = {
  in: ['drop', 'delay', 'withhold', 'duplicate', 'reorder', 'half-open', 'refuse'],
  out: ['drop', 'delay', 'withhold', 'duplicate', 'reorder', 'half-open'],
  login: ['delay', 'withhold', 'refuse'],
  upload: ['delay', 'withhold', 'refuse'],
  download: ['delay', 'withhold', 'refuse', 'corrupt', 'truncate'],
  decrypt: ['refuse'],
}

/** What the control API orders. */
export type Order = {
  on: Place
  deed: Deed
  number: string | undefined
  device: number | undefined
  match: Record<string, string>
  skip: number
  times: number
}

export type Fault = Order & { id: number; seen: number; struck: number }

/** The thing that may be struck. `subject` is a stanza, or the path of a media request. */
export type Target = { number?: string | undefined; device?: number | undefined; subject?: Stanza | string }

/** The faults on command, in the order they were given; the first that fits strikes. */
export class Faults {
  readonly #faults = new Map<number, Fault>()
  #last = 0

  add(order: Order): Fault {
    this.#last += 1
    const fault = { ...order, id: this.#last, seen: 0, struck: 0 }
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

  /** What happens to this one; counts it for every fault that it matches until one strikes. */
  strike(on: Place, target: Target): Deed | undefined {
    for (const fault of this.#faults.values()) {
      if (fault.on !== on || !fits(fault, target) || spent(fault)) continue
      fault.seen += 1
      if (fault.seen <= fault.skip) continue
      fault.struck += 1
      return fault.deed
    }
    return undefined
  }
}

const spent = (fault: Fault): boolean => fault.times > 0 && fault.struck >= fault.times

function fits(fault: Fault, target: Target): boolean {
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
  return node.attrs[name] === value
}
