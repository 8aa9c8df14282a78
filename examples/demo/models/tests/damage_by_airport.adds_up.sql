SELECT made.strikes, source.strikes AS expected
FROM (SELECT sum(strikes) AS strikes, sum(total_cost) AS cost FROM damage_by_airport) AS made
CROSS JOIN (SELECT count(*) AS strikes, sum("Cost Total $") AS cost FROM birdstrikes) AS source
WHERE made.strikes IS DISTINCT FROM source.strikes OR made.cost IS DISTINCT FROM source.cost
