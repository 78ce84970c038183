// Before anything is drawn, so that no page flashes in the wrong colours.
{
  const kept = localStorage.getItem('assetwire-theme');
  const dark = kept === 'dark' || (kept === null && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}
