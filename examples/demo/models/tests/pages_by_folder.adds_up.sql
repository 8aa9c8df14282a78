SELECT made.pages, source.pages AS expected
FROM (SELECT sum(pages) AS pages FROM pages_by_folder) AS made
CROSS JOIN (SELECT count(DISTINCT url) AS pages FROM pages) AS source
WHERE made.pages IS DISTINCT FROM source.pages
