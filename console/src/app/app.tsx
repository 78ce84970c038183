import { focusManager, MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { Component, lazy, type ReactNode, Suspense, useEffect, useReducer } from 'react';
import { Route, Router, Switch } from 'wouter';
import { Problem } from '../api/ask.ts';
import { useCaller } from '../api/queries.ts';
import { Page } from '../parts/card.tsx';
import { Failure, Loading } from '../parts/state.tsx';
import { SignIn, SignInAgain } from '../pages/sign-in.tsx';
import { Overview } from '../pages/overview.tsx';
import { words } from '../words/words.ts';
import { arriving } from './arriving.ts';
import { Shell } from './shell.tsx';
import { setSignedOut, useSignedOut } from './signed-out.ts';
import './theme.ts';
import { useLocationInWorkspace, withWorkspace } from './workspace-address.ts';

/** What is not looked at first comes when it is asked for. */
const pages = {
  start: lazy(() => arriving(() => import('../pages/start.tsx')).then(({ Start }) => ({ default: Start }))),
  assets: lazy(() => arriving(() => import('../pages/assets.tsx')).then(({ Assets }) => ({ default: Assets }))),
  asset: lazy(() => arriving(() => import('../pages/asset.tsx')).then(({ AssetPage }) => ({ default: AssetPage }))),
  jobs: lazy(() => arriving(() => import('../pages/jobs.tsx')).then(({ Jobs }) => ({ default: Jobs }))),
  broadcasts: lazy(() =>
    arriving(() => import('../pages/broadcasts.tsx')).then(({ Broadcasts }) => ({ default: Broadcasts })),
  ),
  trash: lazy(() => arriving(() => import('../pages/trash.tsx')).then(({ Trash }) => ({ default: Trash }))),
  webhooks: lazy(() => arriving(() => import('../pages/webhooks.tsx')).then(({ Webhooks }) => ({ default: Webhooks }))),
  newWebhook: lazy(() =>
    arriving(() => import('../pages/new-webhook.tsx')).then(({ NewWebhook }) => ({ default: NewWebhook })),
  ),
  webhook: lazy(() =>
    arriving(() => import('../pages/webhook.tsx')).then(({ WebhookPage }) => ({ default: WebhookPage })),
  ),
  deliveries: lazy(() =>
    arriving(() => import('../pages/deliveries.tsx')).then(({ Deliveries }) => ({ default: Deliveries })),
  ),
  delivery: lazy(() =>
    arriving(() => import('../pages/delivery.tsx')).then(({ DeliveryPage }) => ({ default: DeliveryPage })),
  ),
  changes: lazy(() => arriving(() => import('../pages/changes.tsx')).then(({ Changes }) => ({ default: Changes }))),
  change: lazy(() => arriving(() => import('../pages/change.tsx')).then(({ ChangePage }) => ({ default: ChangePage }))),
  events: lazy(() => arriving(() => import('../pages/events.tsx')).then(({ Events }) => ({ default: Events }))),
  inboxes: lazy(() => arriving(() => import('../pages/inboxes.tsx')).then(({ Inboxes }) => ({ default: Inboxes }))),
  inbox: lazy(() => arriving(() => import('../pages/inbox.tsx')).then(({ InboxPage }) => ({ default: InboxPage }))),
  settings: lazy(() => arriving(() => import('../pages/settings.tsx')).then(({ Settings }) => ({ default: Settings }))),
};

const onError = (error: unknown) => {
  if (error instanceof Problem && error.status === 401) setSignedOut(true);
};

const client = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) =>
        failures < 2 && error instanceof Problem && (error.status === 0 || error.status >= 500),
    },
  },
});

export function App() {
  return (
    <QueryClientProvider client={client}>
      <Router hook={useLocationInWorkspace} hrefs={withWorkspace}>
        <Door />
      </Router>
    </QueryClientProvider>
  );
}

function Door() {
  const caller = useCaller();
  const out = useSignedOut();
  // By a link somebody may be signed in before the first answer says that nobody is: nothing else would draw this anew then.
  const [, drawAnew] = useReducer((times: number) => times + 1, 0);
  const byLink = location.hash.startsWith('#sign-in=');
  const present = caller.data;
  useEffect(() => {
    // Pages that ask by themselves stop: all they would hear is that nobody is signed in.
    focusManager.setFocused(out ? false : undefined);
  }, [out]);
  const kept = out && present !== undefined && !byLink;
  if ((out && !kept) || byLink || (!kept && caller.error instanceof Problem && caller.error.status === 401))
    return (
      <SignIn
        onSignedIn={() => {
          client.clear();
          setSignedOut(false);
          drawAnew();
        }}
      />
    );
  if (caller.data === undefined)
    return (
      <Page title="Assetwire">
        {caller.error === null ? <Loading /> : <Failure error={caller.error} onRetry={() => void caller.refetch()} />}
      </Page>
    );
  /** Whoever was here goes on where they were; anybody else begins anew. */
  const goOn = async () => {
    const { data: now } = await caller.refetch();
    setSignedOut(false);
    const same = now?.actor.id === present?.actor.id && now?.workspaceId === present?.workspaceId;
    if (same) void client.invalidateQueries();
    else client.clear();
    drawAnew();
  };
  return (
    <Shell>
      {kept ? <SignInAgain onSignedIn={() => void goOn()} /> : null}
      <Caught>
        <Suspense fallback={<Page title="">{<Loading lines={8} />}</Page>}>
          <Switch>
            <Route path="/" component={Overview} />
            <Route path="/start" component={pages.start} />
            <Route path="/assets" component={pages.assets} />
            <Route path="/assets/trash" component={pages.trash} />
            <Route path="/jobs" component={pages.jobs} />
            <Route path="/broadcasts" component={pages.broadcasts} />
            <Route path="/assets/:id">{({ id }) => <pages.asset key={id} id={id} />}</Route>
            <Route path="/webhooks" component={pages.webhooks} />
            <Route path="/webhooks/new" component={pages.newWebhook} />
            <Route path="/webhooks/:id">{({ id }) => <pages.webhook key={id} id={id} />}</Route>
            <Route path="/deliveries" component={pages.deliveries} />
            <Route path="/deliveries/:id">{({ id }) => <pages.delivery key={id} id={id} />}</Route>
            <Route path="/changes" component={pages.changes} />
            <Route path="/changes/:id">{({ id }) => <pages.change key={id} id={id} />}</Route>
            <Route path="/events" component={pages.events} />
            <Route path="/inboxes" component={pages.inboxes} />
            <Route path="/inboxes/:id">{({ id }) => <pages.inbox key={id} id={id} />}</Route>
            <Route path="/settings/:part?">{({ part }) => <pages.settings part={part ?? ''} />}</Route>
            <Route>
              <Page title={words.common.notFound} lead={words.common.notFoundLead}>
                {null}
              </Page>
            </Route>
          </Switch>
        </Suspense>
      </Caught>
    </Shell>
  );
}

/** A fault of ours takes one page, not the console. */
class Caught extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Page title={words.common.fault}>
        <Failure error={this.state.error} onRetry={() => location.reload()} />
      </Page>
    );
  }
}
