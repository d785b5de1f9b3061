import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { armFailpoints, FAILPOINTS, failpoint } from '../src/failpoint.ts'

const SOURCE = new URL('../src/', import.meta.url)

test('every failpoint of the list stands once in the source, and no other', () => {
  const used = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(name, SOURCE), 'utf8'))
    .flatMap((text) => [...text.matchAll(/\bfailpoint\('([\w.]+)'\)/g)].map(([, name]) => name))
  assert.deepEqual(used.sort(), [...FAILPOINTS].sort())
})

test('every step of the bridge has a failpoint', () => {
  const steps = new Set(FAILPOINTS.map((name) => name.split('.')[0]))
  assert.deepEqual([...steps], ['journal', 'ingest', 'spool', 'send', 'receipt', 'media'])
})

test('kill ends the process at the wanted pass, and nothing after it happens', () => {
  const program = `
    import { armFailpoints, failpoint } from '${new URL('failpoint.ts', SOURCE)}'
    armFailpoints(['spool.before_post:kill@2'])
    failpoint('spool.before_post')
    process.stdout.write('one')
    try { failpoint('spool.before_post') } finally { process.stdout.write('never') }`
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.deepEqual([ran.signal, ran.stdout], ['SIGKILL', 'one'])
})

test('raise throws, and other failpoints do nothing', () => {
  armFailpoints(['media.after_download:raise@1', 'send.before_write:sleep=0.01'])
  failpoint('media.before_download')
  failpoint('send.before_write')
  assert.throws(() => failpoint('media.after_download'), /failpoint media.after_download/)
  failpoint('media.after_download')
})

test('an entry that cannot be read is refused with an example', () => {
  for (const spec of ['', 'nowhere:kill', 'spool.before_post', 'spool.before_post:kill@0'])
    assert.throws(
      () => armFailpoints([spec]),
      /BRIDGE_FAIL.*spool\.after_answer:kill@3.*journal\.before_commit/,
    )
})
