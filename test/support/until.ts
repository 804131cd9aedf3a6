/** Waits until `condition` holds, asking every few ms; throws when it does not within `deadline` ms. */
export async function until(condition: () => boolean, deadline = 10_000): Promise<void> {
  const end = performance.now() + deadline
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
