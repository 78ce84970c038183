// WEBHOOK_SECRET=whsec_… PORT=3000 go run standard.go
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Two secrets, separated by a blank, while one is being replaced. whsec_… is shared (v1), whpk_… a public key (v1a).
var secrets = strings.Split(os.Getenv("WEBHOOK_SECRET"), " ")

const tolerance = 300 * time.Second

func isGenuine(body []byte, header http.Header) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	signed := bytes.Join([][]byte{[]byte(id), []byte(timestamp), body}, []byte("."))
	for _, entry := range strings.Split(header.Get("webhook-signature"), " ") {
		for _, secret := range secrets {
			if fits(entry, secret, signed) {
				return true
			}
		}
	}
	return false
}

func fits(entry, secret string, signed []byte) bool {
	version, text, _ := strings.Cut(entry, ",")
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	if shared, ok := strings.CutPrefix(secret, "whsec_"); ok && version == "v1" {
		key, err := base64.StdEncoding.DecodeString(shared)
		mac := hmac.New(sha256.New, key)
		mac.Write(signed)
		return err == nil && hmac.Equal(signature, mac.Sum(nil))
	}
	if public, ok := strings.CutPrefix(secret, "whpk_"); ok && version == "v1a" {
		key, err := base64.StdEncoding.DecodeString(public)
		return err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, signed, signature)
	}
	return false
}

func receive(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body) // the raw bytes: parse only after they are verified
	if err != nil || !isGenuine(body, request.Header) {
		response.WriteHeader(http.StatusBadRequest)
		return
	}
	var event struct {
		Type string
		Data struct{ Subject struct{ ID string } }
	}
	if err := json.Unmarshal(body, &event); err == nil {
		log.Println(event.Type, event.Data.Subject.ID)
	}
	response.WriteHeader(http.StatusNoContent)
}

func main() {
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(receive)))
}
