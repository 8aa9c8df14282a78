-- materialized: table
-- Crawled pages by the folder of their URL's path: how many, and how much is in them.
SELECT
  regexp_extract(url, '^https?://[^/?#]+((?:/[^/?#]*)*/)', 1) AS folder,
  count(*) AS pages,
  CAST(sum(coalesce(len(regexp_extract_all(text, '\S+')), 0)) AS BIGINT) AS words,
  CAST(sum(coalesce(len(links), 0)) AS BIGINT) AS links
FROM pages
GROUP BY folder
ORDER BY folder
