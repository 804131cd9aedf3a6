/**
 * The colours of page and picture. Setting up is warm, the query itself is teal, with a pool as
 * without: what pooling removes is what is warm. Every colour of a bar has a contrast of at least
 * 3:1 to the background of its mode (WCAG 2.2, 1.4.11), every text one of at least 4.5:1.
 */
const LIGHT = {
  background: '#ffffff',
  surface: '#f4f5f7',
  line: '#d5d9e0',
  text: '#171a21',
  muted: '#565e6c',
  tcp: '#b97a00',
  tls: '#d4572a',
  auth: '#a3264f',
  query: '#0b7f80',
  close: '#7a8290',
  fresh: '#a3264f',
  pooled: '#0b7f80',
} as const

const DARK: Readonly<Record<keyof typeof LIGHT, string>> = {
  background: '#101318',
  surface: '#1a1f27',
  line: '#353c48',
  text: '#eceff4',
  muted: '#a3adbb',
  tcp: '#e8b84a',
  tls: '#f28b50',
  auth: '#e5688c',
  query: '#3fc4b6',
  close: '#8a94a3',
  fresh: '#e5688c',
  pooled: '#3fc4b6',
}

/** A colour of a bar. */
export type Tone = 'tcp' | 'tls' | 'auth' | 'query' | 'close' | 'fresh' | 'pooled'

const TONES: readonly Tone[] = ['tcp', 'tls', 'auth', 'query', 'close', 'fresh', 'pooled']

/** CSS rules that give `selector` the colours as custom properties, and the dark ones in dark mode. */
export function paletteCss(selector: string): string {
  const declare = (colors: Readonly<Record<string, string>>): string =>
    Object.entries(colors)
      .map(([name, color]) => `--${name}:${color}`)
      .join(';')
  return (
    `${selector}{${declare(LIGHT)}}` +
    `@media (prefers-color-scheme:dark){${selector}{${declare(DARK)}}}`
  )
}

/** CSS rules that fill an element of class `tone-…` with its colour. */
export function toneCss(property: 'fill' | 'background'): string {
  return TONES.map((tone) => `.tone-${tone}{${property}:var(--${tone})}`).join('')
}
