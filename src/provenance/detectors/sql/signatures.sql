-- MinHash signatures (Broder 1997) of the word triples of each text: 32 numbers. Texts of fewer than five words are left out.
CREATE TABLE signatures AS
SELECT row_number, content, label, split, signature_of(hashes) AS signature
FROM (
  SELECT row_number, content, label, split, triples_of(words) AS hashes
  FROM (
    SELECT row_number, content, coalesce(label, '') AS label, split, words_of(substr(text, 1, 20000)) AS words
    FROM samples
    WHERE text IS NOT NULL
  ) AS split_up
  WHERE size_of(words) >= 5
) AS hashed
