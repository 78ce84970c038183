/** Assets that are dragged within the page: told apart from files that come from outside. */
const kind = 'application/x-assetwire-assets';

export function dragAssets(transfer: DataTransfer): void {
  transfer.setData(kind, '');
  transfer.effectAllowed = 'move';
}

export const holdsAssets = ({ types }: DataTransfer): boolean => types.includes(kind);

/** Files from outside: a picture of the page that is dragged would be one too. */
export const holdsFiles = (transfer: DataTransfer | null): boolean =>
  transfer !== null && transfer.types.includes('Files') && !holdsAssets(transfer);
