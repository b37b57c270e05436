/** Where text goes. */
export interface TextSink {
  /** Resolves when more may be written; rejects when nobody reads any more. */
  write(text: string): Promise<void>;
  /** Columns of a terminal; undefined for anything else. */
  readonly columns: number | undefined;
  readonly isTerminal: boolean;
}

/** What is needed of `process.stdout`. */
export interface TextStream {
  write(text: string, done: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A sink over a stream. Its errors end in `write`, never in an exception that nobody catches. */
export function streamSink(stream: TextStream): TextSink {
  let isListening = false;
  return {
    write: (text) => {
      if (!isListening) {
        isListening = true;
        stream.on('error', () => undefined); // the callback of the write says the same
      }
      return new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()));
      });
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    get isTerminal() {
      return stream.isTTY === true;
    },
  };
}
