import { type JudgeInput, judgeByPolicy } from '../../core/judge.ts';
import type { Verdict } from '../../core/verdict.ts';

/**
 * By the policy alone. The answer to a confirmation confirms nothing, whatever it is: the link in it does, so that nobody
 * is subscribed by a server that answers 200 to everything.
 */
export function judge(input: JudgeInput): Verdict {
  return judgeByPolicy(input);
}
