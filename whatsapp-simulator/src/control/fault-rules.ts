import { FAULT_POINTS, type FaultAction, type FaultRule, POSSIBLE_ACTIONS } from '../faults/faults.ts'
import { HttpError } from '../http-error.ts'
import type { Fields } from './fields.ts'
import { digits } from './lookup.ts'

const ACTIONS = [...new Set(Object.values(POSSIBLE_ACTIONS).flat())]
const WHENS = ['before', 'after', 'answered'] as const

/** Read a fault rule. @throws {HttpError} when it makes no sense */
export function readFaultRule(body: Fields): FaultRule {
  const on = body.oneOf('on', FAULT_POINTS)
  const action = readAction(body, body.oneOf('do', ACTIONS))
  if (!POSSIBLE_ACTIONS[on].includes(action.do))
    throw new HttpError(
      400,
      `"${action.do}" is not possible on "${on}"; possible are ${POSSIBLE_ACTIONS[on].join(', ')}`,
    )
  const number = body.maybeText('number')
  const rule = {
    on,
    action,
    number: number === undefined ? undefined : digits(number),
    device: body.maybeCount('device'),
    match: body.dictionary('match'),
    skip: body.maybeCount('skip') ?? 0,
    times: body.maybeCount('times') ?? 1,
  }
  body.finish()
  return rule
}

function readAction(body: Fields, action: FaultAction['do']): FaultAction {
  switch (action) {
    case 'drop':
      return { do: action, when: body.maybeOneOf('when', WHENS) ?? 'before' }
    case 'delay':
      return { do: action, ms: body.number('ms'), overtake: body.flag('overtake') }
    case 'refuse':
      return { do: action, code: body.maybeCount('code') ?? 500, attrs: body.dictionary('attrs') }
    case 'duplicate':
      return { do: action, copies: body.maybeCount('copies') ?? 1 }
    case 'reorder':
      return { do: action, by: body.maybeCount('by') ?? 1 }
    default:
      return { do: action }
  }
}
