#!/usr/bin/env bash
# A CGI program, or by hand: HTTP_WEBHOOK_ID=… HTTP_WEBHOOK_TIMESTAMP=… HTTP_WEBHOOK_SIGNATURE=… WEBHOOK_SECRET=… standard.sh < body
# Needs openssl 3. The shared secret is an argument of openssl, so other users of this machine may see it: use one of your own.
set -euo pipefail
tolerance_seconds=300
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
random=$(openssl rand -hex 32)

refuse() {
  printf 'Status: 400 Bad Request\r\n\r\n'
  exit 1
}

hex_of() {
  od -An -v -tx1 | tr -d ' \n'
}

hmac_of() { # key in hexadecimal; the message on standard input
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -binary | base64 -w0
}

# Compares what a random key makes of the two: the time it takes tells nothing of either.
same() {
  [[ $(printf %s "$1" | hmac_of "$random") == "$(printf %s "$2" | hmac_of "$random")" ]]
}

fits_public_key() { # signature, whpk_ key
  { printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'; base64 -d <<<"${2#whpk_}"; } >"$folder/key.der"
  base64 -d <<<"$1" >"$folder/signature" 2>/dev/null || return 1
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$folder/key.der" -rawin \
    -in "$folder/signed" -sigfile "$folder/signature" >/dev/null 2>&1
}

id=${HTTP_WEBHOOK_ID:-} timestamp=${HTTP_WEBHOOK_TIMESTAMP:-}
[[ -n $id && $timestamp =~ ^[1-9][0-9]{0,11}$ ]] || refuse
age=$(($(date +%s) - timestamp))
((age <= tolerance_seconds && age >= -tolerance_seconds)) || refuse

# The raw bytes, in a file: a variable of the shell cannot hold every byte.
{ printf %s "$id.$timestamp."; cat; } >"$folder/signed"

# Two secrets, separated by a blank, while one is being replaced.
for entry in ${HTTP_WEBHOOK_SIGNATURE:-}; do
  for secret in $WEBHOOK_SECRET; do
    case $entry+$secret in
      v1,*+whsec_*)
        key=$(base64 -d <<<"${secret#whsec_}" | hex_of)
        same "${entry#v1,}" "$(hmac_of "$key" <"$folder/signed")" || continue
        ;;
      v1a,*+whpk_*) fits_public_key "${entry#v1a,}" "$secret" || continue ;;
      *) continue ;;
    esac
    printf 'Status: 204 No Content\r\n\r\n'
    exit 0
  done
done
refuse
