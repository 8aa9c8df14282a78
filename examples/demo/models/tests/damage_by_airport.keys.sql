SELECT airport, damage, count(*) AS copies
FROM damage_by_airport
GROUP BY airport, damage
HAVING count(*) > 1 OR airport IS NULL
