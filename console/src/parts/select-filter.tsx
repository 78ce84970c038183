/** A filter that is chosen out of a few; `any` stands first and means no filter. */
export function SelectFilter({
  label,
  value,
  any,
  choices,
  onChange,
  className = '',
}: {
  readonly label: string;
  readonly value: string;
  readonly any?: string;
  readonly choices: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
  readonly className?: string;
}) {
  return (
    <select
      className={`input ${className}`.trim()}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {any === undefined ? null : <option value="">{any}</option>}
      {choices.map(([choice, name]) => (
        <option key={choice} value={choice}>
          {name}
        </option>
      ))}
    </select>
  );
}
