/** A request that was not sent is no fault of anybody: what it was for is tried again. */
export class NotSent extends Error {
  override name = "NotSent";
}
