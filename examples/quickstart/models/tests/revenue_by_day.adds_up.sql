SELECT made.orders, source.orders AS expected
FROM (SELECT sum(orders) AS orders FROM revenue_by_day) AS made
CROSS JOIN (SELECT count(*) AS orders FROM orders) AS source
WHERE made.orders IS DISTINCT FROM source.orders
