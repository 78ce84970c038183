/** What is said where a thing is asked for by its address and is not there. */
export const missingWords = {
  missing: {
    why: 'It is not here, or not any more',
    back: { asset: 'Assets', webhook: 'Webhooks', delivery: 'Deliveries', change: 'Changes', inbox: 'Inbox' },
    of: {
      asset: {
        title: 'No such asset',
        lead: 'It was deleted, is in another workspace, or its address was cut off. What was deleted lately can be taken back from the trash. You asked for',
        all: 'See all assets',
        other: 'Look in the trash',
      },
      webhook: {
        title: 'No such webhook',
        lead: 'It was deleted, is in another workspace, or its address was cut off. The audit says who deleted which, and when. You asked for',
        all: 'See all webhooks',
        other: 'See which were deleted',
      },
      delivery: {
        title: 'No such delivery',
        lead: 'Deliveries are kept for a time once they have ended, then they go. Or it is in another workspace, or its address was cut off. You asked for',
        all: 'See all deliveries',
        other: 'See those of the last hour',
      },
      change: {
        title: 'No such change',
        lead: 'Changes are kept for a time, then they go. Or it is in another workspace, or its address was cut off. You asked for',
        all: 'See all changes',
        other: undefined,
      },
      inbox: {
        title: 'No such inbox',
        lead: 'An inbox goes after a while by itself, or somebody deleted it. Make a new one, and point your webhook at it. You asked for',
        all: 'To the inboxes',
        other: undefined,
      },
    },
  },
};
