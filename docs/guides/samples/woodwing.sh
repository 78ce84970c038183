#!/usr/bin/env bash
# A CGI program, or by hand: HTTP_X_HOOK_SIGNATURE=… WEBHOOK_SECRET=… woodwing.sh < body
# Needs openssl. The token is an argument of openssl, so other users of this machine may see it: use one of your own.
set -euo pipefail
random=$(openssl rand -hex 32)

hex_of() {
  od -An -v -tx1 | tr -d ' \n'
}

hmac_of() { # key in hexadecimal; the message on standard input
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -r | cut -d' ' -f1
}

# The token as it is, not decoded: it only looks like base64.
key=$(printf %s "$WEBHOOK_SECRET" | hex_of)
wanted=$(hmac_of "$key")

# Compares what a random key makes of the two: the time it takes tells nothing of either.
if [[ $(printf %s "${HTTP_X_HOOK_SIGNATURE:-}" | hmac_of "$random") == "$(printf %s "$wanted" | hmac_of "$random")" ]]; then
  printf 'Status: 204 No Content\r\n\r\n'
else
  printf 'Status: 400 Bad Request\r\n\r\n'
  exit 1
fi
