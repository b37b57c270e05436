/** Who hears of the frames of one direction. `mark` is what was fed with the bytes; `first` that of a frame's first byte. */
export interface FrameHandler<Mark> {
  /** A whole header block, of HEADERS and its CONTINUATIONs. Only good until the call returns. */
  headers(stream: number, block: Buffer, first: Mark, mark: Mark): void;
  /** A header block of a stream that was announced with PUSH_PROMISE on `stream`. */
  promise(stream: number, promised: number, block: Buffer): void;
  /** A header block that is not whole or too large: HPACK state is lost. `stream` is 0 where it is not known. */
  blockLost(stream: number, mark: Mark): void;
  /** A piece of the body: `bytes[from, to)`, without padding. */
  data(stream: number, bytes: Buffer, from: number, to: number, mark: Mark): void;
  /** `size` bytes of the body, or padding among them, are missing here; the framing is intact. */
  missing(stream: number, size: number, mark: Mark): void;
  /** The sender's half of the stream is over (END_STREAM). */
  end(stream: number, mark: Mark): void;
  reset(stream: number, code: number, mark: Mark): void;
  setting(id: number, value: number): void;
  /** Streams above `last` are not answered. */
  goaway(last: number, code: number, mark: Mark): void;
  /** Any number of frames may be missing here: HPACK state is lost, and any stream may lack bytes or its end. */
  lost(mark: Mark): void;
  refused(reason: 'bad_frame' | 'bad_block' | 'block_too_large'): void;
}
