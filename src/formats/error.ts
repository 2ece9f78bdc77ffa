/** A file that can't be used as it is: the message is one line that begins with the file's name. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}
