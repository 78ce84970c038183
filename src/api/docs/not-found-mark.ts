/** Stands in the page for what is not found, where the suggestions go. A file of its own: the thread and the server share it. */
export const notFoundMark = 'NOT-FOUND-SUGGESTIONS';
