/** Mail to people, by whatever brings it. Not a delivery: nothing of a webhook goes this way. */
export type Mail = {
  readonly to: string;
  /** One line. */
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
  /** The same when the same mail goes again; characters of an address's local part only. */
  readonly messageId: string;
};

export interface Mailer {
  /** `refused`: the server will never take it. Throws where it may take it later. */
  send(mail: Mail): Promise<'sent' | 'refused'>;
  stop(): Promise<void>;
}
