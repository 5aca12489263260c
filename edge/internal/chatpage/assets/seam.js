// Where a stopped answer continues. Some models continue the given message, and
// some repeat the whole answer: of those, the part that is already there is left out.

export class Seam {
  /** message.turn has from, how much of the answer was there, and met, how much of that has come again. */
  constructor(message) {
    this.message = message;
  }

  /** Takes a piece, and returns what of it, and of those before, is new. */
  take(piece) {
    const { turn, text } = this.message;
    if (turn.met === undefined) return piece;
    const before = text.slice(0, turn.met);
    const rest = text.slice(turn.met, turn.from);
    if (rest.startsWith(piece)) {
      turn.met += piece.length;
      return "";
    }
    delete turn.met;
    if (piece.startsWith(rest)) return piece.slice(rest.length); // all of it was there again
    return before + piece;
  }
}
