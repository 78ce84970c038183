#!/bin/sh
# Makes what a receiver needs that accepts no other host than Amazon's: an authority of your own, and a certificate of it
# for that host. Usage: make-certificates.sh sns.us-east-1.amazonaws.com DIRECTORY
#   authority.pem      the receivers trust it (NODE_EXTRA_CA_CERTS, the trust store of the system, …)
#   authority-key.pem  keep it away from everybody: whoever has it can be any host to those receivers
#   host.pem, host-key.pem  for the proxy in front of Assetwire
# The authority can vouch for this one host and for nothing else.
set -eu
host=${1:?"usage: make-certificates.sh HOST DIRECTORY"}
directory=${2:?"usage: make-certificates.sh HOST DIRECTORY"}
mkdir -p "$directory"
cd "$directory"
umask 077
if [ -e authority-key.pem ]; then
  echo "make-certificates.sh: $directory holds an authority already; choose another directory" >&2
  exit 1
fi
openssl ecparam -name prime256v1 -genkey -noout -out authority-key.pem
openssl req -x509 -new -key authority-key.pem -sha256 -days 3650 -subj '/CN=Assetwire SNS authority' \
  -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' \
  -addext 'keyUsage=critical,keyCertSign,cRLSign' \
  -addext "nameConstraints=critical,permitted;DNS:$host" \
  -out authority.pem
openssl ecparam -name prime256v1 -genkey -noout -out host-key.pem
openssl req -new -key host-key.pem -subj "/CN=$host" -out host.csr
extensions=$(mktemp)
printf '%s\n' "subjectAltName=DNS:$host" 'basicConstraints=critical,CA:FALSE' \
  'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth' >"$extensions"
openssl x509 -req -in host.csr -CA authority.pem -CAkey authority-key.pem -CAcreateserial -sha256 -days 825 \
  -extfile "$extensions" -out host.pem
rm -f host.csr authority.srl "$extensions"
chmod 644 authority.pem host.pem
