-- Texts with characters that nobody sees and a tokenizer does: tags (but for flags of regions), controls of direction in a text without a script
-- that is written from right to left, what has no width between Latin letters, and runs of variation selectors.
SELECT row_number, tags, directions, widths, selectors
FROM (
  SELECT
    row_number,
    CASE WHEN matches(removed(text, '\x{1F3F4}[\x{E0020}-\x{E007F}]+'), '[\x{E0000}-\x{E007F}]') THEN 1 ELSE 0 END AS tags,
    CASE WHEN matches(text, '[\x{202A}-\x{202E}\x{2066}-\x{2069}]') AND NOT matches(text, '[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]') THEN 1 ELSE 0 END AS directions,
    CASE WHEN matches(text, '[A-Za-z][\x{200B}-\x{200F}\x{2060}-\x{2064}\x{FEFF}\x{180E}]+[A-Za-z]') THEN 1 ELSE 0 END AS widths,
    CASE WHEN matches(text, '[\x{FE00}-\x{FE0F}]{2,}|[^\p{Han}][\x{E0100}-\x{E01EF}]|[\x{E0100}-\x{E01EF}]{2,}') THEN 1 ELSE 0 END AS selectors
  FROM samples
  WHERE text IS NOT NULL
) AS looked_at
WHERE tags + directions + widths + selectors > 0
ORDER BY row_number
LIMIT 1000000
