import { type JudgeInput, judgeByPolicy } from '../../core/judge.ts';
import type { Verdict } from '../../core/verdict.ts';

/** The vendor leaves nothing that the policy cannot say: 2xx, and everything else again later. */
export function judge(input: JudgeInput): Verdict {
  return judgeByPolicy(input);
}
