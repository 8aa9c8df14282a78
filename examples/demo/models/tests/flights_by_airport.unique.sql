SELECT iata, count(*) AS copies
FROM flights_by_airport
GROUP BY iata
HAVING count(*) > 1 OR iata IS NULL
