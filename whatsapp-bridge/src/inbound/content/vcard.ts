/** Properties that say nothing about the person, or not in words. */
const SKIPPED =
  /^(BEGIN|END|VERSION|PRODID|REV|UID|PHOTO|LOGO|SOUND|KEY|N|FN|X-ABLABEL|X-ABADR|X-WA-LID|SOURCE|KIND|CLASS)$/
const MOST_LINES = 500

/** Return a contact card in one line: the name, then numbers, addresses and whatever else is written on it. */
export function readCard(name: string | null | undefined, vcard: string | null | undefined): string {
  const properties = (vcard ?? '')
    .replace(/=\r?\n(?=\S)/g, '') // a soft break of quoted-printable
    .replace(/\r?\n[ \t]/g, '')
    .split(/\r?\n/, MOST_LINES)
    .flatMap((line) => property(line) ?? [])
  const first = (wanted: string) => properties.find((each) => each.name === wanted)?.value
  const shown = name || first('FN') || first('N') || ''
  const rest = properties.filter((each) => !SKIPPED.test(each.name) && each.value).map((each) => each.value)
  return [...new Set([shown, first('FN'), ...rest])].filter(Boolean).join(', ')
}

/** Parse `item1.TEL;type=CELL;waid=4915112345678:+49 151 12345678`. */
function property(line: string): { name: string; value: string } | undefined {
  const colon = line.indexOf(':')
  if (colon < 1) return undefined
  const [head = '', ...parameters] = line.slice(0, colon).split(';')
  const name = head.slice(head.lastIndexOf('.') + 1).toUpperCase()
  const quoted = parameters.some((each) => /QUOTED-PRINTABLE/i.test(each))
  const written = quoted ? unquote(line.slice(colon + 1)) : line.slice(colon + 1)
  const waid = parameters.find((each) => /^waid=/i.test(each))?.slice(5)
  return { name, value: unescapeValue(written) || (name === 'TEL' && waid ? `+${waid}` : '') }
}

const unescapeValue = (value: string): string =>
  value
    .split(/(?<!\\);/)
    .map((piece) =>
      piece
        .replace(/\\n/gi, ' ')
        .replace(/\\([,;\\:])/g, '$1')
        .trim(),
    )
    .filter(Boolean)
    .join(', ')

const unquote = (text: string): string =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')
