let viewed: Buffer | undefined
let view: DataView | undefined

/** A view of a buffer; most often it is the buffer of the call before. */
export function viewOf(buf: Buffer): DataView {
  if (view === undefined || buf !== viewed) {
    viewed = buf
    view = new DataView(buf.buffer, buf.byteOffset, buf.byteLength)
  }
  return view
}
