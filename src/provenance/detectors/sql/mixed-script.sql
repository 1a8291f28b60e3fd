-- Texts with a word in which letters of Cyrillic or Greek that look like Latin ones stand beside Latin ones.
SELECT row_number
FROM samples
WHERE text IS NOT NULL
  AND matches(text, '[A-Za-z][аеорсухіјѕԁһӏАВЕЅІЈКМНОРСТХοαρνιΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]|[аеорсухіјѕԁһӏАВЕЅІЈКМНОРСТХοαρνιΑΒΕΖΗΙΚΜΝΟΡΤΥΧ][A-Za-z]')
ORDER BY row_number
LIMIT 1000000
