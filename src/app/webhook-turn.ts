/** The name under which the writes of one workspace's webhooks take turns. */
export function webhookTurn(workspaceId: string): string {
  return `webhooks ${workspaceId}`;
}
