"""Scrapy over the benchmark's pages: robots.txt obeyed, every page once, body and links to a JSON lines file.

usage: scrapy_pages.py SEEDS-FILE OUTPUT
"""

import sys

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
from urllib.parse import urlsplit

seeds = open(sys.argv[1], encoding="utf8").read().split()
hosts = {urlsplit(seed).netloc for seed in seeds}


class Pages(scrapy.Spider):
    name = "pages"
    start_urls = seeds
    links = LinkExtractor()

    def parse(self, response):
        yield {"url": response.url, "status": response.status, "body": response.text}
        for link in self.links.extract_links(response):
            if urlsplit(link.url).netloc in hosts:
                yield scrapy.Request(link.url, callback=self.parse)


process = CrawlerProcess(
    settings={
        "ROBOTSTXT_OBEY": True,
        "CONCURRENT_REQUESTS": 256,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "DOWNLOAD_DELAY": 0,
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
        "FEEDS": {sys.argv[2]: {"format": "jsonlines"}},
    }
)
process.crawl(Pages)
process.start()
