/** Throws an error that is none of the classes: what the code under test may not let out. */
export function mustBe(error, ...classes) {
  if (!classes.some((each) => error instanceof each)) throw error
}
