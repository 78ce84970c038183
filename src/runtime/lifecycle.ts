/**
 * Every long-lived thing starts and stops the same way. `stop` before `start`, `stop` twice and `start` twice are
 * harmless; `stop` resolves when nothing of it runs any more.
 */
export interface Lifecycle {
  start(): Promise<void>;
  stop(): Promise<void>;
}
