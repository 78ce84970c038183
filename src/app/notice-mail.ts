/** A notice as a mail: plain text, nothing in it that a log may not hold, no line of its header from anybody's text. */
import type { Mail } from '../core/mail.ts';
import { oneLine } from '../core/one-line.ts';
import type { NoticeView } from './people.ts';

const subjectCharactersMax = 200;

export type MailInput = {
  readonly notice: NoticeView;
  readonly workspaceId: string;
  readonly to: string;
  readonly publicUrl: string;
};

export function mailOf({ notice, workspaceId, to, publicUrl }: MailInput): Mail {
  const lines = [
    oneLine(notice.text),
    '',
    `Workspace: ${workspaceId}`,
    `About: ${oneLine(notice.subject)}`,
    `When: ${new Date(notice.atMs).toISOString()}`,
    `Severity: ${notice.severity}`,
    '',
    `See ${publicUrl} for more.`,
    'You get this because your address is a contact of the workspace or of the webhook.',
    '',
  ];
  return {
    to,
    subject: `Assetwire: ${oneLine(notice.text)}`.slice(0, subjectCharactersMax),
    text: lines.join('\n'),
    messageId: `${notice.id}.${to.replace(/[^A-Za-z0-9.-]/g, '-')}`,
  };
}
