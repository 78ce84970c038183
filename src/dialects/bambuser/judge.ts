import { type JudgeInput, judgeByPolicy } from '../../core/judge.ts';
import type { Verdict } from '../../core/verdict.ts';

/** 200 is success, everything else comes again: the policy says it all. */
export function judge(input: JudgeInput): Verdict {
  return judgeByPolicy(input);
}
