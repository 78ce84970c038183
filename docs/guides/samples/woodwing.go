// WEBHOOK_SECRET=… PORT=3000 go run woodwing.go
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

// The token as it is, not decoded: it only looks like base64.
var secretToken = []byte(os.Getenv("WEBHOOK_SECRET"))

func isGenuine(body []byte, header http.Header) bool {
	mac := hmac.New(sha256.New, secretToken)
	mac.Write(body)
	wanted := hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(header.Get("X-Hook-Signature")), []byte(wanted))
}

func receive(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil || !isGenuine(body, request.Header) {
		response.WriteHeader(http.StatusBadRequest)
		return
	}
	var event struct{ Type, AssetId string }
	if err := json.Unmarshal(body, &event); err == nil {
		log.Println(event.Type, event.AssetId)
	}
	response.WriteHeader(http.StatusNoContent)
}

func main() {
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(receive)))
}
