import { expect, test } from 'vitest'
import { Progress } from '../../bench/support/progress.js'

class Screen {
  readonly isTTY: boolean
  readonly columns = 40
  text = ''

  constructor(isTTY: boolean) {
    this.isTTY = isTTY
  }

  write(text: string): void {
    this.text += text
  }
}

test('nothing is written where there is no terminal', () => {
  const screen = new Screen(false)
  const progress = new Progress(screen)
  progress.show('round 1', 0.5)
  progress.clear()
  expect(screen.text).toBe('')
})

test('the line is shorter than the terminal is wide, and clear takes it away', () => {
  const screen = new Screen(true)
  const progress = new Progress(screen, () => 0)
  progress.show('a text that is far too long for this narrow terminal', 0.5)
  const [before, line = ''] = screen.text.split('\u001b[2K')
  expect(before).toBe('\r')
  expect(line.length).toBe(39)
  progress.clear()
  expect(screen.text.endsWith('\r\u001b[2K')).toBe(true)
})

test('the line is redrawn a few times per second at most', () => {
  const screen = new Screen(true)
  let now = 0
  const progress = new Progress(screen, () => now)
  for (; now < 1_000; now++) progress.show('round', now / 1_000)
  expect(screen.text.split('\r').length - 1).toBeLessThanOrEqual(13)
})
