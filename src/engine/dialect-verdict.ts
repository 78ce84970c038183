/** What a dialect makes of an outcome; its policy decides where its code throws. */
import { type JudgeInput, judgeByPolicy } from '../core/judge.ts';
import type { Verdict } from '../core/verdict.ts';
import type { EngineLog } from './engine-deps.ts';
import type { LaneSetup } from './lane-setup.ts';

export function dialectVerdict({ dialect, webhook }: LaneSetup, input: JudgeInput, log: EngineLog): Verdict {
  try {
    return dialect.judge(input);
  } catch (error) {
    log.error({ err: error, dialect: webhook.dialect }, 'A dialect threw while judging: its policy decides');
    return judgeByPolicy(input);
  }
}
