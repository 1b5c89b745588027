"""What the partner API adds to the refusals of the rules."""

from typing import Final

from emask.web.intake_problems import Kind, Texts

_TOKEN: Final = Texts(
    "以 POST /api/v1/token 取得新的 token，再送出一次。",
    "Get a new token by POST /api/v1/token and send this again.",
)
_NEW_KEY: Final = Texts("每一筆新的要求換一個新的 key。", "Use a new key for each new request.")

TOKEN_ENDED: Final = Kind(
    401,
    "token_ended",
    Texts("要有效的 access token。", "This needs an access token that is not over."),
    _TOKEN,
)
CLIENT_ENDED: Final = Kind(
    401,
    "client_ended",
    Texts("這個程式已停用。", "This client has ended."),
    Texts("與主管機關聯絡，重新登記。", "Ask the authority to be registered anew."),
)
KEY_NEEDED: Final = Kind(
    400,
    "idempotency_key_needed",
    Texts(
        "要帶 Idempotency-Key 標頭：1 到 200 個可見的 ASCII 字元。",
        "An Idempotency-Key header is needed: 1 to 200 visible ASCII characters.",
    ),
    _NEW_KEY,
)
KEY_USED: Final = Kind(
    422,
    "idempotency_key_used",
    Texts(
        "一個 Idempotency-Key 只代表一筆內容。這個 key 已用於另一筆要求。",
        "An Idempotency-Key stands for one request. This one was used for a different request.",
    ),
    _NEW_KEY,
)
IN_FLIGHT: Final = Kind(
    409,
    "request_in_flight",
    Texts(
        "帶同一個 Idempotency-Key 的要求正在處理。",
        "A request with the same Idempotency-Key is being answered.",
    ),
    Texts(
        "稍後以同一個 key 再送出一次；重複送出不會變成兩筆。",
        "Send it again in a moment with the same key: it cannot become two.",
    ),
)
UNKNOWN_SALE: Final = Kind(
    404,
    "unknown_sale",
    Texts("這個機構沒有這筆販售。", "This site has no such sale."),
    Texts("以 /api/v1/counter/sales 列出今天的販售。", "GET /api/v1/counter/sales lists today's."),
)
TOO_LATE_TO_UNDO: Final = Kind(
    409,
    "too_late_to_undo",
    Texts(
        "販售後五分鐘內可以撤銷，這一筆已經超過。",
        "A sale can be undone for five minutes. These are over.",
    ),
    Texts("這一筆維持有效。", "The sale stands."),
)
TOO_MUCH_STOCK: Final = Kind(
    409,
    "too_much_stock",
    Texts(
        "庫存最多 9,999,999 片。",
        "A site has 9,999,999 pieces of a product at most.",
    ),
    Texts("確認片數後再送出一次。", "Check the number of pieces and send it again."),
)
TOO_MANY_REQUESTS: Final = Kind(
    429,
    "too_many_requests",
    Texts("送出的要求太頻繁。", "There are too many requests."),
    Texts(
        "等 Retry-After 標頭的秒數後再送出一次。",
        "Wait for the seconds in the Retry-After header and send it again.",
    ),
)
