<?php
// Reads an answer by PHP's curl.
$rest = '';
$type = '';
$curl = curl_init($argv[1]);
curl_setopt_array($curl, [
    CURLOPT_POSTFIELDS => stream_get_contents(STDIN),
    CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
    CURLOPT_FAILONERROR => true,
    CURLOPT_HEADERFUNCTION => function ($curl, $line) use (&$type) {
        [$name, $value] = array_map('trim', explode(':', $line, 2)) + [1 => ''];
        if (strcasecmp($name, 'X-Completion-Id') === 0) {
            echo "id $value\n";
        }
        if (strcasecmp($name, 'Content-Type') === 0) {
            $type = $value;
        }
        return strlen($line);
    },
    CURLOPT_WRITEFUNCTION => function ($curl, $bytes) use (&$rest) {
        $rest .= $bytes;
        while (($end = strpos($rest, "\n")) !== false) {
            if (str_starts_with($rest, 'data: ')) {
                echo 'data ', substr($rest, strlen('data: '), $end - strlen('data: ')), "\n";
            }
            $rest = substr($rest, $end + 1);
        }
        return strlen($bytes);
    },
]);
if (!curl_exec($curl)) {
    fwrite(STDERR, curl_error($curl) . "\n");
    exit(1);
}
if (str_contains($type, 'json')) {
    echo "data $rest\n";
}
