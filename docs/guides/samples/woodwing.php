<?php
// WEBHOOK_SECRET=… php -S 127.0.0.1:3000 woodwing.php     (PHP 8.1 or newer)

// The token as it is, not decoded: it only looks like base64.
$secretToken = getenv('WEBHOOK_SECRET');

$body = file_get_contents('php://input');
$wanted = hash_hmac('sha256', $body, $secretToken);
if (!hash_equals($wanted, $_SERVER['HTTP_X_HOOK_SIGNATURE'] ?? '')) {
    http_response_code(400);
    return;
}
$event = json_decode($body, true);
error_log($event['type'] . ' ' . ($event['assetId'] ?? ''));
http_response_code(204);
