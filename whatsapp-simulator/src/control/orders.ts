import { type Deed, type Order, PLACES, POSSIBLE } from '../faults/faults.ts'
import { Refusal } from '../refusal.ts'
import type { Fields } from './fields.ts'
import { digits } from './lookup.ts'

const DEEDS = [...new Set(Object.values(POSSIBLE).flat())]
const WHENS = ['before', 'after', 'answered'] as const

/** Reads the order of a fault. @throws {Refusal} when it makes no sense */
export function readOrder(body: Fields): Order {
  const on = body.oneOf('on', PLACES)
  const deed = readDeed(body, body.oneOf('do', DEEDS))
  if (!POSSIBLE[on].includes(deed.do))
    throw new Refusal(400, `"${deed.do}" is not possible on "${on}"; possible are ${POSSIBLE[on].join(', ')}`)
  const number = body.maybeText('number')
  const order = {
    on,
    deed,
    number: number === undefined ? undefined : digits(number),
    device: body.maybeCount('device'),
    match: body.dictionary('match'),
    skip: body.maybeCount('skip') ?? 0,
    times: body.maybeCount('times') ?? 1,
  }
  body.finish()
  return order
}

function readDeed(body: Fields, deed: Deed['do']): Deed {
  switch (deed) {
    case 'drop':
      return { do: deed, when: body.maybeOneOf('when', WHENS) ?? 'before' }
    case 'delay':
      return { do: deed, ms: body.number('ms'), overtake: body.flag('overtake') }
    case 'refuse':
      return { do: deed, code: body.maybeCount('code') ?? 500 }
    case 'duplicate':
      return { do: deed, copies: body.maybeCount('copies') ?? 1 }
    case 'reorder':
      return { do: deed, by: body.maybeCount('by') ?? 1 }
    default:
      return { do: deed }
  }
}
