/** Every limit that is not a setting, in one place, with its unit in its name. Documented in docs/reference/limits.md. */
export const limits = {
  /** A change's JSON on the wire, and so a payload. HARDENING P-17. */
  changeBytesMax: 256 * 1024,
  batchItemsMax: 1_000,
  /** Seconds whose worth of its changes a workspace with a quota of them may have written at once. */
  changesBurstSeconds: 10,
  jsonDepthMax: 64,
  jsonKeysMax: 10_000,
  jsonElementsMax: 100_000,
  urlCharactersMax: 2_048,
  customHeadersMax: 32,
  customHeaderBytesMax: 8_192,
  responseReadBytesMax: 64 * 1024,
  responseKeptOnFailureBytesMax: 16 * 1024,
  responseKeptOnSuccessBytesMax: 1024,
  responseHeaderBytesMax: 16 * 1024,
  responseHeadersMax: 64,
  attemptsKeptFirst: 10,
  attemptsKeptLast: 40,
  /** More matching webhooks than this and the change is committed unexpanded. */
  expandInlineMax: 1_000,
  causationDepthMax: 8,
  idempotencyKeyCharactersMax: 255,
  idempotencyKeptMs: 24 * 3_600_000,
  filterNodesMax: 200,
  filterDepthMax: 10,
  webhooksPerWorkspaceMax: 10_000,
  inboxRequestsMax: 500,
  inboxRequestBytesMax: 256 * 1024,
  uploadBytesMaxDefault: 1024 ** 3,
  /** Of an upload over any half a minute. HARDENING UP-14. */
  uploadBytesPerSecondMin: 1_024,
  uploadMsMax: 12 * 3_600_000,
  /** Broadcasts that are live by bytes at one process at a time: each holds a connection and a file open. */
  broadcastStreamsMax: 100,
  /** Of one address, for what anybody may ask for by its id. */
  openLookupsPerSecondMax: 1_000,
  /** As how many of them one counts that finds nothing. */
  openLookupMissCost: 10,
  /** Embedded metadata that is kept of a file. HARDENING UP-07, UP-08. */
  embeddedFieldsMax: 200,
  embeddedTextBytesMax: 4 * 1024,
  embeddedBytesMax: 32 * 1024,
  embeddedPacketBytesMax: 256 * 1024,
  /** XMP packets that are read for callers at one process at a time, and of them for one workspace. */
  xmpReadsMax: 32,
  xmpReadsOfWorkspaceMax: 8,
  /** A file in another store whose packet is asked for is fetched for that up to this size. */
  xmpFetchedBytesMax: 256 * 1024 * 1024,
  /** Tries at the renditions of one content before a note is left. */
  derivationTriesMax: 3,
  /** A stretch of a film or of sound that is cut out of it. */
  clipMsMin: 100,
  clipMsMax: 600_000,
  clipBytesMax: 2 * 1024 ** 3,
  folderPathCharactersMax: 1_000,
  folderNameBytesMax: 255,
  folderDepthMax: 64,
  /** A folder that is renamed, moved or removed, with all those in it. */
  folderTreeMax: 2_000,
  folderCountMax: 1_000_000,
  /** Assets that a rename, a move or a removal takes along in one commit; what is more goes on as a task. */
  folderAtOnceMax: 1_000,
  /** What folders, collections and sections say of themselves beside their name. */
  folderInfoBytesMax: 16 * 1024,
  sectionsMax: 500,
  /** A change of a job names them all, before and after. */
  jobAssetsMax: 200,
  /** With the ids that its assets had elsewhere. */
  jobStateBytesMax: 64 * 1024,
  tasksRunningMax: 10,
  tasksKeptMs: 7 * 24 * 3_600_000,
  /** An asset's state without what its file says of itself; a change holds two of them. */
  assetStateBytesMax: 256 * 1024,
  /** Assets in the trash that are counted for what they take up. */
  trashCountedMax: 20_000,
  /** Days in the trash; notices before an asset is archived. */
  trashDaysMax: 3_650,
  archiveNoticesMax: 5,
  /** Every snapshot names every version. */
  assetVersionsMax: 100,
  ifMatchTagsMax: 20,
  metadataFieldsMax: 500,
  metadataFieldOptionsMax: 1_000,
  /** All definitions of a workspace together: they are one document, read before a write is decided. */
  metadataFieldsBytesMax: 512 * 1024,
  metadataMappingsMax: 200,
  metadataLabelsMax: 50,
  /** Rows that one page of a filtered list of assets looks at; a page that found little ends early and goes on behind its cursor. */
  assetRowsPerPageMax: 20_000,
  /** Rows that one page of a filtered list of changes or deliveries looks at, about; a page that found little ends early. */
  rowsPerPageMax: 20_000,
  /** Of one search: characters as it is written, words and conditions in it, parentheses and NOTs in each other. */
  searchCharactersMax: 2_000,
  searchTermsMax: 100,
  searchDepthMax: 20,
  /** Words of one text of an asset that are found by search; those behind them are not. */
  searchWordsPerTextMax: 2_000,
  /** Words in use that the beginning of a word (`fl*`) may stand for, each counted once per 65,536 assets it is found in. */
  searchPrefixEntriesMax: 20_000,
  /** Time of one page of a search before it ends early and goes on behind its cursor. */
  searchPageMs: 80,
  /** Time that a search waits for its index to take in what was written before it began. */
  searchCatchUpMs: 200,
  librariesMax: 1_000,
  /** Of one asset, annotations among them; they lie in its state, which has a limit of its own. */
  commentsPerAssetMax: 200,
  commentCharactersMax: 4_000,
  usersPerWorkspaceMax: 1_000,
  /** Good at the same time and not yet visited. */
  signInLinksPerKeyMax: 100,
  rolesPerWorkspaceMax: 100,
  rolesPerUserMax: 10,
  /** Of one user or one key: they are read whenever it is looked up. */
  grantsPerPrincipalMax: 100,
  sessionsPerPersonMax: 20,
  passwordCharactersMin: 12,
  passwordBytesMax: 1_024,
  /** Of a share link: it is said on the telephone, and guesses are slowed down. */
  sharePasswordCharactersMin: 8,
  shareLinkAssetsMax: 100,
  /** What a person is erased by: shorter texts stand for too much else. */
  erasedTextCharactersMin: 3,
  /** Changes, and rows, that are looked at to tell what an erasure would come to. */
  erasureCountedMax: 20_000,
  erasureTellSecondsMax: 7 * 86_400,
  shareLinkRenditionsMax: 20,
  /** Files on one page of a share link. */
  sharePageAssets: 48,
  contactsMax: 20,
  /** Notices sent by e-mail for one workspace; what is beyond waits for the next hour. */
  mailsPerHourMax: 30,
  /** Of a caller's `User-Agent`, as audit and sessions keep it. */
  userAgentCharactersMax: 200,
  pageItemsMax: 1_000,
  pageItemsDefault: 50,
  /** Replays under way at a time in a workspace; deliveries whose changes are looked into to count them exactly. */
  replaysRunningMax: 10,
  replayCountedMax: 20_000,
  /** Exports: under way and kept in a workspace, rows and bytes of one, bytes of one of its parts, time its file is kept. */
  exportsRunningMax: 2,
  exportsKeptMax: 50,
  exportRowsMax: 5_000_000,
  exportBytesMax: 4 * 1024 ** 3,
  exportPartBytes: 8 * 1024 ** 2,
  exportKeptMs: 72 * 3_600_000,
  /** Full syncs that stay to be looked at, and the share of a source's assets that may vanish unasked. */
  syncsKeptMax: 100,
  syncVanishedShareMax: 0.2,
  sourceCharactersMax: 100,
  externalIdCharactersMax: 300,
  /** Files fetched by address: under way at once, those of one workspace, tries of one, time of one, kept to be looked at. */
  fetchesAtOnceMax: 5,
  fetchesOfWorkspaceMax: 3,
  fetchTriesMax: 5,
  fetchMsMax: 15 * 60_000,
  fetchesKeptMs: 7 * 24 * 3_600_000,
  /** Test messages of the operator to mailboxes and queues, over all admins. */
  transportChecksPerMinuteMax: 10,
  /** Test sends under way at a time, and how long an answer may wait for one. */
  testSendsMax: 32,
  /** Webhooks of a workspace that were made for one test each and have not gone yet: they go within the hour. */
  trialWebhooksMax: 100,
  /** Webhooks of a workspace that wait for the consent of one host, address or queue: so many questions may be open there. */
  unconfirmedPerHostMax: 100,
  /** Questions for consent to one mailbox, and to one host or queue, over all workspaces. */
  questionsPerMailboxPerHourMax: 20,
  questionsPerHostPerHourMax: 1_000,
  testWaitSecondsMax: 30,
  /** Past changes that one page of a dry run looks at. */
  dryRunChangesMax: 1_000,
  dryRunResultsDefault: 100,
  dryRunRenderedMax: 10,
  /** Statistics by minute are kept this long, then by hour only. */
  statsMinutesKeptMs: 48 * 3_600_000,
  /** Points of one answer of statistics, over all webhooks of it. */
  statsPointsMax: 2_000,
} as const;
