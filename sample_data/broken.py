"""Lines that are no valid events, as files have them. None of them may land."""

BROKEN: dict[str, dict[str, tuple[str, ...]]] = {
    "first_day": {
        "web": (
            '{"timestamp":"2026-07-19T10:04:11.020Z","integrations":{},"userId":null,"anonymousI',
            "{}",
            '{"timestamp":"2026-08-21T09:00:00.000Z","anonymousId":"5d1c7f0e-broken","type":'
            '"heartbeat","messageId":"ajs-next-1787302800000-broken-unknown-type","receivedAt":'
            '"2026-08-21T09:00:00.100Z"}',
            "2026-09-03 02:17:44,913 WARN  collector: flushed 212 events in 48 ms",
        ),
        "server": (
            '{"messageId":"broken-no-event-name","timestamp":"2026-08-02T06:30:00.000Z","type":'
            '"track","userId":"u-broken","properties":{"order_id":"TW-NONE"},"context":{},'
            '"sentAt":"2026-08-02T06:30:00.200Z","receivedAt":"2026-08-02T06:30:00.250Z"}',
            '{"messageId":"broken-no-one","timestamp":"2026-08-15T12:00:00.000Z","type":"track",'
            '"event":"Order Completed","properties":{"order_id":"TW-LOST","revenue":75.0},'
            '"context":{},"sentAt":"2026-08-15T12:00:00.200Z",'
            '"receivedAt":"2026-08-15T12:00:00.250Z"}',
        ),
        "mobile": (
            '{"type":"screen","name":"Home","messageId":"broken-truncated","context":{"app":{"na',
            '{"type":"screen","name":"Home","properties":{},"messageId":"broken-no-one-either",'
            '"context":{},"originalTimestamp":"2026-09-11T20:11:00.000Z",'
            '"sentAt":"2026-09-11T20:11:01.000Z","receivedAt":"2026-09-11T20:11:01.080Z",'
            '"timestamp":"2026-09-11T20:11:00.080Z"}',
        ),
    },
    "next_day": {
        "web": (
            '{"timestamp":"2026-09-30T04:12:00.000Z","integrations":{},"userId":null,"anonym',
            "{}",
        ),
        "server": ("Traceback (most recent call last):",),
        "mobile": (),
    },
}
