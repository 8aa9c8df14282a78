SELECT day, origin, destination, count(*) AS copies
FROM delays_by_route_day
GROUP BY day, origin, destination
HAVING count(*) > 1 OR day IS NULL OR origin IS NULL OR destination IS NULL
