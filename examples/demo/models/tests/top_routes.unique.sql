SELECT origin, destination, count(*) AS copies
FROM top_routes
GROUP BY origin, destination
HAVING count(*) > 1
