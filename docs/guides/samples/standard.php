<?php
// WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:3000 standard.php     (PHP 8.1 or newer)

// Two secrets, separated by a blank, while one is being replaced. whsec_… is shared (v1), whpk_… a public key (v1a).
$secrets = explode(' ', getenv('WEBHOOK_SECRET'));
const TOLERANCE_SECONDS = 300;

function isGenuine(string $body, array $secrets): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    $signatures = $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '';
    if ($id === '' || preg_match('/\A[0-9]{1,12}\z/', $timestamp) !== 1) return false;
    if (abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) return false;
    foreach (explode(' ', $signatures) as $entry) {
        foreach ($secrets as $secret) {
            if (fits($entry, $secret, "$id.$timestamp.$body")) return true;
        }
    }
    return false;
}

function fits(string $entry, string $secret, string $signed): bool
{
    [$version, $text] = explode(',', $entry, 2) + ['', ''];
    $signature = base64_decode($text, true);
    if ($signature === false) return false;
    if ($version === 'v1' && str_starts_with($secret, 'whsec_')) {
        $key = base64_decode(substr($secret, strlen('whsec_')));
        return hash_equals(hash_hmac('sha256', $signed, $key, true), $signature);
    }
    if ($version === 'v1a' && str_starts_with($secret, 'whpk_') && strlen($signature) === 64) {
        return sodium_crypto_sign_verify_detached($signature, $signed, base64_decode(substr($secret, strlen('whpk_'))));
    }
    return false;
}

$body = file_get_contents('php://input'); // the raw bytes: parse only after they are verified
if (!isGenuine($body, $secrets)) {
    http_response_code(400);
    return;
}
$event = json_decode($body, true);
error_log($event['type'] . ' ' . $event['data']['subject']['id']);
http_response_code(204);
